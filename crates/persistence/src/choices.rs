//! Choices of a provider for a voucher, by day.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::approval::CutChoice;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::Sector;
use valinta_domain::{Day, Id, Moment, Period};

use crate::convert::{PriceColumns, coded};
use crate::dialect::{Conn, on};
use crate::error::DbError;
use crate::schema::{choices, clients, offerings, vouchers};
use crate::types::{DbId, DbMoment};

/// How many choices are ended by one statement.
const ENDED_AT_ONCE: usize = 500;

/// A pick of a provider, with the price agreed by it.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its id.
    pub id: Id<kind::Choice>,
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// For which voucher.
    pub voucher: Id<kind::Voucher>,
    /// Which offering.
    pub offering: Id<kind::Offering>,
    /// Whose offering.
    pub provider: Id<kind::Provider>,
    /// Which unit serves.
    pub unit: Id<kind::ServiceUnit>,
    /// The provider's sector at the choice.
    pub sector: Sector,
    /// The price agreed.
    pub price: OfferPrice,
    /// First day.
    pub valid_from: Day,
    /// First day on which it no longer holds.
    pub valid_to: Option<Day>,
    /// Who chose: the token's subject.
    pub chosen_by: String,
    /// When.
    pub chosen_at: Moment,
    /// When a decision on the unit's approval ended it, if one did.
    pub ended_at: Option<Moment>,
}

impl Choice {
    /// The days on which it holds; `None` if it was replaced before its first day.
    pub fn period(&self) -> Option<Period> {
        Period::new(self.valid_from, self.valid_to).ok()
    }

    /// The choice as a decision on the unit's approval ended it, if one did.
    pub fn cut(&self) -> Option<CutChoice> {
        let (to, at) = self.valid_to.zip(self.ended_at)?;
        Some(CutChoice { from: self.valid_from, to, at })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = choices, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    offering_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    sector: String,
    charging: String,
    price_minor: Option<i64>,
    client_fee_minor: Option<i64>,
    unit_cost_minor: Option<i64>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    chosen_by: String,
    chosen_at: DbMoment,
    items: Option<String>,
    only_items: bool,
    ended_at: Option<DbMoment>,
}

impl Row {
    fn choice(self) -> Result<Choice, DbError> {
        Ok(Choice {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            voucher: self.voucher_id.id(),
            offering: self.offering_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            sector: coded("choices", &self.sector, Sector::from_code)?,
            price: PriceColumns {
                charging: self.charging,
                price_minor: self.price_minor,
                client_fee_minor: self.client_fee_minor,
                unit_cost_minor: self.unit_cost_minor,
                items: self.items,
                only_items: self.only_items,
            }
            .price("choices")?,
            valid_from: Day::new(self.valid_from),
            valid_to: self.valid_to.map(Day::new),
            chosen_by: self.chosen_by,
            chosen_at: self.chosen_at.moment(),
            ended_at: self.ended_at.map(DbMoment::moment),
        })
    }
}

/// Lets a choice hold from its first day on, and the one that held until then end. One that was to begin later never
/// does. The voucher has been taken.
///
/// # Errors
/// [`DbError::Check`] where two choices would hold on one day.
pub fn replace(c: &mut Conn, choice: &Choice) -> Result<(), DbError> {
    let from = choice.valid_from.date();
    let of_voucher = choices::table.filter(choices::voucher_id.eq(DbId::from(choice.voucher)));
    // What its holder ends is not ended by a decision; what a decision had ended before stays so.
    diesel::update(
        of_voucher
            .filter(choices::valid_from.ge(from))
            .filter(choices::valid_to.is_null().or(choices::valid_to.assume_not_null().gt(choices::valid_from))),
    )
    .set((choices::valid_to.eq(choices::valid_from.nullable()), choices::ended_at.eq(None::<DbMoment>)))
    .execute(c)?;
    diesel::update(
        of_voucher
            .filter(choices::valid_from.lt(from))
            .filter(choices::valid_to.is_null().or(choices::valid_to.assume_not_null().gt(from))),
    )
    .set((choices::valid_to.eq(Some(from)), choices::ended_at.eq(None::<DbMoment>)))
    .execute(c)?;
    let price = PriceColumns::of(&choice.price)?;
    let row = Row {
        id: choice.id.into(),
        organiser_id: choice.organiser.into(),
        voucher_id: choice.voucher.into(),
        offering_id: choice.offering.into(),
        provider_id: choice.provider.into(),
        unit_id: choice.unit.into(),
        sector: choice.sector.code().to_owned(),
        charging: price.charging,
        price_minor: price.price_minor,
        client_fee_minor: price.client_fee_minor,
        unit_cost_minor: price.unit_cost_minor,
        valid_from: choice.valid_from.date(),
        valid_to: choice.valid_to.map(Day::date),
        chosen_by: choice.chosen_by.clone(),
        chosen_at: choice.chosen_at.into(),
        items: price.items,
        only_items: price.only_items,
        ended_at: choice.ended_at.map(DbMoment::from),
    };
    diesel::insert_into(choices::table).values(&row).execute(c)?;
    Ok(())
}

/// Lets the choices of a voucher that were to begin after a day never do so. The voucher has been taken.
///
/// # Errors
/// The database's.
pub fn end_to_come(c: &mut Conn, voucher: Id<kind::Voucher>, day: Day) -> Result<(), DbError> {
    let to_come = choices::table
        .filter(choices::voucher_id.eq(DbId::from(voucher)))
        .filter(choices::valid_from.gt(day.date()))
        .filter(choices::valid_to.is_null().or(choices::valid_to.assume_not_null().gt(choices::valid_from)));
    diesel::update(to_come)
        .set((choices::valid_to.eq(choices::valid_from.nullable()), choices::ended_at.eq(None::<DbMoment>)))
        .execute(c)?;
    Ok(())
}

/// Lets a choice end on a day, or never hold if it was to begin later. The voucher has been taken.
///
/// # Errors
/// The database's.
pub fn end_on(c: &mut Conn, choice: &Choice, day: Day) -> Result<(), DbError> {
    diesel::update(choices::table.find(DbId::from(choice.id)))
        .set(choices::valid_to.eq(Some(day.max(choice.valid_from).date())))
        .execute(c)?;
    Ok(())
}

/// Whether a choice holds on some day from another on.
macro_rules! reaches {
    ($from:expr) => {{
        let to = choices::valid_to.assume_not_null();
        choices::valid_to.is_null().or(to.gt($from).and(to.gt(choices::valid_from)))
    }};
}
pub(crate) use reaches;

/// A choice that was ended before its time, and its voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedChoice {
    /// The choice.
    pub choice: Id<kind::Choice>,
    /// For which voucher.
    pub voucher: Id<kind::Voucher>,
    /// Whether the voucher could still be used, so that its holder chooses again.
    pub in_use: bool,
}

