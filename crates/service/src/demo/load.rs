//! Loads the demo county: the verbs' own functions, as the people of the county would have called them, day by day. All
//! of it is one transaction, so that a start that is interrupted leaves an empty database behind.

mod vouchers;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Europe::Helsinki;
use thiserror::Error;
use valinta_domain::application::Evidence;
use valinta_domain::id::kind;
use valinta_domain::policy::{Actor, Membership, Role};
use valinta_domain::provider::{AccessibilityFacts, MemberRole, ProviderDetails, UnitDetails};
use valinta_domain::{Day, Id, Localized, Moment};
use valinta_persistence::clients::Contact;
use valinta_persistence::organisers::Municipality;
use valinta_persistence::vault::Vault;
use valinta_persistence::{Conn, DbError, organisers as stored_organisers};

use super::data::{self, DemoCounty};
use super::people::member_of;
use crate::app::App;
use crate::clock::new_uuid;
use crate::cx::Cx;
use crate::http::Problem;
use crate::{applications, clients, offerings, organisers, providers, rulebooks, voucher_types};

/// Notes that the demo county is in the database, by its organiser's code; or, empty, that it never shall be.
pub(crate) const DEMO_FACT: &str = "demo";
/// Notes the person that `valinta token resident` is.
pub(crate) const DEMO_RESIDENT_FACT: &str = "demo_resident";
/// Notes the subject that `valinta token provider` names.
pub(crate) const DEMO_PROVIDER_FACT: &str = "demo_provider";

/// The client that the resident's token is for.
const MAIN_CLIENT: &str = "aino";
/// How long ago the county began.
const FOUNDED_DAYS_AGO: i64 = 400;
/// How long ago the providers joined.
const JOINED_DAYS_AGO: i64 = 200;
/// How long before it comes into force a later version of a rulebook is adopted.
const ADOPTED_DAYS_AHEAD: i64 = 30;
/// How long ago the versions that wait to be adopted were proposed.
const PROPOSED_DAYS_AGO: i64 = 4;
/// How long ago the clients were registered; before the oldest voucher.
const CLIENTS_DAYS_AGO: i64 = 180;

/// Why the demo county was not loaded. Nothing of it was.
#[derive(Debug, Error)]
#[error("the demo county cannot be loaded: {0}")]
pub(crate) struct LoadError(String);

impl From<Problem> for LoadError {
    fn from(problem: Problem) -> Self {
        Self(format!("{problem:?}"))
    }
}

impl From<DbError> for LoadError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

/// Whether the database holds the demo county.
pub(crate) fn is_here(app: &App) -> Result<bool, LoadError> {
    let fact = app.db().read_blocking(|c| stored_organisers::installation_fact(c, DEMO_FACT))?;
    Ok(fact.is_some_and(|code| !code.is_empty()))
}

/// Notes that this database never gets the demo county: it was started without.
pub(crate) fn never_load(app: &App) -> Result<(), LoadError> {
    if app.db().is_postgres() {
        // Nothing is ever loaded there unasked.
        return Ok(());
    }
    app.db().write_blocking(|c| match stored_organisers::installation_fact(c, DEMO_FACT)? {
        Some(_) => Ok(()),
        None => stored_organisers::note_installation_fact(c, DEMO_FACT, ""),
    })?;
    Ok(())
}

/// Loads the demo county into a database that holds no organiser. Says whether it did.
pub(crate) fn load_if_empty(app: &App) -> Result<bool, LoadError> {
    let taken = |c: &mut Conn| {
        Ok::<_, DbError>(
            stored_organisers::installation_fact(c, DEMO_FACT)?.is_some() || !stored_organisers::list(c)?.is_empty(),
        )
    };
    if app.db().read_blocking(taken)? {
        return Ok(false);
    }
    let demo = data::county().map_err(|error| LoadError(error.to_string()))?;
    let (vault, now) = (Arc::clone(app.vault()), app.clock().now());
    let order_key = app.order_key().to_vec();
    app.db()
        .write_blocking(move |c| {
            if taken(c)? {
                return Ok(false);
            }
            let mut loader = Loader { c, demo: &demo, vault: &vault, now, order_key: &order_key };
            loader.load()?;
            Ok::<_, Problem>(true)
        })
        .map_err(LoadError::from)
}

