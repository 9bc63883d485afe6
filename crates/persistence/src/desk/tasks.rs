//! A provider's own worklist: what its members must do now, or may, for any organiser. Each kind is read by one bounded
//! query, the soonest last days first.

use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use valinta_domain::application::ApplicationState;
use valinta_domain::choice_request::RequestState;
use valinta_domain::evidence::{CheckOutcome, EvidenceKind};
use valinta_domain::finding::FindingState;
use valinta_domain::id::kind;
use valinta_domain::measure::{Grounds, MeasureState};
use valinta_domain::provider::{AgreedField, ChangeState};
use valinta_domain::{Day, Id};

use super::deadlines::warnings_of;
use super::evidence::lapses_between;
use crate::convert::coded;
use crate::dialect::{Conn, literal};
use crate::error::DbError;
use crate::providers::organisers_related_to;
use crate::schema::{
    applications, approval_interruptions, approvals, choice_requests, evidence, evidence_checks, findings, measures,
    offerings, provider_changes, service_units,
};
use crate::types::DbId;

/// The most of each kind that are told.
const OF_EACH_MAX: usize = 500;
/// One more, by which it is seen that there are more.
const ONE_MORE: i64 = 501;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskOf {
    /// An application is to be handed in, when it is ready.
    Draft(Id<kind::Application>),
    /// More was asked about an application.
    MoreInformation(Id<kind::Application>),
    /// A requirement of an approval lapses, or has lapsed.
    Lapse {
        /// Of which approval.
        approval: Id<kind::Approval>,
        /// The requirement's code.
        requirement: String,
        /// First day without new choices.
        from: Day,
    },
    /// An organiser found that a piece of evidence does not show what it should, and nothing was given in its place.
    Rejected {
        /// Which piece.
        evidence: Id<kind::Evidence>,
        /// What it was to show.
        kind: EvidenceKind,
        /// The code of the requirement that it was for, where the kind is [`EvidenceKind::Other`].
        requirement: Option<String>,
        /// Why, in the officer's words.
        note: Option<String>,
    },
    /// The provider may reply to a measure.
    Hearing(Id<kind::Measure>, Id<kind::Approval>),
    /// Things are to be put in order after a warning.
    Warning(Id<kind::Measure>, Id<kind::Approval>),
    /// A finding is to be answered.
    Finding(Id<kind::Finding>),
    /// A change of the account, which another admin may confirm.
    Change(Id<kind::ProviderChange>),
    /// A client's request is to be answered.
    ChoiceRequest(Id<kind::ChoiceRequest>),
}

/// Something that a provider must do, or may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What.
    pub of: TaskOf,
    /// For which organiser, if for one.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Of which unit, if of one, and its name.
    pub unit: Option<(Id<kind::ServiceUnit>, String)>,
    /// For which voucher type, if for one.
    pub voucher_type: Option<Id<kind::VoucherType>>,
    /// The last day for it, if it has one.
    pub due: Option<Day>,
}

/// A provider's worklist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tasks {
    /// What is to be done, at most 500 of each kind.
    pub items: Vec<Task>,
    /// Whether there is more of some kind.
    pub truncated: bool,
}

impl Tasks {
    /// Adds those of a kind, of which one more was read than are told.
    fn extend(&mut self, mut of_kind: Vec<Task>) {
        self.truncated |= of_kind.len() > OF_EACH_MAX;
        of_kind.truncate(OF_EACH_MAX);
        self.items.append(&mut of_kind);
    }
}

/// What a provider's members must do or may do on a day, by its last day; what has none comes last. What lapses by
/// `lapsing_until` is among it. `subject` is who asks: a change of their own somebody else confirms.
///
/// # Errors
/// The database's.
pub fn tasks(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    subject: &str,
    (today, lapsing_until): (Day, Day),
) -> Result<Tasks, DbError> {
    let mut all = Tasks::default();
    all.extend(requests(c, provider, today)?);
    all.extend(of_applications(c, provider, ApplicationState::MoreInformation)?);
    all.extend(lapses(c, provider, today, lapsing_until)?);
    all.extend(hearings(c, provider, today)?);
    all.extend(after_warnings(c, provider)?);
    all.extend(open_findings(c, provider)?);
    all.extend(rejected(c, provider, today)?);
    all.extend(changes(c, provider, subject)?);
    all.extend(of_applications(c, provider, ApplicationState::Draft)?);
    // Stable: of one day, what was read first comes first.
    all.items.sort_by_key(|task| (task.due.is_none(), task.due));
    Ok(all)
}

