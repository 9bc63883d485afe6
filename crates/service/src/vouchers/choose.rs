//! `PUT /v1/vouchers/{id}/choice`: the holder picks a provider or changes to another, or another does
//! for them.

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::approval::{Approved, Interruption, served_until};
use valinta_domain::behalf::Act;
use valinta_domain::choice::{NotChoosable, home_of};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::{OfferPrice, PriceRefused};
use valinta_domain::policy::Action;
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{Findings, Standing};
use valinta_domain::valuation::Valuation;
use valinta_domain::voucher::{Voucher, VoucherRefusal};
use valinta_domain::{Day, Id};
use valinta_persistence::choices::Choice;
use valinta_persistence::offerings::Offering;
use valinta_persistence::{
    Conn, approvals, choices, offerings, organisers, providers, registry, voucher_types, vouchers,
};

use super::behalf::{Answering, OnBehalf};
use super::view::{VoucherView, target_of, view_of};
use super::worth::{service_facts_of, valuation_of, versions_beside};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::VouchersRespond;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem, ProblemKind};
use crate::parse_as_is;

/// A pick.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseProvider {
    /// The offering chosen, from the voucher's list of choices.
    pub(crate) offering: Id<kind::Offering>,
    /// The price that was shown. If it is not the price any more, nothing is chosen.
    #[serde(default)]
    pub(crate) price: Option<OfferPrice>,
    /// The client's consent; of a case worker.
    #[serde(default)]
    #[validate(nested)]
    pub(crate) on_behalf: Option<OnBehalf>,
}
parse_as_is!(ChooseProvider);

/// Chooses a provider for a voucher, or changes provider.
///
/// The price of the day is agreed by the choice. A first choice holds at once, a change while services are being
/// delivered from the next day; neither before the earliest day on which the provider says it can start. Until then a
/// previous choice goes on. A unit that takes no new choices on the day on which the choice would begin otherwise is not
/// chosen for a later start either. Where it is known that the unit closes or its approval ends, the choice ends with it.
#[utoipa::path(
    tag = "choices",
    params(IdempotencyKey),
    responses((status = 200, description = "Chosen.", body = VoucherView)),
    security(("bearer" = ["vouchers:respond"])),
)]
#[put("/v1/vouchers/{id}/choice")]
pub(crate) async fn choose_provider(
    permit: Permit<VouchersRespond>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<ChooseProvider>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "choose_provider", &key, &bytes, move |c, cx| choose(c, cx, id, &command)).await
}

