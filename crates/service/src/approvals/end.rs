//! `POST /v1/approvals/{id}/end`: a provider ends its approval (569/2009 § 4). A decision by the organiser's rule: nobody
//! weighs it, and what follows is said with it.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use thiserror::Error;
use validator::Validate;
use valinta_domain::approval::ApprovalState;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::event::EventKind;
use valinta_domain::explain::{Step, days};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::service_event::recording_deadline;
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::approvals::Approval;
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, approvals, decisions, organisers};

use super::in_use::end_on;
use super::view::{ApprovalDetails, detail_of, rulebook_of, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::ApprovalsEnd;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem, ProblemKind};
use crate::parse_as_is;

/// How far ahead an approval can be ended.
const AHEAD_DAYS_MAX: i64 = 400;

/// The end of an approval.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndApproval {
    /// First day on which the unit is no longer approved; as many days ahead as the rulebook says, at least.
    from: Day,
}
parse_as_is!(EndApproval);

/// What has ended, and what follows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EndedApproval {
    /// The approval.
    approval: ApprovalDetails,
    /// The decision.
    decision: Id<kind::Decision>,
    /// How many vouchers in use end there; their holders choose another provider.
    #[schema(minimum = 0)]
    vouchers_in_use: usize,
    /// Until when services of its last day can be recorded.
    recorded_until: Day,
    /// What follows, in words.
    what_follows: Localized,
}

/// Why an approval cannot be ended so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum EndRefused {
    /// It has an end that is not later.
    #[error("the approval ends on {end} already: its end can be brought forward, and not put off")]
    HasEnd {
        /// The first day on which it no longer holds.
        end: Day,
    },
    /// Clients need the time to choose another.
    #[error("it is told {notice_days} days ahead: from {earliest} or later")]
    TooSoon {
        /// The rulebook's notice.
        notice_days: u16,
        /// The earliest day.
        earliest: Day,
    },
    /// A slip of the pen, most likely.
    #[error("it is within {AHEAD_DAYS_MAX} days")]
    TooFarAhead,
}

/// Ends an approval at the provider's own wish; where it has an end, sooner than that. Until then the unit serves on; what it has delivered can be recorded, and
/// is paid, as if nothing had ended.
#[utoipa::path(
    tag = "approvals",
    params(IdempotencyKey),
    responses((status = 200, description = "Ended, from the day on.", body = EndedApproval), StateProblems),
    security(("bearer" = ["approvals:end"])),
)]
#[post("/v1/approvals/{id}/end")]
pub(crate) async fn end_approval(
    permit: Permit<ApprovalsEnd>,
    app: web::Data<App>,
    path: PathId<kind::Approval>,
    key: IdempotencyKey,
    body: Json<EndApproval>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let from = body.into_inner().from;
    app.command(permit.into_caller(), "end_approval", &key, &bytes, move |c, cx| end(c, cx, id, from)).await
}

/// Ends an approval from a day on.
fn end(c: &mut Conn, cx: &Cx, id: Id<kind::Approval>, from: Day) -> Result<Reply<EndedApproval>, Problem> {
    approvals::hold(c, id)?;
    let approval = found(approvals::find(c, id)?)?;
    let target = target_of(&approval);
    cx.require(Action::BindProvider, &target)?;
    let organiser = found(organisers::find(c, approval.organiser)?)?;
    let today = cx.today(&organiser)?;
    let rulebook = rulebook_of(c, &approval, today)?;
    check(&approval, &rulebook, from, today)?;
    let last = from.max(approval.valid_from).plus_days(-1);
    let recorded_until = recording_deadline(&rulebook.terms, last);
    let reasons = reasons(from);
    let what_follows = what_follows(last, recorded_until);
    let decision = Decision {
        id: cx.id(),
        organiser: approval.organiser,
        kind: DecisionKind::EndApproval,
        outcome: DecisionOutcome::Granted,
        subject: id.uuid(),
        provider: Some(approval.provider),
        person: None,
        rulebook: Some(rulebook.id),
        inputs: json!({
            "approval": id,
            "from": from,
            "replaces_end": approval.valid_to,
            "replaces_decision": approval.end_decision,
            "end_notice_days": rulebook.terms.supervision.end_notice_days,
            "asked_on": today,
            "recorded_until": recorded_until,
        }),
        steps: vec![step(&rulebook, from), Step::new("/recording", "what_follows", what_follows.clone())],
        reasons,
        appeal: rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    };
    decisions::insert(c, &decision)?;
    let vouchers_in_use = end_on(c, cx, &approval, (ApprovalState::Ended, from), decision.id)?;
    let details = json!({
        "approval": id,
        "provider": approval.provider,
        "unit": approval.unit,
        "decision": decision.id,
        "from": from,
        "vouchers_in_use": vouchers_in_use,
    });
    cx.audit("end_approval", ("approval", id.uuid()), &target, details.clone());
    cx.tell(EventKind::ApprovalEnded, ("approval", id.uuid()), &target, details);
    let approval = found(approvals::find(c, id)?)?;
    let approval = detail_of(c, cx, approval)?;
    Ok(Reply::ok(EndedApproval { approval, decision: decision.id, vouchers_in_use, recorded_until, what_follows }))
}

