//! What one who would choose an offering is told where it cannot be chosen: by the codes of the lists, every reason at once.

use valinta_domain::choice::{Reason, Stand, Why};
use valinta_domain::offering::{PriceCheck, PriceRefused};
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::valuation::{NoWorth, Valuation};
use valinta_domain::voucher::Voucher;

use crate::http::{Problem, ProblemKind};

/// What reasons are told by.
pub(super) struct Told<'a> {
    /// With what would be chosen.
    pub(super) voucher: &'a Voucher,
    /// The prices' terms on the first day, if a rulebook is in force.
    pub(super) prices: Option<&'a PriceCheck<&'a RulebookTerms>>,
    /// What units are worth by then, or why nothing is granted.
    pub(super) valuation: &'a Result<Valuation<'a>, NoWorth>,
}

/// Why an offering cannot be chosen, at the place where it is named.
pub(super) fn not_choosable(at: &str, stand: &Stand<'_>, told: &Told<'_>) -> Problem {
    let why: Vec<(Reason, String)> = stand.why().iter().map(|why| (why.reason, told.in_words(stand, why))).collect();
    let all: Vec<&str> = why.iter().map(|(_, words)| words.as_str()).collect();
    let detail = format!("The offering cannot be chosen: {}.", all.join("; "));
    let problem = Problem::new(ProblemKind::NotChoosable, detail);
    why.iter().fold(problem, |problem, (reason, words)| problem.at(at, reason.code(), words))
}

impl Told<'_> {
    /// A reason, without the stop at its end.
    fn in_words(&self, stand: &Stand<'_>, why: &Why) -> String {
        let day = stand.first_day;
        match why.reason {
            Reason::NotApproved => format!("the unit is not approved for this voucher type on {day}"),
            Reason::Interrupted => format!("the unit's approval is interrupted, now or on {day}"),
            Reason::NotInArea => "the unit is approved for residents of other municipalities".to_owned(),
            Reason::NoPrice => format!("the offering has no price on {day}"),
            Reason::NoRulebook => format!("the voucher type has no rulebook in force on {day}"),
            Reason::PriceNotAllowed | Reason::NotFree => self.of_price(stand, why.reason),
            Reason::NotTakingClients => "the unit does not take new clients".to_owned(),
            Reason::Full => {
                let free_from = why.free_from.map(|free| format!("; a place is free from {free} on"));
                format!("all places are taken on {day}{}", free_from.unwrap_or_default())
            }
            Reason::OutsideValidity => {
                let validity = self.voucher.validity;
                let (from, last) = (validity.from(), validity.last_day());
                format!("it could begin on {day}; the voucher is valid from {from} to {last}")
            }
            Reason::NothingGranted => {
                let none = self.valuation.as_ref().err().map_or_else(String::new, |none| format!(": {none}"));
                format!("the voucher covers nothing by the rules of {day}{none}")
            }
            Reason::Criteria => why.criterion.as_ref().map_or_else(
                || "a criterion of the rulebook is not met".to_owned(),
                |unmet| format!("{}: {}", unmet.code, unmet.text.en),
            ),
        }
    }

    /// What is refused of the price, by the rulebook or by the voucher.
    fn of_price(&self, stand: &Stand<'_>, reason: Reason) -> String {
        let mut refused = self.by_rulebook(stand);
        let by_voucher = self.by_voucher(stand).filter(|one| !refused.contains(one));
        refused.extend(by_voucher);
        let words: Vec<String> =
            refused.iter().filter(|refused| Reason::from(*refused) == reason).map(ToString::to_string).collect();
        if words.is_empty() { "the voucher covers nothing at this price".to_owned() } else { words.join("; ") }
    }

    fn by_rulebook(&self, stand: &Stand<'_>) -> Vec<PriceRefused> {
        let by = self.prices.zip(stand.sector).zip(stand.price);
        by.map_or_else(Vec::new, |((prices, sector), (_, price))| prices.all_refused(price, sector))
    }

    fn by_voucher(&self, stand: &Stand<'_>) -> Option<PriceRefused> {
        let (per_unit, valuation) = (stand.per_unit?, self.valuation.as_ref().ok()?);
        let worth = valuation.at_price(per_unit.price()).ok()?;
        self.voucher.check_free(per_unit, None, worth, self.prices?.terms()).err()
    }
}
