//! How a voucher is shown, and to whom it belongs.

use std::collections::BTreeMap;

use serde::Serialize;
use valinta_domain::behalf::Maker;
use valinta_domain::choice_request::RequestState;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{AccountingCode, VoucherNumber};
use valinta_domain::ledger::Allotment;
use valinta_domain::offering::OfferPrice;
use valinta_domain::policy::{Role, Target};
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::{GrantPeriod, Measure, Unused};
use valinta_domain::rules::Facts;
use valinta_domain::service_event::{available_on, recording_deadline};
use valinta_domain::voucher::{RaisedValue, Voucher, VoucherState, VoucherStatus};
use valinta_domain::{Amount, Currency, Day, Id, Localized, Moment, Money, Period, Quantity, Unit};
use valinta_persistence::choice_requests::ChoiceRequest;
use valinta_persistence::choices::Choice;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::vouchers::{StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, choice_requests, choices, grants, organisers, voucher_types, vouchers};

use super::behalf::{ActingForView, DoneFor, OnBehalfView, acting_for};
use super::promised::{held_of, promised};
use super::worth::Values;
use crate::choice_requests::HolderRequestView;
use crate::cx::{Cx, found};
use crate::http::Problem;

/// A voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VoucherView {
    /// Its id.
    pub(crate) id: Id<kind::Voucher>,
    /// The number by which a provider opens it. Shown to its holder, to one who may choose for the holder, and to the
    /// organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<VoucherNumber>,
    /// Where it stands today.
    pub(crate) status: VoucherStatus,
    /// Who pays.
    pub(crate) organiser: Id<kind::Organiser>,
    /// Whose it is, as the organiser's client.
    pub(crate) client: Id<kind::Client>,
    /// For what.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// The rulebook version it was granted under.
    pub(crate) rulebook: Id<kind::Rulebook>,
    /// The decision that granted it.
    pub(crate) decision: Id<kind::Decision>,
    /// What a unit is worth today, before there is a price or a service; before and after the validity, on its first and
    /// on its last day. Absent where the rulebook that the voucher was moved to grants nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Money>,
    /// Value per unit as it was decided.
    pub(crate) granted_value: Money,
    /// What services are counted in.
    pub(crate) unit: Unit,
    /// What it grants: a quantity of units, or money. Then all its quantities are money, in units of the currency.
    pub(crate) measure: Measure,
    /// Granted per period: units, or money; where that was changed, in the period of today, or in the nearest one.
    pub(crate) quantity: Quantity,
    /// The period of the quantity.
    pub(crate) per: GrantPeriod,
    /// What becomes of what is left of a period.
    pub(crate) unused: Unused,
    /// What services of today could take, with what earlier periods carry over.
    pub(crate) available_now: Quantity,
    /// What of it is held: all of it, while somebody has been chosen or asked to deliver it.
    pub(crate) held_now: Quantity,
    /// The client's facts that it was decided on. Shown to its holder and the organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) facts: Option<Facts>,
    /// Whether the service is free of charge to the client by law; a co-payment of zero is another thing.
    pub(crate) free_of_charge_by_law: bool,
    /// First day on which services can be delivered under it.
    pub(crate) valid_from: Day,
    /// Last day.
    pub(crate) valid_until: Day,
    /// What is granted, used and left of each period.
    #[schema(max_items = 100)]
    pub(crate) allotments: Vec<AllotmentView>,
    /// The choice that holds today, or the one to come if none does yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choice: Option<ChoiceView>,
    /// The choice that follows it, after a change of provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_choice: Option<ChoiceView>,
    /// What was asked of a provider that answers: while it waits, and how it ended, until somebody is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choice_request: Option<HolderRequestView>,
    /// The first day on which nobody is chosen any more, because the organiser or the provider has ended what the choice
    /// rested on: another provider can be chosen. Absent where a choice goes on, or another one follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choose_again_from: Option<Day>,
    /// How it was accepted or refused, where another did that for its holder. Not shown to providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answered_on_behalf: Option<OnBehalfView>,
    /// For whom the caller acts with it, by a mandate; absent where it is the caller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acting_for: Option<ActingForView>,
    /// Where a client who refused was directed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) directed_to: Option<Localized>,
    /// Values that were raised by decisions (569/2009 § 8). Not shown to providers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub(crate) raised_values: Vec<RaisedValueView>,
    /// The voucher that it was issued in place of. Not shown to providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replaces: Option<Id<kind::Voucher>>,
    /// The voucher that was issued in its place. Not shown to providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replaced_by: Option<Id<kind::Voucher>>,
    /// By what its costs are known in the organiser's ledgers. Shown to case workers, finance and auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accounting_code: Option<AccountingCode>,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    pub(crate) cancel_reason: Option<String>,
    /// When it was issued.
    pub(crate) issued_at: Moment,
}

