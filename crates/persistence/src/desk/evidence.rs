//! Evidence that an organiser has not looked at, and requirements of its approvals that lapse or have lapsed.

use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use valinta_domain::application::ApplicationState;
use valinta_domain::evidence::EvidenceKind;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Localized, Moment};

use super::{Counted, counted};
use crate::convert::{coded, localized};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::evidence::AskedFor;
use crate::schema::{
    applications, approval_interruptions, approvals, evidence, evidence_checks, providers, service_units, voucher_types,
};
use crate::types::{DbId, DbMoment};

pub(super) const LAPSED: &str = "lapsed";

/// A piece of evidence to look at.
#[derive(Debug, Clone)]
pub struct ToCheck {
    /// Its id.
    pub id: Id<kind::Evidence>,
    /// Whose it is.
    pub provider: Id<kind::Provider>,
    /// Its name.
    pub provider_name: String,
    /// Of which unit; of all of the provider's where none is named.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// Its name.
    pub unit_name: Option<String>,
    /// What is shown.
    pub kind: EvidenceKind,
    /// The code of the requirement that it is for, where the kind is `other`.
    pub requirement: Option<String>,
    /// Where it can be seen.
    pub reference: String,
    /// The file that shows it.
    pub attachment: Option<Id<kind::Attachment>>,
    /// Last day on which it holds, where it expires.
    pub valid_until: Option<Day>,
    /// When it was given.
    pub given_at: Moment,
}

#[derive(Queryable)]
struct ToCheckRow {
    id: DbId,
    provider_id: DbId,
    provider_name: String,
    unit_id: Option<DbId>,
    unit_name: Option<String>,
    kind: String,
    requirement: Option<String>,
    reference: String,
    attachment_id: Option<DbId>,
    valid_until: Option<NaiveDate>,
    given_at: DbMoment,
}

impl ToCheckRow {
    fn piece(self) -> Result<ToCheck, DbError> {
        Ok(ToCheck {
            id: self.id.id(),
            provider: self.provider_id.id(),
            provider_name: self.provider_name,
            unit: self.unit_id.map(DbId::id),
            unit_name: self.unit_name,
            kind: coded("evidence", &self.kind, EvidenceKind::from_code)?,
            requirement: self.requirement,
            reference: self.reference,
            attachment: self.attachment_id.map(DbId::id),
            valid_until: self.valid_until.map(Day::new),
            given_at: self.given_at.moment(),
        })
    }
}

/// Evidence that is asked for, holds or will hold, of providers whose applications wait or that are approved, and that the
/// organiser has not looked at. A macro, because the type of such a query cannot be written.
macro_rules! unchecked {
    ($organiser:expr, $asked:expr, $today:expr) => {{
        let (organiser, today) = (DbId::from($organiser), $today.date());
        let kinds: Vec<&'static str> = $asked.kinds.iter().map(|kind| kind.code()).collect();
        let codes: Vec<String> = $asked.codes.iter().cloned().collect();
        let applying = applications::table
            .filter(applications::organiser_id.eq(organiser))
            .filter(
                applications::state
                    .eq_any([ApplicationState::Submitted.code(), ApplicationState::MoreInformation.code()]),
            )
            .select(applications::provider_id);
        let approved = approvals::table
            .filter(approvals::organiser_id.eq(organiser))
            .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(today)))
            .select(approvals::provider_id);
        let looks = evidence_checks::table
            .filter(evidence_checks::evidence_id.eq(evidence::id))
            .filter(evidence_checks::organiser_id.eq(organiser));
        let of_code = evidence::requirement.is_not_null().and(evidence::requirement.assume_not_null().eq_any(codes));
        evidence::table
            .inner_join(providers::table.on(providers::id.eq(evidence::provider_id)))
            .filter(evidence::provider_id.eq_any(applying).or(evidence::provider_id.eq_any(approved)))
            .filter(evidence::withdrawn_at.is_null())
            .filter(evidence::valid_until.is_null().or(evidence::valid_until.assume_not_null().ge(today)))
            .filter(evidence::kind.eq_any(kinds).or(of_code))
            .filter(not(exists(looks)))
    }};
}

