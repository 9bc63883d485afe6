//! Prices of a file: each holds from its first day until its last, or until the next one begins. What has held is never
//! changed; what was to come can be replaced.

use std::collections::{HashMap, HashSet};

use valinta_domain::id::kind;
use valinta_domain::offering::check_price_brought_in;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id};
use valinta_persistence::bulk;
use valinta_persistence::offerings::Offering;
use valinta_persistence::source_ids::{NamedKind, SourceName};
use valinta_persistence::{Conn, DbError, source_ids};

use super::apply::{Applied, Apply, Bringing, Standings, ids_among, means_another, not_yours, own_id};
use super::price_checks::Checks;
use super::price_line::{Line, Slot};
use super::price_record::PriceRecord;
use super::report::{Outcome, RowErrors};
use crate::http::Problem;

impl Apply for PriceRecord {
    fn apply(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&Self]) -> Result<Vec<Applied>, Problem> {
        let mut work = Work::load(c, bringing, rows)?;
        let applied = bringing.each(rows, |row| work.row(bringing, row))?;
        work.store(c, bringing)?;
        Ok(applied)
    }
}

/// What is known of the rows' offerings and their prices, and what is to be stored.
struct Work {
    offering_names: HashMap<String, SourceName>,
    offerings: HashMap<Id<kind::Offering>, Offering>,
    standings: Standings,
    lines: HashMap<Id<kind::Offering>, Line>,
    /// First day and end of what is stored and holds on some day.
    stored: HashMap<Id<kind::OfferingPrice>, (Day, Option<Day>)>,
    names: HashMap<String, SourceName>,
    /// To which offerings named prices belong.
    named_of: HashMap<Id<kind::OfferingPrice>, Id<kind::Offering>>,
    called: HashMap<Id<kind::OfferingPrice>, String>,
    checks: Checks,
    /// By which rulebooks the new ones were checked.
    new: HashMap<Id<kind::OfferingPrice>, Id<kind::Rulebook>>,
    given_up: HashSet<Id<kind::OfferingPrice>>,
    new_names: Vec<SourceName>,
    moved_names: Vec<(String, Id<kind::OfferingPrice>)>,
    touched: HashSet<Id<kind::Offering>>,
}

