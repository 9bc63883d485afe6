//! The context of one transaction: who acts, when, and what is to be noted about it.
//!
//! A verb's function takes the connection and this, and nothing of HTTP. What it notes is stored by [`Cx::finish`], last
//! in the same transaction.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono_tz::Tz;
use serde_json::Value;
use uuid::Uuid;
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::policy::{self, Action, Actor, Role, Target};
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::audit::{self, NewAuditRow};
use valinta_persistence::idempotency::Trace;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::outbox::{self, Message};
use valinta_persistence::registry_versions::By;
use valinta_persistence::shown_lists::{self, ShownList};
use valinta_persistence::vault::Vault;
use valinta_persistence::{Conn, DbError, organisers, providers, registry};

use crate::clock::new_uuid;
use crate::http::{Caller, Problem};
use crate::mandates;

/// Who acts where nobody has asked: the service itself, in the installation's own role.
const SERVICE: &str = "valinta";

/// The context of one transaction.
pub struct Cx {
    actor: Actor,
    now: Moment,
    request: Uuid,
    vault: Arc<Vault>,
    audited: RefCell<Vec<NewAuditRow>>,
    messages: RefCell<Vec<Message>>,
    shown: RefCell<Vec<ShownList>>,
    registry_changes: RefCell<BTreeSet<RegistryChange>>,
}

/// What is to be stored of a transaction besides what it did.
pub struct Notes {
    audited: Vec<NewAuditRow>,
    messages: Vec<Message>,
    shown: Vec<ShownList>,
    registry_changes: BTreeSet<RegistryChange>,
    at: Moment,
    vault: Arc<Vault>,
}

impl Notes {
    /// Whether they are no more than who has read what.
    pub(crate) fn are_of_a_read(&self) -> bool {
        self.messages.is_empty() && self.registry_changes.is_empty()
    }

    /// Stores what was noted of some reads.
    ///
    /// # Errors
    /// The database's; then of none.
    pub(crate) fn store_reads(c: &mut Conn, reads: &[Arc<Self>]) -> Result<(), DbError> {
        let Some(first) = reads.first() else { return Ok(()) };
        shown_lists::append(c, &first.vault, reads.iter().flat_map(|notes| &notes.shown))?;
        audit::append(c, reads.iter().flat_map(|notes| &notes.audited))
    }

    /// Stores them. Says whether the registry changed.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn store(&self, c: &mut Conn) -> Result<bool, DbError> {
        outbox::append(c, &self.messages)?;
        shown_lists::append(c, &self.vault, &self.shown)?;
        audit::append(c, &self.audited)?;
        if !self.registry_changes.is_empty() {
            registry::touch(c, &self.registry_changes, self.at)?;
        }
        Ok(!self.registry_changes.is_empty())
    }
}

impl Cx {
    /// Begins: a caller who acts for providers is one of their members, and one who acts for others has their mandates, as
    /// the database has it now; or the one mandate that the token carries.
    ///
    /// # Errors
    /// The database's.
    pub fn begin(
        c: &mut Conn,
        caller: &Caller,
        now: Moment,
        request: Uuid,
        vault: Arc<Vault>,
    ) -> Result<Self, DbError> {
        let memberships =
            if caller.role == Role::Provider { providers::memberships(c, &caller.subject)? } else { Vec::new() };
        let mandates = mandates::of_caller(c, caller, now)?;
        let actor = Actor {
            subject: caller.subject.clone(),
            role: caller.role,
            organiser: caller.organiser,
            person: caller.person,
            memberships,
            mandates,
        };
        Ok(Self::of(actor, now, request, vault))
    }

    /// A context for what the service does by itself, when a day has come. It acts for nobody, and so may read and change
    /// nothing by permission: what it does is decided by what is stored.
    pub fn of_service(now: Moment, vault: Arc<Vault>) -> Self {
        let actor = Actor {
            subject: SERVICE.to_owned(),
            role: Role::Operator,
            organiser: None,
            person: None,
            memberships: Vec::new(),
            mandates: Vec::new(),
        };
        Self::of(actor, now, new_uuid(now), vault)
    }

    /// A context in the same transaction for another actor: one who has asked for what is done by and by.
    pub(crate) fn acting_as(&self, actor: Actor) -> Self {
        Self::of(actor, self.now, self.request, Arc::clone(&self.vault))
    }

    /// A context for an actor that is known already.
    pub fn of(actor: Actor, now: Moment, request: Uuid, vault: Arc<Vault>) -> Self {
        Self {
            actor,
            now,
            request,
            vault,
            audited: RefCell::default(),
            messages: RefCell::default(),
            shown: RefCell::default(),
            registry_changes: RefCell::default(),
        }
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// When.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Who makes a version now, and for which organiser.
    pub(crate) fn by(&self) -> By<'_> {
        By { subject: &self.actor.subject, organiser: self.actor.organiser, at: self.now }
    }

    /// What keeps personal data sealed.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// A new id.
    pub fn id<K>(&self) -> Id<K> {
        Id::new(new_uuid(self.now))
    }

    /// Today, where the organiser is.
    ///
    /// # Errors
    /// The organiser's time zone is unknown.
    pub fn today(&self, organiser: &Organiser) -> Result<Day, Problem> {
        day_at(self.now, organiser)
    }