/// Whoever acts in the story.
#[derive(Clone, Copy)]
enum Who<'a> {
    Operator,
    Staff(Role, Id<kind::Organiser>),
    Member(&'a str, Option<Id<kind::Provider>>),
    Resident(Id<kind::Person>),
}

struct Loader<'a> {
    c: &'a mut Conn,
    demo: &'a DemoCounty,
    vault: &'a Arc<Vault>,
    now: Moment,
    order_key: &'a [u8],
}

/// What has been loaded so far, by the names that the data files use.
struct Loaded {
    organiser: Id<kind::Organiser>,
    types: BTreeMap<String, LoadedType>,
    clients: BTreeMap<String, (Id<kind::Client>, Id<kind::Person>)>,
}

/// A voucher type, and its first rulebook.
#[derive(Clone, Copy)]
struct LoadedType {
    id: Id<kind::VoucherType>,
    rulebook: Id<kind::Rulebook>,
}

impl<'a> Loader<'a> {
    /// Does something as somebody, so many days ago.
    fn act<T>(
        &mut self,
        who: Who<'_>,
        days_ago: i64,
        verb: impl FnOnce(&mut Conn, &Cx) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let at = Moment::new(self.now.utc() - TimeDelta::days(days_ago));
        let (subject, role, organiser, person, providers) = match who {
            Who::Operator => ("demo-operator".to_owned(), Role::Operator, None, None, vec![]),
            Who::Staff(role, organiser) => (format!("demo-{}", role.code()), role, Some(organiser), None, vec![]),
            Who::Member(subject, provider) => {
                (subject.to_owned(), Role::Provider, None, None, provider.into_iter().collect())
            }
            Who::Resident(person) => ("demo-resident".to_owned(), Role::Resident, None, Some(person), vec![]),
        };
        let memberships =
            providers.into_iter().map(|provider| Membership { provider, role: MemberRole::Admin }).collect();
        let actor = Actor { subject, role, organiser, person, memberships, mandates: Vec::new() };
        let cx = Cx::of(actor, at, new_uuid(at), Arc::clone(self.vault));
        let value = verb(self.c, &cx)?;
        cx.finish(self.c)?;
        Ok(value)
    }

    fn day(&self, days_ago: i64) -> Day {
        let at = self.now.utc() - TimeDelta::days(days_ago);
        Day::new(at.with_timezone(&Helsinki).date_naive())
    }

    fn load(&mut self) -> Result<(), Problem> {
        let organiser = self.organiser()?;
        let types = self.voucher_types(organiser)?;
        let mut loaded = Loaded { organiser, types, clients: BTreeMap::new() };
        self.providers(&loaded)?;
        self.later_versions(&loaded)?;
        self.clients(&mut loaded)?;
        self.vouchers(&loaded)?;
        stored_organisers::note_installation_fact(self.c, DEMO_FACT, &self.demo.county.code)?;
        Ok(())
    }

    fn organiser(&mut self) -> Result<Id<kind::Organiser>, Problem> {
        let county = &self.demo.county;
        let municipalities = self
            .demo
            .municipalities
            .iter()
            .map(|municipality| Municipality {
                code: municipality.code.clone(),
                name_fi: municipality.name_fi.clone(),
                name_sv: municipality.name_sv.clone(),
                latitude_e6: municipality.latitude_e6,
                longitude_e6: municipality.longitude_e6,
            })
            .collect();
        let command = organisers::CreateCommand {
            code: county.code.clone(),
            name: county.name.clone(),
            business_id: county.business_id.clone(),
            currency: county.currency,
            time_zone: Helsinki,
            municipalities,
        };
        let reply = self.act(Who::Operator, FOUNDED_DAYS_AGO, |c, cx| organisers::create(c, cx, &command))?;
        Ok(reply.into_body().id)
    }

