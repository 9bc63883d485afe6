//! The audit trail: who did what to whom, in rows that never change and that are chained by hash. Owns the encoding
//! that is hashed; what is worth a row is decided by the service.
//!
//! There are several chains, so that commands on different things need not queue for one head. A row's hash covers its
//! chain, its place in it, the hash of the row before and every column, so a row that was changed, taken out or cut off
//! is found by [`verify`]. Who can rewrite the whole table can forge it all: note [`AuditVerification::digest`] down
//! elsewhere to find that out too.

use diesel::prelude::*;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::{Id, Moment};

use crate::dialect::{Conn, insert_many, on};
use crate::error::DbError;
use crate::schema::{audit_chains, audit_log};
use crate::types::{DbId, DbMoment};
use crate::update::{Bind, Returning, Update};

/// The longest list that is given at once.
pub const AUDIT_PAGE_MAX: i64 = 1_000;
/// Chains there are; the migrations make their heads.
const CHAINS: i32 = 16;
/// Rows that verification holds in memory at once.
const VERIFY_PAGE: i64 = 1_000;

/// A row to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAuditRow {
    /// The row's id.
    pub id: Id<kind::AuditRow>,
    /// When it was done.
    pub at: Moment,
    /// For which organiser.
    pub organiser: Option<Id<kind::Organiser>>,
    /// The token's subject.
    pub actor: String,
    /// In what role.
    pub role: Role,
    /// What was done: the operation's id.
    pub action: String,
    /// To what kind of thing.
    pub target_kind: String,
    /// To which; none for a search.
    pub target: Option<Uuid>,
    /// Whose data it was.
    pub person: Option<Id<kind::Person>>,
    /// The request, as the log names it.
    pub request: Uuid,
    /// Ids and figures only, never personal data.
    pub details: serde_json::Value,
}

/// A row as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// What was written.
    pub row: NewAuditRow,
    /// Which chain it is in.
    pub chain: i32,
    /// Its place in the chain, from 1.
    pub position: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// Which rows are wanted: those that match everything given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Done to this.
    pub target: Option<Uuid>,
    /// About this person.
    pub person: Option<Id<kind::Person>>,
    /// Done by this one.
    pub actor: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// At this moment or later.
    pub from: Option<Moment>,
    /// Before this moment.
    pub to: Option<Moment>,
}

/// What [`verify`] has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerification {
    /// Rows that were looked at.
    pub rows: u64,
    /// Chains that were looked at.
    pub chains: u32,
    /// The first that is wrong; `None` where all is as it was written.
    pub first_break: Option<AuditBreak>,
    /// A hash over the heads of all chains. It changes with every row that is written.
    pub digest: [u8; 32],
}

/// Where a chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditBreak {
    /// A row is not what was written there.
    #[error("chain {chain}: the row at {position} ({id}) was changed")]
    Changed {
        /// The chain.
        chain: i32,
        /// The place.
        position: i64,
        /// The row that stands there now.
        id: Id<kind::AuditRow>,
    },
    /// A row is not there.
    #[error("chain {chain}: the row at {position} is missing")]
    Missing {
        /// The chain.
        chain: i32,
        /// The place.
        position: i64,
    },
    /// There are more rows than were written, or the head is not the last row's.
    #[error("chain {chain}: the head does not belong to the rows")]
    Head {
        /// The chain.
        chain: i32,
    },
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false)]
struct Stored {
    id: DbId,
    at: DbMoment,
    organiser_id: Option<DbId>,
    actor: String,
    role: String,
    action: String,
    target_kind: String,
    target_id: Option<DbId>,
    person_id: Option<DbId>,
    request_id: DbId,
    details: String,
    chain: i32,
    position: i64,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
}

