//! Rulebooks: the versions of a voucher type's rules, from draft over proposal to adoption. Which of these steps may be
//! taken is decided elsewhere; that what is proposed or adopted keeps its terms is held here and by the database.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::time::Timeline;
use valinta_domain::valuation::Versions;
use valinta_domain::{Day, Id, Moment, Period};

use crate::convert::{from_json, period, to_json};
use crate::dialect::{Conn, on};
use crate::error::DbError;
use crate::schema::rulebooks;
use crate::types::{DbId, DbMoment};

const TABLE: &str = "rulebooks";
const DRAFT: &str = "draft";
const ADOPTED: &str = "adopted";

/// One version of a voucher type's rules.
#[derive(Debug, Clone)]
pub struct Rulebook {
    /// Its id.
    pub id: Id<kind::Rulebook>,
    /// Whose it is.
    pub organiser: Id<kind::Organiser>,
    /// Of which voucher type.
    pub voucher_type: Id<kind::VoucherType>,
    /// First, second, third version of the type's rules.
    pub number: i32,
    /// The terms.
    pub terms: Arc<RulebookTerms>,
    /// The version that it was made from, if it was made from one.
    pub based_on: Option<Id<kind::Rulebook>>,
    /// When and by whom it was proposed for adoption. From then on its terms are fixed.
    pub proposed: Option<(Moment, String)>,
    /// When it is in force; a draft has no such time.
    pub in_force: Option<Period>,
    /// The decision by which it was adopted.
    pub decision: Option<Id<kind::Decision>>,
    /// Counts changes.
    pub version: i64,
    /// When it was drafted.
    pub created_at: Moment,
}

/// Where a rulebook stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RulebookState {
    /// Being written.
    Draft,
    /// Proposed for adoption, and not adopted yet.
    Proposed,
    /// In force, or to come into force.
    Adopted,
    /// No longer in force.
    Superseded,
}

impl Rulebook {
    /// Where it stands on a day.
    pub fn state_on(&self, day: Day) -> RulebookState {
        match (self.in_force, &self.proposed) {
            (Some(period), _) if period.to().is_some_and(|to| to <= day) => RulebookState::Superseded,
            (Some(_), _) => RulebookState::Adopted,
            (None, Some(_)) => RulebookState::Proposed,
            (None, None) => RulebookState::Draft,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rulebooks, treat_none_as_default_value = false)]
struct Row {
    #[diesel(embed)]
    head: Head,
    terms: String,
}

/// All of a rulebook but its terms, which are long.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = rulebooks, treat_none_as_default_value = false)]
struct Head {
    id: DbId,
    organiser_id: DbId,
    voucher_type_id: DbId,
    number: i32,
    state: String,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    decision_id: Option<DbId>,
    version: i64,
    created_at: DbMoment,
    proposed_at: Option<DbMoment>,
    proposed_by: Option<String>,
    based_on_id: Option<DbId>,
}

impl Row {
    fn rulebook(self) -> Result<Rulebook, DbError> {
        let terms = parsed(self.terms)?;
        self.head.with(terms)
    }
}

impl Head {
    fn with(self, terms: Arc<RulebookTerms>) -> Result<Rulebook, DbError> {
        Ok(Rulebook {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            voucher_type: self.voucher_type_id.id(),
            number: self.number,
            terms,
            based_on: self.based_on_id.map(DbId::id),
            proposed: self.proposed_at.map(DbMoment::moment).zip(self.proposed_by),
            in_force: self.valid_from.map(|from| period(TABLE, from, self.valid_to)).transpose()?,
            decision: self.decision_id.map(DbId::id),
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }
}

/// Terms that are kept as they were parsed: to parse them takes longer than to read them, and many commands need the same.
struct Known<K>(Mutex<HashMap<K, Arc<RulebookTerms>>>);

/// How many are kept; a county has some tens of versions.
const KNOWN_MAX: usize = 256;

impl<K: Eq + Hash> Known<K> {
    fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Arc<RulebookTerms>>
    where
        K: Borrow<Q>,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).map(Arc::clone)
    }