/// Lets the choices of a unit for a voucher type end on a day, `from`, by a decision of the moment `at`, as far as they
/// reach it: those that began before it end on it, those that were to begin later do not, unless they begin when `until`
/// has come. The unit's approvals are held, so that none is made meanwhile; one whose holder leaves meanwhile is not
/// lengthened, and is not among those that were ended.
///
/// # Errors
/// The database's.
pub fn end_of_unit(
    c: &mut Conn,
    (unit, voucher_type): (Id<kind::ServiceUnit>, Id<kind::VoucherType>),
    from: Day,
    until: Option<Day>,
    at: Moment,
) -> Result<Vec<EndedChoice>, DbError> {
    let which = Ending { until, outside: &[] };
    end_some(c, (unit, voucher_type), &which, (from, at))
}

/// As [`end_of_unit`], of clients who live in none of the municipalities of an area. Where the area names none, it is
/// everyone's, and nothing ends.
///
/// # Errors
/// The database's.
pub fn end_outside(
    c: &mut Conn,
    (unit, voucher_type): (Id<kind::ServiceUnit>, Id<kind::VoucherType>),
    area: &[MunicipalityCode],
    from: Day,
    at: Moment,
) -> Result<Vec<EndedChoice>, DbError> {
    if area.is_empty() {
        return Ok(Vec::new());
    }
    end_some(c, (unit, voucher_type), &Ending { until: None, outside: area }, (from, at))
}

/// Which of a unit's choices are ended.
struct Ending<'a> {
    /// Those alone that begin before this day.
    until: Option<Day>,
    /// Those alone of clients who live in none of these municipalities.
    outside: &'a [MunicipalityCode],
}

fn end_some(
    c: &mut Conn,
    (unit, voucher_type): (Id<kind::ServiceUnit>, Id<kind::VoucherType>),
    which: &Ending<'_>,
    (from, at): (Day, Moment),
) -> Result<Vec<EndedChoice>, DbError> {
    let offered = offerings::table
        .filter(offerings::unit_id.eq(DbId::from(unit)))
        .filter(offerings::voucher_type_id.eq(DbId::from(voucher_type)))
        .select(offerings::id);
    let mut reaching = choices::table
        .inner_join(vouchers::table.on(vouchers::id.eq(choices::voucher_id)))
        .inner_join(clients::table.on(clients::id.eq(vouchers::client_id)))
        .filter(choices::unit_id.eq(DbId::from(unit)))
        .filter(choices::offering_id.eq_any(offered))
        .filter(reaches!(from.date()))
        .order(choices::id)
        .select((choices::id, choices::voucher_id, vouchers::state, vouchers::valid_to))
        .into_boxed();
    if let Some(until) = which.until {
        reaching = reaching.filter(choices::valid_from.lt(until.date()));
    }
    if !which.outside.is_empty() {
        let codes: Vec<String> = which.outside.iter().map(ToString::to_string).collect();
        reaching = reaching.filter(clients::municipality_code.ne_all(codes));
    }
    let rows: Vec<(DbId, DbId, String, NaiveDate)> = reaching.load(c)?;
    let ids: Vec<DbId> = rows.iter().map(|(id, ..)| *id).collect();
    let ended = end_these(c, &ids, from, at)?;
    let in_use = |state: &str, valid_to: NaiveDate| ["chosen", "in_use"].contains(&state) && valid_to > from.date();
    let ended =
        rows.into_iter().filter(|(choice, ..)| ended.contains(choice)).map(|(choice, voucher, state, valid_to)| {
            EndedChoice { choice: choice.id(), voucher: voucher.id(), in_use: in_use(&state, valid_to) }
        });
    Ok(ended.collect())
}