/// Writes rows, all into the chain of the first one's target. Call it once and last in a command: the chain's head is
/// locked from here until the commit.
///
/// # Errors
/// The database's.
pub fn append<'a>(c: &mut Conn, rows: impl IntoIterator<Item = &'a NewAuditRow>) -> Result<(), DbError> {
    let rows: Vec<&NewAuditRow> = rows.into_iter().collect();
    let Some(first) = rows.first() else { return Ok(()) };
    let chain = chain_of(first);
    let added = i64::try_from(rows.len()).map_err(|_| DbError::Internal("too many audit rows".to_owned()))?;
    let lengthen = Update([
        ("UPDATE audit_chains SET length = length + ", Bind::BigInt(added)),
        (" WHERE chain = ", Bind::Integer(chain)),
    ]);
    let columns = (audit_chains::length, audit_chains::head_hash);
    let (length, head): (i64, Vec<u8>) = on!(c, c => Returning(lengthen, columns).get_result(c))
        .optional()?
        .ok_or_else(|| DbError::corrupt(format!("audit chain {chain} has no head")))?;
    let mut head = head;
    let mut stored = Vec::with_capacity(rows.len());
    for (row, position) in rows.iter().zip(length.saturating_sub(added).saturating_add(1)..) {
        let mut new = Stored {
            id: row.id.into(),
            at: row.at.into(),
            organiser_id: row.organiser.map(DbId::from),
            actor: row.actor.clone(),
            role: row.role.code().to_owned(),
            action: row.action.clone(),
            target_kind: row.target_kind.clone(),
            target_id: row.target.map(DbId),
            person_id: row.person.map(DbId::from),
            request_id: DbId(row.request),
            details: row.details.to_string(),
            chain,
            position,
            prev_hash: head,
            hash: Vec::new(),
        };
        head = hash_of(&new).to_vec();
        new.hash.clone_from(&head);
        stored.push(new);
    }
    insert_many!(c, audit_log::table, &stored)?;
    let head = Update([
        ("UPDATE audit_chains SET head_hash = ", Bind::Bytes(&head)),
        (" WHERE chain = ", Bind::Integer(chain)),
    ]);
    on!(c, c => head.execute(c))?;
    Ok(())
}

/// The organiser's rows, newest first, after the one with id `after`.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    filter: &AuditFilter,
    after: Option<Id<kind::AuditRow>>,
    limit: i64,
) -> Result<Vec<AuditRow>, DbError> {
    let mut query = audit_log::table
        .select(Stored::as_select())
        .filter(
            audit_log::organiser_id
                .eq(DbId::from(organiser))
                // What is done to the registry that all organisers share, and is about no person, is theirs to audit.
                .or(audit_log::organiser_id.is_null().and(audit_log::person_id.is_null())),
        )
        .order(audit_log::id.desc())
        .limit(limit.clamp(0, AUDIT_PAGE_MAX))
        .into_boxed();
    if let Some(target) = filter.target {
        query = query.filter(audit_log::target_id.eq(DbId(target)));
    }
    if let Some(person) = filter.person {
        query = query.filter(audit_log::person_id.eq(DbId::from(person)));
    }
    if let Some(actor) = filter.actor.clone() {
        query = query.filter(audit_log::actor.eq(actor));
    }
    if let Some(action) = filter.action.clone() {
        query = query.filter(audit_log::action.eq(action));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_log::at.ge(DbMoment::from(from)));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_log::at.lt(DbMoment::from(to)));
    }
    if let Some(after) = after {
        query = query.filter(audit_log::id.lt(DbId::from(after)));
    }
    query.load::<Stored>(c)?.into_iter().map(AuditRow::try_from).collect()
}

/// The rows about a person, of all organisers, newest first, after the one with id `after`.
///
/// # Errors
/// The database's.
pub fn access_log(
    c: &mut Conn,
    person: Id<kind::Person>,
    after: Option<Id<kind::AuditRow>>,
    limit: i64,
) -> Result<Vec<AuditRow>, DbError> {
    let mut query = audit_log::table
        .select(Stored::as_select())
        .filter(audit_log::person_id.eq(DbId::from(person)))
        .order(audit_log::id.desc())
        .limit(limit.clamp(0, AUDIT_PAGE_MAX))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(audit_log::id.lt(DbId::from(after)));
    }
    query.load::<Stored>(c)?.into_iter().map(AuditRow::try_from).collect()
}

/// Reads every row and compares all chains with their heads.
///
/// # Errors
/// The database's. A chain that does not hold is no error but the answer.
pub fn verify(c: &mut Conn) -> Result<AuditVerification, DbError> {
    let mut found = AuditVerification { rows: 0, chains: 0, first_break: None, digest: [0; 32] };
    let mut heads = Sha256::new();
    for chain in 0..CHAINS {
        let head: Option<(i64, Vec<u8>)> = audit_chains::table
            .find(chain)
            .select((audit_chains::length, audit_chains::head_hash))
            .get_result(c)
            .optional()?;
        let broken = match head {
            None => Some(AuditBreak::Head { chain }),
            Some((length, head)) => {
                heads.update(&head);
                verify_chain(c, chain, length, &head, &mut found.rows)?
            }
        };
        found.first_break = found.first_break.or(broken);
        found.chains = found.chains.saturating_add(1);
    }
    found.digest = heads.finalize().into();
    Ok(found)
}

