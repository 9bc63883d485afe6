//! `POST /v1/vouchers/{id}/information`: tells the holder what the law wants told, and keeps what was told.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::information::{Information, compose};
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::{Id, Language, Moment};
use valinta_persistence::vouchers::InformationGiven;
use valinta_persistence::{Conn, decisions, organisers, registry, voucher_types, vouchers};

use super::first_day::first_day;
use super::view::target_of;
use super::worth::{service_facts_of, valuation_of, versions_on};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::{VouchersRead, VouchersRespond};
use crate::http::{IdempotencyKey, Json, PathId, PathIds, Permit, Problem};
use crate::parse_as_is;

/// How the information is given.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiveInformation {
    /// The language in which the client reads it.
    language: Language,
}
parse_as_is!(GiveInformation);

/// What was told. Its id is what an acceptance refers to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = GivenInformation)]
pub(crate) struct InformationView {
    /// The record's id.
    pub(crate) id: Id<kind::Information>,
    /// Which voucher it is about.
    pub(crate) voucher: Id<kind::Voucher>,
    /// The language in which the client reads it.
    pub(crate) language: Language,
    /// When it was given.
    pub(crate) given_at: Moment,
    /// What was told.
    pub(crate) information: Information,
}

/// Tells the holder what the law wants told before a voucher is accepted (569/2009 § 6), and keeps the record. One who acts
/// for the holder is told instead; a case worker passes it on.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 201, description = "Told, and kept.", body = InformationView)),
    security(("bearer" = ["vouchers:respond"])),
)]
#[post("/v1/vouchers/{id}/information")]
pub(crate) async fn give_information(
    permit: Permit<VouchersRespond>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<GiveInformation>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let language = body.into_inner().language;
    app.command(permit.into_caller(), "give_information", &key, &bytes, move |c, cx| inform(c, cx, id, language)).await
}

/// Composes the information from the voucher, its rulebook and the prices of the day, and keeps it.
pub(crate) fn inform(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    language: Language,
) -> Result<Reply<InformationView>, Problem> {
    let stored = found(vouchers::find(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::RespondToVoucher, &target)?;
    let voucher = &stored.voucher;
    let organiser = found(organisers::find(c, voucher.organiser)?)?;
    let rulebook = found(voucher_types::find_rulebook(c, voucher.rulebook)?)?;
    let decision = found(decisions::find(c, stored.decision)?)?;
    let today = cx.today(&organiser)?;
    let (day, _) = first_day(c, voucher, today)?;
    let versions = versions_on(c, voucher, day)?;
    let valuation = valuation_of(voucher, &versions, day)??;
    let client = service_facts_of(c, voucher)?;
    let prices = registry::prices_for(c, voucher, &client, day)?;
    // A value that was found anew since the decision has steps of its own.
    let mut steps = match valuation.evaluation() {
        Some(evaluation) => evaluation.steps("/value"),
        None => decision.steps,
    };
    steps.extend(valuation.raise_step(valuation.quoted()));
    let quantity = stored.quantity_on(day);
    let content = compose(voucher, &rulebook.terms, &valuation, steps, quantity, &prices, organiser.currency);
    let given = InformationGiven {
        id: cx.id(),
        organiser: voucher.organiser,
        voucher: id,
        person: voucher.person,
        channel: channel_of(cx).to_owned(),
        language,
        content,
        given_to: cx.actor().subject.clone(),
        given_at: cx.now(),
    };
    vouchers::insert_information(c, &given)?;
    cx.audit("give_information", ("voucher", id.uuid()), &target, json!({"information": given.id}));
    Ok(Reply::created(format!("/v1/vouchers/{id}/information/{}", given.id), InformationView::of(given)))
}

/// By what way it came to the holder, or to one who acts for the holder.
fn channel_of(cx: &Cx) -> &'static str {
    match cx.actor().role {
        Role::CaseWorker => "case_worker",
        Role::Operator | Role::Officer | Role::Finance | Role::Auditor | Role::Provider | Role::Resident => "api",
    }
}

/// Shows what was told, as it was told.
#[utoipa::path(
    tag = "vouchers",
    responses((status = 200, description = "What was told.", body = InformationView)),
    security(("bearer" = ["vouchers:read"])),
)]
#[get("/v1/vouchers/{id}/information/{part_id}")]
pub(crate) async fn show_information(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    path: PathIds<kind::Voucher, kind::Information>,
) -> Result<HttpResponse, Problem> {
    let PathIds(id, part) = path;
    let view = app
        .write(permit.into_caller(), move |c, cx| {
            let stored = found(vouchers::find(c, id)?)?;
            // Between the organiser and its client; a provider has no part in it.
            let target = Target { provider: None, ..target_of(c, cx, &stored)? };
            cx.require(Action::ReadVoucher, &target)?;
            let given = found(vouchers::find_information(c, id, part.uuid())?)?;
            cx.audit("show_information", ("information", part.uuid()), &target, json!({}));
            Ok(InformationView::of(given))
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

impl InformationView {
    fn of(given: InformationGiven) -> Self {
        Self {
            id: given.id,
            voucher: given.voucher,
            language: given.language,
            given_at: given.given_at,
            information: given.content,
        }
    }
}