    fn voucher_types(&mut self, organiser: Id<kind::Organiser>) -> Result<BTreeMap<String, LoadedType>, Problem> {
        let officer = Who::Staff(Role::Officer, organiser);
        let mut types = BTreeMap::new();
        for data in &self.demo.voucher_types {
            let publish = voucher_types::PublishCommand {
                code: data.code.clone(),
                name: data.name.clone(),
                description: data.description.clone(),
                unit: data.unit,
            };
            let published =
                self.act(officer, FOUNDED_DAYS_AGO, |c, cx| voucher_types::publish(c, cx, &publish))?.into_body();
            let draft =
                rulebooks::DraftCommand::Whole { voucher_type: published.id, terms: Box::new(data.terms.clone()) };
            let rulebook = self.proposed(officer, FOUNDED_DAYS_AGO, &draft)?;
            let adopt = rulebooks::AdoptCommand {
                in_force_from: self.day(FOUNDED_DAYS_AGO),
                reasons: Localized::new(
                    "Sääntökirja otetaan käyttöön palvelusetelin alkaessa.",
                    "Regelboken tas i bruk när servicesedeln börjar användas.",
                    "The rulebook is adopted as the voucher begins to be used.",
                ),
            };
            self.act(officer, FOUNDED_DAYS_AGO, |c, cx| rulebooks::adopt(c, cx, rulebook, &adopt))?;
            types.insert(data.code.clone(), LoadedType { id: published.id, rulebook });
        }
        Ok(types)
    }

    /// Drafts a version of a rulebook, and proposes it.
    fn proposed(
        &mut self,
        officer: Who<'_>,
        days_ago: i64,
        draft: &rulebooks::DraftCommand,
    ) -> Result<Id<kind::Rulebook>, Problem> {
        let drafted = self.act(officer, days_ago, |c, cx| rulebooks::draft(c, cx, draft))?.into_body().id;
        self.act(officer, days_ago, |c, cx| rulebooks::propose(c, cx, drafted))?;
        Ok(drafted)
    }

    /// The later versions of the rulebooks. Those that were adopted find the providers' prices there, so that the ones
    /// they no longer allow are told.
    fn later_versions(&mut self, loaded: &Loaded) -> Result<(), Problem> {
        let officer = Who::Staff(Role::Officer, loaded.organiser);
        for data in &self.demo.voucher_types {
            let (LoadedType { rulebook: mut based_on, .. }, _) = self.voucher_type(loaded, &data.code)?;
            for version in &data.later_versions {
                let in_force = version.adopted.as_ref().map(|adopted| i64::from(adopted.in_force_days_ago));
                let days_ago = in_force.map_or(PROPOSED_DAYS_AGO, |days| days + ADOPTED_DAYS_AHEAD);
                let changes = Box::new(version.changes.clone());
                let draft = rulebooks::DraftCommand::Changes { based_on, changes };
                based_on = self.proposed(officer, days_ago, &draft)?;
                let Some((days, adopted)) = in_force.zip(version.adopted.as_ref()) else { continue };
                let adopt = rulebooks::AdoptCommand { in_force_from: self.day(days), reasons: adopted.reasons.clone() };
                self.act(officer, days_ago, |c, cx| rulebooks::adopt(c, cx, based_on, &adopt))?;
            }
        }
        Ok(())
    }

    fn providers(&mut self, loaded: &Loaded) -> Result<(), Problem> {
        for data in &self.demo.providers {
            let subject = member_of(&data.business_id);
            let command = providers::RegisterCommand {
                business_id: data.business_id.clone(),
                sector: data.sector,
                details: ProviderDetails {
                    name: data.name.clone(),
                    oid: None,
                    email: Some(data.email.clone()),
                    phone: Some(data.phone.clone()),
                    website: Some(data.website.clone()),
                    languages: Vec::new(),
                },
            };
            let registering = Who::Member(&subject, None);
            let provider =
                self.act(registering, JOINED_DAYS_AGO, |c, cx| providers::register(c, cx, &command))?.into_body().id;
            for unit in &data.units {
                self.unit(loaded, Who::Member(&subject, Some(provider)), provider, unit)?;
            }
        }
        Ok(())
    }

    fn unit(
        &mut self,
        loaded: &Loaded,
        member: Who<'_>,
        provider: Id<kind::Provider>,
        data: &data::ServiceUnit,
    ) -> Result<(), Problem> {
        let details = UnitDetails {
            name: data.name.clone(),
            oid: Some(data.oid.clone()),
            street_address: data.street_address.clone(),
            postal_code: data.postal_code.clone(),
            postal_place: data.postal_place.clone(),
            municipality: data.municipality.clone(),
            latitude_e6: Some(data.latitude_e6),
            longitude_e6: Some(data.longitude_e6),
            languages: data.languages.clone(),
            modes: data.modes.clone(),
            service_area: data.service_area.clone(),
            step_free: data.step_free,
            accessibility: AccessibilityFacts::default(),
            opening_hours: Vec::new(),
            soteri: None,
            self_monitoring: None,
            closed_from: None,
        };
        let unit =
            self.act(member, JOINED_DAYS_AGO, |c, cx| providers::add_unit(c, cx, provider, &details))?.into_body().id;
        for offering in &data.offerings {
            self.offering(loaded, member, unit, data, offering)?;
        }
        Ok(())
    }

