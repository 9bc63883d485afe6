//! What is handed out, page by page in order of the ids, so that what is brought in from it is in the same order again.

use std::collections::HashMap;

use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::bulk::{self, Whose};
use valinta_persistence::providers;
use valinta_persistence::source_ids::{self, NamedKind};
use valinta_persistence::{Conn, organisers, voucher_types};

use super::row::ExportRow;
use crate::http::Problem;
use crate::imports::{OfferingRecord, PriceRecord, ProviderRecord, Source, UnitRecord, last_days};

/// Rows that are read at once.
const PAGE_ROWS: i64 = 500;
/// Offerings whose prices are read at once.
const PAGE_OFFERINGS: i64 = 200;
/// Most voucher types there are.
const TYPES_MAX: i64 = 10_000;

/// Whose rows are handed out, on which day.
pub(super) struct Pages {
    source: Uuid,
    whose: Whose,
    today: Day,
}

type Page<T> = Result<Option<Vec<ExportRow<T>>>, Problem>;

impl Pages {
    pub(super) fn of(source: Source, now: Moment) -> Self {
        let today = Day::new(now.utc().date_naive());
        let whose = match &source {
            Source::Organiser(organiser) => Whose::KnownTo(organiser.id, today),
            Source::Provider(provider) => Whose::Own(*provider),
        };
        Self { source: source.id(), whose, today }
    }

    /// What the source calls things; what has no name of its own is called by its id.
    fn names(&self, c: &mut Conn, kind: NamedKind, ids: &[Uuid]) -> Result<Names, Problem> {
        Ok(Names(
            source_ids::of_subjects(c, self.source, kind, ids)?.into_iter().map(|(id, name)| (id, name.name)).collect(),
        ))
    }
}

struct Names(HashMap<Uuid, String>);

impl Names {
    fn of<K>(&self, id: Id<K>) -> String {
        self.0.get(&id.uuid()).cloned().unwrap_or_else(|| id.to_string())
    }
}

/// Providers.
pub(super) fn providers(of: Pages) -> impl FnMut(&mut Conn) -> Page<ProviderRecord> + Send + 'static {
    let mut after = None;
    move |c| {
        let page = bulk::providers_after(c, of.whose, after, PAGE_ROWS)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.id);
        let ids: Vec<Id<kind::Provider>> = page.iter().map(|provider| provider.id).collect();
        let sectors = providers::sectors_of_each(c, &ids)?;
        let names = of.names(c, NamedKind::Provider, &ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())?;
        let mut rows = Vec::with_capacity(page.len());
        for provider in page {
            let entries = sectors.get(&provider.id).map(|sectors| sectors.entries()).unwrap_or_default();
            let present = entries.iter().find(|(period, _)| period.contains(of.today)).or_else(|| entries.last());
            let (period, sector) =
                present.ok_or_else(|| Problem::internal(format!("the provider {} has no sector", provider.id)))?;
            rows.push(ExportRow(
                provider.id.uuid(),
                ProviderRecord {
                    source_id: names.of(provider.id),
                    business_id: provider.business_id,
                    sector: *sector,
                    sector_since: Some(period.from()),
                    details: provider.details,
                },
            ));
        }
        Ok(Some(rows))
    }
}

/// Units.
pub(super) fn units(of: Pages) -> impl FnMut(&mut Conn) -> Page<UnitRecord> + Send + 'static {
    let mut after = None;
    move |c| {
        let page = bulk::units_after(c, of.whose, after, PAGE_ROWS)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.id);
        let names = of.names(c, NamedKind::ServiceUnit, &page.iter().map(|unit| unit.id.uuid()).collect::<Vec<_>>())?;
        let mut owners: Vec<Id<kind::Provider>> = page.iter().map(|unit| unit.provider).collect();
        owners.dedup();
        let owners = bulk::providers_by_id(c, &owners)?;
        let row = |unit: providers::ServiceUnit| {
            let owner = owners.get(&unit.provider);
            ExportRow(
                unit.id.uuid(),
                UnitRecord {
                    source_id: names.of(unit.id),
                    // It means the same in every installation.
                    provider: owner.map_or_else(|| unit.provider.to_string(), |owner| owner.business_id.to_string()),
                    details: unit.details,
                },
            )
        };
        Ok(Some(page.into_iter().map(row).collect()))
    }
}

/// Offerings.
pub(super) fn offerings(of: Pages) -> impl FnMut(&mut Conn) -> Page<OfferingRecord> + Send + 'static {
    let mut after = None;
    move |c| {
        let page = bulk::offerings_after(c, of.whose, after, PAGE_ROWS)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.id);
        let names = of.names(c, NamedKind::Offering, &page.iter().map(|of| of.id.uuid()).collect::<Vec<_>>())?;
        let units = of.names(c, NamedKind::ServiceUnit, &page.iter().map(|of| of.unit.uuid()).collect::<Vec<_>>())?;
        let organisers: HashMap<Id<kind::Organiser>, String> =
            organisers::list(c)?.into_iter().map(|organiser| (organiser.id, organiser.code)).collect();
        let types: HashMap<Id<kind::VoucherType>, String> =
            voucher_types::list(c, None, None, TYPES_MAX)?.into_iter().map(|of| (of.id, of.code)).collect();
        let row = |offering: valinta_persistence::offerings::Offering| {
            ExportRow(
                offering.id.uuid(),
                OfferingRecord {
                    source_id: names.of(offering.id),
                    unit: units.of(offering.unit),
                    organiser: organisers.get(&offering.organiser).cloned().unwrap_or_default(),
                    voucher_type: types.get(&offering.voucher_type).cloned().unwrap_or_default(),
                    details: offering.details(),
                },
            )
        };
        Ok(Some(page.into_iter().map(row).collect()))
    }
}

/// Prices, those that have held and those that are to come.
pub(super) fn prices(of: Pages) -> impl FnMut(&mut Conn) -> Page<PriceRecord> + Send + 'static {
    let mut after = None;
    move |c| {
        let page = bulk::offerings_after(c, of.whose, after, PAGE_OFFERINGS)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.id);
        let ids: Vec<Id<kind::Offering>> = page.iter().map(|offering| offering.id).collect();
        let offerings = of.names(c, NamedKind::Offering, &ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())?;
        let mut stored = bulk::prices_of(c, &ids)?;
        // What never held is no price.
        stored.retain(|price| price.to != Some(price.from));
        let names = of.names(c, NamedKind::Price, &stored.iter().map(|price| price.id.uuid()).collect::<Vec<_>>())?;
        let mut rows = Vec::with_capacity(stored.len());
        for of_offering in stored.chunk_by(|one, next| one.offering == next.offering) {
            for (price, until) in of_offering.iter().zip(last_days(of_offering)) {
                rows.push(ExportRow(
                    price.id.uuid(),
                    PriceRecord {
                        source_id: names.of(price.id),
                        offering: offerings.of(price.offering),
                        price: price.price.clone(),
                        from: price.from,
                        until,
                        reason: price.reason.clone(),
                    },
                ));
            }
        }
        Ok(Some(rows))
    }
}
