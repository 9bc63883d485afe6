//! `POST /v1/rulebooks/{id}/impact`: an officer sees what a rulebook would change, before it is adopted. Read-only.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc::{self, Sender};
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::impact::{Delivered, Holder, Impact, LiveVoucher, Simulation};
use valinta_domain::policy::{Action, Target};
use valinta_domain::service_event::Delivery;
use valinta_domain::{Currency, Day, Id};
use valinta_persistence::impact::{self, DeliveredService};
use valinta_persistence::rulebooks::{self, Rulebook};
use valinta_persistence::{Conn, organisers, registry};

use super::progress::{ImpactLine, Lines, News, Rows, Teller};
use super::turn::{Turn, turn};
use super::view::ImpactView;
use crate::app::App;
use crate::cx::{Cx, found, zone_of};
use crate::http::permit::RulebooksWrite;
use crate::http::{Json, PathId, Permit, Problem};
use crate::parse_as_is;
use crate::service_events::span_in;
use crate::telemetry;

/// Days of services that are looked back on where nothing is said.
const LOOK_BACK_DAYS: i64 = 90;
/// Most days of services that are looked back on.
const LOOK_BACK_DAYS_MAX: i64 = 730;
/// News that may wait for whoever listens.
const NEWS_MAX: usize = 16;
/// The media type of an answer in lines.
const NDJSON: &str = "application/x-ndjson";

/// What is to be looked at.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimulateImpact {
    /// Services of this day and later are valued anew; of the last 90 days if nothing is said. At most two years back.
    #[serde(default)]
    events_from: Option<Day>,
}
parse_as_is!(SimulateImpact);

/// What is simulated, on whose data.
struct Plan {
    rulebook: Rulebook,
    today: Day,
    events_from: Day,
    zone: Tz,
    currency: Currency,
}

/// Simulates what a rulebook would change: what if everything were under it. It may be a draft, a proposal or any other
/// version of the caller's organiser. The services that were recorded, the vouchers that can still be used and the offerings
/// of the voucher type are valued by its rules; nothing is changed. It leaves a row in the audit trail.
///
/// Asked for `application/x-ndjson`, the answer comes in lines: how far it is, again and again, and the result at the
/// end. Whoever hangs up ends the work. One simulation runs at a time; where it takes long, the next one is to be tried
/// again later.
#[utoipa::path(
    tag = "rulebooks",
    responses((
        status = 200,
        description = "What it would change.",
        content((ImpactView = "application/json"), (ImpactLine = "application/x-ndjson")),
    )),
    security(("bearer" = ["rulebooks:write"])),
)]
#[post("/v1/rulebooks/{id}/impact")]
pub(crate) async fn simulate_impact(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    request: HttpRequest,
    path: PathId<kind::Rulebook>,
    body: Json<SimulateImpact>,
) -> Result<HttpResponse, Problem> {
    let (id, events_from) = (path.id(), body.into_inner().events_from);
    let in_lines = request
        .headers()
        .get_all(header::ACCEPT)
        .any(|accepted| accepted.to_str().is_ok_and(|accepted| accepted.contains(NDJSON)));
    let turn = turn().await?;
    let plan = app.write(permit.into_caller(), move |c, cx| plan(c, cx, id, events_from)).await?;
    let (to, mut news) = mpsc::channel(NEWS_MAX);
    actix_web::rt::spawn(run(app, Arc::new(plan), to, turn));
    if in_lines {
        let mut response = HttpResponse::Ok();
        // Packed, the lines would wait for each other.
        response.insert_header((header::CONTENT_ENCODING, "identity")).content_type(NDJSON);
        return Ok(response.body(Lines::of(news, telemetry::current_request_id())));
    }
    loop {
        match news.recv().await {
            Some(News::Progress(_)) => {}
            Some(News::End(end)) => return Ok(HttpResponse::Ok().json((*end)?)),
            None => return Err(Problem::internal("a simulation ended without a result")),
        }
    }
}

