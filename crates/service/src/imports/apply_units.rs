//! Units of a file: added to providers, changed, or linked to what is registered already.

use std::collections::{HashMap, HashSet};

use valinta_domain::id::kind;
use valinta_domain::provider::{ClosingRefused, change_closing};
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_domain::{Day, Id};
use valinta_persistence::bulk::{self, Keep};
use valinta_persistence::providers::{Provider, ServiceUnit};
use valinta_persistence::source_ids::{NamedKind, SourceName};
use valinta_persistence::{Conn, DbError, approvals};

use super::apply::{
    Applied, Apply, Bringing, Source, Standings, distinct, ids_among, means_another, not_overtaken, not_yours,
    overtaken, own_id,
};
use super::report::{Outcome, RowErrors};
use super::unit_record::UnitRecord;
use crate::evidence::give_soteri;
use crate::http::Problem;
use crate::service_units::{ClosingNotice, close, closes, may_close};

/// Most units of one provider.
const UNITS_MAX: i64 = 1_000;

impl Apply for UnitRecord {
    fn apply(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&Self]) -> Result<Vec<Applied>, Problem> {
        let mut work = Work::load(c, bringing, rows)?;
        work.notices = work.notices_of(c, bringing, rows)?;
        let applied = bringing.each(rows, |row| work.row(bringing, row))?;
        work.store(c, bringing)?;
        Ok(applied)
    }
}

/// What is known of the rows' units and providers, and what is to be stored.
struct Work {
    providers: HashMap<String, Id<kind::Provider>>,
    standings: Standings,
    names: HashMap<String, SourceName>,
    by_id: HashMap<Id<kind::ServiceUnit>, ServiceUnit>,
    by_oid: HashMap<String, Id<kind::ServiceUnit>>,
    called: HashMap<Id<kind::ServiceUnit>, String>,
    counts: HashMap<Id<kind::Provider>, i64>,
    municipalities: HashSet<String>,
    /// OIDs that providers have.
    of_providers: HashSet<String>,
    /// Whose units they are: an OID is built on the business id.
    owners: HashMap<Id<kind::Provider>, Provider>,
    /// How far ahead units say that they close: of those that a row may close.
    notices: HashMap<Id<kind::ServiceUnit>, ClosingNotice>,
    new: Vec<ServiceUnit>,
    new_names: Vec<SourceName>,
    changed: Vec<Changed>,
}

/// A unit as it is to be stored, and what was said before of what others are told.
struct Changed {
    unit: ServiceUnit,
    closed_before: Option<Day>,
    soteri_changed: bool,
}