/// A value per unit that a decision has raised.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RaisedValueView {
    /// The first day of services that it holds for.
    pub(crate) from: Day,
    /// The value per unit.
    pub(crate) value: Money,
    /// The decision.
    pub(crate) decision: Id<kind::Decision>,
}

/// A part of a grant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AllotmentView {
    /// First day.
    pub(crate) from: Day,
    /// Last day.
    pub(crate) until: Day,
    /// What it grants.
    pub(crate) granted: Quantity,
    /// What of it has been used or returned.
    pub(crate) used: Quantity,
    /// What is left.
    pub(crate) available: Quantity,
    /// What of that is held: all of it, where somebody has been chosen or asked for a day of the rest of its time.
    pub(crate) held: Quantity,
}

impl AllotmentView {
    fn of(part: &Allotment, held: Quantity) -> Self {
        Self {
            from: part.period.from(),
            until: part.period.last_day(),
            granted: part.granted,
            used: part.used,
            available: part.available(),
            held,
        }
    }
}

/// The provider chosen for a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChoiceView {
    /// The choice's id.
    pub(crate) id: Id<kind::Choice>,
    /// The offering chosen.
    pub(crate) offering: Id<kind::Offering>,
    /// Whose offering it is.
    pub(crate) provider: Id<kind::Provider>,
    /// The unit that serves.
    pub(crate) unit: Id<kind::ServiceUnit>,
    /// The provider's sector.
    pub(crate) sector: Sector,
    /// The price agreed.
    pub(crate) price: PriceView,
    /// First day.
    pub(crate) from: Day,
    /// Last day, if that is known: it ends with what it rests on, or another one follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Day>,
    /// Who has chosen.
    pub(crate) chosen_by: Maker,
    /// On what it rests, where another has chosen for the holder. Not shown to providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_behalf: Option<OnBehalfView>,
}

/// A price per unit, by who is paid how.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(tag = "charging", rename_all = "snake_case")]
pub(crate) enum PriceView {
    /// A company's or association's price: the voucher pays up to its value, the client the rest.
    Voucher {
        /// Price per unit.
        price: Money,
        /// Prices of items of the rulebook's price list that differ from it, by the item's code.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        items: BTreeMap<String, Money>,
        /// Whether items of the price list without a price of their own are not offered.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        only_items: bool,
    },
    /// A public unit's client fee.
    ClientFee {
        /// What the client is charged per unit.
        client_fee: Money,
        /// What a unit costs the public purse.
        unit_cost: Money,
    },
}

impl PriceView {
    pub(crate) fn of(price: &OfferPrice, currency: Currency) -> Self {
        match price {
            OfferPrice::Voucher { price, items, only_items } => Self::Voucher {
                price: price.of(currency),
                items: items.iter().map(|(item, price)| (item.clone(), price.of(currency))).collect(),
                only_items: *only_items,
            },
            OfferPrice::ClientFee { client_fee, unit_cost } => {
                Self::ClientFee { client_fee: client_fee.of(currency), unit_cost: unit_cost.of(currency) }
            }
        }
    }
}

impl ChoiceView {
    fn of(choice: &Choice, currency: Currency, done_for: &DoneFor) -> Self {
        let (chosen_by, on_behalf) = done_for.choice(choice.id);
        Self {
            id: choice.id,
            offering: choice.offering,
            provider: choice.provider,
            unit: choice.unit,
            sector: choice.sector,
            price: PriceView::of(&choice.price, currency),
            from: choice.valid_from,
            until: choice.valid_to.map(|to| to.plus_days(-1)),
            chosen_by,
            on_behalf,
        }
    }
}

/// To whom a voucher belongs: the organiser, the person, and whichever provider of the actor's has been chosen with it.
/// A provider that was replaced has a part in it as long as it can record what it delivered.
pub(crate) fn target_of(c: &mut Conn, cx: &Cx, stored: &StoredVoucher) -> Result<Target, Problem> {
    let voucher = &stored.voucher;
    let provider = match cx.actor().role {
        Role::Provider => serving_provider(c, cx, stored)?,
        Role::Operator | Role::Officer | Role::CaseWorker | Role::Finance | Role::Auditor | Role::Resident => None,
    };
    Ok(Target { organiser: Some(voucher.organiser), provider, person: Some(voucher.person) })
}

fn serving_provider(c: &mut Conn, cx: &Cx, stored: &StoredVoucher) -> Result<Option<Id<kind::Provider>>, Problem> {
    let voucher = &stored.voucher;
    let own: Vec<Choice> = choices::of_voucher(c, voucher.id)?
        .into_iter()
        .filter(|choice| cx.actor().is_member_of(choice.provider) && choice.period().is_some())
        .collect();
    let Some(latest) = own.first() else { return Ok(None) };
    if let Some(ended) = latest.valid_to {
        let organiser = found(organisers::find(c, voucher.organiser)?)?;
        let rulebook = found(voucher_types::find_rulebook(c, voucher.rulebook)?)?;
        if cx.today(&organiser)? > recording_deadline(&rulebook.terms, ended.plus_days(-1)) {
            return Ok(None);
        }
    }
    Ok(Some(latest.provider))
}

