//! `POST /v1/providers/{id}/evidence`: a member states what shows a condition of approval, once for every organiser.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::event::EventKind;
use valinta_domain::evidence::{Evidence, EvidenceKind};
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::SoteriRegistration;
use valinta_domain::text::{CODE_CHARS_MAX, LINE_CHARS_MAX};
use valinta_domain::{Day, Id};
use valinta_persistence::evidence::{REGISTRATIONS_MAX, STATED_MAX};
use valinta_persistence::{Conn, DbError, attachments, evidence, providers};

use super::sight::Sight;
use super::view::{EvidenceView, view_of};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::EvidenceWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// Most services of one registration.
const SERVICES_MAX: usize = 50;

/// Evidence to be given.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvidence {
    /// Of which unit of the provider's; of all of them where none is named. Soteri is a unit's.
    unit: Option<Id<kind::ServiceUnit>>,
    /// What is shown.
    kind: EvidenceKind,
    /// For `other`: the code of the requirement that it is for.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    requirement: Option<String>,
    /// Where it can be seen: a register entry, a policy number, an address on the internet.
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    reference: String,
    /// When it was issued. Of a check of criminal records this day is all that is kept, and no file.
    issued_on: Option<Day>,
    /// First day on which it holds; at once where none is named.
    valid_from: Option<Day>,
    /// Last day on which it holds, where it expires.
    valid_until: Option<Day>,
    /// For `soteri`: what the register says of the unit. Its days are those of the evidence.
    soteri: Option<SoteriRegistration>,
    /// The file that shows it.
    attachment: Option<Id<kind::Attachment>>,
}

/// Evidence that is given for a provider.
#[derive(Debug, Clone)]
pub(crate) struct GiveEvidence {
    /// Whose it is.
    pub(crate) provider: Id<kind::Provider>,
    /// Of which unit; of all where none is named.
    pub(crate) unit: Option<Id<kind::ServiceUnit>>,
    /// What is shown.
    pub(crate) kind: EvidenceKind,
    /// The requirement's code, where the kind is [`EvidenceKind::Other`] and only there.
    pub(crate) requirement: Option<String>,
    /// Where it can be seen.
    pub(crate) reference: String,
    /// When it was issued.
    pub(crate) issued_on: Option<Day>,
    /// First day.
    pub(crate) valid_from: Option<Day>,
    /// Last day.
    pub(crate) valid_until: Option<Day>,
    /// What the register of units says.
    pub(crate) soteri: Option<SoteriRegistration>,
    /// The file that shows it.
    pub(crate) attachment: Option<Id<kind::Attachment>>,
}

impl GiveEvidence {
    /// Notes everything that is wrong with what is stated, as far as it can be told without the registry.
    pub(crate) fn check(&self, errors: &mut Errors) {
        let is_other = self.kind.is_other();
        match &self.requirement {
            None if is_other => {
                errors.fail(
                    "/requirement",
                    "missing_field",
                    "evidence of `other` names the requirement that it is for",
                );
            }
            Some(_) if !is_other => {
                errors.fail("/requirement", "not_asked", "only evidence of `other` names a requirement");
            }
            Some(code) => {
                let _ = errors.take_as("/requirement", "length", line(code, CODE_CHARS_MAX));
            }
            None => {}
        }
        let _ = errors.take_as("/reference", "length", line(&self.reference, LINE_CHARS_MAX));
        if self.valid_until.zip(self.valid_from).is_some_and(|(until, from)| until < from) {
            errors.fail("/valid_until", "not_a_period", "it ends before it begins");
        }
        if self.kind == EvidenceKind::Soteri && self.unit.is_none() {
            errors.fail("/unit", "missing_field", "a registration in Soteri is a unit's");
        }
        if self.kind == EvidenceKind::CriminalRecordCheck {
            if self.issued_on.is_none() {
                errors.fail("/issued_on", "missing_field", "the day of the check is what shows it");
            }
            if self.attachment.is_some() {
                errors.fail("/attachment", "not_kept", "of criminal records nothing is kept but the day of the check");
            }
        }
        if let Some(soteri) = &self.soteri {
            errors.within("/soteri", |errors| check_soteri(soteri, errors));
            if self.kind != EvidenceKind::Soteri {
                errors.fail("/soteri", "not_asked", "only evidence of `soteri` has it");
            }
            let days = [
                ("/valid_from", self.valid_from, Some(soteri.valid_from)),
                ("/valid_until", self.valid_until, soteri.valid_until),
            ];
            for (pointer, stated, registered) in days {
                if stated.is_some() && stated != registered {
                    errors.fail(pointer, "not_that_day", "it is not the day that the registration has");
                }
            }
        }
    }
}