    /// Applies, is approved and publishes an offering.
    fn offering(
        &mut self,
        loaded: &Loaded,
        member: Who<'_>,
        unit: Id<kind::ServiceUnit>,
        at: &data::ServiceUnit,
        data: &data::Offering,
    ) -> Result<(), Problem> {
        let (LoadedType { id: voucher_type, .. }, kind) = self.voucher_type(loaded, &data.voucher_type)?;
        let joined = self.day(JOINED_DAYS_AGO);
        let evidence = kind.evidence(at, joined).into_iter().map(stated_anew).collect();
        let draft = applications::BeginCommand { unit, voucher_type, area: Vec::new(), evidence: Some(evidence) };
        let application = self.act(member, JOINED_DAYS_AGO, |c, cx| applications::begin(c, cx, &draft))?.into_body().id;
        self.act(member, JOINED_DAYS_AGO, |c, cx| applications::submit(c, cx, application, None))?;
        let decide = applications::DecideCommand {
            outcome: applications::Verdict::Approved,
            reasons: Localized::new(
                "Yksikkö täyttää sääntökirjan vaatimukset.",
                "Enheten uppfyller regelbokens krav.",
                "The unit meets the rulebook's requirements.",
            ),
            valid_from: None,
        };
        let officer = Who::Staff(Role::Officer, loaded.organiser);
        self.act(officer, JOINED_DAYS_AGO, |c, cx| applications::decide(c, cx, application, None, &decide))?;
        let publish = offerings::PublishCommand {
            unit,
            voucher_type,
            price: data.price.clone(),
            price_from: None,
            accepts_new_clients: data.accepts_new_clients,
            earliest_start: data.earliest_start_days.map(|days| self.day(0).plus_days(i64::from(days))),
            queue: data.queue,
            places: None,
            languages: None,
            modes: None,
        };
        self.act(member, JOINED_DAYS_AGO, |c, cx| offerings::publish(c, cx, &publish))?;
        Ok(())
    }

    fn voucher_type(&self, loaded: &Loaded, code: &str) -> Result<(LoadedType, &'a data::VoucherType), Problem> {
        let data = self.demo.voucher_types.iter().find(|data| data.code == code);
        loaded.types.get(code).copied().zip(data).ok_or_else(|| missing("voucher type", code))
    }

    fn clients(&mut self, loaded: &mut Loaded) -> Result<(), Problem> {
        let worker = Who::Staff(Role::CaseWorker, loaded.organiser);
        for data in &self.demo.clients {
            let command = clients::RegisterCommand {
                identity_code: data.personal_identity_code.clone(),
                name: data.name.clone(),
                municipality: data.municipality.clone(),
                language: data.language,
                contact: Some(Contact {
                    street_address: Some(data.street_address.clone()),
                    postal_code: Some(data.postal_code.clone()),
                    postal_place: Some(data.postal_place.clone()),
                    phone: Some(data.phone.clone()),
                    email: Some(data.email.clone()),
                }),
                protected_address: data.protected_address,
            };
            let client = self.act(worker, CLIENTS_DAYS_AGO, |c, cx| clients::register(c, cx, &command))?.into_body();
            if data.key == MAIN_CLIENT {
                let person = client.person.to_string();
                stored_organisers::note_installation_fact(self.c, DEMO_RESIDENT_FACT, &person)?;
            }
            loaded.clients.insert(data.key.clone(), (client.id, client.person));
        }
        Ok(())
    }
}

/// Evidence as it is given with an application.
fn stated_anew(evidence: Evidence) -> applications::EvidenceEntry {
    applications::EvidenceEntry {
        requirement: evidence.requirement,
        evidence: None,
        reference: Some(evidence.reference),
        issued_on: evidence.issued_on,
        valid_from: evidence.valid_from,
        valid_until: evidence.valid_until,
        soteri: evidence.soteri,
        attachment: None,
    }
}

fn missing(what: &str, name: &str) -> Problem {
    Problem::internal(format!("the demo data lacks the {what} {name}"))
}
