//! How an application stands: examined by the rulebook of a day, and what stands against handing it in. The dry run and
//! the submission ask the same.

use std::collections::HashMap;

use serde::Serialize;
use valinta_domain::application::{Evidence, Examination, Refuted, Shown, examine};
use valinta_domain::approval::has_same_area;
use valinta_domain::evidence::{CheckOutcome, EvidenceKind};
use valinta_domain::id::kind;
use valinta_domain::rulebook::{Requirement, RulebookTerms};
use valinta_domain::rules::Facts;
use valinta_domain::{Day, Id};
use valinta_persistence::applications::Application;
use valinta_persistence::approvals::Approval;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, approvals, evidence, organisers};

use super::question::open_question;
use super::unit::facts_of;
use crate::cx::{Cx, day_at};
use crate::http::problem::Failure;
use crate::http::{Errors, Problem, ProblemKind};

/// The code of an application that was written for another rulebook version.
const SUPERSEDED: &str = "superseded";

/// An application under a rulebook on a day.
pub(super) struct Examined {
    /// What the registry knows of the unit.
    pub(super) facts: Facts,
    /// How it came out.
    pub(super) examination: Examination,
    /// The day by which the age of evidence is counted.
    pub(super) shown_on: Day,
}

/// Examines an application by a rulebook, as of a day.
pub(super) fn examined(
    c: &mut Conn,
    cx: &Cx,
    (application, unit, organiser): (&Application, &ServiceUnit, &Organiser),
    rulebook: &Rulebook,
    day: Day,
) -> Result<Examined, Problem> {
    let facts = facts_of(c, unit, day)?;
    let refuted = refuted(c, application)?;
    let shown: Vec<Shown<'_>> = application.evidence.iter().map(|stated| shown(stated, &refuted)).collect();
    // What the provider is still working on has not been shown yet.
    let shown_on = match &application.submitted {
        Some((at, _)) if application.state.edit().is_err() => day_at(*at, organiser)?,
        _ => cx.today(organiser)?,
    };
    let examination = examine(&rulebook.terms, &shown, &facts, day, shown_on);
    Ok(Examined { facts, examination, shown_on })
}

fn shown<'a>(stated: &'a Evidence, refuted: &HashMap<Id<kind::Evidence>, Refuted>) -> Shown<'a> {
    Shown { stated, refuted: stated.evidence.and_then(|id| refuted.get(&id).copied()) }
}

/// What has been taken back of an application's evidence since it was stated, or refused by its organiser.
fn refuted(c: &mut Conn, application: &Application) -> Result<HashMap<Id<kind::Evidence>, Refuted>, Problem> {
    let ids: Vec<Id<kind::Evidence>> = application.evidence.iter().filter_map(|one| one.evidence).collect();
    let checks = evidence::checks_of(c, application.organiser, &ids)?;
    let rejected = checks.into_iter().filter_map(|(id, checks)| {
        let is_rejected = checks.last().is_some_and(|check| check.outcome == CheckOutcome::Rejected);
        is_rejected.then_some((id, Refuted::Rejected))
    });
    let mut refuted: HashMap<Id<kind::Evidence>, Refuted> = rejected.collect();
    let withdrawn = evidence::find_many(c, &ids)?.into_iter().filter(|piece| piece.withdrawn.is_some());
    refuted.extend(withdrawn.map(|piece| (piece.id, Refuted::Withdrawn)));
    Ok(refuted)
}

/// Something that stands against handing an application in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Obstacle {
    /// What and where.
    #[serde(flatten)]
    failure: Failure,
    /// The code of the requirement, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    requirement: Option<String>,
    /// What kind of evidence the requirement asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<EvidenceKind>,
    /// Whether that evidence names its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<bool>,
}

impl Obstacle {
    /// One that is about no requirement.
    pub(super) fn plain(failure: Failure) -> Self {
        Self { failure, requirement: None, kind: None, expires: None }
    }

    fn of(requirement: &Requirement, failure: Failure) -> Self {
        Self {
            failure,
            requirement: Some(requirement.code.clone()),
            kind: Some(requirement.kind),
            expires: Some(requirement.expires),
        }
    }
}

/// All that stands against handing an application in, by the rulebook in force today. What is shown and does not suffice
/// is no such thing: that is for the decision to say, which can be appealed.
pub(super) fn obstacles(
    c: &mut Conn,
    (application, unit, organiser): (&Application, &ServiceUnit, &Organiser),
    rulebook: &Rulebook,
    (examination, answer): (&Examination, Option<&str>),
    today: Day,
) -> Result<Vec<Obstacle>, Problem> {
    let mut errors = Errors::new();
    if rulebook.id != application.rulebook {
        let detail = format!(
            "it was written for another version of the rulebook than the one in force, number {}: \
             PUT the application once more, and it is for that one",
            rulebook.number
        );
        errors.fail("/rulebook", SUPERSEDED, detail);
    }
    check_unit(c, application, unit, today, &mut errors)?;
    check_area(c, organiser.id, &application.area, today, &mut errors)?;
    if let Some(question) = open_question(c, application)? {
        question.check_answered(c, application, answer, &mut errors)?;
    }
    let found = errors.finish().map_or_else(|problem| problem.failures().to_vec(), |()| Vec::new());
    let shown = shown_obstacles(&rulebook.terms, &application.evidence, examination);
    Ok(found.into_iter().map(Obstacle::plain).chain(shown).collect())
}