fn requests(c: &mut Conn, provider: Id<kind::Provider>, today: Day) -> Result<Vec<Task>, DbError> {
    type Row = (DbId, DbId, DbId, String, DbId, NaiveDate);
    let rows: Vec<Row> = choice_requests::table
        .inner_join(service_units::table.on(service_units::id.eq(choice_requests::unit_id)))
        .inner_join(offerings::table.on(offerings::id.eq(choice_requests::offering_id)))
        .filter(choice_requests::provider_id.eq(DbId::from(provider)))
        .filter(choice_requests::state.eq(literal(RequestState::Waiting.code())))
        .filter(choice_requests::answer_by.ge(today.date()))
        .order((choice_requests::answer_by, choice_requests::id))
        .limit(ONE_MORE)
        .select((
            choice_requests::id,
            choice_requests::organiser_id,
            choice_requests::unit_id,
            service_units::name,
            offerings::voucher_type_id,
            choice_requests::answer_by,
        ))
        .load(c)?;
    let task = |(id, organiser, unit, name, voucher_type, due): Row| Task {
        of: TaskOf::ChoiceRequest(id.id()),
        organiser: Some(organiser.id()),
        unit: Some((unit.id(), name)),
        voucher_type: Some(voucher_type.id()),
        due: Some(Day::new(due)),
    };
    Ok(rows.into_iter().map(task).collect())
}

/// An id, its organiser, unit, voucher type and last day.
type ApplicationRow = (DbId, DbId, DbId, String, DbId, Option<NaiveDate>);

fn of_applications(c: &mut Conn, provider: Id<kind::Provider>, state: ApplicationState) -> Result<Vec<Task>, DbError> {
    let rows: Vec<ApplicationRow> = applications::table
        .inner_join(service_units::table.on(service_units::id.eq(applications::unit_id)))
        .filter(applications::provider_id.eq(DbId::from(provider)))
        .filter(applications::state.eq(state.code()))
        .order((applications::answer_due, applications::id))
        .limit(ONE_MORE)
        .select((
            applications::id,
            applications::organiser_id,
            applications::unit_id,
            service_units::name,
            applications::voucher_type_id,
            applications::answer_due,
        ))
        .load(c)?;
    let asked = state == ApplicationState::MoreInformation;
    let task = |(id, organiser, unit, name, voucher_type, due): ApplicationRow| Task {
        of: if asked { TaskOf::MoreInformation(id.id()) } else { TaskOf::Draft(id.id()) },
        organiser: Some(organiser.id()),
        unit: Some((unit.id(), name)),
        voucher_type: Some(voucher_type.id()),
        due: due.filter(|_| asked).map(Day::new),
    };
    Ok(rows.into_iter().map(task).collect())
}

fn lapses(c: &mut Conn, provider: Id<kind::Provider>, today: Day, until: Day) -> Result<Vec<Task>, DbError> {
    type Row = (DbId, DbId, DbId, String, DbId, Option<String>, NaiveDate);
    let rows: Vec<Row> = lapses_between!(approvals::provider_id.eq(DbId::from(provider)), None, until, today)
        .order((approval_interruptions::valid_from, approval_interruptions::id))
        .limit(ONE_MORE)
        .select((
            approvals::id,
            approvals::organiser_id,
            approvals::unit_id,
            service_units::name,
            approvals::voucher_type_id,
            approval_interruptions::requirement,
            approval_interruptions::valid_from,
        ))
        .load(c)?;
    let task = |(approval, organiser, unit, name, voucher_type, requirement, from): Row| {
        let requirement = requirement.ok_or_else(|| DbError::corrupt("a lapse without its requirement"))?;
        let from = Day::new(from);
        Ok(Task {
            of: TaskOf::Lapse { approval: approval.id(), requirement, from },
            organiser: Some(organiser.id()),
            unit: Some((unit.id(), name)),
            voucher_type: Some(voucher_type.id()),
            due: Some(from.plus_days(-1)),
        })
    };
    rows.into_iter().map(task).collect()
}

