//! Measures and findings that wait for the provider or the organiser: hearings, warnings and findings, in order of their
//! last days; those without one come last.

use chrono::NaiveDate;
use diesel::dsl::not;
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::finding::FindingState;
use valinta_domain::id::kind;
use valinta_domain::measure::{MeasureState, MeasureStep};
use valinta_domain::{Day, Id, Moment};

use super::{Counted, counted};
use crate::convert::coded;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{approvals, findings, measures, providers, service_units};
use crate::types::{DbId, DbMoment};

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineKind {
    /// A hearing: the provider may reply until its last day.
    Hearing,
    /// A warning: things are to be in order by its last day.
    Warning,
    /// A finding: an answer is wanted, by its last day where it has one.
    Finding,
}

/// A measure, as far as a worklist shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasureDeadline {
    /// Which.
    pub id: Id<kind::Measure>,
    /// Against which approval.
    pub approval: Id<kind::Approval>,
    /// Which step of the ladder.
    pub step: MeasureStep,
    /// When the provider replied.
    pub replied_at: Option<Moment>,
}

/// A finding, as far as a worklist shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingDeadline {
    /// Which.
    pub id: Id<kind::Finding>,
    /// When the provider answered.
    pub answered_at: Option<Moment>,
}

/// What of it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineOf {
    /// A measure that is heard about.
    Hearing(MeasureDeadline),
    /// A warning that was imposed.
    Warning(MeasureDeadline),
    /// A finding that is not closed.
    Finding(FindingDeadline),
}

/// Something of a provider's that waits.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// What.
    pub of: DeadlineOf,
    /// Which provider.
    pub provider: Id<kind::Provider>,
    /// Its name.
    pub provider_name: String,
    /// Which unit, if it is about one, and its name.
    pub unit: Option<(Id<kind::ServiceUnit>, String)>,
    /// When it was opened or noted.
    pub opened_at: Moment,
    /// The last day, if it has one.
    pub day: Option<Day>,
}

impl Deadline {
    /// The measure's or finding's id, whichever it is.
    pub fn subject(&self) -> Uuid {
        match &self.of {
            DeadlineOf::Hearing(measure) | DeadlineOf::Warning(measure) => measure.id.uuid(),
            DeadlineOf::Finding(finding) => finding.id.uuid(),
        }
    }

    /// Whether the last day is past without the provider having said anything.
    pub fn is_overdue(&self, today: Day) -> bool {
        self.is_silent() && self.day.is_some_and(|day| day < today)
    }

    /// Whose turn it is: the provider's until it has said something or its last day is past, the organiser's after that.
    pub fn turn(&self, today: Day) -> Turn {
        if self.is_silent() && self.day.is_none_or(|day| day >= today) { Turn::Provider } else { Turn::Organiser }
    }

    /// Whether the provider has not said anything. A warning is not replied to: what was said of it, was heard before.
    fn is_silent(&self) -> bool {
        match &self.of {
            DeadlineOf::Hearing(measure) => measure.replied_at.is_none(),
            DeadlineOf::Warning(_) => true,
            DeadlineOf::Finding(finding) => finding.answered_at.is_none(),
        }
    }