fn verify_chain(
    c: &mut Conn,
    chain: i32,
    length: i64,
    head: &[u8],
    seen: &mut u64,
) -> Result<Option<AuditBreak>, DbError> {
    let mut position = 0;
    let mut previous = vec![0; 32];
    loop {
        let rows: Vec<Stored> = audit_log::table
            .select(Stored::as_select())
            .filter(audit_log::chain.eq(chain).and(audit_log::position.gt(position)))
            .order(audit_log::position.asc())
            .limit(VERIFY_PAGE)
            .load(c)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            position += 1;
            *seen = seen.saturating_add(1);
            if row.position != position {
                return Ok(Some(AuditBreak::Missing { chain, position }));
            }
            if row.prev_hash != previous || row.hash != hash_of(&row) {
                return Ok(Some(AuditBreak::Changed { chain, position, id: row.id.id() }));
            }
            previous = row.hash;
        }
    }
    Ok(if position < length {
        Some(AuditBreak::Missing { chain, position: position.saturating_add(1) })
    } else if position > length || previous != head {
        Some(AuditBreak::Head { chain })
    } else {
        None
    })
}

/// The chain by what the row is about, so that commands on one thing meet at one head and others at others.
fn chain_of(row: &NewAuditRow) -> i32 {
    let about = row.target.or(row.person.map(Id::uuid)).unwrap_or(row.request);
    // The last byte of a UUID of version 7 is random.
    let last = about.as_bytes().last().copied().unwrap_or_default();
    i32::from(last).rem_euclid(CHAINS)
}

/// SHA-256 over every column. A field is a byte that says whether it is there, its length and its bytes, so that no two
/// rows have the same encoding.
fn hash_of(row: &Stored) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut field = |bytes: Option<&[u8]>| match bytes {
        None => hash.update([0]),
        Some(bytes) => {
            hash.update([1]);
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        }
    };
    field(Some(b"valinta audit row 1"));
    field(Some(&row.chain.to_be_bytes()));
    field(Some(&row.position.to_be_bytes()));
    field(Some(&row.prev_hash));
    field(Some(row.id.0.as_bytes()));
    field(Some(&row.at.moment().micros().to_be_bytes()));
    field(row.organiser_id.as_ref().map(|id| id.0.as_bytes().as_slice()));
    field(Some(row.actor.as_bytes()));
    field(Some(row.role.as_bytes()));
    field(Some(row.action.as_bytes()));
    field(Some(row.target_kind.as_bytes()));
    field(row.target_id.as_ref().map(|id| id.0.as_bytes().as_slice()));
    field(row.person_id.as_ref().map(|id| id.0.as_bytes().as_slice()));
    field(Some(row.request_id.0.as_bytes()));
    field(Some(row.details.as_bytes()));
    hash.finalize().into()
}

impl TryFrom<Stored> for AuditRow {
    type Error = DbError;

    fn try_from(row: Stored) -> Result<Self, DbError> {
        let impossible = |what: &str| DbError::corrupt(format!("audit row {}: {what}", row.id.0));
        let role = Role::ALL.into_iter().find(|role| role.code() == row.role).ok_or_else(|| impossible("role"))?;
        let details = serde_json::from_str(&row.details).map_err(|_| impossible("details"))?;
        let hash = row.hash.as_slice().try_into().map_err(|_| impossible("hash"))?;
        Ok(Self {
            row: NewAuditRow {
                id: row.id.id(),
                at: row.at.moment(),
                organiser: row.organiser_id.map(DbId::id),
                actor: row.actor,
                role,
                action: row.action,
                target_kind: row.target_kind,
                target: row.target_id.map(|id| id.0),
                person: row.person_id.map(DbId::id),
                request: row.request_id.0,
                details,
            },
            chain: row.chain,
            position: row.position,
            hash,
        })
    }
}
