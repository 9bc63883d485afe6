//! What a price must pass before it is brought in: the rulebook of its first day where that is today or later; and for a
//! provider's own, what the rulebook asks of changes. Prices of the past that an organiser brings in are history.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use valinta_domain::id::kind;
use valinta_domain::offering::{PriceCheck, check_price_change_among};
use valinta_domain::provider::Sector;
use valinta_domain::time::Timeline;
use valinta_domain::valuation::Versions;
use valinta_domain::{Day, Id};
use valinta_persistence::offerings::Offering;
use valinta_persistence::{Conn, organisers, providers, rulebooks};

use super::apply::Bringing;
use super::price_line::Line;
use super::price_record::PriceRecord;
use super::report::RowErrors;
use crate::cx::found;
use crate::http::Problem;

/// What prices are held against.
pub(super) struct Checks {
    today: HashMap<Id<kind::Organiser>, Day>,
    registry_day: Day,
    versions: HashMap<Id<kind::VoucherType>, Versions>,
    sectors: HashMap<Id<kind::Provider>, Timeline<Sector>>,
}

impl Checks {
    pub(super) fn load(
        c: &mut Conn,
        bringing: &Bringing<'_>,
        offerings: &HashMap<Id<kind::Offering>, Offering>,
    ) -> Result<Self, Problem> {
        let (mut today, mut versions, mut of) = (HashMap::new(), HashMap::new(), Vec::new());
        for offering in offerings.values() {
            of.push(offering.provider);
            if let Entry::Vacant(unknown) = today.entry(offering.organiser) {
                let organiser = found(organisers::find(c, offering.organiser)?)?;
                unknown.insert(bringing.cx.today(&organiser)?);
            }
            if let Entry::Vacant(unknown) = versions.entry(offering.voucher_type) {
                unknown.insert(rulebooks::adopted_versions(c, offering.voucher_type)?);
            }
        }
        let mut sectors = HashMap::new();
        for some in of.chunks(500) {
            sectors.extend(providers::sectors_of_each(c, some)?);
        }
        Ok(Self { today, registry_day: bringing.today, versions, sectors })
    }

    /// Today, where the offering's organiser is.
    pub(super) fn today(&self, offering: &Offering) -> Day {
        self.today.get(&offering.organiser).copied().unwrap_or(self.registry_day)
    }

    /// Lets a price begin, by the rulebook that is named with it.
    pub(super) fn check(
        &self,
        bringing: &Bringing<'_>,
        offering: &Offering,
        line: &Line,
        row: &PriceRecord,
    ) -> Result<Id<kind::Rulebook>, RowErrors> {
        let today = self.today(offering);
        let by_provider = bringing.source.organiser().is_none();
        let versions = self.versions.get(&offering.voucher_type);
        let in_force = versions.and_then(|versions| versions.as_of(row.from));
        if row.from < today {
            if by_provider {
                return Err(RowErrors::one(
                    "valid_from",
                    "in_the_past",
                    format!("a price holds from today, {today}, or later"),
                ));
            }
            // Nothing was checked; the version that comes nearest is the one of the day, or the first there was.
            let first = versions.and_then(|versions| versions.entries().first()).map(|(_, version)| version);
            return in_force.or(first).map(|(id, _)| *id).ok_or_else(no_rulebook);
        }
        let (rulebook, terms) = in_force.ok_or_else(no_rulebook)?;
        let sector = self.sectors.get(&offering.provider).and_then(|sectors| sectors.as_of(row.from));
        let Some(sector) = sector else {
            return Err(RowErrors::one("valid_from", "no_sector", "the provider has no sector on that day"));
        };
        let mut errors = RowErrors::default();
        for refused in PriceCheck::under(terms.as_ref()).all_refused(&row.price, *sector) {
            let member = refused.member(&row.price);
            let column = member.split('/').next().unwrap_or_default();
            errors.fail(column, refused.code(), &refused);
        }
        if by_provider {
            let told = line.steps();
            let changed = check_price_change_among(terms, &told, &row.price, (row.from, today), row.reason.as_deref());
            for refused in changed.err().into_iter().flatten() {
                let column = if refused.code() == "reason_needed" { "reason" } else { "valid_from" };
                errors.fail(column, refused.code(), &refused);
            }
        }
        errors.finish(Some(*rulebook))
    }
}

fn no_rulebook() -> RowErrors {
    RowErrors::one("valid_from", "no_rulebook", "the voucher type has no rulebook that the price could be held against")
}
