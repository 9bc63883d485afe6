//! What a choice rests on, read anew from the database: the same for one that holds at once, for one that is asked for, and
//! for the provider's answer to it.

use valinta_domain::approval::{Approved, Interruption, served_until};
use valinta_domain::choice::{Candidate, NotChoosable, home_of};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::{OfferPrice, PriceRefused};
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::{ChoosingTerms, RulebookTerms, Unused};
use valinta_domain::rules::{Findings, Standing};
use valinta_domain::valuation::Valuation;
use valinta_domain::voucher::{Voucher, VoucherRefusal};
use valinta_domain::{Day, Id, Quantity};
use valinta_persistence::choice_requests::ChoiceRequest;
use valinta_persistence::offerings::Offering;
use valinta_persistence::registry::Asking;
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, approvals, offerings, providers, registry, voucher_types, vouchers};

use super::places::Places;
use super::worth::{service_facts_of, valuation_of, versions_beside};
use crate::choice_requests::end_late;
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// What is to be picked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// An offering as it is now, at the price that was shown, if that is said.
    Now(Id<kind::Offering>, Option<&'a OfferPrice>),
    /// What was asked for, at the price of then.
    Asked(&'a ChoiceRequest),
}

impl Wanted<'_> {
    fn offering(&self) -> Id<kind::Offering> {
        match self {
            Self::Now(offering, _) => *offering,
            Self::Asked(request) => request.offering,
        }
    }

    /// Where in the request the offering stands.
    const fn pointer(&self) -> &'static str {
        match self {
            Self::Now(..) => "/offering",
            Self::Asked(_) => "/path/id",
        }
    }
}

/// An offering that can be picked for a voucher.
#[derive(Debug)]
pub(crate) struct Pick {
    /// What is picked.
    pub(super) offered: Offering,
    /// The provider's sector on the first day.
    pub(super) sector: Sector,
    /// The price that is agreed.
    pub(super) price: OfferPrice,
    /// The first day.
    pub(super) from: Day,
    /// The first day on which the choice ends by itself, as far as is known.
    pub(super) until: Option<Day>,
    /// What the rulebook of the first day says of choosing.
    pub(super) choosing: ChoosingTerms,
    /// How the offerings with limited places stood that the voucher touches.
    pub(super) places: Places,
}

/// Lets a taken voucher's holder have what is wanted, from the first day on that there is, `at_once` being the first day of
/// a choice that is made today. The unit's approvals and limited offerings are held from here on.
pub(crate) fn pick(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    wanted: Wanted<'_>,
    (at_once, today): (Day, Day),
) -> Result<Pick, Problem> {
    let (id, at) = (wanted.offering(), wanted.pointer());
    let voucher = &stored.voucher;
    let unknown = || Problem::unknown(at, "there is no such offering for this voucher");
    let of_type = |offered: &Offering| offered.voucher_type == voucher.voucher_type;
    let offered = offerings::find(c, id)?.filter(of_type).ok_or_else(unknown)?;
    // From here on the unit is neither suspended nor ended before this choice holds, or was so before it.
    approvals::hold_of_unit(c, offered.unit, offered.voucher_type)?;
    let places = Places::of_voucher(c, voucher.id, Some(id))?;
    // Who was not answered in time keeps no place, and cannot be confirmed any more.
    end_late(c, cx, id, today)?;
    let asking = Asking { voucher: voucher.id, today };
    let (offered, candidate) = registry::candidate_for(c, id, asking)?.ok_or_else(unknown)?;
    let (candidate, from) = match wanted {
        Wanted::Now(..) => {
            let from = candidate.begins_on(at_once);
            (candidate, from)
        }
        // Who confirms has kept a place, and takes this client even if no others.
        Wanted::Asked(request) => (
            Candidate { accepts_new_clients: true, places_taken_until: None, ..candidate },
            at_once.max(request.first_day),
        ),
    };
    voucher.clone().choose(today)?;
    if !voucher.validity.contains(from) {
        let validity = voucher.validity;
        return Err(VoucherRefusal::NotValidOn { day: from, from: validity.from(), last: validity.last_day() }.into());
    }
    refuse_empty(c, voucher, from)?;
    let client = service_facts_of(c, voucher)?;
    let home = home_of(&client);
    let refused = |reason| not_choosable(at, reason, &candidate);
    candidate.takes_on(at_once).map_err(refused)?;
    let (sector, _, price) = candidate.choosable_on(from, home.as_ref()).map_err(refused)?;
    let price = match wanted {
        Wanted::Now(_, seen) => {
            refuse_another_price(seen, price, from)?;
            price
        }
        Wanted::Asked(request) => &request.price,
    };
    let rulebook = voucher_types::rulebook_in_force(c, voucher.voucher_type, from)?.ok_or_else(|| {
        Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force on the first day.")
    })?;
    refuse_unmet(at, &candidate.examine(sector, &rulebook.terms, &client))?;
    let versions = versions_beside(c, voucher, &rulebook)?;
    let valuation = valuation_of(voucher, &versions, from)??;
    check_price(at, voucher, &valuation, (price, sector), &rulebook.terms)?;
    let until = known_end(c, &offered, from, home.as_ref())?;
    Ok(Pick { sector, price: price.clone(), from, until, choosing: rulebook.terms.choosing, places, offered })
}