/// Lets the caller simulate, and notes that people's facts are read for it.
fn plan(c: &mut Conn, cx: &Cx, id: Id<kind::Rulebook>, events_from: Option<Day>) -> Result<Plan, Problem> {
    let rulebook = found(rulebooks::find_rulebook(c, id)?)?;
    let target = Target { organiser: Some(rulebook.organiser), ..Target::default() };
    cx.require(Action::ManageRules, &target)?;
    let organiser = found(organisers::find(c, rulebook.organiser)?)?;
    let today = cx.today(&organiser)?;
    let events_from = events_from.unwrap_or_else(|| today.plus_days(-LOOK_BACK_DAYS));
    if events_from > today || events_from < today.plus_days(-LOOK_BACK_DAYS_MAX) {
        let why = format!("is today or one of the {LOOK_BACK_DAYS_MAX} days before it");
        return Err(Problem::invalid(Vec::new()).at("/events_from", "out_of_range", why));
    }
    let details = json!({"voucher_type": rulebook.voucher_type, "events_from": events_from});
    cx.audit("simulate_impact", ("rulebook", id.uuid()), &target, details);
    Ok(Plan { rulebook, today, events_from, zone: zone_of(&organiser)?, currency: organiser.currency })
}

/// Simulates and sends the end.
async fn run(app: web::Data<App>, plan: Arc<Plan>, to: Sender<News>, turn: Turn) {
    let (of_plan, teller) = (Arc::clone(&plan), to.clone());
    let end = app.read(move |c| simulate(c, &of_plan, &teller)).await;
    let view = end.map(|impact| ImpactView::of(impact, &plan.rulebook, plan.today, plan.events_from, plan.currency));
    // Whoever listens slowly does not keep others waiting.
    drop(turn);
    // Where nobody listens any more, there is nobody to tell.
    let _ = to.send(News::End(Box::new(view))).await;
}

/// Feeds the data to the simulation, page by page.
fn simulate(c: &mut Conn, plan: &Plan, to: &Sender<News>) -> Result<Impact, Problem> {
    let voucher_type = plan.rulebook.voucher_type;
    let versions = rulebooks::adopted_versions(c, voucher_type)?;
    let offered = registry::candidates_of(c, voucher_type)?;
    let mut simulation = Simulation::new(&plan.rulebook.terms, &versions, &offered, plan.today);
    let events = impact::count_events(c, voucher_type, plan.events_from)?;
    let mut teller = Teller::of(to, Rows::Events, events);
    impact::for_each_event(c, voucher_type, plan.events_from, &mut |page: &[DeliveredService]| {
        for of_voucher in page.chunk_by(|one, next| one.voucher == next.voucher) {
            take_in(&mut simulation, plan, of_voucher);
        }
        teller.took_in(page.len())
    })?;
    teller.tell();
    let vouchers = impact::count_live_vouchers(c, voucher_type, plan.today)?;
    let mut teller = Teller::of(to, Rows::Vouchers, vouchers);
    impact::for_each_live_voucher(c, voucher_type, plan.today, &mut |page| {
        for voucher in page {
            simulation.live_voucher(&LiveVoucher {
                client: voucher.client,
                municipality: &voucher.municipality,
                language: voucher.language,
                rulebook: voucher.rulebook,
                value: voucher.value,
                facts: &voucher.facts,
                free_of_charge: voucher.free_of_charge,
            });
        }
        teller.took_in(page.len())
    })?;
    teller.tell();
    Ok(simulation.finish())
}

/// Takes in services that were delivered under one voucher.
fn take_in(simulation: &mut Simulation<'_>, plan: &Plan, of_voucher: &[DeliveredService]) {
    let Some(first) = of_voucher.first() else { return };
    let holder = Holder {
        client: first.client,
        facts: &first.voucher_facts,
        value: first.voucher_value,
        unit: first.unit,
        measure: first.measure,
        free_of_charge: first.free_of_charge,
    };
    let by_time = simulation.goes_by_time();
    let services = of_voucher.iter().map(|service| Delivered {
        sector: service.sector,
        price: &service.price,
        delivery: Delivery {
            day: service.day,
            quantity: service.quantity,
            span: service.span.filter(|_| by_time).map(|(start, end)| span_in(plan.zone, start, end)),
            facts: service.facts.clone(),
            missed: None,
        },
        charges: service.charges,
    });
    simulation.services(&holder, services);
}