fn check_soteri(soteri: &SoteriRegistration, errors: &mut Errors) {
    if soteri.services.is_empty() || soteri.services.len() > SERVICES_MAX {
        errors.fail("/services", "length", format!("must have 1 to {SERVICES_MAX} items"));
    }
    for (i, service) in soteri.services.iter().take(SERVICES_MAX).enumerate() {
        let _ = errors.take_as(&format!("/services/{i}"), "length", line(service, CODE_CHARS_MAX));
    }
    if soteri.valid_until.is_some_and(|until| until < soteri.valid_from) {
        errors.fail("/valid_until", "not_a_period", "it ends before it begins");
    }
}

fn line(text: &str, chars_max: usize) -> Result<(), String> {
    let is_line = !text.trim().is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control);
    if is_line { Ok(()) } else { Err(format!("one line of 1 to {chars_max} characters is wanted")) }
}

impl NewEvidence {
    fn of(&self, provider: Id<kind::Provider>) -> GiveEvidence {
        GiveEvidence {
            provider,
            unit: self.unit,
            kind: self.kind,
            requirement: self.requirement.clone(),
            reference: self.reference.clone(),
            issued_on: self.issued_on,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            soteri: self.soteri.clone(),
            attachment: self.attachment,
        }
    }
}

impl Parse for NewEvidence {
    type Into = Self;

    fn parse(&self, errors: &mut Errors) -> Option<Self> {
        // Whose it is, the path says.
        self.of(Id::new(uuid::Uuid::nil())).check(errors);
        Some(self.clone())
    }
}

/// Gives a piece of evidence. It is never edited: what replaces it is given anew, and what is wrong is taken back.
#[utoipa::path(
    tag = "evidence",
    params(IdempotencyKey),
    responses((status = 201, description = "Given.", body = EvidenceView)),
    security(("bearer" = ["evidence:write"])),
)]
#[post("/v1/providers/{id}/evidence")]
pub(crate) async fn give_evidence(
    permit: Permit<EvidenceWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    key: IdempotencyKey,
    body: Json<NewEvidence>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner().of(path.id());
    let run = move |c: &mut Conn, cx: &Cx| {
        let piece = give(c, cx, &command)?;
        let location = format!("/v1/evidence/{}", piece.id);
        Ok(Reply::created(location, view_of(c, cx, piece, &Sight::Member)?))
    };
    app.command(permit.into_caller(), "give_evidence", &key, &bytes, run).await
}