/// A voucher that has nothing left from a day on promises nothing to anybody.
fn refuse_empty(c: &mut Conn, voucher: &Voucher, from: Day) -> Result<(), Problem> {
    let parts = vouchers::allotments(c, voucher.id)?;
    let usable = |to: Option<Day>| match voucher.unused {
        Unused::CarriesOver => true,
        Unused::Lapses => to.is_none_or(|to| to > from),
    };
    let mut left = parts.iter().map(|part| part.allotment).filter(|part| usable(part.period.to()));
    if left.any(|part| part.available() > Quantity::ZERO) {
        return Ok(());
    }
    let detail = format!("Nothing is left of what the voucher grants from {from} on: there is nothing to choose with.");
    Err(Problem::new(ProblemKind::WrongState, detail))
}

/// What was shown is what is agreed, or nothing is.
fn refuse_another_price(seen: Option<&OfferPrice>, price: &OfferPrice, from: Day) -> Result<(), Problem> {
    if seen.is_none_or(|seen| seen == price) {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::Conflict, "The price is no longer the one that was shown.").at(
        "/price",
        "changed",
        format!("from {from} the price is {}", in_words(price)),
    ))
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
fn refuse_unmet(at: &str, findings: &Findings) -> Result<(), Problem> {
    if findings.standing != Standing::NotMet {
        return Ok(());
    }
    let unmet = findings.findings.iter().filter(|finding| finding.standing == Standing::NotMet);
    let problem =
        Problem::new(ProblemKind::NotChoosable, "The offering cannot be chosen with this voucher; see errors.");
    Err(unmet.fold(problem, |problem, finding| problem.at(at, &finding.code, &finding.text.en)))
}

/// Lets a price be agreed where the rulebook allows it, and where a service free by law leaves nothing for the client.
fn check_price(
    at: &str,
    voucher: &Voucher,
    valuation: &Valuation<'_>,
    (price, sector): (&OfferPrice, Sector),
    terms: &RulebookTerms,
) -> Result<(), Problem> {
    let not_allowed = |refused: PriceRefused| {
        Problem::new(ProblemKind::NotChoosable, format!("The offering cannot be chosen: {refused}.")).at(
            at,
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

fn not_choosable(at: &str, reason: NotChoosable, candidate: &Candidate) -> Problem {
    let (code, detail) = match reason {
        NotChoosable::NotApproved => ("not_approved", "the unit is not approved for this voucher type on that day"),
        NotChoosable::Interrupted => ("interrupted", "the unit takes no new choices on that day"),
        NotChoosable::NotInArea => ("not_in_area", "the unit is approved for residents of other municipalities"),
        NotChoosable::NoPrice => ("no_price", "the offering has no price on that day"),
        NotChoosable::NotTakingClients => ("not_taking_clients", "the unit does not take new clients"),
        NotChoosable::Full => ("full", "all places are taken on that day"),
    };
    let free_from = candidate.places_taken_until.filter(|_| reason == NotChoosable::Full);
    let detail = free_from.map_or(detail.to_owned(), |day| format!("{detail}; a place is free from {day} on"));
    Problem::new(ProblemKind::NotChoosable, format!("The offering cannot be chosen: {detail}.")).at(at, code, detail)
}
