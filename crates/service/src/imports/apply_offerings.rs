//! Offerings of a file: published without prices, changed, or linked to what is published already. None needs an
//! approval here: what has none cannot be chosen.

use std::collections::HashMap;

use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::offering::{DetailsRefused, OfferingDetails};
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_persistence::bulk::{self, Keep};
use valinta_persistence::offerings::Offering;
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::source_ids::{NamedKind, SourceName};
use valinta_persistence::voucher_types::VoucherType;
use valinta_persistence::{Conn, DbError, organisers, voucher_types};

use super::apply::{
    Applied, Apply, Bringing, Standings, ids_among, means_another, not_overtaken, not_yours, overtaken, own_id,
};
use super::offering_record::OfferingRecord;
use super::report::{Outcome, RowErrors};
use crate::http::Problem;

/// Most voucher types of an organiser that are looked through.
const TYPES_MAX: i64 = 1_000;

impl Apply for OfferingRecord {
    fn apply(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&Self]) -> Result<Vec<Applied>, Problem> {
        let mut work = Work::load(c, bringing, rows)?;
        let applied = bringing.each(rows, |row| work.row(bringing, row))?;
        work.store(c, bringing)?;
        Ok(applied)
    }
}

type UnitAndType = (Id<kind::ServiceUnit>, Id<kind::VoucherType>);

/// What is known of the rows' units and offerings, and what is to be stored.
struct Work {
    unit_names: HashMap<String, SourceName>,
    units: HashMap<Id<kind::ServiceUnit>, ServiceUnit>,
    standings: Standings,
    types: HashMap<(String, String), VoucherType>,
    names: HashMap<String, SourceName>,
    by_id: HashMap<Id<kind::Offering>, Offering>,
    by_unit: HashMap<UnitAndType, Id<kind::Offering>>,
    called: HashMap<Id<kind::Offering>, String>,
    new: Vec<Offering>,
    new_names: Vec<SourceName>,
    changed: Vec<Offering>,
}