/// A measure, its approval, organiser, unit, voucher type and last day.
type MeasureRow = (DbId, DbId, DbId, DbId, String, DbId, Option<NaiveDate>);

fn of_measure(of: impl Fn(Id<kind::Measure>, Id<kind::Approval>) -> TaskOf, row: MeasureRow) -> Task {
    let (id, approval, organiser, unit, name, voucher_type, due) = row;
    Task {
        of: of(id.id(), approval.id()),
        organiser: Some(organiser.id()),
        unit: Some((unit.id(), name)),
        voucher_type: Some(voucher_type.id()),
        due: due.map(Day::new),
    }
}

/// Measures that are heard about without a reply, and those taken at once because of danger while a reply is waited for.
fn hearings(c: &mut Conn, provider: Id<kind::Provider>, today: Day) -> Result<Vec<Task>, DbError> {
    let at_once = measures::state
        .eq(MeasureState::Imposed.code())
        .and(measures::grounds.eq(Grounds::Danger.code()))
        .and(measures::hear_until.ge(today.date()));
    let rows: Vec<MeasureRow> = measures::table
        .inner_join(approvals::table.on(approvals::id.eq(measures::approval_id)))
        .inner_join(service_units::table.on(service_units::id.eq(approvals::unit_id)))
        .filter(measures::provider_id.eq(DbId::from(provider)))
        .filter(measures::replied_at.is_null())
        .filter(measures::state.eq(MeasureState::Hearing.code()).or(at_once))
        .order((measures::hear_until, measures::id))
        .limit(ONE_MORE)
        .select((
            measures::id,
            measures::approval_id,
            measures::organiser_id,
            approvals::unit_id,
            service_units::name,
            approvals::voucher_type_id,
            measures::hear_until.nullable(),
        ))
        .load(c)?;
    Ok(rows.into_iter().map(|row| of_measure(TaskOf::Hearing, row)).collect())
}

fn after_warnings(c: &mut Conn, provider: Id<kind::Provider>) -> Result<Vec<Task>, DbError> {
    let rows: Vec<MeasureRow> = warnings_of!(measures::provider_id.eq(DbId::from(provider)))
        .order((measures::deadline, measures::id))
        .limit(ONE_MORE)
        .select((
            measures::id,
            measures::approval_id,
            measures::organiser_id,
            approvals::unit_id,
            service_units::name,
            approvals::voucher_type_id,
            measures::deadline,
        ))
        .load(c)?;
    Ok(rows.into_iter().map(|row| of_measure(TaskOf::Warning, row)).collect())
}

fn open_findings(c: &mut Conn, provider: Id<kind::Provider>) -> Result<Vec<Task>, DbError> {
    type Row = (DbId, DbId, Option<DbId>, Option<String>, Option<NaiveDate>);
    let rows: Vec<Row> = findings::table
        .left_join(service_units::table.on(service_units::id.nullable().eq(findings::unit_id)))
        .filter(findings::provider_id.eq(DbId::from(provider)))
        .filter(findings::state.eq(FindingState::Open.code()))
        // The two databases do not agree whether nothing comes first.
        .order((findings::deadline.is_null(), findings::deadline, findings::id))
        .limit(ONE_MORE)
        .select((
            findings::id,
            findings::organiser_id,
            findings::unit_id,
            service_units::name.nullable(),
            findings::deadline,
        ))
        .load(c)?;
    let task = |(id, organiser, unit, name, due): Row| Task {
        of: TaskOf::Finding(id.id()),
        organiser: Some(organiser.id()),
        unit: unit.map(DbId::id).zip(name),
        voucher_type: None,
        due: due.map(Day::new),
    };
    Ok(rows.into_iter().map(task).collect())
}

diesel::alias!(
    const LATER: Alias<LaterCheck> = evidence_checks as later_checks;
    const NEWER: Alias<NewerEvidence> = evidence as newer_evidence;
);

