//! Providers of a file: registered without a member, changed, or linked to what is registered already.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::provider::{Sector, SectorRefused, sector_step, waits};
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_domain::time::Timeline;
use valinta_domain::{Day, Id};
use valinta_persistence::bulk::{self, Keep, NewProvider};
use valinta_persistence::providers::{self, Provider};
use valinta_persistence::source_ids::{NamedKind, SourceName};
use valinta_persistence::{Conn, DbError};

use super::apply::{Applied, Apply, Bringing, Standings, distinct, means_another, not_overtaken, not_yours, overtaken};
use super::provider_record::ProviderRecord;
use super::report::{Outcome, RowErrors};
use crate::clock::new_uuid;
use crate::http::Problem;

impl Apply for ProviderRecord {
    fn apply(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&Self]) -> Result<Vec<Applied>, Problem> {
        let mut work = Work::load(c, bringing, rows)?;
        let applied = bringing.each(rows, |row| work.row(bringing, row))?;
        work.store(c, bringing)?;
        Ok(applied)
    }
}

/// What is known of the rows' providers, and what is to be stored.
struct Work {
    names: HashMap<String, SourceName>,
    by_id: HashMap<Id<kind::Provider>, Provider>,
    by_business_id: HashMap<String, Id<kind::Provider>>,
    by_oid: HashMap<String, Id<kind::Provider>>,
    called: HashMap<Id<kind::Provider>, String>,
    sectors: HashMap<Id<kind::Provider>, Timeline<Sector>>,
    standings: Standings,
    handed_in: HashSet<Id<kind::Provider>>,
    new: Vec<NewProvider>,
    new_names: Vec<SourceName>,
    changed: Vec<Provider>,
    new_sectors: Vec<(Id<kind::Provider>, Sector, Day)>,
}

impl Work {
    fn load(c: &mut Conn, bringing: &Bringing<'_>, rows: &[&ProviderRecord]) -> Result<Self, DbError> {
        let names = bringing.named(c, NamedKind::Provider, rows.iter().map(|row| row.source_id.as_str()))?;
        let business_ids = distinct(rows.iter().map(|row| row.business_id.as_str()));
        let mut by_id: HashMap<Id<kind::Provider>, Provider> = bulk::providers_by_business_id(c, &business_ids)?
            .into_values()
            .map(|provider| (provider.id, provider))
            .collect();
        let named: Vec<Id<kind::Provider>> = names.values().map(|name| Id::new(name.subject)).collect();
        by_id.extend(bulk::providers_by_id(c, &named)?);
        let oids = distinct(rows.iter().filter_map(|row| row.details.oid.as_ref()).map(|oid| oid.as_str()));
        let mut by_oid = bulk::providers_by_oid(c, &oids)?;
        // A unit's OID is taken too, by none of these.
        by_oid.extend(bulk::units_by_oid(c, &oids)?.into_keys().map(|oid| (oid, Id::new(Uuid::nil()))));
        let ids: Vec<Id<kind::Provider>> = by_id.keys().copied().collect();
        let subjects: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let called = bringing.names_of(c, NamedKind::Provider, &subjects)?;
        Ok(Self {
            by_business_id: by_id.values().map(|provider| (provider.business_id.to_string(), provider.id)).collect(),
            by_oid,
            called: called.into_iter().map(|(id, name)| (Id::new(id), name.name)).collect(),
            sectors: sectors_of(c, &ids)?,
            standings: bringing.standings(c, &ids)?,
            handed_in: bulk::handed_in(c, &ids)?,
            names,
            by_id,
            new: Vec::new(),
            new_names: Vec::new(),
            changed: Vec::new(),
            new_sectors: Vec::new(),
        })
    }

    fn row(&mut self, bringing: &Bringing<'_>, row: &ProviderRecord) -> Applied {
        if let Some(name) = self.names.get(&row.source_id) {
            let Some(provider) = self.by_id.get(&Id::new(name.subject)) else {
                return Err(means_another("source_id", "this source id means something else"));
            };
            if provider.business_id != row.business_id {
                return Err(means_another("business_id", "this source id means a provider with another business id"));
            }
            if name.linked {
                return Ok(Outcome::Unchanged.of(provider.id));
            }
            return self.change(bringing, provider.clone(), row);
        }
        match self.by_business_id.get(row.business_id.as_str()).copied() {
            Some(id) => self.link(id, row),
            None => self.register(bringing, row),
        }
    }

    /// Somebody else has registered it: the source's name stands for it, and nothing of it is changed.
    fn link(&mut self, id: Id<kind::Provider>, row: &ProviderRecord) -> Applied {
        if let Some(other) = self.called.get(&id) {
            let why = format!("the provider of this business id has the source id {other:?} already");
            return Err(means_another("business_id", &why));
        }
        let stated = self.by_id.get(&id).and_then(|provider| provider.details.oid.as_ref());
        if row.details.oid.as_ref().zip(stated).is_some_and(|(row, stated)| row != stated) {
            return Err(means_another("oid", "the provider of this business id has another OID"));
        }
        self.call(id, row, true);
        Ok(Outcome::Linked.of(id))
    }