/// Evidence to look at, what was given first first.
///
/// # Errors
/// The database's.
pub fn to_check(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    asked: &AskedFor,
    today: Day,
    after: Option<(Moment, Id<kind::Evidence>)>,
    limit: i64,
) -> Result<Vec<ToCheck>, DbError> {
    let (at, id) = after.map_or((None, None), |(at, id)| (Some(DbMoment::from(at)), Some(DbId::from(id))));
    let named = unchecked!(organiser, asked, today)
        .left_join(service_units::table.on(service_units::id.nullable().eq(evidence::unit_id)));
    let query = named.order((evidence::given_at, evidence::id)).limit(limit).select((
        evidence::id,
        evidence::provider_id,
        providers::name,
        evidence::unit_id,
        service_units::name.nullable(),
        evidence::kind,
        evidence::requirement,
        evidence::reference,
        evidence::attachment_id,
        evidence::valid_until,
        evidence::given_at,
    ));
    let rows: Vec<ToCheckRow> = match at.zip(id) {
        None => query.load(c)?,
        Some((at, id)) => {
            let later = evidence::given_at.gt(at).or(evidence::given_at.eq(at).and(evidence::id.gt(id)));
            query.filter(later).load(c)?
        }
    };
    rows.into_iter().map(ToCheckRow::piece).collect()
}

pub(super) fn count_to_check(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    asked: &AskedFor,
    today: Day,
) -> Result<Counted<Moment>, DbError> {
    let (count, oldest): (_, Option<DbMoment>) = counted!(c, unchecked!(organiser, asked, today), evidence::given_at);
    Ok(Counted { count, oldest: oldest.map(DbMoment::moment) })
}

/// A requirement of an approval that lapses, or has lapsed.
#[derive(Debug, Clone)]
pub struct Lapse {
    /// Its id.
    pub id: Id<kind::Interruption>,
    /// Of which approval.
    pub approval: Id<kind::Approval>,
    /// Who is approved.
    pub provider: Id<kind::Provider>,
    /// Its name.
    pub provider_name: String,
    /// Which unit.
    pub unit: Id<kind::ServiceUnit>,
    /// Its name.
    pub unit_name: String,
    /// For what.
    pub voucher_type: Id<kind::VoucherType>,
    /// Its name.
    pub voucher_type_name: Localized,
    /// The approval's first day.
    pub approved_from: Day,
    /// The requirement's code.
    pub requirement: String,
    /// First day without new choices.
    pub from: Day,
    /// First day on which it is over, if that is known.
    pub to: Option<Day>,
}

/// Which lapses are listed: those that begin within these days, and are not over on the last of them.
#[derive(Debug, Clone)]
pub struct LapseQuery {
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// Beginning on this day or later; however long ago, if nothing is said.
    pub from: Option<Day>,
    /// Beginning on this day or earlier.
    pub until: Day,
    /// Not over by this day.
    pub today: Day,
    /// After this place in the list.
    pub after: Option<(Day, Id<kind::Interruption>)>,
    /// How many at most.
    pub limit: i64,
}

