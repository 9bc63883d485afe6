//! How an application stands: examined by the rulebook of a day, and what stands against handing it in. The dry run and
//! the submission ask the same.

use std::collections::HashMap;

use valinta_domain::application::{Evidence, Examination, Refuted, Shown, examine};
use valinta_domain::evidence::CheckOutcome;
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::Facts;
use valinta_domain::{Day, Id};
use valinta_persistence::applications::Application;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, approvals, evidence, organisers};

use super::unit::facts_of;
use crate::cx::{Cx, day_at};
use crate::http::{Errors, Problem, ProblemKind};

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

/// What stands against handing an application in, all of it. What is shown and does not suffice is no such thing: that is
/// for the decision to say, which can be appealed.
///
/// # Errors
/// One problem with every obstacle in it; or the database's.
pub(super) fn check_submittable(
    c: &mut Conn,
    (application, unit, organiser): (&Application, &ServiceUnit, &Organiser),
    rulebook: &Rulebook,
    examination: &Examination,
    today: Day,
) -> Result<(), Problem> {
    let mut errors = Errors::new();
    let is_superseded = rulebook.id != application.rulebook;
    if is_superseded {
        let detail = format!(
            "it was written for another version of the rulebook than the one in force, number {}: \
             PUT the application once more, and it is for that one",
            rulebook.number
        );
        errors.fail("/rulebook", "superseded", detail);
    }
    check_unit(c, application, unit, today, &mut errors)?;
    check_area(c, organiser.id, &application.area, today, &mut errors)?;
    check_shown(&rulebook.terms, &application.evidence, examination, &mut errors);
    let Err(problem) = errors.finish() else { return Ok(()) };
    if !is_superseded {
        return Err(problem);
    }
    let detail = "The rulebook that the application was written for is no longer in force. \
                  PUT the application once more: it is then for the one that is, and can be submitted.";
    let superseded = Problem::new(ProblemKind::WrongState, detail);
    Err(problem.failures().iter().fold(superseded, |told, one| told.at(&one.pointer, &one.code, &one.detail)))
}

/// Notes where the unit is closed, or has an approval that nobody has given an end.
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
    if approvals.iter().any(|approval| approval.valid_to.is_none()) {
        errors.fail("/unit", "approved", "the unit has an approval that has not ended");
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

/// Notes what the rulebook does not ask for, and what it asks for and does not find.
fn check_shown(terms: &RulebookTerms, stated: &[Evidence], examination: &Examination, errors: &mut Errors) {
    for (i, one) in stated.iter().enumerate() {
        if !terms.requirements.iter().any(|requirement| requirement.code == one.requirement) {
            let detail = format!("the rulebook has no requirement {}", one.requirement);
            errors.fail(&format!("/evidence/{i}/requirement"), "unknown", detail);
        }
    }
    for (requirement, outcome) in terms.requirements.iter().zip(&examination.requirements) {
        let Some(lacks) = outcome.lacks() else { continue };
        let detail = format!("{}: {}", requirement.code, outcome.text(requirement).en);
        match stated.iter().position(|one| one.requirement == requirement.code) {
            None => errors.fail("/evidence", "missing", detail),
            Some(i) if lacks.is_empty() => errors.fail(&format!("/evidence/{i}"), outcome.code(), detail),
            Some(i) => errors.fail(&format!("/evidence/{i}{lacks}"), "missing", detail),
        }
    }
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
        let mut errors = Errors::new();
        check_shown(&terms, &stated, &examination, &mut errors);
        let problem = errors.finish().unwrap_err();
        let told: Vec<_> = problem.failures().iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        let expected =
            [("/evidence/1/requirement", "unknown"), ("/evidence/0/valid_until", "missing"), ("/evidence", "missing")];
        assert_eq!(told, expected);
    }
}