/// Gives a piece of evidence for a provider of the caller's.
///
/// # Errors
/// The provider, unit or file is not the caller's; what is stated is not acceptable, with pointers into the body of
/// [`give_evidence`].
pub(crate) fn give(c: &mut Conn, cx: &Cx, command: &GiveEvidence) -> Result<Evidence, Problem> {
    let provider = command.provider;
    let target = Target { provider: Some(provider), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    let mut errors = Errors::new();
    command.check(&mut errors);
    // It is given to no organiser in particular: a day that has begun anywhere has begun.
    let latest = Day::new(cx.now().utc().date_naive()).plus_days(1);
    if command.issued_on.is_some_and(|day| day > latest) {
        errors.fail("/issued_on", "in_the_future", "that day has not come yet");
    }
    errors.finish()?;
    check_whose(c, command)?;
    check_room(c, command)?;
    let registered = command.soteri.as_ref();
    let piece = Evidence {
        id: cx.id(),
        provider,
        unit: command.unit,
        kind: command.kind,
        requirement: command.requirement.clone(),
        reference: command.reference.clone(),
        issued_on: command.issued_on,
        valid_from: command.valid_from.or(registered.map(|soteri| soteri.valid_from)),
        valid_until: command.valid_until.or(registered.and_then(|soteri| soteri.valid_until)),
        soteri: command.soteri.clone(),
        attachment: command.attachment,
        given_by: cx.actor().subject.clone(),
        given_at: cx.now(),
        withdrawn: None,
    };
    evidence::insert(c, &piece).map_err(|error| unless_gone(error, command))?;
    let details = json!({"provider": provider, "kind": piece.kind, "valid_until": piece.valid_until});
    cx.audit("give_evidence", ("evidence", piece.id.uuid()), &target, details.clone());
    cx.tell(EventKind::EvidenceGiven, ("evidence", piece.id.uuid()), &target, details);
    Ok(piece)
}

/// The unit and the file must be the provider's own.
fn check_whose(c: &mut Conn, command: &GiveEvidence) -> Result<(), Problem> {
    if let Some(id) = command.unit
        && providers::find_unit(c, id)?.is_none_or(|unit| unit.provider != command.provider)
    {
        return Err(Problem::unknown("/unit", "the provider has no such unit"));
    }
    if let Some(id) = command.attachment
        && attachments::find(c, id)?.is_none_or(|file| file.provider != command.provider)
    {
        return Err(no_such_file());
    }
    Ok(())
}

/// There must be room for it among what has not been taken back.
fn check_room(c: &mut Conn, command: &GiveEvidence) -> Result<(), Problem> {
    let registrations = command.kind == EvidenceKind::Soteri;
    let most = if registrations { REGISTRATIONS_MAX } else { STATED_MAX };
    if evidence::count_of(c, command.provider, registrations)? < most {
        return Ok(());
    }
    let detail = "The provider has given as much evidence as can be looked at: what holds no more is taken back first.";
    let most = format!("at most {most} pieces of evidence that have not been taken back");
    Err(Problem::new(ProblemKind::Conflict, detail).at("", "too_many", most))
}

/// Where the file that it names was taken away at the same moment, the database is the first to notice.
fn unless_gone(error: DbError, command: &GiveEvidence) -> Problem {
    let names_a_file = command.attachment.is_some();
    if names_a_file && matches!(error, DbError::ForeignKey { .. }) { no_such_file() } else { error.into() }
}

fn no_such_file() -> Problem {
    Problem::unknown("/attachment", "the provider has handed in no such file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use valinta_domain::provider::SoteriState;

    fn day(d: u32) -> Day {
        Day::ymd(2026, 11, d).unwrap()
    }

    fn told(change: impl FnOnce(&mut NewEvidence)) -> Vec<(String, String)> {
        let mut shape = NewEvidence {
            unit: None,
            kind: EvidenceKind::LiabilityInsurance,
            requirement: None,
            reference: "Policy 1".into(),
            issued_on: None,
            valid_from: Some(day(1)),
            valid_until: Some(day(1)),
            soteri: None,
            attachment: None,
        };
        change(&mut shape);
        let mut errors = Errors::new();
        errors.validated(shape.validate());
        let _ = shape.parse(&mut errors);
        let told = errors.finish().err();
        let failures = told.iter().flat_map(|problem| problem.failures());
        failures.map(|f| (f.pointer.clone(), f.code.clone())).collect()
    }

    #[test]
    fn everything_wrong_with_it_is_told_at_once() {
        assert_eq!(told(|_| {}), []);
        let wrong = told(|shape| {
            shape.requirement = Some("own_condition".into());
            shape.reference = "two\nlines".into();
            shape.valid_from = Some(day(2));
        });
        let wrong: Vec<_> = wrong.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(wrong, [("/requirement", "not_asked"), ("/reference", "length"), ("/valid_until", "not_a_period")]);
        assert_eq!(told(|shape| shape.kind = EvidenceKind::Other), [("/requirement".into(), "missing_field".into())]);
    }

    #[test]
    fn of_criminal_records_only_the_day_is_kept() {
        let wrong = told(|shape| {
            shape.kind = EvidenceKind::CriminalRecordCheck;
            shape.attachment = Some(Id::new(uuid::Uuid::from_u128(1)));
        });
        let pointers: Vec<_> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/issued_on", "/attachment"]);
    }

    #[test]
    fn a_registration_in_soteri_is_a_units_and_says_its_own_days() {
        let registered = |services: &[&str]| SoteriRegistration {
            state: SoteriState::Registered,
            services: services.iter().map(|service| (*service).to_owned()).collect(),
            valid_from: day(1),
            valid_until: None,
        };
        let wrong = told(|shape| {
            shape.kind = EvidenceKind::Soteri;
            shape.soteri = Some(registered(&[""]));
        });
        let pointers: Vec<_> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/unit", "/soteri/services/0", "/valid_until"]);
        assert_eq!(told(|shape| shape.soteri = Some(registered(&["home_care"])))[0].0, "/soteri");
    }
}
