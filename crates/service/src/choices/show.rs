//! `GET /v1/vouchers/{id}/choices/{part_id}`: one offering held against a voucher: whether it can be chosen, and why.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::choice::{Entitled, Entitlement, Grant};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rules::Finding;
use valinta_domain::{Day, Id};
use valinta_persistence::registry::Asking;
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, organisers, registry, voucher_types, vouchers};

use super::findings::Facing;
use super::held::quantity_of;
use super::reasons::ReasonView;
use super::view::OptionView;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::VouchersRead;
use crate::http::{PathIds, Permit, Problem, Spoken, SpokenView};
use crate::vouchers::{first_day, service_facts_of, target_of, valuation_of, versions_by};

/// An offering held against a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExaminedChoice {
    /// Which voucher.
    voucher: Id<kind::Voucher>,
    /// Which offering.
    offering: Id<kind::Offering>,
    /// Whether it can be chosen with the voucher.
    choosable: bool,
    /// The first day of the choice, if it is made now.
    day: Day,
    /// Why it cannot be chosen: everything that stands in the way, by the codes of the lists. Empty where it can.
    #[schema(max_items = 60)]
    reasons: Vec<ReasonView>,
    /// The language of the reasons.
    language: SpokenView,
    /// What was looked at: what is asked of every offering, and the rulebook's criteria; where it cannot be chosen, at least
    /// one is not met. What cannot be said of a criterion does not stand in the way.
    #[schema(max_items = 100)]
    findings: Vec<Finding>,
    /// The offering as the list of choices shows it, with what it would cost; where it can be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<OptionView>,
}

/// Tells whether an offering can be chosen with a voucher, and why. The choice itself is checked anew when it is made.
#[utoipa::path(
    tag = "choices",
    params(Spoken),
    responses((status = 200, description = "How the offering stands.", body = ExaminedChoice)),
    security(("bearer" = ["vouchers:read"])),
)]
#[get("/v1/vouchers/{id}/choices/{part_id}")]
pub(crate) async fn show_choice(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    path: PathIds<kind::Voucher, kind::Offering>,
    spoken: Spoken,
) -> Result<HttpResponse, Problem> {
    let PathIds(id, offering) = path;
    let language = spoken.clone();
    let view = app
        .read_noted(permit.into_caller(), move |c, cx| {
            let stored = found(vouchers::find(c, id)?)?;
            let target = target_of(c, cx, &stored)?;
            cx.require(Action::ReadVoucher, &target)?;
            cx.audit("show_choice", ("voucher", id.uuid()), &target, json!({"offering": offering}));
            examine(c, cx, &stored, offering, &language)
        })
        .await?;
    Ok(spoken.told(&mut HttpResponse::Ok()).json(view))
}

fn examine(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    offering: Id<kind::Offering>,
    spoken: &Spoken,
) -> Result<ExaminedChoice, Problem> {
    let voucher = &stored.voucher;
    let organiser = found(organisers::find(c, voucher.organiser)?)?;
    let today = cx.today(&organiser)?;
    let asking = Asking { voucher: voucher.id, today };
    let of_type = registry::candidate_for(c, offering, asking)?
        .filter(|(offered, _)| offered.voucher_type == voucher.voucher_type);
    let (_, candidate) = found(of_type)?;
    let (at_once, _) = first_day(c, voucher, today)?;
    let day = candidate.begins_on(at_once);
    let rulebook = voucher_types::rulebook_in_force(c, voucher.voucher_type, day)?;
    let versions = versions_by(c, voucher, rulebook.as_ref())?;
    let grant = Grant::of(valuation_of(voucher, &versions, day)?);
    let entitlement = Entitlement::always(Entitled { grant, free_of_charge: voucher.free_of_charge });
    let client = service_facts_of(c, voucher)?;
    let terms = rulebook.as_ref().map(|rulebook| rulebook.terms.as_ref());
    let facing = Facing::new(voucher, &candidate, terms, &entitlement, &client, at_once);
    let choosable = facing.is_choosable();
    let listed = facing.listed(quantity_of(stored, day)).filter(|_| choosable);
    Ok(ExaminedChoice {
        voucher: voucher.id,
        offering,
        choosable,
        day,
        reasons: facing.why().iter().map(|why| ReasonView::of(why, spoken)).collect(),
        language: spoken.view(),
        findings: facing.findings(),
        option: listed.map(|listed| OptionView::of(&listed, organiser.currency)),
    })
}