/// Evidence that an organiser which has to do with the provider rejected last, that would hold still, and in place of
/// which nothing was given.
fn rejected(c: &mut Conn, provider: Id<kind::Provider>, today: Day) -> Result<Vec<Task>, DbError> {
    type Row = (DbId, DbId, Option<DbId>, Option<String>, String, Option<String>, Option<String>);
    let organisers: Vec<DbId> = organisers_related_to(c, provider, today)?.into_iter().map(DbId::from).collect();
    let again = LATER
        .filter(LATER.field(evidence_checks::evidence_id).eq(evidence_checks::evidence_id))
        .filter(LATER.field(evidence_checks::organiser_id).eq(evidence_checks::organiser_id))
        .filter(
            LATER.field(evidence_checks::checked_at).gt(evidence_checks::checked_at).or(LATER
                .field(evidence_checks::checked_at)
                .eq(evidence_checks::checked_at)
                .and(LATER.field(evidence_checks::id).gt(evidence_checks::id))),
        );
    let (unit, code) = (NEWER.field(evidence::unit_id), NEWER.field(evidence::requirement));
    let same_code = code.assume_not_null().eq(evidence::requirement.assume_not_null());
    let same_unit = unit.assume_not_null().eq(evidence::unit_id.assume_not_null());
    let renewed = NEWER
        .filter(NEWER.field(evidence::provider_id).eq(evidence::provider_id))
        .filter(NEWER.field(evidence::id).gt(evidence::id))
        .filter(NEWER.field(evidence::withdrawn_at).is_null())
        .filter(NEWER.field(evidence::kind).eq(evidence::kind))
        .filter(code.is_null().or(same_code))
        // What is given of the whole provider is given of each unit.
        .filter(unit.is_null().or(same_unit));
    let rows: Vec<Row> = evidence_checks::table
        .inner_join(evidence::table.on(evidence::id.eq(evidence_checks::evidence_id)))
        .left_join(service_units::table.on(service_units::id.nullable().eq(evidence::unit_id)))
        .filter(evidence::provider_id.eq(DbId::from(provider)))
        .filter(evidence::withdrawn_at.is_null())
        .filter(evidence::valid_until.is_null().or(evidence::valid_until.assume_not_null().ge(today.date())))
        .filter(evidence_checks::organiser_id.eq_any(organisers))
        .filter(evidence_checks::outcome.eq(CheckOutcome::Rejected.code()))
        .filter(not(exists(again)))
        .filter(not(exists(renewed)))
        .order((evidence_checks::checked_at, evidence_checks::id))
        .limit(ONE_MORE)
        .select((
            evidence::id,
            evidence_checks::organiser_id,
            evidence::unit_id,
            service_units::name.nullable(),
            evidence::kind,
            evidence::requirement,
            evidence_checks::note,
        ))
        .load(c)?;
    let task = |(id, organiser, unit, name, kind, requirement, note): Row| {
        let kind = coded("evidence", &kind, EvidenceKind::from_code)?;
        Ok(Task {
            of: TaskOf::Rejected { evidence: id.id(), kind, requirement, note },
            organiser: Some(organiser.id()),
            unit: unit.map(DbId::id).zip(name),
            voucher_type: None,
            due: None,
        })
    };
    rows.into_iter().map(task).collect()
}

/// Changes of the account that somebody else of the provider's has asked for. A name and a sector an officer confirms.
fn changes(c: &mut Conn, provider: Id<kind::Provider>, subject: &str) -> Result<Vec<Task>, DbError> {
    let ids: Vec<DbId> = provider_changes::table
        .filter(provider_changes::provider_id.eq(DbId::from(provider)))
        .filter(provider_changes::state.eq(ChangeState::Waiting.code()))
        .filter(provider_changes::field.eq(AgreedField::Iban.code()))
        .filter(provider_changes::proposed_by.ne(subject))
        .order((provider_changes::proposed_at, provider_changes::id))
        .limit(ONE_MORE)
        .select(provider_changes::id)
        .load(c)?;
    let task =
        |id: DbId| Task { of: TaskOf::Change(id.id()), organiser: None, unit: None, voucher_type: None, due: None };
    Ok(ids.into_iter().map(task).collect())
}