/// Chooses an offering for a voucher. Everything is read from the database here, not from the list that was shown.
pub(crate) fn choose(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    command: &ChooseProvider,
) -> Result<Reply<VoucherView>, Problem> {
    let offering = command.offering;
    let mut stored = found(vouchers::take(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::RespondToVoucher, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let today = cx.today(&organiser)?;
    let answering = Answering::of(cx, &target, today, command.on_behalf.as_ref())?;
    let unknown = || Problem::unknown("/offering", "there is no such offering for this voucher");
    let of_type = |offered: &Offering| offered.voucher_type == stored.voucher.voucher_type;
    let offered = offerings::find(c, offering)?.filter(of_type).ok_or_else(unknown)?;
    // From here on the unit is neither suspended nor ended before this choice holds, or was so before it.
    approvals::hold_of_unit(c, offered.unit, offered.voucher_type)?;
    let (offered, candidate) = registry::candidate(c, offering)?.ok_or_else(unknown)?;
    let previous = choices::holding_on(c, id, today)?;
    let begun = previous.as_ref().map(|choice| choice.valid_from);
    let at_once = stored.voucher.choice_from(today, begun);
    let from = candidate.begins_on(at_once);
    stored.voucher = stored.voucher.choose(today)?;
    if !stored.voucher.validity.contains(from) {
        let validity = stored.voucher.validity;
        return Err(VoucherRefusal::NotValidOn { day: from, from: validity.from(), last: validity.last_day() }.into());
    }
    let client = service_facts_of(c, &stored.voucher)?;
    let home = home_of(&client);
    candidate.takes_on(at_once)?;
    let (sector, _, price) = candidate.choosable_on(from, home.as_ref())?;
    let rulebook = voucher_types::rulebook_in_force(c, stored.voucher.voucher_type, from)?.ok_or_else(|| {
        Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force on the first day.")
    })?;
    if let Some(seen) = &command.price
        && seen != price
    {
        return Err(Problem::new(ProblemKind::Conflict, "The price is no longer the one that was shown.").at(
            "/price",
            "changed",
            format!("from {from} the price is {}", in_words(price)),
        ));
    }
    refuse_unmet(&candidate.examine(sector, &rulebook.terms, &client))?;
    let versions = versions_beside(c, &stored.voucher, &rulebook)?;
    let valuation = valuation_of(&stored.voucher, &versions, from)??;
    check_price(&stored.voucher, &valuation, price, sector, &rulebook.terms)?;
    let choice = Choice {
        id: cx.id(),
        organiser: organiser.id,
        voucher: id,
        offering,
        provider: offered.provider,
        unit: offered.unit,
        sector,
        price: price.clone(),
        valid_from: from,
        valid_to: known_end(c, &offered, from, home.as_ref())?,
        chosen_by: cx.actor().subject.clone(),
        chosen_at: cx.now(),
        ended_at: None,
    };
    choices::replace(c, &choice)?;
    vouchers::update_state(c, &stored.voucher)?;
    let details = json!({
        "choice": choice.id,
        "offering": offering,
        "provider": choice.provider,
        "previous_provider": previous.map(|choice| choice.provider),
    });
    let details = answering.keep(c, cx, (&stored.voucher, Act::Choose, choice.id.uuid()), details)?;
    cx.audit("choose_provider", ("voucher", id.uuid()), &target, details.clone());
    cx.tell("voucher.chosen", ("voucher", id.uuid()), target.organiser, details);
    Ok(Reply::ok(view_of(c, cx, &stored)?))
}

/// The day on which a choice of an offering ends by itself, as far as is known.
fn known_end(
    c: &mut Conn,
    offered: &Offering,
    from: Day,
    home: Option<&MunicipalityCode>,
) -> Result<Option<Day>, Problem> {
    let approvals = approvals::of_unit(c, offered.unit, offered.voucher_type)?;
    let ids: Vec<Id<kind::Approval>> = approvals.iter().map(|approval| approval.id).collect();
    let gaps: Vec<Interruption> = approvals::interruptions_of(c, &ids)?.into_values().flatten().collect();
    let whole: Vec<Approved> = approvals
        .into_iter()
        .filter_map(|approval| approval.period().map(|period| Approved { period, area: approval.area }))
        .collect();
    let unit = found(providers::find_unit(c, offered.unit)?)?;
    Ok(served_until(from, home, &whole, &gaps, unit.details.closed_from))
}

/// Criteria of the rulebook that the offering does not meet for this client.
fn refuse_unmet(findings: &Findings) -> Result<(), Problem> {
    if findings.standing != Standing::NotMet {
        return Ok(());
    }
    let unmet = findings.findings.iter().filter(|finding| finding.standing == Standing::NotMet);
    let problem =
        Problem::new(ProblemKind::NotChoosable, "The offering cannot be chosen with this voucher; see errors.");
    Err(unmet.fold(problem, |problem, finding| problem.at("/offering", &finding.code, &finding.text.en)))
}

/// Lets a price be agreed where the rulebook allows it, and where a service free by law leaves nothing for the client.
fn check_price(
    voucher: &Voucher,
    valuation: &Valuation<'_>,
    price: &OfferPrice,
    sector: Sector,
    terms: &RulebookTerms,
) -> Result<(), Problem> {
    let not_allowed = |refused: PriceRefused| {
        Problem::new(ProblemKind::NotChoosable, format!("The offering cannot be chosen: {refused}.")).at(
            "/offering",
            "price_not_allowed",
            refused,
        )
    };
    voucher.check_price(price, sector, terms, valuation).map_err(not_allowed)
}

fn in_words(price: &OfferPrice) -> String {
    match price {
        OfferPrice::Voucher { price, items, only_items } => {
            let items = items.iter().map(|(item, price)| format!("{price} for {item}"));
            let rest = only_items.then(|| "no other item of the list".to_owned());
            let more: Vec<String> = items.chain(rest).collect();
            if more.is_empty() { price.to_string() } else { format!("{price}, and {}", more.join(", ")) }
        }
        OfferPrice::ClientFee { client_fee, .. } => format!("a client fee of {client_fee}"),
    }
}

impl From<NotChoosable> for Problem {
    fn from(reason: NotChoosable) -> Self {
        let (code, detail) = match reason {
            NotChoosable::NotApproved => ("not_approved", "the unit is not approved for this voucher type on that day"),
            NotChoosable::Interrupted => ("interrupted", "the unit takes no new choices on that day"),
            NotChoosable::NotInArea => ("not_in_area", "the unit is approved for residents of other municipalities"),
            NotChoosable::NoPrice => ("no_price", "the offering has no price on that day"),
            NotChoosable::NotTakingClients => ("not_taking_clients", "the unit does not take new clients"),
        };
        Self::new(ProblemKind::NotChoosable, format!("The offering cannot be chosen: {detail}.")).at(
            "/offering",
            code,
            detail,
        )
    }
}