    fn keep(&self, key: K, terms: &Arc<RulebookTerms>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KNOWN_MAX {
            all.clear();
        }
        all.insert(key, Arc::clone(terms));
    }
}

/// By their text.
static PARSED: LazyLock<Known<String>> = LazyLock::new(|| Known(Mutex::default()));
/// Those of adopted rulebooks, which stay as they are: their text need not be read again. By the rulebook and the count of its
/// changes, since what a transaction has adopted that is undone may be edited yet.
static ADOPTED_TERMS: LazyLock<Known<(DbId, i64)>> = LazyLock::new(|| Known(Mutex::default()));

pub(crate) fn parsed(text: String) -> Result<Arc<RulebookTerms>, DbError> {
    if let Some(known) = PARSED.get(&text) {
        return Ok(known);
    }
    let terms = Arc::new(from_json(TABLE, &text)?);
    PARSED.keep(text, &terms);
    Ok(terms)
}

/// The number of the next rulebook of a voucher type that has been taken.
///
/// # Errors
/// The database's.
pub fn next_rulebook_number(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<i32, DbError> {
    let last: Option<i32> = rulebooks::table
        .filter(rulebooks::voucher_type_id.eq(DbId::from(voucher_type)))
        .select(diesel::dsl::max(rulebooks::number))
        .first(c)?;
    last.unwrap_or(0).checked_add(1).ok_or_else(|| DbError::Internal("too many rulebooks".to_owned()))
}

/// Adds a draft. It has been neither proposed nor adopted.
///
/// # Errors
/// The database's.
pub fn insert_rulebook(c: &mut Conn, rulebook: &Rulebook) -> Result<(), DbError> {
    let head = Head {
        id: rulebook.id.into(),
        organiser_id: rulebook.organiser.into(),
        voucher_type_id: rulebook.voucher_type.into(),
        number: rulebook.number,
        state: DRAFT.to_owned(),
        valid_from: None,
        valid_to: None,
        decision_id: None,
        version: rulebook.version,
        created_at: rulebook.created_at.into(),
        proposed_at: None,
        proposed_by: None,
        based_on_id: rulebook.based_on.map(DbId::from),
    };
    let row = Row { head, terms: to_json(&*rulebook.terms)? };
    diesel::insert_into(rulebooks::table).values(&row).execute(c)?;
    Ok(())
}

/// A rulebook by id.
///
/// # Errors
/// The database's.
pub fn find_rulebook(c: &mut Conn, id: Id<kind::Rulebook>) -> Result<Option<Rulebook>, DbError> {
    let row = rulebooks::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::rulebook).transpose()
}

/// The adopted version of a voucher type that is in force on a day.
macro_rules! in_force_on {
    ($voucher_type:expr, $day:expr) => {
        rulebooks::table
            .filter(rulebooks::voucher_type_id.eq(DbId::from($voucher_type)))
            .filter(rulebooks::state.eq(ADOPTED))
            .filter(rulebooks::valid_from.assume_not_null().le($day.date()))
            .filter(rulebooks::valid_to.is_null().or(rulebooks::valid_to.assume_not_null().gt($day.date())))
    };
}

/// The rulebook of a voucher type in force on a day.
///
/// # Errors
/// The database's.
pub fn rulebook_in_force(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    day: Day,
) -> Result<Option<Rulebook>, DbError> {
    let head = on!(c, c => in_force_on!(voucher_type, day).select(Head::as_select()).first(c)).optional()?;
    let Some(head): Option<Head> = head else { return Ok(None) };
    let key = (head.id, head.version);
    let terms = match ADOPTED_TERMS.get(&key) {
        Some(terms) => terms,
        None => {
            let terms = parsed(rulebooks::table.find(head.id).select(rulebooks::terms).first(c)?)?;
            ADOPTED_TERMS.keep(key, &terms);
            terms
        }
    };
    head.with(terms).map(Some)
}

/// Which rulebook of a voucher type is in force on a day.
///
/// # Errors
/// The database's.
pub fn id_in_force(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    day: Day,
) -> Result<Option<Id<kind::Rulebook>>, DbError> {
    let id: Option<DbId> = on!(c, c => in_force_on!(voucher_type, day).select(rulebooks::id).first(c)).optional()?;
    Ok(id.map(DbId::id))
}

/// The adopted rulebook of a voucher type that has no end yet.
///
/// # Errors
/// The database's.
pub fn open_rulebook(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<Option<Rulebook>, DbError> {
    let row = rulebooks::table
        .filter(rulebooks::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(rulebooks::state.eq(ADOPTED))
        .filter(rulebooks::valid_to.is_null())
        .select(Row::as_select())
        .first(c)
        .optional()?;
    row.map(Row::rulebook).transpose()
}

/// Rulebooks of an organiser in order of id; of those that stand so on a day, if that is asked for.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    voucher_type: Option<Id<kind::VoucherType>>,
    state: Option<(RulebookState, Day)>,
    after: Option<Id<kind::Rulebook>>,
    limit: i64,
) -> Result<Vec<Rulebook>, DbError> {
    let mut query = rulebooks::table
        .filter(rulebooks::organiser_id.eq(DbId::from(organiser)))
        .select(Row::as_select())
        .order(rulebooks::id)
        .limit(limit)
        .into_boxed();
    if let Some(voucher_type) = voucher_type {
        query = query.filter(rulebooks::voucher_type_id.eq(DbId::from(voucher_type)));
    }
    if let Some((state, day)) = state {
        // As `Rulebook::state_on` has it.
        let (draft, adopted) = (rulebooks::state.eq(DRAFT), rulebooks::state.eq(ADOPTED));
        query = match state {
            RulebookState::Draft => query.filter(draft).filter(rulebooks::proposed_at.is_null()),
            RulebookState::Proposed => query.filter(draft).filter(rulebooks::proposed_at.is_not_null()),
            RulebookState::Adopted => query
                .filter(adopted)
                .filter(rulebooks::valid_to.is_null().or(rulebooks::valid_to.assume_not_null().gt(day.date()))),
            RulebookState::Superseded => query.filter(adopted).filter(rulebooks::valid_to.le(day.date())),
        };
    }
    if let Some(after) = after {
        query = query.filter(rulebooks::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(Row::rulebook).collect()
}

/// The adopted rulebooks of a voucher type, newest first.
///
/// # Errors
/// The database's.
pub fn adopted_list(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<Vec<Rulebook>, DbError> {
    let rows: Vec<Row> = rulebooks::table
        .filter(rulebooks::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(rulebooks::state.eq(ADOPTED))
        .order(rulebooks::valid_from.desc())
        .limit(1_000)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::rulebook).collect()
}

/// The terms of a voucher type by the days on which they are in force, each with the id of its version.
///
/// # Errors
/// The database's.
pub fn adopted_versions(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<Versions, DbError> {
    let versions = adopted_list(c, voucher_type)?
        .into_iter()
        .filter_map(|version| version.in_force.map(|period| (period, (version.id, version.terms))))
        .collect();
    Timeline::new(versions).map_err(|e| DbError::corrupt(format!("{TABLE}: {e}")))
}

/// Gives a draft other terms, as long as it is the version that was seen and has not been proposed. `false` where it is
/// not: then nothing was done.
///
/// # Errors
/// The database's.
pub fn replace_terms(c: &mut Conn, seen: &Rulebook, terms: &RulebookTerms) -> Result<bool, DbError> {
    let unchanged = rulebooks::table
        .find(DbId::from(seen.id))
        .filter(rulebooks::state.eq(DRAFT))
        .filter(rulebooks::proposed_at.is_null())
        .filter(rulebooks::version.eq(seen.version));
    let replaced = diesel::update(unchanged)
        .set((rulebooks::terms.eq(to_json(terms)?), rulebooks::version.eq(rulebooks::version + 1)))
        .execute(c)?;
    Ok(replaced == 1)
}

/// Proposes a draft for adoption. `false` where it is no draft, or has been proposed already.
///
/// # Errors
/// The database's.
pub fn propose(c: &mut Conn, id: Id<kind::Rulebook>, at: Moment, by: &str) -> Result<bool, DbError> {
    let draft = rulebooks::table
        .find(DbId::from(id))
        .filter(rulebooks::state.eq(DRAFT))
        .filter(rulebooks::proposed_at.is_null());
    let proposed = diesel::update(draft)
        .set((
            rulebooks::proposed_at.eq(Some(DbMoment::from(at))),
            rulebooks::proposed_by.eq(Some(by)),
            rulebooks::version.eq(rulebooks::version + 1),
        ))
        .execute(c)?;
    Ok(proposed == 1)
}

/// Makes a proposed version a draft again. `false` where it is not proposed.
///
/// # Errors
/// The database's.
pub fn return_to_draft(c: &mut Conn, id: Id<kind::Rulebook>) -> Result<bool, DbError> {
    let proposed = rulebooks::table
        .find(DbId::from(id))
        .filter(rulebooks::state.eq(DRAFT))
        .filter(rulebooks::proposed_at.is_not_null());
    let returned = diesel::update(proposed)
        .set((
            rulebooks::proposed_at.eq(None::<DbMoment>),
            rulebooks::proposed_by.eq(None::<String>),
            rulebooks::version.eq(rulebooks::version + 1),
        ))
        .execute(c)?;
    Ok(returned == 1)
}

/// Lets a version come into force on a day, and the one in force until then end. The voucher type has been taken.
///
/// # Errors
/// [`DbError::Check`] where two would be in force on one day.
pub fn adopt_rulebook(
    c: &mut Conn,
    rulebook: &Rulebook,
    from: Day,
    decision: Id<kind::Decision>,
) -> Result<(), DbError> {
    let open = rulebooks::table
        .filter(rulebooks::voucher_type_id.eq(DbId::from(rulebook.voucher_type)))
        .filter(rulebooks::state.eq(ADOPTED))
        .filter(rulebooks::valid_to.is_null());
    diesel::update(open)
        .set((rulebooks::valid_to.eq(Some(from.date())), rulebooks::version.eq(rulebooks::version + 1)))
        .execute(c)?;
    diesel::update(rulebooks::table.find(DbId::from(rulebook.id)))
        .set((
            rulebooks::state.eq(ADOPTED),
            rulebooks::valid_from.eq(Some(from.date())),
            rulebooks::decision_id.eq(Some(DbId::from(decision))),
            rulebooks::version.eq(rulebooks::version + 1),
        ))
        .execute(c)?;
    Ok(())
}