    fn register(&mut self, bringing: &Bringing<'_>, row: &ProviderRecord) -> Applied {
        let since = row.sector_since.unwrap_or(bringing.today);
        if since > bringing.today {
            return Err(RowErrors::one("sector_since", "in_the_future", "a provider is of its sector today"));
        }
        self.claim_oid(None, row)?;
        let provider = Provider {
            id: bringing.cx.id(),
            business_id: row.business_id.clone(),
            details: row.details.clone(),
            version: 1,
            created_at: bringing.cx.now(),
        };
        let id = provider.id;
        self.by_business_id.insert(row.business_id.to_string(), id);
        self.by_id.insert(id, provider.clone());
        let sector_row = new_uuid(bringing.cx.now());
        self.new.push(NewProvider { provider, sector: row.sector, sector_since: since, sector_row });
        self.call(id, row, false);
        Ok(Outcome::Created.of(id))
    }

    fn change(&mut self, bringing: &Bringing<'_>, provider: Provider, row: &ProviderRecord) -> Applied {
        let step = self.sector_step(bringing, provider.id, row);
        let changes_details = provider.details != row.details;
        if !changes_details && step.as_ref().is_ok_and(Option::is_none) {
            return Ok(Outcome::Unchanged.of(provider.id));
        }
        if !self.standings.is_mine(provider.id) {
            return Err(not_yours("source_id"));
        }
        let step = step?;
        if waits(self.handed_in.contains(&provider.id)) {
            let why = "the provider has handed in an application: two people agree on a change of this";
            let mut errors = RowErrors::default();
            if provider.details.name != row.details.name {
                errors.fail("name", "two_persons", why);
            }
            if step.is_some() {
                errors.fail("sector", "two_persons", why);
            }
            errors.finish(Some(()))?;
        }
        self.claim_oid(Some(provider.id), row)?;
        if let Some((sector, from)) = step {
            self.new_sectors.push((provider.id, sector, from));
        }
        let (id, version) = (provider.id, provider.version.saturating_add(1));
        self.changed.push(Provider { details: row.details.clone(), version, ..provider });
        Ok(Outcome::Changed.of(id))
    }

    /// The sector that is to begin, if it is not the one that holds or is agreed.
    fn sector_step(
        &self,
        bringing: &Bringing<'_>,
        id: Id<kind::Provider>,
        row: &ProviderRecord,
    ) -> Result<Option<(Sector, Day)>, RowErrors> {
        let entries = self.sectors.get(&id).map(|sectors| sectors.entries()).unwrap_or_default();
        let present = entries.iter().find(|(period, _)| period.contains(bringing.today));
        let Some((last_period, last)) = entries.last() else { return Ok(None) };
        let is_said = [present, entries.last()].into_iter().flatten().any(|(period, sector)| {
            *sector == row.sector && row.sector_since.is_none_or(|since| since == period.from())
        });
        if is_said {
            return Ok(None);
        }
        let from = row.sector_since.unwrap_or(bringing.today);
        match sector_step((last_period.from(), *last), row.sector, from, bringing.today) {
            Ok(_) => Ok(Some((row.sector, from))),
            Err(refused) => {
                let code = match refused {
                    SectorRefused::InThePast => "in_the_past",
                    SectorRefused::Unchanged => "final",
                    SectorRefused::LaterAgreed => "later_agreed",
                };
                Err(RowErrors::one("sector_since", code, refused))
            }
        }
    }

    /// Takes the row's OID for a provider.
    fn claim_oid(&mut self, id: Option<Id<kind::Provider>>, row: &ProviderRecord) -> Result<(), RowErrors> {
        let Some(oid) = &row.details.oid else { return Ok(()) };
        match self.by_oid.get(oid.as_str()) {
            Some(other) if Some(*other) != id => Err(means_another("oid", "another provider has this OID")),
            Some(_) => Ok(()),
            None => {
                // Who has it is not known until it is registered; that it is taken is enough.
                self.by_oid.insert(oid.to_string(), id.unwrap_or_else(|| Id::new(Uuid::nil())));
                Ok(())
            }
        }
    }

    fn call(&mut self, id: Id<kind::Provider>, row: &ProviderRecord, linked: bool) {
        self.called.insert(id, row.source_id.clone());
        self.new_names.push(SourceName { name: row.source_id.clone(), subject: id.uuid(), linked });
    }

    fn store(self, c: &mut Conn, bringing: &Bringing<'_>) -> Result<(), DbError> {
        bulk::insert_providers(c, &self.new).map_err(overtaken)?;
        for provider in &self.changed {
            not_overtaken(bulk::update_provider(c, provider).map_err(overtaken)?)?;
        }
        for (provider, sector, from) in &self.new_sectors {
            bulk::change_sector(c, *provider, *sector, *from, new_uuid(bringing.cx.now()))?;
        }
        bringing.add_names(c, NamedKind::Provider, &self.new_names)?;
        let touched = self.new.iter().map(|new| &new.provider).chain(&self.changed);
        let versions: Vec<Keep<_>> = touched
            .map(|provider| {
                bringing.cx.registry_changed(RegistryChange::provider(provider.id, None));
                Keep { id: provider.id.uuid(), version: provider.version, document: &provider.details }
            })
            .collect();
        bulk::keep_all(c, RegistryKind::Provider, &versions, bringing.cx.by())
    }
}

fn sectors_of(
    c: &mut Conn,
    ids: &[Id<kind::Provider>],
) -> Result<HashMap<Id<kind::Provider>, Timeline<Sector>>, DbError> {
    let mut sectors = HashMap::new();
    for some in ids.chunks(500) {
        sectors.extend(providers::sectors_of_each(c, some)?);
    }
    Ok(sectors)
}
