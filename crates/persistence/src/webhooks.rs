//! Addresses at which organisers and providers are told what happens, how far each has heard, and what came of each call.
//! Owns `webhooks`, `webhook_secrets` and `webhook_calls`; calling is not its business. Secrets are sealed.

use diesel::prelude::*;
use valinta_domain::event::{EventKind, Position};
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::webhook::{CallOutcome, WebhookState};
use valinta_domain::{Id, Moment};

use crate::convert::coded;
use crate::dialect::{Conn, literal};
use crate::error::DbError;
use crate::machine_clients::ActsFor;
use crate::schema::{webhook_calls, webhook_secrets, webhooks};
use crate::types::{DbId, DbMoment};
use crate::vault::Vault;

const TABLE: &str = "webhooks";

/// A webhook as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Id<kind::Webhook>,
    /// Whose.
    pub owner: ActsFor,
    /// It is told of what this role can read.
    pub role: Role,
    /// Where it is called.
    pub url: String,
    /// What its owner calls it.
    pub description: Option<String>,
    /// What it is told; none where it is everything that its role is told of.
    pub kinds: Option<Vec<EventKind>>,
    /// Where it stands.
    pub state: WebhookState,
    /// The last event that it has heard, or that was passed over.
    pub heard: Position,
    /// Calls of the event that comes next.
    pub tries: i32,
    /// When it is called next.
    pub due_at: Moment,
    /// Since when every call has failed.
    pub failing_since: Option<Moment>,
    /// All calls.
    pub calls: i64,
    /// Who made it: the token's subject.
    pub made_by: String,
    /// When.
    pub made_at: Moment,
    /// When it was turned off, if it is.
    pub disabled_at: Option<Moment>,
    /// When it was ended, if it was.
    pub ended_at: Option<Moment>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: Option<DbId>,
    provider_id: Option<DbId>,
    role: String,
    url: String,
    description: Option<String>,
    types: Option<String>,
    state: String,
    heard: i64,
    tries: i32,
    due_at: DbMoment,
    failing_since: Option<DbMoment>,
    calls: i64,
    made_by: String,
    made_at: DbMoment,
    disabled_at: Option<DbMoment>,
    ended_at: Option<DbMoment>,
}

impl Row {
    fn of(webhook: &Webhook) -> Self {
        let (organiser_id, provider_id) = match webhook.owner {
            ActsFor::Organiser(organiser) => (Some(DbId::from(organiser)), None),
            ActsFor::Provider(provider) => (None, Some(DbId::from(provider))),
        };
        let types =
            webhook.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| kind.code()).collect::<Vec<_>>().join(" "));
        Self {
            id: webhook.id.into(),
            organiser_id,
            provider_id,
            role: webhook.role.code().to_owned(),
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            types,
            state: webhook.state.code().to_owned(),
            heard: webhook.heard.0,
            tries: webhook.tries,
            due_at: webhook.due_at.into(),
            failing_since: webhook.failing_since.map(DbMoment::from),
            calls: webhook.calls,
            made_by: webhook.made_by.clone(),
            made_at: webhook.made_at.into(),
            disabled_at: webhook.disabled_at.map(DbMoment::from),
            ended_at: webhook.ended_at.map(DbMoment::from),
        }
    }

    fn webhook(self) -> Result<Webhook, DbError> {
        let owner = match (self.organiser_id, self.provider_id) {
            (Some(organiser), None) => ActsFor::Organiser(organiser.id()),
            (None, Some(provider)) => ActsFor::Provider(provider.id()),
            (Some(_), Some(_)) | (None, None) => return Err(DbError::corrupt(format!("{TABLE}: whose"))),
        };
        // A kind of another release is not told by this one.
        let kinds = self.types.map(|types| types.split(' ').filter_map(EventKind::from_code).collect());
        Ok(Webhook {
            id: self.id.id(),
            owner,
            role: coded(TABLE, &self.role, Role::from_code)?,
            url: self.url,
            description: self.description,
            kinds,
            state: coded(TABLE, &self.state, WebhookState::from_code)?,
            heard: Position(self.heard),
            tries: self.tries,
            due_at: self.due_at.moment(),
            failing_since: self.failing_since.map(DbMoment::moment),
            calls: self.calls,
            made_by: self.made_by,
            made_at: self.made_at.moment(),
            disabled_at: self.disabled_at.map(DbMoment::moment),
            ended_at: self.ended_at.map(DbMoment::moment),
        })
    }
}

