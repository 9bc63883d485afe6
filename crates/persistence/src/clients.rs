//! Persons, known by a keyed hash, and what an organiser keeps about them as its clients, sealed.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use valinta_domain::choice::client_facts;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{MunicipalityCode, PersonalIdentityCode};
use valinta_domain::rules::Facts;
use valinta_domain::{Id, Language, Moment};

use crate::convert::{coded, parsed, to_json};
use crate::dialect::{Conn, insert_or_ignore};
use crate::error::DbError;
use crate::schema::{clients, persons};
use crate::types::{DbId, DbMoment};
use crate::vault::Vault;

/// A person as an organiser's client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its id.
    pub id: Id<kind::Client>,
    /// Whose client.
    pub organiser: Id<kind::Organiser>,
    /// Who it is.
    pub person: Id<kind::Person>,
    /// The person's code.
    pub identity_code: PersonalIdentityCode,
    /// The person's name.
    pub name: String,
    /// How the person can be reached.
    pub contact: Option<Contact>,
    /// Municipality of residence.
    pub municipality: MunicipalityCode,
    /// Language of service.
    pub language: Language,
    /// Whether the address is under a protection order (*turvakielto*) and so is never shown.
    pub protected_address: bool,
    /// Counts changes.
    pub version: i64,
    /// When registered.
    pub created_at: Moment,
}

/// How a person can be reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Street address.
    pub street_address: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Postal place.
    pub postal_place: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(…)")
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = clients, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    person_id: DbId,
    identity_code_sealed: Vec<u8>,
    name_sealed: Vec<u8>,
    contact_sealed: Option<Vec<u8>>,
    municipality_code: String,
    language: String,
    protected_address: bool,
    version: i64,
    created_at: DbMoment,
}

#[derive(Insertable)]
#[diesel(table_name = persons, treat_none_as_default_value = false)]
struct PersonRow<'a> {
    id: DbId,
    key_hash: &'a [u8],
    created_at: DbMoment,
}

/// What a sealed column is bound to: it opens in its own place only.
fn context(column: &str, client: Id<kind::Client>) -> String {
    format!("clients.{column}:{client}")
}

fn opened(vault: &Vault, column: &str, client: Id<kind::Client>, sealed: &[u8]) -> Result<String, DbError> {
    vault.open(&context(column, client), sealed).map_err(|e| DbError::corrupt(format!("clients.{column}: {e}")))
}

fn sealed(vault: &Vault, column: &str, client: Id<kind::Client>, text: &str) -> Result<Vec<u8>, DbError> {
    vault.seal(&context(column, client), text).map_err(|e| DbError::Internal(format!("clients.{column}: {e}")))
}

impl Row {
    fn client(self, vault: &Vault) -> Result<Client, DbError> {
        let id = self.id.id();
        let contact = match &self.contact_sealed {
            None => None,
            Some(sealed) => Some(crate::convert::from_json("clients", &opened(vault, "contact", id, sealed)?)?),
        };
        Ok(Client {
            id,
            organiser: self.organiser_id.id(),
            person: self.person_id.id(),
            identity_code: parsed("clients", &opened(vault, "identity_code", id, &self.identity_code_sealed)?)?,
            name: opened(vault, "name", id, &self.name_sealed)?,
            contact,
            municipality: parsed("clients", &self.municipality_code)?,
            language: coded("clients", &self.language, Language::from_code)?,
            protected_address: self.protected_address,
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }
}

/// The person of a code. One who is not known to any organiser yet becomes known with the new id; of concurrent
/// registrations one makes the person, and the others wait for it and find it.
///
/// # Errors
/// The database's.
pub fn ensure_person(
    c: &mut Conn,
    vault: &Vault,
    new_id: Id<kind::Person>,
    code: &PersonalIdentityCode,
    at: Moment,
) -> Result<Id<kind::Person>, DbError> {
    let key_hash = key_hash(vault, code);
    let person = PersonRow { id: new_id.into(), key_hash: &key_hash, created_at: at.into() };
    if insert_or_ignore!(c, persons::table, &person)? == 1 {
        return Ok(new_id);
    }
    // Gone between the two statements: at the next try the person is new.
    find_person(c, vault, code)?.ok_or(DbError::Serialization)
}

fn key_hash(vault: &Vault, code: &PersonalIdentityCode) -> Vec<u8> {
    vault.lookup("personal_identity_code", code.as_str()).to_vec()
}

/// The person of a code, if known to any organiser.
///
/// # Errors
/// The database's.
pub fn find_person(
    c: &mut Conn,
    vault: &Vault,
    code: &PersonalIdentityCode,
) -> Result<Option<Id<kind::Person>>, DbError> {
    let query = persons::table.filter(persons::key_hash.eq(key_hash(vault, code)));
    let id: Option<DbId> = query.select(persons::id).first(c).optional()?;
    Ok(id.map(DbId::id))
}

/// Registers a client.
///
/// # Errors
/// [`DbError::Unique`] where the person is the organiser's client already.
pub fn insert(c: &mut Conn, vault: &Vault, client: &Client) -> Result<(), DbError> {
    let contact = match &client.contact {
        None => None,
        Some(contact) => Some(sealed(vault, "contact", client.id, &to_json(contact)?)?),
    };
    let row = Row {
        id: client.id.into(),
        organiser_id: client.organiser.into(),
        person_id: client.person.into(),
        identity_code_sealed: sealed(vault, "identity_code", client.id, client.identity_code.as_str())?,
        name_sealed: sealed(vault, "name", client.id, &client.name)?,
        contact_sealed: contact,
        municipality_code: client.municipality.to_string(),
        language: client.language.code().to_owned(),
        protected_address: client.protected_address,
        version: client.version,
        created_at: client.created_at.into(),
    };
    diesel::insert_into(clients::table).values(&row).execute(c)?;
    Ok(())
}

/// A client by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, vault: &Vault, id: Id<kind::Client>) -> Result<Option<Client>, DbError> {
    let row: Option<Row> = clients::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(|row| row.client(vault)).transpose()
}

/// Takes a client for a change of what is recorded of it: no other transaction makes one until this one ends. To whom the
/// client belongs.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Client>) -> Result<Option<Owner>, DbError> {
    let taken: Option<(DbId, DbId)> = diesel::update(clients::table.find(DbId::from(id)))
        .set(clients::version.eq(clients::version + 1))
        .returning((clients::organiser_id, clients::person_id))
        .get_result(c)
        .optional()?;
    Ok(taken.map(|(organiser, person)| (organiser.id(), person.id())))
}

