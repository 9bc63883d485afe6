//! What terms must pass before they are stored, whichever verb brings them; and which rulebook a verb may touch.

use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rulebook_difference::TermsChanges;
use valinta_domain::{Day, Id, Unit};
use valinta_persistence::rulebooks::{self, Rulebook};
use valinta_persistence::voucher_types::{self, VoucherType};
use valinta_persistence::{Conn, organisers};

use super::view::RulebookState;
use crate::cx::{Cx, found};
use crate::http::{Errors, Problem, ProblemKind};

/// Largest terms as they are kept: JSON, with every amount written out. Decisions repeat them and add to them, and have
/// room for a quarter of a mebibyte.
const TERMS_BYTES_MAX: usize = 196_608;

/// Notes everything that is wrong with terms for a voucher type counted in a unit, under a pointer.
pub(super) fn check_terms(terms: &RulebookTerms, unit: Unit, pointer: &str, errors: &mut Errors) {
    for fault in terms.check_for(unit) {
        errors.fail(&format!("{pointer}{}", fault.pointer), fault.code, &fault.detail);
    }
    if serde_json::to_string(terms).is_ok_and(|text| text.len() > TERMS_BYTES_MAX) {
        errors.fail(pointer, "too_long", format!("terms have at most {TERMS_BYTES_MAX} bytes"));
    }
}

/// Terms made from those of another version by the members that change. What becomes of issued vouchers is said anew by
/// each version: that they moved once does not mean that they move again.
pub(super) fn made_from(base: &RulebookTerms, changes: &TermsChanges) -> RulebookTerms {
    let issued_vouchers = changes.issued_vouchers.unwrap_or_default();
    RulebookTerms { issued_vouchers, ..base.with(changes) }
}

/// Notes that prices would be given for another unit than under the version that is followed. Prices that were agreed
/// are for that unit, and would be taken for something else.
pub(super) fn check_price_unit(
    terms: &RulebookTerms,
    unit: Unit,
    followed: Option<&Rulebook>,
    pointer: &str,
    errors: &mut Errors,
) {
    // Every version was looked at in this way when it was adopted, so that all have the same as the last.
    if let Some(followed) = followed
        && followed.terms.price_unit != terms.price_unit
    {
        let agreed = followed.terms.price_unit.unwrap_or(unit).code();
        let detail =
            format!("prices that were agreed are for a {agreed}; a new voucher type is needed for another unit");
        errors.fail(&format!("{pointer}/price_unit"), "contradiction", &detail);
    }
}

/// Refuses a version that was made from another one than the version it would follow: what was adopted meanwhile would
/// be undone without anyone having said so.
pub(super) fn check_base(c: &mut Conn, rulebook: &Rulebook, followed: Option<&Rulebook>) -> Result<(), Problem> {
    let (Some(followed), Some(base)) = (followed, adopted_base(c, rulebook)?) else { return Ok(()) };
    if base == followed.id {
        return Ok(());
    }
    let (number, id) = (followed.number, followed.id);
    Err(wrong_state(&format!(
        "version {number} has been adopted since the version that this one is based on, and would be undone; draft the \
         changes anew, based on {id}"
    )))
}

/// The adopted version that a version was made from, by way of drafts that were never adopted perhaps. None where that
/// is not known.
fn adopted_base(c: &mut Conn, rulebook: &Rulebook) -> Result<Option<Id<kind::Rulebook>>, Problem> {
    let mut next = rulebook.based_on;
    while let Some(id) = next {
        let base = found(rulebooks::find_rulebook(c, id)?)?;
        if base.in_force.is_some() {
            return Ok(Some(id));
        }
        // Each was there before what was made from it, so that this comes to an end.
        next = base.based_on;
    }
    Ok(None)
}

/// A rulebook that has been taken for a change, with what it is of.
pub(super) struct Taken {
    pub(super) rulebook: Rulebook,
    pub(super) voucher_type: VoucherType,
    pub(super) target: Target,
    pub(super) today: Day,
}

impl Taken {
    /// Where it stands.
    pub(super) fn state(&self) -> RulebookState {
        RulebookState::of(&self.rulebook, self.today)
    }
}

/// Takes a rulebook of the caller's organiser, with its voucher type: of two changes at once, the later one sees what
/// the earlier one did.
pub(super) fn take(c: &mut Conn, cx: &Cx, id: Id<kind::Rulebook>, action: Action) -> Result<Taken, Problem> {
    let seen = found(rulebooks::find_rulebook(c, id)?)?;
    let target = Target { organiser: Some(seen.organiser), ..Target::default() };
    cx.require(action, &target)?;
    let voucher_type = found(voucher_types::take(c, seen.voucher_type)?)?;
    let rulebook = found(rulebooks::find_rulebook(c, id)?)?;
    let organiser = found(organisers::find(c, rulebook.organiser)?)?;
    let today = cx.today(&organiser)?;
    Ok(Taken { rulebook, voucher_type, target, today })
}

/// A rulebook of the caller's organiser, to be read.
pub(super) fn readable(c: &mut Conn, cx: &Cx, id: Id<kind::Rulebook>) -> Result<Rulebook, Problem> {
    let rulebook = found(rulebooks::find_rulebook(c, id)?)?;
    let target = Target { organiser: Some(rulebook.organiser), ..Target::default() };
    cx.require(Action::ManageRules, &target)?;
    Ok(rulebook)
}

/// The refusal of what is not for the state that a rulebook is in.
pub(super) fn wrong_state(why: &str) -> Problem {
    Problem::new(ProblemKind::WrongState, format!("Not possible: {why}."))
}