/// Goes on if nothing stands against handing an application in.
///
/// # Errors
/// One problem with every obstacle in it.
pub(super) fn check_submittable(obstacles: &[Obstacle]) -> Result<(), Problem> {
    if obstacles.is_empty() {
        return Ok(());
    }
    let failures: Vec<Failure> = obstacles.iter().map(|one| one.failure.clone()).collect();
    if !failures.iter().any(|failure| failure.code == SUPERSEDED) {
        return Err(Problem::invalid(failures));
    }
    let detail = "The rulebook that the application was written for is no longer in force. \
                  PUT the application once more: it is then for the one that is, and can be submitted.";
    let superseded = Problem::new(ProblemKind::WrongState, detail);
    Err(failures.iter().fold(superseded, |told, one| told.at(&one.pointer, &one.code, &one.detail)))
}

/// Notes where the unit is closed, or has an approval for the same area that nobody has given an end. For another area it
/// may apply: where that is approved, it takes the place of what there is.
pub(super) fn check_unit(
    c: &mut Conn,
    application: &Application,
    unit: &ServiceUnit,
    today: Day,
    errors: &mut Errors,
) -> Result<(), Problem> {
    if unit.details.closed_from.is_some_and(|from| from <= today) {
        errors.fail("/unit", "closed", "the unit is closed");
    }
    let approvals = approvals::of_unit(c, application.unit, application.voucher_type)?;
    let is_same = |approval: &Approval| has_same_area(&approval.area, &application.area);
    if approvals.iter().any(|approval| approval.valid_to.is_none() && is_same(approval)) {
        let detail = "the unit has an approval for this area that has not ended; for another area it can apply";
        errors.fail("/unit", "approved", detail);
    }
    Ok(())
}

/// Notes municipalities that the organiser does not serve, and such as are named twice.
pub(super) fn check_area(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    area: &[valinta_domain::identifiers::MunicipalityCode],
    day: Day,
    errors: &mut Errors,
) -> Result<(), Problem> {
    if area.is_empty() {
        return Ok(());
    }
    let served = organisers::municipalities_of(c, organiser, day)?;
    for (i, code) in area.iter().enumerate() {
        let pointer = format!("/area/{i}");
        if !served.iter().any(|municipality| municipality.code == *code) {
            errors.fail(&pointer, "unknown", format!("the organiser does not serve the municipality {code}"));
        } else if area.iter().take(i).any(|earlier| earlier == code) {
            errors.fail(&pointer, "duplicate", format!("the municipality {code} is named before"));
        }
    }
    Ok(())
}

/// What the rulebook does not ask for, and what it asks for and does not find.
fn shown_obstacles(terms: &RulebookTerms, stated: &[Evidence], examination: &Examination) -> Vec<Obstacle> {
    let mut found = Vec::new();
    for (i, one) in stated.iter().enumerate() {
        if !terms.requirements.iter().any(|requirement| requirement.code == one.requirement) {
            let detail = format!("the rulebook has no requirement {}", one.requirement);
            found.push(Obstacle::plain(Failure::new(format!("/evidence/{i}/requirement"), "unknown", detail)));
        }
    }
    for (requirement, outcome) in terms.requirements.iter().zip(&examination.requirements) {
        let Some(lacks) = outcome.lacks() else { continue };
        let detail = format!("{}: {}", requirement.code, outcome.text(requirement).en);
        let failure = match stated.iter().position(|one| one.requirement == requirement.code) {
            None => Failure::new("/evidence", "missing", detail),
            Some(i) if lacks.is_empty() => Failure::new(format!("/evidence/{i}"), outcome.code(), detail),
            Some(i) => Failure::new(format!("/evidence/{i}{lacks}"), "missing", detail),
        };
        found.push(Obstacle::of(requirement, failure));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn terms() -> RulebookTerms {
        let text = json!({"fi": "t", "sv": "t", "en": "t"});
        let requirement =
            |code: &str, expires: bool| json!({"code": code, "text": text, "source": "", "expires": expires});
        serde_json::from_value(json!({
            "value": {"flat": {"value": "36.00"}},
            "public_service": {"client_fee": "10.00", "basis": text},
            "grant": {"per": "month", "quantity_max": "10", "validity_days_max": 365},
            "recording": {"days_after_month": 60},
            "requirements": [
                requirement("register", false), requirement("insurance", true), requirement("plan", false),
            ],
            "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
            "sources": [],
        }))
        .unwrap()
    }

    #[test]
    fn all_that_is_missing_or_not_asked_for_is_told_at_once() {
        let one = |requirement: &str| Evidence {
            requirement: requirement.into(),
            reference: "x".into(),
            ..Evidence::default()
        };
        let (terms, stated, day) =
            (terms(), [one("insurance"), one("dog"), one("register")], Day::ymd(2026, 1, 1).unwrap());
        let examination = examine(&terms, &Shown::plainly(&stated), &Facts::default(), day, day);
        let found = shown_obstacles(&terms, &stated, &examination);
        let expires: Vec<_> = found.iter().map(|one| (one.requirement.as_deref(), one.expires)).collect();
        assert_eq!(expires, [(None, None), (Some("insurance"), Some(true)), (Some("plan"), Some(false))]);
        let problem = check_submittable(&found).unwrap_err();
        let told: Vec<_> = problem.failures().iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        let expected =
            [("/evidence/1/requirement", "unknown"), ("/evidence/0/valid_until", "missing"), ("/evidence", "missing")];
        assert_eq!(told, expected);
    }
}