/// Adds a webhook.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, webhook: &Webhook) -> Result<(), DbError> {
    diesel::insert_into(webhooks::table).values(&Row::of(webhook)).execute(c)?;
    Ok(())
}

/// A webhook by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Webhook>) -> Result<Option<Webhook>, DbError> {
    let row: Option<Row> = webhooks::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::webhook).transpose()
}

/// Someone's webhooks, latest first, without those that were ended.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn, owners: &[ActsFor], limit: i64) -> Result<Vec<Webhook>, DbError> {
    let (mut organisers, mut providers) = (Vec::new(), Vec::new());
    for owner in owners {
        match owner {
            ActsFor::Organiser(organiser) => organisers.push(DbId::from(*organiser)),
            ActsFor::Provider(provider) => providers.push(DbId::from(*provider)),
        }
    }
    let of_providers = webhooks::provider_id.assume_not_null().eq_any(providers);
    let rows: Vec<Row> = webhooks::table
        .filter(webhooks::organiser_id.assume_not_null().eq_any(organisers).or(of_providers))
        .filter(webhooks::state.ne(WebhookState::Ended.code()))
        .order(webhooks::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::webhook).collect()
}

/// The webhooks that can be called now and have not heard everything, what has waited longest first.
///
/// # Errors
/// The database's.
pub fn due(c: &mut Conn, last: Position, now: Moment, limit: i64) -> Result<Vec<Webhook>, DbError> {
    let rows: Vec<Row> = webhooks::table
        .filter(webhooks::state.eq(literal(WebhookState::Active.code())))
        .filter(webhooks::due_at.le(DbMoment::from(now)))
        .filter(webhooks::heard.lt(last.0))
        .order((webhooks::due_at, webhooks::id))
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::webhook).collect()
}

/// What a program or a person has made that is called.
///
/// # Errors
/// The database's.
pub fn active_of_maker(c: &mut Conn, maker: &str) -> Result<Vec<Webhook>, DbError> {
    let rows: Vec<Row> = webhooks::table
        .filter(webhooks::made_by.eq(maker))
        .filter(webhooks::state.eq(WebhookState::Active.code()))
        .order(webhooks::id)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::webhook).collect()
}

/// Stores how a webhook stands; `false` where another has called it, moved it, turned it on or off or ended it meanwhile.
///
/// # Errors
/// The database's.
pub fn store(c: &mut Conn, seen: &Webhook, now: &Webhook) -> Result<bool, DbError> {
    let as_seen = webhooks::table
        .filter(webhooks::id.eq(DbId::from(seen.id)))
        .filter(webhooks::state.eq(seen.state.code()))
        .filter(webhooks::heard.eq(seen.heard.0))
        .filter(webhooks::calls.eq(seen.calls));
    Ok(diesel::update(as_seen).set(&Row::of(now)).execute(c)? == 1)
}

/// A secret with which calls are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its id.
    pub id: Id<kind::WebhookSecret>,
    /// The secret.
    pub secret: Vec<u8>,
    /// When it was made.
    pub made_at: Moment,
    /// Until when it is good; none where it is until another is made.
    pub good_until: Option<Moment>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_secrets, treat_none_as_default_value = false)]
struct SecretRow {
    id: DbId,
    webhook_id: DbId,
    sealed: Vec<u8>,
    made_at: DbMoment,
    good_until: Option<DbMoment>,
}

fn context(id: Id<kind::WebhookSecret>) -> String {
    format!("webhook_secrets.sealed:{id}")
}

fn seal(vault: &Vault, secret: &Secret) -> Result<Vec<u8>, DbError> {
    let sealed = vault.seal_bytes(&context(secret.id), &secret.secret);
    sealed.map_err(|e| DbError::Internal(format!("webhook_secrets: {e}")))
}

