//! Programs that get tokens from the service itself. Owns `machine_clients`, `machine_credentials` and `used_assertions`: no
//! secret is kept, only its hash.

use std::collections::BTreeMap;

use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::policy::{Role, Scope};
use valinta_domain::{Id, Moment};

use crate::convert::coded;
use crate::dialect::{Conn, insert_or_ignore};
use crate::error::DbError;
use crate::schema::{machine_clients, machine_credentials, used_assertions};
use crate::types::{DbId, DbMoment};

const TABLE: &str = "machine_clients";
const CREDENTIALS: &str = "machine_credentials";

/// For whom a program acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActsFor {
    /// An organiser, as its staff does.
    Organiser(Id<kind::Organiser>),
    /// A provider, as one of its members.
    Provider(Id<kind::Provider>),
}

/// Who ended something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The token's subject.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineClient {
    /// Its id, which is its `client_id` and the subject of its tokens.
    pub id: Id<kind::MachineClient>,
    /// For whom it acts.
    pub acts_for: ActsFor,
    /// What it is called.
    pub name: String,
    /// In what role it acts.
    pub role: Role,
    /// What its tokens may be good for.
    pub scopes: Vec<Scope>,
    /// Who registered it: the token's subject.
    pub registered_by: String,
    /// When.
    pub registered_at: Moment,
    /// How it was ended, if it was.
    pub ended: Option<Ended>,
}

/// By what a program proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A public key, by its name and as JSON.
    Key {
        /// Its name, which no other of the program's has.
        kid: String,
        /// The key: a JSON Web Key.
        jwk: String,
    },
    /// The SHA-256 hash of a secret.
    Secret {
        /// The hash.
        hash: [u8; 32],
        /// Until when it is good.
        valid_until: Moment,
    },
}

/// A key or a secret of a program's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: Id<kind::MachineCredential>,
    /// Whose.
    pub client: Id<kind::MachineClient>,
    /// What it is.
    pub proof: Proof,
    /// Who added it: the token's subject.
    pub added_by: String,
    /// When.
    pub added_at: Moment,
    /// How it was ended, if it was.
    pub ended: Option<Ended>,
}