impl Work {
    fn load(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&PriceRecord]) -> Result<Self, Problem> {
        let named = || rows.iter().map(|row| row.offering.as_str());
        let offering_names = bringing.named(c, NamedKind::Offering, named())?;
        let mut ids: Vec<Id<kind::Offering>> = offering_names.values().map(|name| Id::new(name.subject)).collect();
        ids.extend(ids_among::<kind::Offering>(named()));
        ids.sort_unstable_by_key(|id| id.uuid());
        ids.dedup();
        // Held until the end, so that no other transaction sets a price between the look and the change.
        bulk::hold_offerings(c, &ids)?;
        let offerings = bulk::offerings_by_id(c, &ids)?;
        let providers: Vec<Id<kind::Provider>> = offerings.values().map(|offering| offering.provider).collect();
        let mut lines: HashMap<Id<kind::Offering>, Line> = HashMap::new();
        for price in bulk::prices_of(c, &ids)? {
            lines.entry(price.offering).or_default().load(price);
        }
        let names = bringing.named(c, NamedKind::Price, rows.iter().map(|row| row.source_id.as_str()))?;
        let named_prices: Vec<Id<kind::OfferingPrice>> = names.values().map(|name| Id::new(name.subject)).collect();
        let slots = lines.values().flat_map(Line::slots);
        let stored: HashMap<_, _> = slots.map(|slot| (slot.id, (slot.from, slot.to))).collect();
        let subjects: Vec<uuid::Uuid> = stored.keys().map(|id| id.uuid()).collect();
        let called = bringing.names_of(c, NamedKind::Price, &subjects)?;
        Ok(Self {
            named_of: bulk::offerings_of_prices(c, &named_prices)?,
            standings: bringing.standings(c, &providers)?,
            checks: Checks::load(c, bringing, &offerings)?,
            called: called.into_iter().map(|(id, name)| (Id::new(id), name.name)).collect(),
            offering_names,
            offerings,
            lines,
            stored,
            names,
            new: HashMap::new(),
            given_up: HashSet::new(),
            new_names: Vec::new(),
            moved_names: Vec::new(),
            touched: HashSet::new(),
        })
    }

    fn row(&mut self, bringing: &Bringing<'_>, row: &PriceRecord) -> Applied {
        let named = self.offering_names.get(&row.offering).map(|name| Id::new(name.subject));
        let id = named.or_else(|| own_id(&row.offering));
        let is_of_source = |offering: &&Offering| {
            self.standings.knows(offering.provider)
                && bringing.source.organiser().is_none_or(|own| own.id == offering.organiser)
        };
        let offering = id.and_then(|id| self.offerings.get(&id)).filter(is_of_source).cloned();
        let Some(offering) = offering else {
            return Err(RowErrors::one("offering", "unknown", "there is no such offering in the caller's own files"));
        };
        let mut line = self.lines.remove(&offering.id).unwrap_or_default();
        let applied = self.of_offering(bringing, &offering, &mut line, row);
        self.lines.insert(offering.id, line);
        applied
    }

    fn of_offering(
        &mut self,
        bringing: &Bringing<'_>,
        offering: &Offering,
        line: &mut Line,
        row: &PriceRecord,
    ) -> Applied {
        let name = self.names.get(&row.source_id).cloned();
        if let Some(name) = &name {
            if self.named_of.get(&Id::new(name.subject)) != Some(&offering.id) {
                return Err(means_another("offering", "this source id means a price of another offering"));
            }
            if name.linked {
                return Ok(Outcome::Unchanged.of(Id::<kind::OfferingPrice>::new(name.subject)));
            }
        }
        let known = name.as_ref().map(|name| Id::new(name.subject)).or_else(|| own_id(&row.source_id));
        let mine = self.standings.is_mine(offering.provider);
        if let Some(slot) = known.and_then(|id| line.find(id)).cloned() {
            return self.change(bringing, offering, line, &slot, (row, name.is_some()));
        }
        if let Some(slot) = line.beginning(row.from).cloned() {
            if let Some(other) = self.called.get(&slot.id) {
                let why = format!("the offering's price from that day has the source id {other:?} already");
                return Err(means_another("valid_from", &why));
            }
            if !slot.says(row) {
                return Err(means_another("valid_from", "the offering has another price from that day"));
            }
            self.call(slot.id, row, !mine, name.is_some());
            return Ok(Outcome::Linked.of(slot.id));
        }
        if !mine {
            return Err(not_yours("offering"));
        }
        let id = self.add(bringing, offering, line, row)?;
        self.call(id, row, false, name.is_some());
        Ok(Outcome::Created.of(id))
    }

    /// The row means a price that is there.
    fn change(
        &mut self,
        bringing: &Bringing<'_>,
        offering: &Offering,
        line: &mut Line,
        slot: &Slot,
        (row, is_named): (&PriceRecord, bool),
    ) -> Applied {
        let says = slot.says(row);
        if says && line.ends_as(slot, row.until) {
            return Ok(Outcome::Unchanged.of(slot.id));
        }
        if !self.standings.is_mine(offering.provider) {
            return Err(not_yours("source_id"));
        }
        let today = self.checks.today(offering);
        if says {
            line.set_end(slot, row.until, bringing.source.organiser().is_none().then_some(today))?;
            self.touched.insert(offering.id);
            return Ok(Outcome::Changed.of(slot.id));
        }
        if slot.from < today {
            let why = "a price that has held stays what it was: end it, and let another begin";
            return Err(RowErrors::one("source_id", "final", why));
        }
        // What was to come is given up, and stands again where the one in its place is refused.
        let given_up = line.give_up(slot);
        match self.add(bringing, offering, line, row) {
            Ok(id) => {
                self.given_up.insert(slot.id);
                self.call(id, row, false, is_named);
                Ok(Outcome::Changed.of(id))
            }
            Err(errors) => {
                line.restore(given_up);
                Err(errors)
            }
        }
    }

    /// Lets a price begin.
    fn add(
        &mut self,
        bringing: &Bringing<'_>,
        offering: &Offering,
        line: &mut Line,
        row: &PriceRecord,
    ) -> Result<Id<kind::OfferingPrice>, RowErrors> {
        let today = self.checks.today(offering);
        let (to_come, all) = line.count_others(row.from, today);
        if let Err(refused) = check_price_brought_in(row.from, today, to_come, all) {
            return Err(RowErrors::one("valid_from", refused.code(), refused));
        }
        let rulebook = self.checks.check(bringing, offering, line, row)?;
        let id = bringing.cx.id();
        let slot = Slot { id, from: row.from, to: None, price: row.price.clone(), reason: row.reason.clone() };
        line.add(slot, row.until)?;
        self.new.insert(id, rulebook);
        self.touched.insert(offering.id);
        Ok(id)
    }

    fn call(&mut self, id: Id<kind::OfferingPrice>, row: &PriceRecord, linked: bool, is_named: bool) {
        self.called.insert(id, row.source_id.clone());
        if is_named {
            self.moved_names.push((row.source_id.clone(), id));
        } else if own_id(&row.source_id) != Some(id) {
            self.new_names.push(SourceName { name: row.source_id.clone(), subject: id.uuid(), linked });
        }
    }

    fn store(self, c: &mut Conn, bringing: &Bringing<'_>) -> Result<(), DbError> {
        let (mut ended, mut lengthened, mut new) = (Vec::new(), Vec::new(), Vec::new());
        let mut kept = HashSet::new();
        let (by, at) = bringing.by();
        for offering in &self.touched {
            for slot in self.lines.get(offering).map(Line::slots).unwrap_or_default() {
                kept.insert(slot.id);
                match self.stored.get(&slot.id) {
                    Some((_, to)) if *to == slot.to => {}
                    // What had no end is given one; what had one may be given a later one.
                    Some((_, to)) if to.is_some_and(|to| slot.to.is_none_or(|later| later > to)) => {
                        lengthened.push((slot.id, slot.to));
                    }
                    Some(_) => ended.push((slot.id, slot.to)),
                    None => {
                        new.extend(self.new.get(&slot.id).map(|rulebook| slot.dated(*offering, *rulebook, (by, at))))
                    }
                }
            }
        }
        let given_up = self.stored.iter().filter(|(id, _)| !kept.contains(id) && self.given_up.contains(id));
        ended.extend(given_up.map(|(id, (from, _))| (*id, Some(*from))));
        // What ends makes room before anything is lengthened or begins.
        for (id, to) in ended.into_iter().chain(lengthened) {
            bulk::end_price(c, id, to)?;
        }
        // In the order in which they came, so that their ids are too.
        new.sort_unstable_by_key(|price| price.id.uuid());
        bulk::insert_prices(c, &new)?;
        bringing.add_names(c, NamedKind::Price, &self.new_names)?;
        for (name, id) in &self.moved_names {
            source_ids::point(c, bringing.source.id(), NamedKind::Price, name, id.uuid())?;
        }
        let touched: Vec<Id<kind::Offering>> = self.touched.into_iter().collect();
        bulk::take_offerings(c, &touched)?;
        for offering in touched.iter().filter_map(|id| self.offerings.get(id)) {
            bringing.cx.registry_changed(RegistryChange::offering(offering.id, Some(offering.organiser)));
        }
        Ok(())
    }
}