impl Work {
    fn load(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&OfferingRecord]) -> Result<Self, DbError> {
        let named = || rows.iter().map(|row| row.unit.as_str());
        let unit_names = bringing.named(c, NamedKind::ServiceUnit, named())?;
        let mut unit_ids: Vec<Id<kind::ServiceUnit>> = unit_names.values().map(|name| Id::new(name.subject)).collect();
        unit_ids.extend(ids_among::<kind::ServiceUnit>(named()));
        let units = bulk::units_by_id(c, &unit_ids)?;
        let providers: Vec<Id<kind::Provider>> = units.values().map(|unit| unit.provider).collect();
        let names = bringing.named(c, NamedKind::Offering, rows.iter().map(|row| row.source_id.as_str()))?;
        let ids: Vec<Id<kind::Offering>> = names.values().map(|name| Id::new(name.subject)).collect();
        let mut by_id = bulk::offerings_by_id(c, &ids)?;
        let here: Vec<Id<kind::ServiceUnit>> = units.keys().copied().collect();
        by_id.extend(bulk::offerings_of_units(c, &here)?.into_iter().map(|offering| (offering.id, offering)));
        let subjects: Vec<uuid::Uuid> = by_id.keys().map(|id| id.uuid()).collect();
        let called = bringing.names_of(c, NamedKind::Offering, &subjects)?;
        Ok(Self {
            types: types_of(c, bringing, rows)?,
            standings: bringing.standings(c, &providers)?,
            by_unit: by_id.values().map(|of| ((of.unit, of.voucher_type), of.id)).collect(),
            called: called.into_iter().map(|(id, name)| (Id::new(id), name.name)).collect(),
            unit_names,
            units,
            names,
            by_id,
            new: Vec::new(),
            new_names: Vec::new(),
            changed: Vec::new(),
        })
    }

    fn row(&mut self, bringing: &Bringing<'_>, row: &OfferingRecord) -> Applied {
        let unit_id = self.unit_names.get(&row.unit).map(|name| Id::new(name.subject)).or_else(|| own_id(&row.unit));
        let unit =
            unit_id.and_then(|id| self.units.get(&id)).filter(|unit| self.standings.knows(unit.provider)).cloned();
        let voucher_type = self.types.get(&(row.organiser.clone(), row.voucher_type.clone())).cloned();
        let mut errors = RowErrors::default();
        if unit.is_none() {
            errors.fail("unit", "unknown", "there is no such unit in the caller's own files");
        }
        match bringing.source.organiser() {
            Some(own) if own.code != row.organiser => {
                errors.fail("organiser", "not_yours", format!("an officer brings in what is for {}", own.code));
            }
            _ if voucher_type.is_none() => {
                errors.fail("voucher_type", "unknown", "the organiser has no voucher type of this code");
            }
            _ => {}
        }
        let (unit, voucher_type) = errors.finish(unit.zip(voucher_type))?;
        let at = (unit.id, voucher_type.id);
        if let Some(name) = self.names.get(&row.source_id) {
            let linked = name.linked;
            let offering =
                self.by_id.get(&Id::new(name.subject)).filter(|of| (of.unit, of.voucher_type) == at).cloned();
            let why = "this source id means what another unit offers, or what it offers for another voucher type";
            let offering = offering.ok_or_else(|| means_another("unit", why))?;
            return if linked {
                Ok(Outcome::Unchanged.of(offering.id))
            } else {
                self.change(bringing, &unit, offering, row)
            };
        }
        match self.by_unit.get(&at).and_then(|id| self.by_id.get(id)).cloned() {
            Some(offering) => self.link(bringing, &unit, offering, row),
            None => self.create(bringing, &unit, &voucher_type, row),
        }
    }

    /// It is published already, without a name of the source's.
    fn link(
        &mut self,
        bringing: &Bringing<'_>,
        unit: &ServiceUnit,
        offering: Offering,
        row: &OfferingRecord,
    ) -> Applied {
        if let Some(other) = self.called.get(&offering.id) {
            let why = format!("what the unit offers for the voucher type has the source id {other:?} already");
            return Err(means_another("unit", &why));
        }
        let mine = self.standings.is_mine(offering.provider);
        let id = offering.id;
        let became = if mine { self.change(bringing, unit, offering, row)? } else { Outcome::Unchanged.of(id) };
        self.call(id, row, !mine);
        Ok(if became.outcome == Outcome::Unchanged { Outcome::Linked.of(id) } else { became })
    }

    fn create(
        &mut self,
        bringing: &Bringing<'_>,
        unit: &ServiceUnit,
        voucher_type: &VoucherType,
        row: &OfferingRecord,
    ) -> Applied {
        if !self.standings.is_mine(unit.provider) {
            return Err(not_yours("unit"));
        }
        check(bringing, unit, None, &row.details)?;
        let OfferingDetails { accepts_new_clients, earliest_start, queue, places, languages, modes } =
            row.details.clone();
        let offering = Offering {
            id: bringing.cx.id(),
            organiser: voucher_type.organiser,
            provider: unit.provider,
            unit: unit.id,
            voucher_type: voucher_type.id,
            accepts_new_clients,
            earliest_start,
            queue,
            places,
            languages,
            modes,
            version: 1,
            created_at: bringing.cx.now(),
        };
        self.by_unit.insert((unit.id, voucher_type.id), offering.id);
        self.by_id.insert(offering.id, offering.clone());
        let id = offering.id;
        self.call(id, row, false);
        self.new.push(offering);
        Ok(Outcome::Created.of(id))
    }

    fn change(
        &mut self,
        bringing: &Bringing<'_>,
        unit: &ServiceUnit,
        offering: Offering,
        row: &OfferingRecord,
    ) -> Applied {
        let before = offering.details();
        if before == row.details {
            return Ok(Outcome::Unchanged.of(offering.id));
        }
        if !self.standings.is_mine(offering.provider) {
            return Err(not_yours("source_id"));
        }
        check(bringing, unit, Some(&before), &row.details)?;
        let (id, version) = (offering.id, offering.version.saturating_add(1));
        let changed = Offering { version, ..offering.with(row.details.clone()) };
        self.changed.push(changed);
        Ok(Outcome::Changed.of(id))
    }

    fn call(&mut self, id: Id<kind::Offering>, row: &OfferingRecord, linked: bool) {
        self.called.insert(id, row.source_id.clone());
        self.new_names.push(SourceName { name: row.source_id.clone(), subject: id.uuid(), linked });
    }

    fn store(self, c: &mut Conn, bringing: &Bringing<'_>) -> Result<(), DbError> {
        bulk::insert_offerings(c, &self.new).map_err(overtaken)?;
        for offering in &self.changed {
            not_overtaken(bulk::update_offering(c, offering)?)?;
        }
        bringing.add_names(c, NamedKind::Offering, &self.new_names)?;
        let versions: Vec<Keep<_>> = self
            .new
            .iter()
            .chain(&self.changed)
            .map(|offering| {
                bringing.cx.registry_changed(RegistryChange::offering(offering.id, Some(offering.organiser)));
                Keep { id: offering.id.uuid(), version: offering.version, document: offering.details() }
            })
            .collect();
        bulk::keep_all(c, RegistryKind::Offering, &versions, bringing.cx.by())
    }
}

/// What an offering may say of itself. A start that is over is no mistake where it was there before, or is history that
/// an organiser brings in.
fn check(
    bringing: &Bringing<'_>,
    unit: &ServiceUnit,
    before: Option<&OfferingDetails>,
    details: &OfferingDetails,
) -> Result<(), RowErrors> {
    let is_known = bringing.source.organiser().is_some()
        || before.is_some_and(|before| before.earliest_start == details.earliest_start);
    let mut errors = RowErrors::default();
    for refused in details.check(&unit.details.languages, &unit.details.modes, bringing.today) {
        if !(is_known && matches!(refused, DetailsRefused::StartInThePast { .. })) {
            let pointer = refused.pointer();
            let column = pointer.split('/').nth(1).unwrap_or_default();
            errors.fail(column, refused.code(), refused);
        }
    }
    errors.finish(Some(()))
}

/// The voucher types that the rows may name, by the codes of organiser and type.
fn types_of(
    c: &mut Conn,
    bringing: &Bringing<'_>,
    rows: &[&OfferingRecord],
) -> Result<HashMap<(String, String), VoucherType>, DbError> {
    let of = match bringing.source.organiser() {
        Some(own) => vec![own.clone()],
        None => organisers::list(c)?
            .into_iter()
            .filter(|organiser| rows.iter().any(|row| row.organiser == organiser.code))
            .collect(),
    };
    let mut types = HashMap::new();
    for organiser in of {
        for voucher_type in voucher_types::list(c, Some(organiser.id), None, TYPES_MAX)? {
            types.insert((organiser.code.clone(), voucher_type.code.clone()), voucher_type);
        }
    }
    Ok(types)
}