fn check(approval: &Approval, rulebook: &Rulebook, from: Day, today: Day) -> Result<(), EndRefused> {
    if let Some(end) = approval.valid_to.filter(|end| *end <= from) {
        return Err(EndRefused::HasEnd { end });
    }
    let notice_days = rulebook.terms.supervision.end_notice_days;
    let earliest = today.plus_days(notice_days.into());
    if from < earliest {
        return Err(EndRefused::TooSoon { notice_days, earliest });
    }
    if from > today.plus_days(AHEAD_DAYS_MAX) { Err(EndRefused::TooFarAhead) } else { Ok(()) }
}

fn reasons(from: Day) -> Localized {
    let [fi, sv, en] = days::in_languages(from);
    Localized::new(
        format!(
            "Tuottaja on pyytänyt hyväksymisensä peruuttamista. Hyväksyminen päättyy: {fi} se ei ole enää voimassa."
        ),
        format!(
            "Producenten har begärt att godkännandet återkallas. Godkännandet upphör: {sv} gäller det inte längre."
        ),
        format!("The provider has asked for its approval to end. It is no longer in force on {en}."),
    )
}

fn step(rulebook: &Rulebook, from: Day) -> Step {
    let days = rulebook.terms.supervision.end_notice_days;
    let text = Localized::new(
        format!("Hyväksyminen päättyy tuottajan pyynnöstä. Sääntökirjan ilmoitusaika on {days} päivää."),
        format!("Godkännandet upphör på producentens begäran. Regelbokens anmälningstid är {days} dagar."),
        format!("The approval ends at the provider's wish. The rulebook asks for a notice of {days} days."),
    );
    Step::new("/supervision/end_notice_days", "ended", text)
        .input("from", from)
        .input("end_notice_days", days)
        .source("569/2009 § 4")
}

fn what_follows(last: Day, recorded_until: Day) -> Localized {
    let ([fi, sv, en], [until_fi, until_sv, until_en]) = (days::in_languages(last), days::in_languages(recorded_until));
    Localized::new(
        format!(
            "Yksikkö palvelee {fi} asti. Siihen mennessä annetut palvelut kirjataan viimeistään {until_fi}, ja ne \
             maksetaan. Asiakkaat valitsevat toisen tuottajan."
        ),
        format!(
            "Enheten betjänar till och med {sv}. Service som har getts dittills registreras senast {until_sv} och \
             betalas. Klienterna väljer en annan producent."
        ),
        format!(
            "The unit serves until {en}. Services given by then are recorded by {until_en} at the latest, and are \
             paid. Clients choose another provider."
        ),
    )
}

impl From<EndRefused> for Problem {
    fn from(refused: EndRefused) -> Self {
        match refused {
            EndRefused::HasEnd { .. } => Self::new(ProblemKind::WrongState, format!("It cannot be ended: {refused}.")),
            EndRefused::TooSoon { .. } => Self::invalid(Vec::new()).at("/from", "too_soon", refused),
            EndRefused::TooFarAhead => Self::invalid(Vec::new()).at("/from", "too_far_ahead", refused),
        }
    }
}