/// The voucher as the actor sees it.
pub(crate) fn view_of(c: &mut Conn, cx: &Cx, stored: &StoredVoucher) -> Result<VoucherView, Problem> {
    view_among(c, cx, stored, &mut Values::default())
}

/// As [`view_of`], one of several.
pub(super) fn view_among(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    values: &mut Values,
) -> Result<VoucherView, Problem> {
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let today = cx.today(&organiser)?;
    let mut visible = choices::of_voucher(c, stored.voucher.id)?;
    let mut request = choice_requests::latest_of_voucher(c, stored.voucher.id)?;
    let promised = promised(&stored.voucher, &visible, request.as_ref(), today);
    // A provider that was replaced does not see its successor.
    visible.retain(|choice| cx.actor().role != Role::Provider || cx.actor().is_member_of(choice.provider));
    request = request.filter(|request| cx.actor().role != Role::Provider || cx.actor().is_member_of(request.provider));
    let request = request.filter(|request| is_shown(request, &visible));
    let Held { current, next, choose_again_from } = held_on(&visible, cx, stored, today);
    let value = values.on(c, &stored.voucher, today)?;
    let parts: Vec<Allotment> =
        vouchers::allotments(c, stored.voucher.id)?.into_iter().map(|part| part.allotment).collect();
    let done_for = DoneFor::of(c, cx, &stored.voucher)?;
    let present = Present {
        organiser: &organiser,
        today,
        value,
        parts: &parts,
        promised: &promised,
        choose_again_from,
        done_for,
    };
    let acting_for = acting_for(c, cx, &stored.voucher)?;
    let mut view = shape(cx, stored, &present, (current, next), acting_for);
    if matches!(stored.voucher.state, VoucherState::Cancelled { .. }) && cx.actor().role != Role::Provider {
        view.replaced_by = grants::replaced_by(c, stored.voucher.id)?;
    }
    view.choice_request = request.map(|request| HolderRequestView::of(&request, organiser.currency, today));
    Ok(view)
}

/// As [`view_of`], of a voucher that was issued just now: nobody has accepted it, chosen or asked anybody.
pub(super) fn view_of_new(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    (organiser, today): (&Organiser, Day),
    parts: &[StoredAllotment],
) -> Result<VoucherView, Problem> {
    let voucher = &stored.voucher;
    // It is worth today what was just decided; on a later first day another version may hold.
    let value =
        if voucher.validity.contains(today) { Some(voucher.value) } else { Values::default().on(c, voucher, today)? };
    let parts: Vec<Allotment> = parts.iter().map(|part| part.allotment).collect();
    let done_for = DoneFor::nobody(cx);
    let present = Present { organiser, today, value, parts: &parts, promised: &[], choose_again_from: None, done_for };
    let acting_for = acting_for(c, cx, voucher)?;
    Ok(shape(cx, stored, &present, (None, None), acting_for))
}

/// Whether a request is still news: it waits, or nobody has been chosen since it ended.
fn is_shown(request: &ChoiceRequest, choices: &[Choice]) -> bool {
    let Some(ended_at) = request.ended_at else { return true };
    request.state != RequestState::Confirmed && choices.iter().all(|choice| choice.chosen_at < ended_at)
}

/// The choices of a voucher that count on a day.
struct Held<'a> {
    /// The one that holds, or the first to come if none does yet.
    current: Option<&'a Choice>,
    /// The one that follows it.
    next: Option<&'a Choice>,
    /// Since when, or from when on, there is none though there was one.
    choose_again_from: Option<Day>,
}

fn held_on<'a>(visible: &'a [Choice], cx: &Cx, stored: &StoredVoucher, today: Day) -> Held<'a> {
    let mut held: Vec<(&Choice, Period)> =
        visible.iter().filter_map(|choice| choice.period().map(|period| (choice, period))).collect();
    held.sort_by_key(|(_, period)| period.from());
    let mut left = held.iter().filter(|(_, period)| period.last_day() >= today);
    let (current, next) = (left.next().map(|(choice, _)| *choice), left.next().map(|(choice, _)| *choice));
    let in_use = match stored.voucher.status_on(today) {
        VoucherStatus::Chosen | VoucherStatus::InUse => true,
        VoucherStatus::Offered
        | VoucherStatus::Accepted
        | VoucherStatus::Refused
        | VoucherStatus::UsedUp
        | VoucherStatus::Expired
        | VoucherStatus::Cancelled => false,
    };
    // A provider sees its own choices alone, and cannot tell.
    let shows = in_use && cx.actor().role != Role::Provider;
    let end = match held.last() {
        Some((_, period)) => period.to(),
        // The only one was to begin later, and never did.
        None => visible.iter().filter_map(|choice| choice.valid_to).max(),
    };
    let can_be_used = |end: &Day| stored.voucher.validity.contains((*end).max(today));
    let choose_again_from = end.filter(|end| shows && can_be_used(end));
    Held { current, next, choose_again_from }
}