impl Credential {
    /// Whether it proves anything at a moment.
    pub fn is_good(&self, now: Moment) -> bool {
        let in_time = match &self.proof {
            Proof::Key { .. } => true,
            Proof::Secret { valid_until, .. } => now < *valid_until,
        };
        in_time && self.ended.is_none()
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = machine_clients, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: Option<DbId>,
    provider_id: Option<DbId>,
    name: String,
    role: String,
    scopes: String,
    registered_by: String,
    registered_at: DbMoment,
    ended_by: Option<String>,
    ended_at: Option<DbMoment>,
}

impl Row {
    fn client(self) -> Result<MachineClient, DbError> {
        let acts_for = match (self.organiser_id, self.provider_id) {
            (Some(organiser), None) => ActsFor::Organiser(organiser.id()),
            (None, Some(provider)) => ActsFor::Provider(provider.id()),
            (Some(_), Some(_)) | (None, None) => return Err(DbError::corrupt(format!("{TABLE}: for whom"))),
        };
        let scopes = self.scopes.split(' ').map(|scope| coded(TABLE, scope, Scope::from_code));
        Ok(MachineClient {
            id: self.id.id(),
            acts_for,
            name: self.name,
            role: coded(TABLE, &self.role, Role::from_code)?,
            scopes: scopes.collect::<Result<_, _>>()?,
            registered_by: self.registered_by,
            registered_at: self.registered_at.moment(),
            ended: ended(self.ended_by, self.ended_at),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = machine_credentials, treat_none_as_default_value = false)]
struct CredentialRow {
    id: DbId,
    machine_client_id: DbId,
    kid: Option<String>,
    jwk: Option<String>,
    secret_hash: Option<Vec<u8>>,
    valid_until: Option<DbMoment>,
    added_by: String,
    added_at: DbMoment,
    ended_by: Option<String>,
    ended_at: Option<DbMoment>,
}

impl CredentialRow {
    fn credential(self) -> Result<Credential, DbError> {
        let neither = || DbError::corrupt(format!("{CREDENTIALS}: neither a key nor a secret"));
        let proof = match (self.kid, self.jwk, self.secret_hash, self.valid_until) {
            (Some(kid), Some(jwk), None, None) => Proof::Key { kid, jwk },
            (None, None, Some(hash), Some(until)) => {
                Proof::Secret { hash: hash.try_into().map_err(|_| neither())?, valid_until: until.moment() }
            }
            _ => return Err(neither()),
        };
        Ok(Credential {
            id: self.id.id(),
            client: self.machine_client_id.id(),
            proof,
            added_by: self.added_by,
            added_at: self.added_at.moment(),
            ended: ended(self.ended_by, self.ended_at),
        })
    }
}

fn ended(by: Option<String>, at: Option<DbMoment>) -> Option<Ended> {
    by.zip(at).map(|(by, at)| Ended { by, at: at.moment() })
}

/// Registers a program.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, client: &MachineClient) -> Result<(), DbError> {
    let (organiser_id, provider_id) = match client.acts_for {
        ActsFor::Organiser(organiser) => (Some(DbId::from(organiser)), None),
        ActsFor::Provider(provider) => (None, Some(DbId::from(provider))),
    };
    let scopes: Vec<&str> = client.scopes.iter().map(|scope| scope.code()).collect();
    let row = Row {
        id: client.id.into(),
        organiser_id,
        provider_id,
        name: client.name.clone(),
        role: client.role.code().to_owned(),
        scopes: scopes.join(" "),
        registered_by: client.registered_by.clone(),
        registered_at: client.registered_at.into(),
        ended_by: None,
        ended_at: None,
    };
    diesel::insert_into(machine_clients::table).values(&row).execute(c)?;
    Ok(())
}

/// A program by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::MachineClient>) -> Result<Option<MachineClient>, DbError> {
    let row = machine_clients::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::client).transpose()
}

/// The program that is the subject of a token, if it is one: its id is its subject.
///
/// # Errors
/// The database's.
pub fn of_subject(c: &mut Conn, subject: &str) -> Result<Option<MachineClient>, DbError> {
    match subject.parse() {
        Ok(id) => find(c, id),
        Err(_) => Ok(None),
    }
}

/// Programs in order of id, after the one with id `after`: all that act for organisers, or those of some providers.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    of_providers: Option<&[Id<kind::Provider>]>,
    after: Option<Id<kind::MachineClient>>,
    limit: i64,
) -> Result<Vec<MachineClient>, DbError> {
    let mut query =
        machine_clients::table.select(Row::as_select()).order(machine_clients::id).limit(limit).into_boxed();
    query = match of_providers {
        Some(providers) => {
            let ids: Vec<Option<DbId>> = providers.iter().map(|id| Some(DbId::from(*id))).collect();
            query.filter(machine_clients::provider_id.eq_any(ids))
        }
        None => query.filter(machine_clients::organiser_id.is_not_null()),
    };
    if let Some(after) = after {
        query = query.filter(machine_clients::id.gt(DbId::from(after)));
    }
    let rows: Vec<Row> = query.load(c)?;
    rows.into_iter().map(Row::client).collect()
}