/// Adds a secret; the ones before are good until a moment, where they were not to end sooner.
///
/// # Errors
/// The database's, or the vault's.
pub fn add_secret(
    c: &mut Conn,
    vault: &Vault,
    webhook: Id<kind::Webhook>,
    secret: &Secret,
    others_until: Moment,
) -> Result<(), DbError> {
    let of_webhook = webhook_secrets::table.filter(webhook_secrets::webhook_id.eq(DbId::from(webhook)));
    diesel::update(of_webhook.filter(webhook_secrets::good_until.is_null()))
        .set(webhook_secrets::good_until.eq(Some(DbMoment::from(others_until))))
        .execute(c)?;
    let row = SecretRow {
        id: secret.id.into(),
        webhook_id: webhook.into(),
        sealed: seal(vault, secret)?,
        made_at: secret.made_at.into(),
        good_until: secret.good_until.map(DbMoment::from),
    };
    diesel::insert_into(webhook_secrets::table).values(&row).execute(c)?;
    Ok(())
}

/// The secrets of a webhook that are good at a moment, latest first.
///
/// # Errors
/// The database's, or the vault's.
pub fn secrets(c: &mut Conn, vault: &Vault, webhook: Id<kind::Webhook>, now: Moment) -> Result<Vec<Secret>, DbError> {
    let until = webhook_secrets::good_until.assume_not_null();
    let rows: Vec<SecretRow> = webhook_secrets::table
        .filter(webhook_secrets::webhook_id.eq(DbId::from(webhook)))
        .filter(webhook_secrets::good_until.is_null().or(until.gt(DbMoment::from(now))))
        .order(webhook_secrets::id.desc())
        .select(SecretRow::as_select())
        .load(c)?;
    rows.into_iter()
        .map(|row| {
            let id = row.id.id();
            Ok(Secret {
                id,
                secret: vault
                    .open_bytes(&context(id), &row.sealed)
                    .map_err(|e| DbError::corrupt(format!("webhook_secrets: {e}")))?,
                made_at: row.made_at.moment(),
                good_until: row.good_until.map(DbMoment::moment),
            })
        })
        .collect()
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Of which webhook.
    pub webhook: Id<kind::Webhook>,
    /// Its number, from 1.
    pub number: i64,
    /// Of which event.
    pub event: Id<kind::OutboxMessage>,
    /// What came of it.
    pub outcome: CallOutcome,
    /// What the receiver answered, where it did.
    pub status: Option<i32>,
    /// What was said of it.
    pub said: Option<String>,
    /// How long it took, in milliseconds.
    pub millis: i32,
    /// When it was over.
    pub at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_calls, treat_none_as_default_value = false)]
struct CallRow {
    webhook_id: DbId,
    number: i64,
    outbox_id: DbId,
    outcome: String,
    status: Option<i32>,
    said: Option<String>,
    millis: i32,
    at: DbMoment,
}

/// Notes what came of a call.
///
/// # Errors
/// The database's.
pub fn note(c: &mut Conn, call: &Call) -> Result<(), DbError> {
    let row = CallRow {
        webhook_id: call.webhook.into(),
        number: call.number,
        outbox_id: call.event.into(),
        outcome: call.outcome.code().to_owned(),
        status: call.status,
        said: call.said.clone(),
        millis: call.millis,
        at: call.at.into(),
    };
    diesel::insert_into(webhook_calls::table).values(&row).execute(c)?;
    Ok(())
}

/// The calls of a webhook before one, latest first; of one event, if it is named.
///
/// # Errors
/// The database's.
pub fn calls(
    c: &mut Conn,
    webhook: Id<kind::Webhook>,
    event: Option<Id<kind::OutboxMessage>>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Call>, DbError> {
    let mut query = webhook_calls::table
        .filter(webhook_calls::webhook_id.eq(DbId::from(webhook)))
        .order(webhook_calls::number.desc())
        .limit(limit)
        .select(CallRow::as_select())
        .into_boxed();
    if let Some(event) = event {
        query = query.filter(webhook_calls::outbox_id.eq(DbId::from(event)));
    }
    if let Some(before) = before {
        query = query.filter(webhook_calls::number.lt(before));
    }
    let rows: Vec<CallRow> = query.load(c)?;
    rows.into_iter()
        .map(|row| {
            Ok(Call {
                webhook: row.webhook_id.id(),
                number: row.number,
                event: row.outbox_id.id(),
                outcome: coded("webhook_calls", &row.outcome, CallOutcome::from_code)?,
                status: row.status,
                said: row.said,
                millis: row.millis,
                at: row.at.moment(),
            })
        })
        .collect()
}
