//! Approvals and their interruptions: told once, cut at an end, and listed as they stand.

use serde_json::json;
use valinta_domain::application::{ApplicationState, Evidence};
use valinta_domain::approval::{
    ApprovalStanding, ApprovalState, Interruption, InterruptionCause, VouchersInUse, standing_on,
};
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::{Day, Id};
use valinta_persistence::applications::{self, Application};
use valinta_persistence::approvals::{self, Approval, ApprovalFilter, Whose};
use valinta_persistence::{Conn, DbError, decisions};

use super::county::{ORGANISER, PROVIDER, RULEBOOK, TYPE, UNIT, day, found, text};
use super::support::{moment, on_each, uuid};

pub(super) const APPROVAL: u128 = 40;
const DECISION: u128 = 41;
const APPLICATION: u128 = 42;
const LAPSE: u128 = 50;
const SUSPENSION: u128 = 51;

fn decided(c: &mut Conn, kind: DecisionKind) -> Result<(), DbError> {
    decisions::insert(
        c,
        &Decision {
            id: Id::new(uuid(DECISION)),
            organiser: Id::new(uuid(ORGANISER)),
            kind,
            outcome: DecisionOutcome::Granted,
            subject: uuid(APPROVAL),
            provider: Some(Id::new(uuid(PROVIDER))),
            person: None,
            rulebook: Some(Id::new(uuid(RULEBOOK))),
            inputs: json!({}),
            steps: vec![],
            reasons: text(),
            appeal: text(),
            decided_by: "officer".to_owned(),
            decided_at: moment(0),
        },
    )
}

fn approval() -> Approval {
    Approval {
        id: Id::new(uuid(APPROVAL)),
        organiser: Id::new(uuid(ORGANISER)),
        provider: Id::new(uuid(PROVIDER)),
        unit: Id::new(uuid(UNIT)),
        voucher_type: Id::new(uuid(TYPE)),
        area: vec![],
        application: Id::new(uuid(APPLICATION)),
        state: ApprovalState::Active,
        valid_from: day(1, 5),
        valid_to: None,
        decision: Id::new(uuid(DECISION)),
        end_decision: None,
        version: 1,
    }
}

fn interruption(n: u128, suspended: bool, from: Day, to: Option<Day>) -> Interruption {
    let cause = if suspended {
        InterruptionCause::Suspended { decision: Id::new(uuid(DECISION)), lifted: None }
    } else {
        InterruptionCause::Lapsed { requirement: "insurance".to_owned() }
    };
    Interruption {
        id: Id::new(uuid(n)),
        approval: Id::new(uuid(APPROVAL)),
        cause,
        vouchers_in_use: VouchersInUse::MayFinish,
        from,
        to,
        told_at: None,
    }
}

fn application() -> Application {
    Application {
        id: Id::new(uuid(APPLICATION)),
        organiser: Id::new(uuid(ORGANISER)),
        provider: Id::new(uuid(PROVIDER)),
        unit: Id::new(uuid(UNIT)),
        voucher_type: Id::new(uuid(TYPE)),
        rulebook: Id::new(uuid(RULEBOOK)),
        area: vec![],
        state: ApplicationState::Draft,
        evidence: vec![],
        submitted: None,
        submitted_sha256: None,
        answer_due: None,
        decision: None,
        version: 1,
        created_at: moment(0),
    }
}

/// A unit approved from the 5th of January on, on an application that stated this.
pub(super) fn approved_on(c: &mut Conn, evidence: Vec<Evidence>) -> Result<(), DbError> {
    decided(c, DecisionKind::DecideApplication)?;
    let submitted = Some((moment(0), "member".to_owned()));
    let decision = Some(Id::new(uuid(DECISION)));
    let state = ApplicationState::Approved;
    applications::insert(c, &Application { state, evidence, submitted, decision, ..application() })?;
    approvals::insert(c, &approval())
}

/// A unit approved from the 5th of January on, lapsed on the 10th and 11th, and suspended from the 14th on.
fn set_up(c: &mut Conn) -> Result<(), DbError> {
    decided(c, DecisionKind::DecideMeasure)?;
    applications::insert(c, &application())?;
    approvals::insert(c, &approval())?;
    let organiser = Id::new(uuid(ORGANISER));
    approvals::insert_interruption(c, organiser, &interruption(LAPSE, false, day(1, 10), Some(day(1, 12))))?;
    approvals::insert_interruption(c, organiser, &interruption(SUSPENSION, true, day(1, 14), None))
}

fn stored(c: &mut Conn) -> Result<Vec<Interruption>, DbError> {
    let id = Id::new(uuid(APPROVAL));
    Ok(approvals::interruptions_of(c, &[id])?.remove(&id).unwrap_or_default())
}