/// Ends a program: it gets no token any more. Says whether it had not been ended before.
///
/// # Errors
/// The database's.
pub fn end(c: &mut Conn, id: Id<kind::MachineClient>, ended: &Ended) -> Result<bool, DbError> {
    let open = machine_clients::table.find(DbId::from(id)).filter(machine_clients::ended_at.is_null());
    let changed = diesel::update(open)
        .set((
            machine_clients::ended_by.eq(Some(ended.by.as_str())),
            machine_clients::ended_at.eq(Some(DbMoment::from(ended.at))),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// Adds a key or a secret.
///
/// # Errors
/// [`DbError::Unique`] where the program has a key of that name that is not ended.
pub fn add_credential(c: &mut Conn, credential: &Credential) -> Result<(), DbError> {
    let (kid, jwk, secret_hash, valid_until) = match &credential.proof {
        Proof::Key { kid, jwk } => (Some(kid.clone()), Some(jwk.clone()), None, None),
        Proof::Secret { hash, valid_until } => (None, None, Some(hash.to_vec()), Some(DbMoment::from(*valid_until))),
    };
    let row = CredentialRow {
        id: credential.id.into(),
        machine_client_id: credential.client.into(),
        kid,
        jwk,
        secret_hash,
        valid_until,
        added_by: credential.added_by.clone(),
        added_at: credential.added_at.into(),
        ended_by: None,
        ended_at: None,
    };
    diesel::insert_into(machine_credentials::table).values(&row).execute(c)?;
    Ok(())
}

/// The keys and secrets of a program in order of id, those that are over among them.
///
/// # Errors
/// The database's.
pub fn credentials(c: &mut Conn, client: Id<kind::MachineClient>) -> Result<Vec<Credential>, DbError> {
    Ok(credentials_of(c, &[client])?.remove(&client).unwrap_or_default())
}

/// Those of several programs; a program without any is not in it.
///
/// # Errors
/// The database's.
pub fn credentials_of(
    c: &mut Conn,
    clients: &[Id<kind::MachineClient>],
) -> Result<BTreeMap<Id<kind::MachineClient>, Vec<Credential>>, DbError> {
    let ids: Vec<DbId> = clients.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<CredentialRow> = machine_credentials::table
        .filter(machine_credentials::machine_client_id.eq_any(ids))
        .order(machine_credentials::id)
        .select(CredentialRow::as_select())
        .load(c)?;
    let mut of_clients: BTreeMap<_, Vec<Credential>> = BTreeMap::new();
    for row in rows {
        let credential = row.credential()?;
        of_clients.entry(credential.client).or_default().push(credential);
    }
    Ok(of_clients)
}

/// Ends a key or a secret of a program's: it proves nothing any more. Says whether it had not been ended before.
///
/// # Errors
/// The database's.
pub fn end_credential(
    c: &mut Conn,
    client: Id<kind::MachineClient>,
    id: Id<kind::MachineCredential>,
    ended: &Ended,
) -> Result<bool, DbError> {
    let open = machine_credentials::table
        .find(DbId::from(id))
        .filter(machine_credentials::machine_client_id.eq(DbId::from(client)))
        .filter(machine_credentials::ended_at.is_null());
    let changed = diesel::update(open)
        .set((
            machine_credentials::ended_by.eq(Some(ended.by.as_str())),
            machine_credentials::ended_at.eq(Some(DbMoment::from(ended.at))),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// Notes that a token was got by an assertion. Says whether it is the first one.
///
/// # Errors
/// The database's.
pub fn use_assertion(
    c: &mut Conn,
    client: Id<kind::MachineClient>,
    jti_hash: &[u8; 32],
    expires_at: Moment,
) -> Result<bool, DbError> {
    let row = (
        used_assertions::machine_client_id.eq(DbId::from(client)),
        used_assertions::jti_hash.eq(jti_hash.as_slice()),
        used_assertions::expires_at.eq(DbMoment::from(expires_at)),
    );
    Ok(insert_or_ignore!(c, used_assertions::table, row)? == 1)
}

/// Forgets assertions that have expired by a moment, and says how many.
///
/// # Errors
/// The database's.
pub fn forget_assertions(c: &mut Conn, before: Moment) -> Result<usize, DbError> {
    let old = used_assertions::table.filter(used_assertions::expires_at.lt(DbMoment::from(before)));
    Ok(diesel::delete(old).execute(c)?)
}