/// A client's name, without opening anything else that is sealed.
///
/// # Errors
/// The database's.
pub fn find_name(c: &mut Conn, vault: &Vault, id: Id<kind::Client>) -> Result<Option<String>, DbError> {
    let name: Option<Vec<u8>> = clients::table.find(DbId::from(id)).select(clients::name_sealed).first(c).optional()?;
    name.map(|name| opened(vault, "name", id, &name)).transpose()
}

/// To whom a client belongs: the organiser, and the person it is.
pub type Owner = (Id<kind::Organiser>, Id<kind::Person>);

/// Whose client an id is, without opening anything sealed.
///
/// # Errors
/// The database's.
pub fn find_owner(c: &mut Conn, id: Id<kind::Client>) -> Result<Option<Owner>, DbError> {
    let query = clients::table.find(DbId::from(id)).select((clients::organiser_id, clients::person_id));
    let found: Option<(DbId, DbId)> = query.first(c).optional()?;
    Ok(found.map(|(organiser, person)| (organiser.id(), person.id())))
}

/// As [`find_owner`], and takes the client: whoever takes it as well waits until this transaction ends.
///
/// # Errors
/// The database's.
pub fn take_owner(c: &mut Conn, id: Id<kind::Client>) -> Result<Option<Owner>, DbError> {
    let taken = diesel::update(clients::table.find(DbId::from(id))).set(clients::language.eq(clients::language));
    let found: Option<(DbId, DbId)> =
        taken.returning((clients::organiser_id, clients::person_id)).get_result(c).optional()?;
    Ok(found.map(|(organiser, person)| (organiser.id(), person.id())))
}

/// What criteria for offerings may ask of a client, without opening anything sealed.
///
/// # Errors
/// The database's.
pub fn find_service_facts(c: &mut Conn, id: Id<kind::Client>) -> Result<Option<Facts>, DbError> {
    let query = clients::table.find(DbId::from(id)).select((clients::language, clients::municipality_code));
    let found: Option<(String, String)> = query.first(c).optional()?;
    let facts = |(language, municipality): (String, String)| {
        let language = coded("clients", &language, Language::from_code)?;
        Ok(client_facts(language, &parsed("clients", &municipality)?))
    };
    found.map(facts).transpose()
}

/// The client that a person is to an organiser.
///
/// # Errors
/// The database's.
pub fn find_of_person(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    person: Id<kind::Person>,
) -> Result<Option<Id<kind::Client>>, DbError> {
    let query = clients::table
        .filter(clients::organiser_id.eq(DbId::from(organiser)))
        .filter(clients::person_id.eq(DbId::from(person)))
        .select(clients::id);
    let id: Option<DbId> = query.first(c).optional()?;
    Ok(id.map(DbId::id))
}