    fn place(&self) -> (bool, Option<Day>, Uuid) {
        (self.day.is_none(), self.day, self.subject())
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The provider's: it is to reply, to answer or to put things right.
    Provider,
    /// The organiser's: it is to decide, to close or to look after what was not done in time.
    Organiser,
}

/// Which deadlines are listed.
#[derive(Debug, Clone)]
pub struct DeadlineQuery {
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// The organiser's day.
    pub today: Day,
    /// Only of this kind.
    pub kind: Option<DeadlineKind>,
    /// Only those whose last day is past without the provider having said anything.
    pub overdue: bool,
    /// Only those that wait for one of the two.
    pub turn: Option<Turn>,
    /// After this place in the list: those without a last day come after all others.
    pub after: Option<(Option<Day>, Uuid)>,
    /// How many at most.
    pub limit: i64,
}

#[derive(Queryable)]
struct MeasureRow {
    id: DbId,
    approval_id: DbId,
    step: String,
    replied_at: Option<DbMoment>,
    provider_id: DbId,
    provider_name: String,
    unit_id: DbId,
    unit_name: String,
    opened_at: DbMoment,
    day: Option<NaiveDate>,
}

impl MeasureRow {
    fn deadline(self, of: impl Fn(MeasureDeadline) -> DeadlineOf) -> Result<Deadline, DbError> {
        let measure = MeasureDeadline {
            id: self.id.id(),
            approval: self.approval_id.id(),
            step: coded("measures", &self.step, MeasureStep::from_code)?,
            replied_at: self.replied_at.map(DbMoment::moment),
        };
        Ok(Deadline {
            of: of(measure),
            provider: self.provider_id.id(),
            provider_name: self.provider_name,
            unit: Some((self.unit_id.id(), self.unit_name)),
            opened_at: self.opened_at.moment(),
            day: self.day.map(Day::new),
        })
    }
}

#[derive(Queryable)]
struct FindingRow {
    id: DbId,
    answered_at: Option<DbMoment>,
    provider_id: DbId,
    provider_name: String,
    unit_id: Option<DbId>,
    unit_name: Option<String>,
    created_at: DbMoment,
    deadline: Option<NaiveDate>,
}

impl FindingRow {
    fn deadline(self) -> Deadline {
        let finding = FindingDeadline { id: self.id.id(), answered_at: self.answered_at.map(DbMoment::moment) };
        Deadline {
            of: DeadlineOf::Finding(finding),
            provider: self.provider_id.id(),
            provider_name: self.provider_name,
            unit: self.unit_id.map(DbId::id).zip(self.unit_name),
            opened_at: self.created_at.moment(),
            day: self.deadline.map(Day::new),
        }
    }
}

const HEARING: &str = MeasureState::Hearing.code();
const OPEN: &str = FindingState::Open.code();
const ANSWERED: &str = FindingState::Answered.code();

diesel::alias!(pub(super) const LATER: Alias<Later> = measures as later_measures);
diesel::alias!(pub(super) const BESIDE: Alias<Beside> = approvals as approvals_beside);
diesel::alias!(pub(super) const AFTER: Alias<After> = approvals as approvals_after);

/// Warnings of some measures that are in force and that no other measure has followed, of units that are approved for the
/// voucher type after the deadline: by whichever approval.
macro_rules! warnings_of {
    ($whose:expr) => {{
        use diesel::dsl::{exists, not};
        use valinta_domain::measure::{MeasureState, MeasureStep};
        use $crate::schema::{approvals, measures, providers, service_units};
        let (later, beside, after) =
            ($crate::desk::deadlines::LATER, $crate::desk::deadlines::BESIDE, $crate::desk::deadlines::AFTER);
        let followed = later
            .inner_join(beside.on(beside.field(approvals::id).eq(later.field(measures::approval_id))))
            .filter(beside.field(approvals::unit_id).eq(approvals::unit_id))
            .filter(beside.field(approvals::voucher_type_id).eq(approvals::voucher_type_id))
            .filter(later.field(measures::id).gt(measures::id));
        let to = after.field(approvals::valid_to);
        let served_after = after
            .filter(after.field(approvals::unit_id).eq(approvals::unit_id))
            .filter(after.field(approvals::voucher_type_id).eq(approvals::voucher_type_id))
            .filter(to.is_null().or(to.gt(measures::deadline)))
            .filter(to.is_null().or(to.assume_not_null().gt(after.field(approvals::valid_from))));
        measures::table
            .inner_join(approvals::table.on(approvals::id.eq(measures::approval_id)))
            .inner_join(service_units::table.on(service_units::id.eq(approvals::unit_id)))
            .inner_join(providers::table.on(providers::id.eq(measures::provider_id)))
            .filter($whose)
            .filter(measures::state.eq(MeasureState::Imposed.code()))
            .filter(measures::step.eq(MeasureStep::Warning.code()))
            .filter(measures::deadline.is_not_null())
            .filter(exists(served_after))
            .filter(not(exists(followed)))
    }};
}

pub(super) use warnings_of;

macro_rules! hearings {
    ($organiser:expr) => {
        measures::table
            .inner_join(approvals::table.on(approvals::id.eq(measures::approval_id)))
            .inner_join(service_units::table.on(service_units::id.eq(approvals::unit_id)))
            .inner_join(providers::table.on(providers::id.eq(measures::provider_id)))
            .filter(measures::organiser_id.eq(DbId::from($organiser)))
            .filter(measures::state.eq(HEARING))
    };
}

macro_rules! findings {
    ($organiser:expr, $states:expr) => {
        findings::table
            .inner_join(providers::table.on(providers::id.eq(findings::provider_id)))
            .left_join(service_units::table.on(service_units::id.nullable().eq(findings::unit_id)))
            .filter(findings::organiser_id.eq(DbId::from($organiser)))
            .filter(findings::state.eq_any($states))
    };
}

/// Leaves of a query's rows those that are asked for. `$silent` says that the provider has said nothing.
macro_rules! narrowed {
    ($asked:expr, $query:expr, $silent:expr, $day:expr) => {{
        let mut query = $query;
        let today = $asked.today.date();
        if $asked.overdue {
            query = query.filter($silent).filter($day.lt(today));
        }
        match $asked.turn {
            Some(Turn::Provider) => query.filter($silent).filter($day.is_null().or($day.ge(today))),
            Some(Turn::Organiser) => query.filter(not($silent).or($day.lt(today))),
            None => query,
        }
    }};
}

/// Narrows a query to what has a last day, in order of these days, from a place in the list on.
macro_rules! dated {
    ($asked:expr, $query:expr, $silent:expr, $id:expr, $day:expr) => {{
        let query = $query.filter($day.is_not_null()).order(($day, $id)).limit($asked.limit).into_boxed();
        let query = narrowed!($asked, query, $silent, $day);
        match $asked.after {
            Some((Some(day), id)) => query.filter($day.gt(day.date()).or($day.eq(day.date()).and($id.gt(DbId(id))))),
            Some((None, _)) | None => query,
        }
    }};
}

/// Measures and findings in order of their last days, what is overdue first, and then those without one in order of ids.
///
/// # Errors
/// The database's.
pub fn deadlines(c: &mut Conn, asked: &DeadlineQuery) -> Result<Vec<Deadline>, DbError> {
    let wanted = |kind| asked.kind.is_none_or(|only| only == kind);
    let has_dated = !matches!(asked.after, Some((None, _)));
    let mut all = Vec::new();
    if has_dated && wanted(DeadlineKind::Hearing) {
        all.extend(hearings(c, asked)?);
    }
    if has_dated && wanted(DeadlineKind::Warning) {
        all.extend(warnings(c, asked)?);
    }
    if has_dated && wanted(DeadlineKind::Finding) {
        all.extend(dated_findings(c, asked)?);
    }
    if !asked.overdue && wanted(DeadlineKind::Finding) {
        all.extend(undated_findings(c, asked)?);
    }
    all.sort_by_key(Deadline::place);
    all.truncate(usize::try_from(asked.limit).unwrap_or(usize::MAX));
    Ok(all)
}

fn hearings(c: &mut Conn, asked: &DeadlineQuery) -> Result<Vec<Deadline>, DbError> {
    let query = hearings!(asked.organiser).select((
        measures::id,
        measures::approval_id,
        measures::step,
        measures::replied_at,
        measures::provider_id,
        providers::name,
        approvals::unit_id,
        service_units::name,
        measures::opened_at,
        measures::hear_until.nullable(),
    ));
    let query = dated!(asked, query, measures::replied_at.is_null(), measures::id, measures::hear_until);
    query.load::<MeasureRow>(c)?.into_iter().map(|row| row.deadline(DeadlineOf::Hearing)).collect()
}

fn warnings(c: &mut Conn, asked: &DeadlineQuery) -> Result<Vec<Deadline>, DbError> {
    let query = warnings_of!(measures::organiser_id.eq(DbId::from(asked.organiser))).select((
        measures::id,
        measures::approval_id,
        measures::step,
        measures::replied_at,
        measures::provider_id,
        providers::name,
        approvals::unit_id,
        service_units::name,
        measures::opened_at,
        measures::deadline,
    ));
    let day = measures::deadline.assume_not_null();
    // A warning is not replied to: its day alone counts.
    let query = dated!(asked, query, measures::deadline.is_not_null(), measures::id, day);
    query.load::<MeasureRow>(c)?.into_iter().map(|row| row.deadline(DeadlineOf::Warning)).collect()
}

/// What is read of a finding. A macro, because the type of a column that is joined cannot be written shortly.
macro_rules! finding_columns {
    () => {
        (
            findings::id,
            findings::answered_at,
            findings::provider_id,
            providers::name,
            findings::unit_id,
            service_units::name.nullable(),
            findings::created_at,
            findings::deadline,
        )
    };
}

fn dated_findings(c: &mut Conn, asked: &DeadlineQuery) -> Result<Vec<Deadline>, DbError> {
    let day = findings::deadline.assume_not_null();
    let query = findings!(asked.organiser, [OPEN, ANSWERED]).select(finding_columns!());
    let query = dated!(asked, query, findings::state.eq(OPEN), findings::id, day);
    Ok(query.load::<FindingRow>(c)?.into_iter().map(FindingRow::deadline).collect())
}

fn undated_findings(c: &mut Conn, asked: &DeadlineQuery) -> Result<Vec<Deadline>, DbError> {
    let query = findings!(asked.organiser, [OPEN, ANSWERED])
        .filter(findings::deadline.is_null())
        .select(finding_columns!())
        .order(findings::id)
        .limit(asked.limit)
        .into_boxed();
    let mut query = match asked.turn {
        Some(Turn::Provider) => query.filter(findings::state.eq(OPEN)),
        Some(Turn::Organiser) => query.filter(findings::state.eq(ANSWERED)),
        None => query,
    };
    if let Some((None, id)) = asked.after {
        query = query.filter(findings::id.gt(DbId(id)));
    }
    Ok(query.load::<FindingRow>(c)?.into_iter().map(FindingRow::deadline).collect())
}

pub(super) fn count_hearings(c: &mut Conn, organiser: Id<kind::Organiser>) -> Result<Counted<Moment>, DbError> {
    let (count, oldest): (_, Option<DbMoment>) = counted!(c, hearings!(organiser), measures::opened_at);
    Ok(Counted { count, oldest: oldest.map(DbMoment::moment) })
}

pub(super) fn count_warnings_overdue(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
) -> Result<Counted<Day>, DbError> {
    let overdue =
        || warnings_of!(measures::organiser_id.eq(DbId::from(organiser))).filter(measures::deadline.lt(today.date()));
    let (count, oldest): (_, Option<Option<NaiveDate>>) = counted!(c, overdue(), measures::deadline);
    Ok(Counted { count, oldest: oldest.flatten().map(Day::new) })
}

pub(super) fn count_findings_open(c: &mut Conn, organiser: Id<kind::Organiser>) -> Result<Counted<Moment>, DbError> {
    let (count, oldest): (_, Option<DbMoment>) =
        counted!(c, findings!(organiser, [OPEN, ANSWERED]), findings::created_at);
    Ok(Counted { count, oldest: oldest.map(DbMoment::moment) })
}

pub(super) fn count_findings_overdue(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
) -> Result<Counted<Day>, DbError> {
    let (count, oldest): (_, Option<Option<NaiveDate>>) =
        counted!(c, findings!(organiser, [OPEN]).filter(findings::deadline.lt(today.date())), findings::deadline);
    Ok(Counted { count, oldest: oldest.flatten().map(Day::new) })
}