impl Work {
    fn load(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&UnitRecord]) -> Result<Self, Problem> {
        let (providers, standings) = providers_of(c, bringing, rows)?;
        let names = bringing.named(c, NamedKind::ServiceUnit, rows.iter().map(|row| row.source_id.as_str()))?;
        let mut ids: Vec<Id<kind::ServiceUnit>> = names.values().map(|name| Id::new(name.subject)).collect();
        ids.extend(ids_among::<kind::ServiceUnit>(rows.iter().map(|row| row.source_id.as_str())));
        let mut by_id = bulk::units_by_id(c, &ids)?;
        let oids = distinct(rows.iter().filter_map(|row| row.details.oid.as_ref()).map(|oid| oid.as_str()));
        let of_oids = bulk::units_by_oid(c, &oids)?;
        let by_oid = of_oids.iter().map(|(oid, unit)| (oid.clone(), unit.id)).collect();
        by_id.extend(of_oids.into_values().map(|unit| (unit.id, unit)));
        let subjects: Vec<uuid::Uuid> = by_id.keys().map(|id| id.uuid()).collect();
        let called = bringing.names_of(c, NamedKind::ServiceUnit, &subjects)?;
        let of: Vec<Id<kind::Provider>> = providers.values().copied().collect();
        Ok(Self {
            counts: bulk::count_units(c, &of)?,
            municipalities: bulk::known_municipalities(c)?,
            of_providers: bulk::providers_by_oid(c, &oids)?.into_keys().collect(),
            owners: bulk::providers_by_id(c, &of)?,
            called: called.into_iter().map(|(id, name)| (Id::new(id), name.name)).collect(),
            notices: HashMap::new(),
            providers,
            standings,
            names,
            by_id,
            by_oid,
            new: Vec::new(),
            new_names: Vec::new(),
            changed: Vec::new(),
        })
    }

    fn row(&mut self, bringing: &Bringing<'_>, row: &UnitRecord) -> Applied {
        let provider = self.providers.get(&row.provider).copied().filter(|provider| self.standings.knows(*provider));
        let Some(provider) = provider else {
            return Err(RowErrors::one("provider", "unknown", "there is no such provider in the caller's own files"));
        };
        if let (Some(oid), Some(owner)) = (&row.details.oid, self.owners.get(&provider))
            && let Err(foreign) = oid.check_built_on(&owner.business_id)
        {
            return Err(RowErrors::one("oid", "not_of_business_id", foreign));
        }
        if let Some(name) = self.names.get(&row.source_id) {
            let unit = self.by_id.get(&Id::new(name.subject)).filter(|unit| unit.provider == provider).cloned();
            let linked = name.linked;
            let unit = unit.ok_or_else(|| means_another("provider", "this source id means another provider's unit"))?;
            return if linked { Ok(Outcome::Unchanged.of(unit.id)) } else { self.change(bringing, unit, row) };
        }
        match self.unnamed(provider, row).cloned() {
            Some(unit) => self.link(bringing, provider, unit, row),
            None => self.create(bringing, provider, row),
        }
    }

    /// The unit that a row means which the source has no name for yet: by its own id, or by its OID.
    fn unnamed(&self, provider: Id<kind::Provider>, row: &UnitRecord) -> Option<&ServiceUnit> {
        let by_own_id =
            own_id(&row.source_id).and_then(|id| self.by_id.get(&id)).filter(|unit| unit.provider == provider);
        let by_oid = row.details.oid.as_ref().and_then(|oid| self.by_oid.get(oid.as_str()));
        by_own_id.or_else(|| by_oid.and_then(|id| self.by_id.get(id)))
    }

    /// How far ahead units say that they close, of those whose own row lets them close sooner than was said.
    fn notices_of(
        &self,
        c: &mut Conn,
        bringing: &Bringing<'_>,
        rows: &[&UnitRecord],
    ) -> Result<HashMap<Id<kind::ServiceUnit>, ClosingNotice>, Problem> {
        let mut notices = HashMap::new();
        for row in rows {
            let unit = match self.names.get(&row.source_id) {
                Some(name) => self.by_id.get(&Id::new(name.subject)),
                None => self.providers.get(&row.provider).and_then(|provider| self.unnamed(*provider, row)),
            };
            let closing = |unit: &&ServiceUnit| closes(unit.details.closed_from, row.details.closed_from).is_some();
            if let Some(unit) = unit.filter(closing) {
                notices.insert(unit.id, ClosingNotice::of(c, bringing.cx, unit.id)?);
            }
        }
        Ok(notices)
    }

    /// It is registered already, without a name of the source's.
    fn link(
        &mut self,
        bringing: &Bringing<'_>,
        provider: Id<kind::Provider>,
        unit: ServiceUnit,
        row: &UnitRecord,
    ) -> Applied {
        if unit.provider != provider {
            return Err(means_another("oid", "another provider's unit has this OID"));
        }
        if let Some(other) = self.called.get(&unit.id) {
            let why = format!("the unit of this OID has the source id {other:?} already");
            return Err(means_another("oid", &why));
        }
        let mine = self.standings.is_mine(provider);
        let id = unit.id;
        let became = if mine { self.change(bringing, unit, row)? } else { Outcome::Unchanged.of(id) };
        self.call(id, row, !mine);
        Ok(if became.outcome == Outcome::Unchanged { Outcome::Linked.of(id) } else { became })
    }

    fn create(&mut self, bringing: &Bringing<'_>, provider: Id<kind::Provider>, row: &UnitRecord) -> Applied {
        if !self.standings.is_mine(provider) {
            return Err(not_yours("provider"));
        }
        self.check_registered(row)?;
        let count = self.counts.entry(provider).or_default();
        if *count >= UNITS_MAX {
            return Err(RowErrors::one("provider", "too_many", format!("a provider has at most {UNITS_MAX} units")));
        }
        *count += 1;
        let unit = ServiceUnit {
            id: bringing.cx.id(),
            provider,
            details: row.details.clone(),
            version: 1,
            created_at: bringing.cx.now(),
        };
        if let Some(oid) = &row.details.oid {
            self.by_oid.insert(oid.to_string(), unit.id);
        }
        self.by_id.insert(unit.id, unit.clone());
        let id = unit.id;
        self.call(id, row, false);
        self.new.push(unit);
        Ok(Outcome::Created.of(id))
    }

    fn change(&mut self, bringing: &Bringing<'_>, unit: ServiceUnit, row: &UnitRecord) -> Applied {
        if unit.details == row.details {
            return Ok(Outcome::Unchanged.of(unit.id));
        }
        if !self.standings.is_mine(unit.provider) {
            return Err(not_yours("source_id"));
        }
        self.check_registered(row)?;
        change_closing(unit.details.closed_from, row.details.closed_from, bringing.today).map_err(|refused| {
            let code = match refused {
                ClosingRefused::InThePast => "in_the_past",
                ClosingRefused::Closed => "closed",
            };
            RowErrors::one("closed_from", code, refused)
        })?;
        self.check_closing(bringing, &unit, row)?;
        if let Some(oid) = &row.details.oid {
            if self.by_oid.get(oid.as_str()).is_some_and(|other| *other != unit.id) {
                return Err(means_another("oid", "another unit has this OID"));
            }
            self.by_oid.insert(oid.to_string(), unit.id);
        }
        let (id, version) = (unit.id, unit.version.saturating_add(1));
        self.changed.push(Changed {
            closed_before: unit.details.closed_from,
            soteri_changed: unit.details.soteri != row.details.soteri,
            unit: ServiceUnit { details: row.details.clone(), version, ..unit },
        });
        Ok(Outcome::Changed.of(id))
    }

    /// As where the unit is edited by itself: an admin says when it closes, and early enough. A unit that the organiser
    /// brought in itself has no admin yet, and nobody has chosen it.
    fn check_closing(&self, bringing: &Bringing<'_>, unit: &ServiceUnit, row: &UnitRecord) -> Result<(), RowErrors> {
        let (before, after) = (unit.details.closed_from, row.details.closed_from);
        if before != after && bringing.source.organiser().is_none() && may_close(bringing.cx, unit).is_err() {
            return Err(RowErrors::one("closed_from", "not_an_admin", "when a unit closes is an admin's to say"));
        }
        match closes(before, after).zip(self.notices.get(&unit.id)) {
            None => Ok(()),
            Some((from, notice)) => {
                notice.check(from).map_err(|refused| RowErrors::one("closed_from", refused.code(), refused))
            }
        }
    }

    fn check_registered(&self, row: &UnitRecord) -> Result<(), RowErrors> {
        let mut errors = RowErrors::default();
        if !self.municipalities.contains(row.details.municipality.as_str()) {
            errors.fail("municipality", "unknown", "there is no such municipality");
        }
        if let Some(code) = row.details.service_area.iter().find(|code| !self.municipalities.contains(code.as_str())) {
            errors.fail("service_area", "unknown", format!("there is no municipality {code}"));
        }
        if row.details.oid.as_ref().is_some_and(|oid| self.of_providers.contains(oid.as_str())) {
            errors.fail("oid", "duplicate", "a provider has this OID");
        }
        errors.finish(Some(()))
    }

    fn call(&mut self, id: Id<kind::ServiceUnit>, row: &UnitRecord, linked: bool) {
        self.called.insert(id, row.source_id.clone());
        self.new_names.push(SourceName { name: row.source_id.clone(), subject: id.uuid(), linked });
    }

    fn store(self, c: &mut Conn, bringing: &Bringing<'_>) -> Result<(), Problem> {
        let gives = bringing.source.organiser().is_none();
        self.hold(c, gives)?;
        bulk::insert_units(c, &self.new).map_err(overtaken)?;
        for changed in &self.changed {
            not_overtaken(bulk::update_unit(c, &changed.unit).map_err(overtaken)?)?;
            close(c, bringing.cx, &changed.unit, changed.closed_before)?;
        }
        bringing.add_names(c, NamedKind::ServiceUnit, &self.new_names)?;
        let versions: Vec<Keep<_>> = self
            .new
            .iter()
            .chain(self.changed.iter().map(|changed| &changed.unit))
            .map(|unit| {
                bringing.cx.registry_changed(RegistryChange::service_unit(unit.id, None));
                Keep { id: unit.id.uuid(), version: unit.version, document: &unit.details }
            })
            .collect();
        bulk::keep_all(c, RegistryKind::ServiceUnit, &versions, bringing.cx.by())?;
        if gives {
            // What a provider says of its registration is its evidence, as where it edits the unit itself: what it says no
            // longer is taken back.
            let new = self.new.iter().filter(|unit| unit.details.soteri.is_some());
            let changed = self.changed.iter().filter(|changed| changed.soteri_changed).map(|changed| &changed.unit);
            let units: Vec<&ServiceUnit> = new.chain(changed).collect();
            give_soteri(c, bringing.cx, &units)?;
        }
        Ok(())
    }

    /// Holds the providers whose approvals change with their units, before the units themselves, as everywhere.
    fn hold(&self, c: &mut Conn, gives: bool) -> Result<(), DbError> {
        let follows = |changed: &&Changed| {
            changed.closed_before != changed.unit.details.closed_from || (gives && changed.soteri_changed)
        };
        let of_changed = self.changed.iter().filter(follows).map(|changed| changed.unit.provider);
        let of_new = self.new.iter().filter(|unit| gives && unit.details.soteri.is_some()).map(|unit| unit.provider);
        let providers: Vec<Id<kind::Provider>> = of_changed.chain(of_new).collect();
        approvals::hold_all_of_each(c, &providers)
    }
}

/// Which providers the rows name: by business id first, which means the same everywhere, then by the source's own name.
fn providers_of(
    c: &mut Conn,
    bringing: &Bringing<'_>,
    rows: &[&UnitRecord],
) -> Result<(HashMap<String, Id<kind::Provider>>, Standings), DbError> {
    let named = distinct(rows.iter().map(|row| row.provider.as_str()));
    let mut providers: HashMap<String, Id<kind::Provider>> = match bringing.source {
        Source::Organiser(_) => {
            let names = bringing.named(c, NamedKind::Provider, named.iter().copied())?;
            names.into_iter().map(|(name, found)| (name, Id::new(found.subject))).collect()
        }
        Source::Provider(own) => HashMap::from([(own.to_string(), *own)]),
    };
    let by_business_id = bulk::providers_by_business_id(c, &named)?;
    providers.extend(by_business_id.into_iter().map(|(business_id, provider)| (business_id, provider.id)));
    let ids: Vec<Id<kind::Provider>> = providers.values().copied().collect();
    let standings = bringing.standings(c, &ids)?;
    Ok((providers, standings))
}
