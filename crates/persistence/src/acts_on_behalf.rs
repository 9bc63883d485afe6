//! What was done about a voucher for its holder, by whom, and on what it rests. Rows never change; notes are sealed.

use chrono::NaiveDate;
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::behalf::{Act, ConsentChannel, Maker, MandateScope, TokenMandate};
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use crate::convert::coded;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::acts_on_behalf;
use crate::types::{DbId, DbMoment};
use crate::vault::Vault;

const TABLE: &str = "acts_on_behalf";
/// Most acts of one voucher that are looked at.
const ACTS_MAX: i64 = 1_000;

/// Something that was done for a voucher's holder.
#[derive(Clone)]
pub struct ActOnBehalf {
    /// Its id.
    pub id: Id<kind::ActOnBehalf>,
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// Which voucher.
    pub voucher: Id<kind::Voucher>,
    /// For whom.
    pub person: Id<kind::Person>,
    /// What was done.
    pub act: Act,
    /// What came of it: the choice, or the voucher itself.
    pub subject: Uuid,
    /// On what it rests.
    pub by: ActedBy,
    /// Who did it: the token's subject.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Moment,
}

/// On what something rests that was done for another.
#[derive(Clone, PartialEq, Eq)]
pub enum ActedBy {
    /// On a mandate that the organiser has recorded.
    Representative {
        /// Which.
        mandate: Id<kind::Mandate>,
    },
    /// On a mandate that the representative's token carried, as it was then.
    RepresentativeByToken {
        /// What it let the representative do.
        scope: MandateScope,
        /// Whose word it is, until when, and who the representative is.
        mandate: TokenMandate,
    },
    /// On the holder's consent to a case worker.
    CaseWorker {
        /// How it was given.
        how: ConsentChannel,
        /// On which day.
        given_on: Day,
        /// What else is to be known of it.
        note: Option<String>,
    },
}

impl ActedBy {
    /// As what it was done.
    pub const fn maker(&self) -> Maker {
        match self {
            Self::Representative { .. } | Self::RepresentativeByToken { .. } => Maker::Representative,
            Self::CaseWorker { .. } => Maker::CaseWorker,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = acts_on_behalf, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    person_id: DbId,
    act: String,
    subject_id: DbId,
    maker: String,
    mandate_id: Option<DbId>,
    how: Option<String>,
    given_on: Option<NaiveDate>,
    note_sealed: Option<Vec<u8>>,
    recorded_by: String,
    recorded_at: DbMoment,
    mandate_issuer: Option<String>,
    mandate_scope: Option<String>,
    mandate_ends_at: Option<DbMoment>,
    representative_id: Option<DbId>,
}

/// What a sealed note is bound to: it opens in its own place only.
fn place_of_note(id: Id<kind::ActOnBehalf>) -> String {
    format!("{TABLE}.note:{id}")
}

impl Row {
    fn act(self, vault: &Vault) -> Result<ActOnBehalf, DbError> {
        let id = self.id.id();
        let opened = |sealed: Vec<u8>| {
            vault.open(&place_of_note(id), &sealed).map_err(|e| DbError::corrupt(format!("{TABLE}: {e}")))
        };
        let representative = self.representative_id.map(DbId::id);
        let carried = match (self.mandate_issuer, self.mandate_scope, self.mandate_ends_at) {
            (Some(issuer), Some(scope), Some(ends_at)) => Some(ActedBy::RepresentativeByToken {
                scope: coded(TABLE, &scope, MandateScope::from_code)?,
                mandate: TokenMandate { issuer, ends_at: ends_at.moment(), representative },
            }),
            (None, None, None) => None,
            _ => return Err(DbError::corrupt(format!("{TABLE}: half a token's mandate"))),
        };
        let by = match (carried, self.mandate_id, self.how, self.given_on) {
            (Some(by), None, None, None) => by,
            (None, Some(mandate), None, None) => ActedBy::Representative { mandate: mandate.id() },
            (None, None, Some(how), Some(given_on)) => ActedBy::CaseWorker {
                how: coded(TABLE, &how, ConsentChannel::from_code)?,
                given_on: Day::new(given_on),
                note: self.note_sealed.map(opened).transpose()?,
            },
            _ => return Err(DbError::corrupt(format!("{TABLE}: an act that rests on nothing"))),
        };
        Ok(ActOnBehalf {
            id,
            organiser: self.organiser_id.id(),
            voucher: self.voucher_id.id(),
            person: self.person_id.id(),
            act: coded(TABLE, &self.act, Act::from_code)?,
            subject: self.subject_id.0,
            by,
            recorded_by: self.recorded_by,
            recorded_at: self.recorded_at.moment(),
        })
    }
}

/// Notes what was done for a holder.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, vault: &Vault, act: &ActOnBehalf) -> Result<(), DbError> {
    let sealed = |note: &String| {
        vault.seal(&place_of_note(act.id), note).map_err(|e| DbError::Internal(format!("{TABLE}: {e}")))
    };
    let row = Row {
        id: act.id.into(),
        organiser_id: act.organiser.into(),
        voucher_id: act.voucher.into(),
        person_id: act.person.into(),
        act: act.act.code().to_owned(),
        subject_id: DbId(act.subject),
        maker: act.by.maker().code().to_owned(),
        mandate_id: None,
        how: None,
        given_on: None,
        note_sealed: None,
        recorded_by: act.recorded_by.clone(),
        recorded_at: act.recorded_at.into(),
        mandate_issuer: None,
        mandate_scope: None,
        mandate_ends_at: None,
        representative_id: None,
    };
    let row = match &act.by {
        ActedBy::Representative { mandate } => Row { mandate_id: Some((*mandate).into()), ..row },
        ActedBy::RepresentativeByToken { scope, mandate } => Row {
            mandate_issuer: Some(mandate.issuer.clone()),
            mandate_scope: Some(scope.code().to_owned()),
            mandate_ends_at: Some(mandate.ends_at.into()),
            representative_id: mandate.representative.map(DbId::from),
            ..row
        },
        ActedBy::CaseWorker { how, given_on, note } => Row {
            how: Some(how.code().to_owned()),
            given_on: Some(given_on.date()),
            note_sealed: note.as_ref().map(sealed).transpose()?,
            ..row
        },
    };
    diesel::insert_into(acts_on_behalf::table).values(&row).execute(c)?;
    Ok(())
}

/// What was done about a voucher for its holder, the latest first.
///
/// # Errors
/// The database's.
pub fn of_voucher(c: &mut Conn, vault: &Vault, voucher: Id<kind::Voucher>) -> Result<Vec<ActOnBehalf>, DbError> {
    let rows: Vec<Row> = acts_on_behalf::table
        .filter(acts_on_behalf::voucher_id.eq(DbId::from(voucher)))
        .order(acts_on_behalf::id.desc())
        .limit(ACTS_MAX)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(|row| row.act(vault)).collect()
}