#[derive(Queryable)]
struct LapseRow {
    id: DbId,
    approval_id: DbId,
    provider_id: DbId,
    provider_name: String,
    unit_id: DbId,
    unit_name: String,
    voucher_type_id: DbId,
    voucher_type_name: (String, String, String),
    approved_from: NaiveDate,
    requirement: Option<String>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

impl LapseRow {
    fn lapse(self) -> Result<Lapse, DbError> {
        let requirement = self.requirement.ok_or_else(|| DbError::corrupt("a lapse without its requirement"))?;
        let (name_fi, name_sv, name_en) = self.voucher_type_name;
        Ok(Lapse {
            id: self.id.id(),
            approval: self.approval_id.id(),
            provider: self.provider_id.id(),
            provider_name: self.provider_name,
            unit: self.unit_id.id(),
            unit_name: self.unit_name,
            voucher_type: self.voucher_type_id.id(),
            voucher_type_name: localized(name_fi, name_sv, name_en),
            approved_from: Day::new(self.approved_from),
            requirement,
            from: Day::new(self.valid_from),
            to: self.valid_to.map(Day::new),
        })
    }
}

/// The condition that a lapse is of an organiser's approval.
macro_rules! of_organiser {
    ($organiser:expr) => {
        approval_interruptions::organiser_id.eq(DbId::from($organiser))
    };
}

/// Lapses of approvals that are in force when they begin, and of days that are not over.
macro_rules! lapses_between {
    ($whose:expr, $from:expr, $until:expr, $today:expr) => {{
        use $crate::schema::{approval_interruptions, approvals, providers, service_units, voucher_types};
        let (from, until, today): (Option<Day>, Day, Day) = ($from, $until, $today);
        let from = from.map_or($crate::desk::evidence::OLDEST, Day::date);
        approval_interruptions::table
            .inner_join(approvals::table.on(approvals::id.eq(approval_interruptions::approval_id)))
            .inner_join(providers::table.on(providers::id.eq(approvals::provider_id)))
            .inner_join(service_units::table.on(service_units::id.eq(approvals::unit_id)))
            .inner_join(voucher_types::table.on(voucher_types::id.eq(approvals::voucher_type_id)))
            .filter($whose)
            .filter(approval_interruptions::kind.eq($crate::desk::evidence::LAPSED))
            .filter(approval_interruptions::valid_from.ge(from))
            .filter(approval_interruptions::valid_from.le(until.date()))
            .filter(
                approval_interruptions::valid_to
                    .is_null()
                    .or(approval_interruptions::valid_to.assume_not_null().gt(today.date()).and(
                        approval_interruptions::valid_to.assume_not_null().gt(approval_interruptions::valid_from),
                    )),
            )
            .filter(
                approvals::valid_to.is_null().or(approvals::valid_to
                    .assume_not_null()
                    .gt(today.date())
                    .and(approvals::valid_to.assume_not_null().gt(approval_interruptions::valid_from))),
            )
    }};
}

pub(super) use lapses_between;

/// Before every day that is ever stored, and a day that both databases know.
pub(super) const OLDEST: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Lapses in order of their first days.
///
/// # Errors
/// The database's.
pub fn lapses(c: &mut Conn, asked: &LapseQuery) -> Result<Vec<Lapse>, DbError> {
    let query = lapses_between!(of_organiser!(asked.organiser), asked.from, asked.until, asked.today)
        .order((approval_interruptions::valid_from, approval_interruptions::id))
        .limit(asked.limit)
        .select((
            approval_interruptions::id,
            approval_interruptions::approval_id,
            approvals::provider_id,
            providers::name,
            approvals::unit_id,
            service_units::name,
            approvals::voucher_type_id,
            (voucher_types::name_fi, voucher_types::name_sv, voucher_types::name_en),
            approvals::valid_from,
            approval_interruptions::requirement,
            approval_interruptions::valid_from,
            approval_interruptions::valid_to,
        ));
    let rows: Vec<LapseRow> = match asked.after {
        None => query.load(c)?,
        Some((day, id)) => {
            let (day, id) = (day.date(), DbId::from(id));
            let same_day = approval_interruptions::valid_from.eq(day).and(approval_interruptions::id.gt(id));
            query.filter(approval_interruptions::valid_from.gt(day).or(same_day)).load(c)?
        }
    };
    rows.into_iter().map(LapseRow::lapse).collect()
}

pub(super) fn count_lapsing(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
    until: Day,
) -> Result<Counted<Day>, DbError> {
    let (count, oldest): (_, Option<NaiveDate>) = counted!(
        c,
        lapses_between!(of_organiser!(organiser), Some(today.plus_days(1)), until, today),
        approval_interruptions::valid_from
    );
    Ok(Counted { count, oldest: oldest.map(Day::new) })
}

pub(super) fn count_lapsed(c: &mut Conn, organiser: Id<kind::Organiser>, today: Day) -> Result<Counted<Day>, DbError> {
    let (count, oldest): (_, Option<NaiveDate>) =
        counted!(c, lapses_between!(of_organiser!(organiser), None, today, today), approval_interruptions::valid_from);
    Ok(Counted { count, oldest: oldest.map(Day::new) })
}
