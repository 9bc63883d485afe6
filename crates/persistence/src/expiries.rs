//! What days bring to vouchers: whose end comes or has come, and what is left where no service can be recorded any
//! more.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Quantity};

use crate::dialect::{Conn, literal, sum_i64};
use crate::error::DbError;
use crate::schema::{allotments, vouchers};
use crate::types::DbId;

/// Where a voucher stands that could be used until its end.
const LIVE: [&str; 4] = ["offered", "accepted", "chosen", "in_use"];

/// What is told of a voucher's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It comes.
    Coming,
    /// It has come.
    Come,
}

impl End {
    const fn code(self) -> i32 {
        match self {
            Self::Coming => 1,
            Self::Come => 2,
        }
    }
}

/// A voucher of whose end something is to be told.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// Which one.
    pub voucher: Id<kind::Voucher>,
    /// Its organiser.
    pub organiser: Id<kind::Organiser>,
    /// The first day on which it is not valid any more.
    pub valid_to: Day,
}

/// Vouchers of a type of whose end that is still to be told, those that end first: where it has come, those that are
/// not valid on `day` any more; where it comes, those that are, and will not be on `until`.
///
/// # Errors
/// The database's.
pub fn to_tell(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    end: End,
    (day, until): (Day, Day),
    limit: i64,
) -> Result<Vec<Ending>, DbError> {
    let is = |state| vouchers::state.eq(literal(state));
    let [offered, accepted, chosen, in_use] = LIVE.map(is);
    let mut query = vouchers::table
        .filter(vouchers::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(vouchers::told_of_end.lt(end.code()))
        // As the index has it.
        .filter(sql::<Bool>("vouchers.told_of_end < 2"))
        .filter(offered.or(accepted).or(chosen).or(in_use))
        .order((vouchers::valid_to, vouchers::id))
        .limit(limit)
        .select((vouchers::id, vouchers::organiser_id, vouchers::valid_to))
        .into_boxed();
    query = match end {
        End::Coming => query.filter(vouchers::valid_to.gt(day.date())).filter(vouchers::valid_to.le(until.date())),
        End::Come => query.filter(vouchers::valid_to.le(day.date())),
    };
    let rows: Vec<(DbId, DbId, chrono::NaiveDate)> = query.load(c)?;
    let ending = |(voucher, organiser, valid_to): (DbId, DbId, _)| Ending {
        voucher: voucher.id(),
        organiser: organiser.id(),
        valid_to: Day::new(valid_to),
    };
    Ok(rows.into_iter().map(ending).collect())
}

/// Notes that a voucher's end is told; `false` where that was noted before, or it is valid for longer meanwhile, or
/// over.
///
/// # Errors
/// The database's.
pub fn note(c: &mut Conn, ending: &Ending, end: End) -> Result<bool, DbError> {
    let still = vouchers::table
        .find(DbId::from(ending.voucher))
        .filter(vouchers::told_of_end.lt(end.code()))
        .filter(vouchers::valid_to.eq(ending.valid_to.date()))
        .filter(vouchers::state.eq_any(LIVE));
    Ok(diesel::update(still).set(vouchers::told_of_end.eq(end.code())).execute(c)? == 1)
}

/// What is left of a voucher over all its parts.
///
/// # Errors
/// The database's.
pub fn left_of(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<Quantity, DbError> {
    let left: i64 = allotments::table
        .filter(allotments::voucher_id.eq(DbId::from(voucher)))
        .select(sum_i64(allotments::granted_e4 - allotments::used_e4))
        .get_result(c)?;
    Ok(Quantity::from_e4(left))
}

/// Vouchers of a type, in order of id, of which something is left that was for days before `over` alone: of a part,
/// where what is left of it lapses, or of the whole voucher.
///
/// # Errors
/// The database's.
pub fn left_over(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    over: Day,
    after: Option<Id<kind::Voucher>>,
    limit: i64,
) -> Result<Vec<Id<kind::Voucher>>, DbError> {
    let over = over.date();
    let mut query = allotments::table
        .inner_join(vouchers::table.on(vouchers::id.eq(allotments::voucher_id)))
        .filter(allotments::used_e4.lt(allotments::granted_e4))
        .filter(allotments::valid_to.le(over))
        .filter(vouchers::unused.eq("lapses").or(vouchers::valid_to.le(over)))
        .filter(vouchers::voucher_type_id.eq(DbId::from(voucher_type)))
        .order(vouchers::id)
        .limit(limit)
        .select(vouchers::id)
        .distinct()
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(vouchers::id.gt(DbId::from(after)));
    }
    let ids: Vec<DbId> = query.load(c)?;
    Ok(ids.into_iter().map(DbId::id).collect())
}