#[test]
fn an_interruption_is_told_once_when_it_has_begun_and_is_not_over() {
    on_each(|_, db| {
        found(db);
        db.write_blocking(|c| {
            set_up(c)?;
            let organiser = Id::new(uuid(ORGANISER));
            let begun = |c: &mut Conn, d: u32| -> Result<Vec<u128>, DbError> {
                let untold = approvals::untold(c, organiser, day(1, d), 10)?;
                Ok(untold.into_iter().map(|one| one.id.uuid().as_u128()).collect())
            };
            assert_eq!((begun(c, 9)?, begun(c, 11)?, begun(c, 12)?), (vec![], vec![LAPSE], vec![]));
            assert_eq!(begun(c, 14)?, [SUSPENSION]);
            let suspension = Id::new(uuid(SUSPENSION));
            assert!(approvals::mark_told(c, suspension, moment(1))?);
            assert!(!approvals::mark_told(c, suspension, moment(2))?);
            assert_eq!(begun(c, 14)?, []);
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn an_end_cuts_suspensions_and_a_lapse_to_come_can_be_taken_back() {
    on_each(|_, db| {
        found(db);
        db.write_blocking(|c| {
            set_up(c)?;
            approvals::remove_lapse(c, Id::new(uuid(SUSPENSION)))?;
            assert_eq!(stored(c)?.len(), 2, "a suspension is not taken back like a lapse");
            approvals::remove_lapse(c, Id::new(uuid(LAPSE)))?;
            approvals::cut_suspensions(c, Id::new(uuid(APPROVAL)), day(1, 20))?;
            let left = stored(c)?;
            assert_eq!((left.len(), left[0].to), (1, Some(day(1, 20))));
            approvals::cut_suspensions(c, Id::new(uuid(APPROVAL)), day(1, 13))?;
            assert_eq!(stored(c)?[0].period(), None, "it ends before it begins");
            approvals::end_interruption(c, Id::new(uuid(SUSPENSION)), None, Some(Id::new(uuid(DECISION))))?;
            assert_eq!(
                stored(c)?[0].cause,
                InterruptionCause::Suspended {
                    decision: Id::new(uuid(DECISION)),
                    lifted: Some(Id::new(uuid(DECISION))),
                }
            );
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn approvals_are_listed_as_they_stand_on_the_day() {
    on_each(|_, db| {
        found(db);
        let ends = [None, Some((ApprovalState::Cancelled, day(1, 18))), Some((ApprovalState::Ended, day(1, 5)))];
        db.write_blocking(move |c| {
            set_up(c)?;
            for end in ends {
                if let Some((state, to)) = end {
                    let ended = Approval { state, valid_to: Some(to), ..approval() };
                    approvals::store_end(c, &ended)?;
                }
                let now = approvals::find(c, Id::new(uuid(APPROVAL)))?.unwrap();
                let gaps = stored(c)?;
                for d in 1..25 {
                    let stands = standing_on(day(1, d), now.state, (now.valid_from, now.valid_to), &gaps);
                    for asked in STANDINGS {
                        let filter = ApprovalFilter { standing: Some((asked, day(1, d))), ..ApprovalFilter::default() };
                        let listed = approvals::list(c, &filter, None, 10)?;
                        assert_eq!(
                            listed.len(),
                            usize::from(asked == stands),
                            "{asked:?} on {d}, where it is {stands:?}"
                        );
                    }
                }
            }
            assert_eq!(approvals::not_over(c, Whose::Everyones, day(1, 1), None, 10)?.len(), 1);
            assert_eq!(approvals::not_over(c, Whose::Everyones, day(1, 5), None, 10)?.len(), 0);
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn to_hold_an_approval_changes_nothing_of_it() {
    on_each(|_, db| {
        found(db);
        db.write_blocking(|c| {
            set_up(c)?;
            let id = Id::new(uuid(APPROVAL));
            assert!(approvals::hold(c, id)?);
            approvals::hold_of_unit(c, Id::new(uuid(UNIT)), Id::new(uuid(TYPE)))?;
            let provider = approvals::find(c, id)?.unwrap().provider;
            approvals::hold_all_of_each(c, &[provider, provider])?;
            approvals::hold_all_of_each(c, &[])?;
            assert_eq!(approvals::ids_not_over(c, day(1, 1), None, 10)?, [(id, provider)]);
            assert_eq!(approvals::ids_not_over(c, day(1, 1), Some(id), 10)?, []);
            assert_eq!(approvals::find(c, id)?.unwrap().version, 1);
            approvals::count_change(c, id)?;
            assert_eq!(approvals::find(c, id)?.unwrap().version, 2);
            assert!(!approvals::hold(c, Id::new(uuid(999)))?);
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

const STANDINGS: [ApprovalStanding; 6] = [
    ApprovalStanding::InForce,
    ApprovalStanding::Suspended,
    ApprovalStanding::Lapsed,
    ApprovalStanding::Cancelled,
    ApprovalStanding::Ended,
    ApprovalStanding::NotYet,
];