/// Ends choices on a day by a decision, as far as they reach it still: their holders may have left since they were read.
/// Those that were ended.
fn end_these(c: &mut Conn, ids: &[DbId], from: Day, at: Moment) -> Result<HashSet<DbId>, DbError> {
    let (from, at) = (from.date(), Some(DbMoment::from(at)));
    let mut ended = HashSet::new();
    for some in ids.chunks(ENDED_AT_ONCE) {
        // Each row is looked at again when its turn has come. In the order in which they end: the last filter holds for
        // those alone that this call has ended.
        let these = || choices::table.filter(choices::id.eq_any(some));
        let begun = diesel::update(these().filter(choices::valid_from.lt(from)).filter(reaches!(from)))
            .set((choices::valid_to.eq(Some(from)), choices::ended_at.eq(at)))
            .execute(c)?;
        let to_come = diesel::update(these().filter(choices::valid_from.ge(from)).filter(reaches!(from)))
            .set((choices::valid_to.eq(choices::valid_from.nullable()), choices::ended_at.eq(at)))
            .execute(c)?;
        let of_now: Vec<DbId> = these()
            .filter(choices::ended_at.eq(at))
            .filter(
                choices::valid_to
                    .assume_not_null()
                    .eq(from)
                    .or(choices::valid_to.assume_not_null().eq(choices::valid_from)),
            )
            .select(choices::id)
            .load(c)?;
        if of_now.len() != begun.saturating_add(to_come) {
            return Err(DbError::corrupt("choices: other ones were ended than were counted"));
        }
        ended.extend(of_now);
    }
    Ok(ended)
}

/// A voucher, and a choice of it.
pub type OfVoucher = (Id<kind::Voucher>, Id<kind::Choice>);

/// Vouchers in use without a choice from a day on, whose last choice was of this unit and was ended on that day by the
/// decision of a moment: those whom a suspension that was lifted has made leave.
///
/// # Errors
/// The database's.
pub fn left_without(
    c: &mut Conn,
    (unit, voucher_type): (Id<kind::ServiceUnit>, Id<kind::VoucherType>),
    from: Day,
    ended_at: Moment,
) -> Result<Vec<OfVoucher>, DbError> {
    let others = diesel::alias!(choices as others);
    let (first, end) = (others.field(choices::valid_from), others.field(choices::valid_to));
    let has_another = others
        .filter(others.field(choices::voucher_id).eq(choices::voucher_id))
        .filter(end.is_null().or(end.assume_not_null().gt(from.date()).and(end.assume_not_null().gt(first))));
    let rows: Vec<(DbId, DbId)> = choices::table
        .inner_join(vouchers::table.on(vouchers::id.eq(choices::voucher_id)))
        .inner_join(offerings::table.on(offerings::id.eq(choices::offering_id)))
        .filter(choices::unit_id.eq(DbId::from(unit)))
        .filter(offerings::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(choices::ended_at.eq(Some(DbMoment::from(ended_at))))
        .filter(vouchers::state.eq_any(["chosen", "in_use"]))
        .filter(vouchers::valid_to.gt(from.date()))
        .filter(diesel::dsl::not(diesel::dsl::exists(has_another)))
        .order(choices::id)
        .select((choices::voucher_id, choices::id))
        .load(c)?;
    Ok(rows.into_iter().map(|(voucher, choice)| (voucher.id(), choice.id())).collect())
}

/// A voucher's choices, latest first.
///
/// # Errors
/// The database's.
pub fn of_voucher(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<Vec<Choice>, DbError> {
    let rows: Vec<Row> = on!(c, c => choices::table
        .filter(choices::voucher_id.eq(DbId::from(voucher)))
        .order(choices::id.desc())
        .limit(1_000)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Row::choice).collect()
}

/// The choice that holds on a day.
///
/// # Errors
/// The database's.
pub fn holding_on(c: &mut Conn, voucher: Id<kind::Voucher>, day: Day) -> Result<Option<Choice>, DbError> {
    let holds = |choice: &Choice| choice.period().is_some_and(|period| period.contains(day));
    Ok(of_voucher(c, voucher)?.into_iter().find(holds))
}