    /// The organiser that the caller works for.
    ///
    /// # Errors
    /// The caller works for none, or for one that is not here.
    pub fn own_organiser(&self, c: &mut Conn) -> Result<Organiser, Problem> {
        let id = self.actor.organiser.ok_or_else(Problem::not_found)?;
        organisers::find(c, id)?.ok_or_else(Problem::not_found)
    }

    /// Lets the actor act on the target.
    ///
    /// # Errors
    /// The target is not the actor's (404), or not for the role (403).
    pub fn require(&self, action: Action, target: &Target) -> Result<(), Problem> {
        policy::require(&self.actor, action, target).map_err(Problem::from)
    }

    /// Notes for the audit trail what was done to what. `details` hold ids and figures only.
    pub fn audit(&self, action: &'static str, what: (&'static str, Uuid), target: &Target, mut details: Value) {
        if let (Role::Provider, Some(provider), Value::Object(fields)) =
            (self.actor.role, target.provider, &mut details)
        {
            // A client may ask which provider looked, not only that one did.
            fields.entry("provider").or_insert_with(|| provider.to_string().into());
        }
        let trace = Trace { target_kind: what.0.to_owned(), target: Some(what.1), ..Trace::default() };
        self.audit_trace(action, &trace, target, details);
    }

    /// As [`Cx::audit`], for what another row was about.
    pub(crate) fn audit_trace(&self, action: &'static str, trace: &Trace, target: &Target, mut details: Value) {
        if let (Some(mandate), Value::Object(fields)) = (self.actor.mandate_for(target), &mut details) {
            // By what a resident touches what is another's.
            fields.entry("mandate").or_insert_with(|| mandates::noted(mandate));
        }
        self.audited.borrow_mut().push(NewAuditRow {
            id: self.id(),
            at: self.now,
            organiser: target.organiser,
            actor: self.actor.subject.clone(),
            role: self.actor.role,
            action: action.to_owned(),
            target_kind: trace.target_kind.clone(),
            target: trace.target,
            person: target.person,
            request: self.request,
            details,
        });
    }

    /// What this transaction is about, as the first of its audit rows says.
    pub(crate) fn trace(&self) -> Trace {
        match self.audited.borrow().first() {
            Some(row) => Trace {
                organiser: row.organiser,
                person: row.person,
                target_kind: row.target_kind.clone(),
                target: row.target,
            },
            None => Trace::default(),
        }
    }

    /// Puts a message into the outbox for those whom it concerns. `payload` holds ids and states only.
    pub fn tell(&self, kind: EventKind, subject: (&'static str, Uuid), to: impl Into<Hearers>, payload: Value) {
        self.messages.borrow_mut().push(Message {
            id: self.id(),
            hearers: to.into(),
            kind,
            subject_kind: subject.0.to_owned(),
            subject: subject.1,
            payload,
            at: self.now,
        });
    }

    /// Notes a list of choices as it is shown for a voucher.
    pub(crate) fn show(&self, list: ShownList) {
        self.shown.borrow_mut().push(list);
    }

    /// Says that something changed of what is public in the registry or of what can be chosen.
    pub fn registry_changed(&self, change: RegistryChange) {
        self.registry_changes.borrow_mut().insert(change);
    }

    /// Whether anything has been noted.
    pub fn has_notes(&self) -> bool {
        !self.registry_changes.borrow().is_empty()
            || !self.audited.borrow().is_empty()
            || !self.messages.borrow().is_empty()
            || !self.shown.borrow().is_empty()
    }

    /// What was noted.
    pub(crate) fn into_notes(self) -> Notes {
        Notes {
            audited: self.audited.into_inner(),
            messages: self.messages.into_inner(),
            shown: self.shown.into_inner(),
            registry_changes: self.registry_changes.into_inner(),
            at: self.now,
            vault: self.vault,
        }
    }

    /// Stores what was noted, last in the transaction. Says whether the registry changed.
    ///
    /// # Errors
    /// The database's.
    pub fn finish(self, c: &mut Conn) -> Result<bool, DbError> {
        self.into_notes().store(c)
    }
}

/// The day it is at an organiser's at a moment.
///
/// # Errors
/// The organiser's time zone is unknown.
pub fn day_at(now: Moment, organiser: &Organiser) -> Result<Day, Problem> {
    Ok(Day::new(now.utc().with_timezone(&zone_of(organiser)?).date_naive()))
}

/// The day it is in a time zone at a moment, if there is such a time zone.
pub(crate) fn day_in(time_zone: &str, now: Moment) -> Option<Day> {
    let zone: Tz = time_zone.parse().ok()?;
    Some(Day::new(now.utc().with_timezone(&zone).date_naive()))
}

/// The organiser's time zone.
///
/// # Errors
/// It is unknown.
pub fn zone_of(organiser: &Organiser) -> Result<Tz, Problem> {
    organiser.time_zone.parse().map_err(|_| {
        Problem::internal(format!("organiser {} has the unknown time zone {}", organiser.id, organiser.time_zone))
    })
}

/// What was looked up, or 404.
///
/// # Errors
/// It is not there.
pub fn found<T>(looked_up: Option<T>) -> Result<T, Problem> {
    looked_up.ok_or_else(Problem::not_found)
}
