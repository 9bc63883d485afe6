//! What was shown for a voucher: noted before it is answered, and made again for an auditor by the same code.

use serde::{Deserialize, Serialize};
use valinta_domain::choice::{Lot, Query, RULE, Snapshot, SortKey, mark_of};
use valinta_domain::grant::Quantities;
use valinta_domain::id::kind;
use valinta_domain::rules::Facts;
use valinta_domain::voucher::RaisedValue;
use valinta_domain::{Id, Period, Quantity};
use valinta_persistence::shown_lists::ShownList;
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, registry, vouchers};

use super::held::Held;
use super::wish::Wish;
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// What was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    /// A page of the list.
    Page {
        /// Filters, order, and whether it is of what cannot be chosen.
        wish: Wish,
        /// The place after which the page begins.
        after: Option<SortKey>,
        /// How many it holds at most.
        limit: usize,
    },
    /// Some offerings, side by side.
    These {
        /// Which.
        offerings: Vec<Id<kind::Offering>>,
    },
}

/// All that a list was made of besides the registry and what of a voucher is final.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    asked: Asked,
    /// What criteria may have asked of the client.
    client: Facts,
    /// The days on which the voucher was valid.
    validity: Period,
    /// What it granted per period.
    quantity: Quantity,
    /// The values that had been raised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    raises: Vec<RaisedValue>,
    /// The offerings that kept a place for the holder already, where it mattered.
    own: Vec<Id<kind::Offering>>,
    /// The mark of the key that lots were drawn by.
    drawn_by: String,
}

/// Notes what is shown: how many there are in all, and which of them in which order.
pub(super) fn note(
    cx: &Cx,
    held: &Held,
    (revision, key): (i64, &[u8]),
    asked: Asked,
    (total, offerings): (usize, Vec<Id<kind::Offering>>),
) -> Result<(), Problem> {
    let voucher = &held.stored.voucher;
    let noted = Noted {
        asked,
        client: held.client.clone(),
        validity: voucher.validity,
        quantity: held.stored.quantity_on(held.day),
        raises: voucher.raises.clone(),
        own: held.own.clone(),
        drawn_by: mark_of(key),
    };
    cx.show(ShownList {
        id: cx.id(),
        organiser: voucher.organiser,
        voucher: voucher.id,
        person: voucher.person,
        revision,
        day: held.day,
        rule: RULE.to_owned(),
        asked: serde_json::to_string(&noted).map_err(Problem::internal)?,
        total: u64::try_from(total).map_err(Problem::internal)?,
        offerings,
        shown_to: cx.actor().subject.clone(),
        shown_as: cx.actor().role,
        shown_at: cx.now(),
    });
    Ok(())
}

/// A list that was made again.
pub(super) struct Again {
    /// How many options there were in all pages.
    pub(super) total: u64,
    /// Which of them are on the page, in order.
    pub(super) offerings: Vec<Id<kind::Offering>>,
}

/// Makes a list again, of the registry as it stood at its revision.
///
/// # Errors
/// It was ordered by a rule that this release does not have, or drawn by another key; or the database's.
pub(super) fn again(c: &mut Conn, list: &ShownList, key: &[u8]) -> Result<Again, Problem> {
    if list.rule != RULE {
        let why = format!("The list was ordered by the rule {}, and this release orders by {RULE} alone.", list.rule);
        return Err(Problem::new(ProblemKind::WrongState, why));
    }
    let noted: Noted = serde_json::from_str(&list.asked).map_err(Problem::internal)?;
    if noted.drawn_by != mark_of(key) {
        let why = "The list was drawn by another key than this service draws by, so that it cannot be made again here.";
        return Err(Problem::new(ProblemKind::WrongState, why));
    }
    let stored = found(vouchers::find(c, list.voucher)?)?;
    let snapshot = registry::load_as_of(c, stored.voucher.voucher_type, list.revision)?;
    let held = held_then(stored, &snapshot, list, &noted)?;
    let (worth, lot) = (held.worth()?, Lot::of_voucher(key, list.voucher));
    let whole = held.query(&worth, &lot);
    let (total, offerings) = match &noted.asked {
        Asked::Page { wish, after, limit } => {
            let query = wish.applied_to(Query { after: after.as_ref(), limit: *limit, ..whole });
            if wish.not_choosable {
                let page = snapshot.not_choosable(&query);
                (page.total, page.lines.iter().map(|line| line.candidate.offering).collect())
            } else {
                let page = snapshot.list(&query);
                (page.total, page.lines.iter().map(|line| line.candidate.offering).collect::<Vec<_>>())
            }
        }
        Asked::These { offerings } => {
            let shown = snapshot.side_by_side(&whole, offerings);
            (shown.len(), shown.iter().map(|one| one.candidate().offering).collect())
        }
    };
    Ok(Again { total: u64::try_from(total).map_err(Problem::internal)?, offerings })
}

/// The voucher as it was, and its client as they were known.
fn held_then(mut stored: StoredVoucher, snapshot: &Snapshot, list: &ShownList, noted: &Noted) -> Result<Held, Problem> {
    stored.voucher.validity = noted.validity;
    stored.quantities = Quantities::issued(noted.quantity);
    stored.voucher.raises = noted.raises.clone();
    let none = || Problem::internal(format!("the voucher type of voucher {} is not there", list.voucher));
    let basis = snapshot.basis(stored.voucher.voucher_type).ok_or_else(none)?;
    let (client, own) = (noted.client.clone(), noted.own.clone());
    Ok(Held { basis: std::sync::Arc::clone(basis), day: list.day, client, own, stored })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it was written when lists began to be noted: rows are never changed, so that every release must read it.
    const NOTED: &str = concat!(
        r#"{"asked":{"page":{"wish":{"municipality":"609","sector":"ngo","language":"sv","mode":"at_home","step_free":true,"#,
        r#""starts_by":"2026-12-01","near":{"place":{"latitude_e6":61485100,"longitude_e6":21797400},"within_m":5000},"#,
        r#""order":"distance","counts":true,"day":"2026-11-30","not_choosable":false},"#,
        r#""after":{"figure":12,"name":"","drawn":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15],"#,
        r#""offering":"00000000-0000-0000-0000-000000000007"},"limit":20}},"#,
        r#""client":{"client_language":"sv","client_municipality":"609"},"#,
        r#""validity":{"from":"2026-11-01","to":"2027-05-01"},"quantity":"20","#,
        r#""own":["00000000-0000-0000-0000-000000000009"],"drawn_by":"0123456789abcdef"}"#,
    );
    const OF_SOME: &str = concat!(
        r#"{"asked":{"these":{"offerings":["00000000-0000-0000-0000-000000000007"]}},"client":{},"#,
        r#""validity":{"from":"2026-11-01","to":"2027-05-01"},"quantity":"20","own":[],"drawn_by":"0123456789abcdef"}"#,
    );

    #[test]
    fn what_was_noted_once_is_read_by_every_release_and_written_alike_by_this_one() {
        for noted in [NOTED, OF_SOME] {
            let read: Noted = serde_json::from_str(noted).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), noted);
        }
    }
}