fn raised_of(voucher: &Voucher, currency: Currency) -> Vec<RaisedValueView> {
    let view = |raise: &RaisedValue| RaisedValueView {
        from: raise.from,
        value: raise.value.of(currency),
        decision: raise.decision,
    };
    voucher.raises.iter().map(view).collect()
}

/// What is known of a voucher's present.
struct Present<'a> {
    organiser: &'a Organiser,
    today: Day,
    value: Option<Amount>,
    parts: &'a [Allotment],
    promised: &'a [Period],
    choose_again_from: Option<Day>,
    done_for: DoneFor,
}

fn shape(
    cx: &Cx,
    stored: &StoredVoucher,
    present: &Present<'_>,
    (choice, next_choice): (Option<&Choice>, Option<&Choice>),
    acting_for: Option<ActingForView>,
) -> VoucherView {
    let Present { organiser, today, value, parts, promised, choose_again_from, ref done_for } = *present;
    let voucher = &stored.voucher;
    // Why a voucher ended is between the organiser and its client.
    let is_provider = cx.actor().role == Role::Provider;
    let (directed_to, cancel_reason) = match &voucher.state {
        _ if is_provider => (None, None),
        VoucherState::Refused { directed_to } => (Some(directed_to.clone()), None),
        VoucherState::Cancelled { reason } => (None, Some(reason.clone())),
        VoucherState::Offered
        | VoucherState::Accepted
        | VoucherState::Chosen
        | VoucherState::InUse
        | VoucherState::UsedUp => (None, None),
    };
    // A provider knows the number from the client; an auditor has no use for what opens a voucher.
    let shows_number = match cx.actor().role {
        Role::CaseWorker => true,
        // One who may only look on behalf of another opens nothing.
        Role::Resident => acting_for.as_ref().is_none_or(ActingForView::may_answer),
        Role::Operator | Role::Officer | Role::Finance | Role::Auditor | Role::Provider => false,
    };
    let of_today = if voucher.validity.contains(today) { parts } else { &[] };
    let held = |part: &Allotment| held_of(voucher, part, promised, today);
    let held_today: Vec<Allotment> = of_today.iter().filter(|part| held(part) > Quantity::ZERO).copied().collect();
    let shown = parts.iter().map(|part| AllotmentView::of(part, held(part))).collect();
    VoucherView {
        id: voucher.id,
        number: shows_number.then(|| voucher.number.clone()),
        status: voucher.status_on(today),
        organiser: voucher.organiser,
        client: voucher.client,
        voucher_type: voucher.voucher_type,
        rulebook: voucher.rulebook,
        decision: stored.decision,
        value: value.map(|value| value.of(organiser.currency)),
        granted_value: voucher.value.of(organiser.currency),
        unit: voucher.unit,
        measure: voucher.measure,
        quantity: stored.quantity_on(today),
        per: stored.per,
        unused: voucher.unused,
        available_now: available_on(of_today, voucher.unused, today),
        held_now: available_on(&held_today, voucher.unused, today),
        // Who may only look on for the holder sees what was granted, and not on what income.
        facts: (!is_provider && acting_for.as_ref().is_none_or(ActingForView::may_answer))
            .then(|| voucher.facts.clone()),
        free_of_charge_by_law: voucher.free_of_charge,
        valid_from: voucher.validity.from(),
        valid_until: voucher.validity.last_day(),
        allotments: shown,
        choice: choice.map(|choice| ChoiceView::of(choice, organiser.currency, done_for)),
        next_choice: next_choice.map(|choice| ChoiceView::of(choice, organiser.currency, done_for)),
        choice_request: None,
        choose_again_from,
        answered_on_behalf: done_for.answer(),
        acting_for,
        directed_to,
        raised_values: if is_provider { Vec::new() } else { raised_of(voucher, organiser.currency) },
        replaces: stored.replaces.filter(|_| !is_provider),
        replaced_by: None,
        accounting_code: match cx.actor().role {
            Role::CaseWorker | Role::Finance | Role::Auditor => stored.accounting_code.clone(),
            Role::Operator | Role::Officer | Role::Provider | Role::Resident => None,
        },
        cancel_reason,
        issued_at: stored.issued_at,
    }
}
