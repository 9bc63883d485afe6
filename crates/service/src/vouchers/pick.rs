//! What a choice rests on, read anew from the database: the same for one that holds at once, for one that is asked for, and
//! for the provider's answer to it.

use valinta_domain::approval::{Approved, served_until};
use valinta_domain::choice::{Candidate, Chooser, Entitled, Entitlement, Grant, home_of};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::{OfferPrice, PriceCheck};
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::{ChoosingTerms, Unused};
use valinta_domain::voucher::Voucher;
use valinta_domain::{Day, Id, Quantity};
use valinta_persistence::choice_requests::ChoiceRequest;
use valinta_persistence::offerings::Offering;
use valinta_persistence::registry::Asking;
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, approvals, offerings, registry, voucher_types, vouchers};

use super::not_choosable::{Told, not_choosable};
use super::places::Places;
use super::worth::{service_facts_of, valuation_of, versions_by};
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

    /// The offering as it is wanted. Who confirms has kept a place, and takes this client even if no others, at the price
    /// and from the day that was asked for.
    fn as_asked(&self, candidate: Candidate) -> Candidate {
        match self {
            Self::Now(..) => candidate,
            Self::Asked(request) => Candidate {
                accepts_new_clients: true,
                places_taken_until: None,
                earliest_start: Some(request.first_day),
                prices: candidate.prices.map(|_| request.price.clone()),
                ..candidate
            },
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
/// a choice that is made today. The unit's approvals and limited offerings are held from here on. What stands in the way is
/// found by the rule of the lists, of what the database says now.
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
    let candidate = wanted.as_asked(candidate);
    voucher.clone().choose(today)?;
    let from = candidate.begins_on(at_once);
    let client = service_facts_of(c, voucher)?;
    let home = home_of(&client);
    let rulebook = voucher_types::rulebook_in_force(c, voucher.voucher_type, from)?;
    let versions = versions_by(c, voucher, rulebook.as_ref())?;
    let valuation = valuation_of(voucher, &versions, from)?;
    let entitled = Entitled { grant: Grant::of(valuation.clone()), free_of_charge: voucher.free_of_charge };
    let chooser = Chooser {
        day: at_once,
        validity: Some(voucher.validity),
        home: home.as_ref(),
        client: Some(&client),
        entitlement: &Entitlement::always(entitled),
        // A place that the voucher has is counted out already.
        own: &[],
    };
    let prices = rulebook.as_ref().map(|rulebook| PriceCheck::under(rulebook.terms.as_ref()));
    let stand = candidate.stand(prices.as_ref(), &chooser);
    let (Some(sector), Some((_, price)), Some(prices), true) =
        (stand.sector, stand.price, &prices, stand.is_choosable())
    else {
        return Err(not_choosable(at, &stand, &Told { voucher, prices: prices.as_ref(), valuation: &valuation }));
    };
    refuse_empty(c, voucher, from)?;
    if let Wanted::Now(_, seen) = wanted {
        refuse_another_price(seen, price, from)?;
    }
    let until = known_end(c, &offered, from, home.as_ref())?;
    let choosing = prices.terms().choosing.clone();
    Ok(Pick { sector, price: price.clone(), from, until, choosing, places, offered })
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
    let serving = found(approvals::serving(c, offered.unit, offered.voucher_type)?)?;
    let whole: Vec<Approved> = serving
        .approvals
        .into_iter()
        .filter_map(|approval| approval.period().map(|period| Approved { period, area: approval.area }))
        .collect();
    Ok(served_until(from, home, &whole, &serving.interruptions, serving.closed_from))
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
