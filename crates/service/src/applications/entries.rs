//! What a request states for requirements: evidence that the provider has given already, by id, or evidence that is given
//! with the request and is the provider's from then on. Where nothing is said, what fits best is taken.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use valinta_domain::application::{Evidence, Refuted, RequirementOutcome, nearest};
use valinta_domain::evidence::{self as pieces, CheckOutcome, EvidenceKind};
use valinta_domain::id::kind;
use valinta_domain::provider::SoteriRegistration;
use valinta_domain::rulebook::{Requirement, RulebookTerms};
use valinta_domain::text::{CODE_CHARS_MAX, LINE_CHARS_MAX};
use valinta_domain::{Day, Id};
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::{Conn, applications, evidence};

use crate::cx::Cx;
use crate::evidence::{GiveEvidence, give};
use crate::http::{Errors, Problem, ProblemKind};

/// Most pieces of evidence that an application states: as many as a rulebook can have requirements.
pub(super) const ENTRIES_MAX: usize = 50;

/// Longest text of all that an application states, as it is stored.
const STATED_BYTES_MAX: usize = 65_536;

/// What is stated for one requirement: `evidence` alone, or `reference` and what goes with it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceEntry {
    /// The requirement's code in the rulebook.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) requirement: String,
    /// A piece of evidence that the provider has given already. Nothing else is named then.
    pub(crate) evidence: Option<Id<kind::Evidence>>,
    /// Where it can be seen: a register entry, a policy number, an address on the internet.
    #[schema(min_length = 1, max_length = 300)]
    pub(crate) reference: Option<String>,
    /// When it was issued.
    pub(crate) issued_on: Option<Day>,
    /// First day on which it holds; at once where none is named.
    pub(crate) valid_from: Option<Day>,
    /// Last day on which it holds, where it expires.
    pub(crate) valid_until: Option<Day>,
    /// What the register of units says, where the requirement's kind is `soteri`.
    pub(crate) soteri: Option<SoteriRegistration>,
    /// A file that the provider has handed in.
    pub(crate) attachment: Option<Id<kind::Attachment>>,
}

impl EvidenceEntry {
    /// What is wrong with its form.
    fn check(&self, errors: &mut Errors) {
        if !is_line(&self.requirement, CODE_CHARS_MAX) {
            let detail = format!("a requirement's code is one line of 1 to {CODE_CHARS_MAX} characters");
            errors.fail("/requirement", "length", detail);
        }
        if self.evidence.is_none() {
            if !self.reference.as_deref().is_some_and(|reference| is_line(reference, LINE_CHARS_MAX)) {
                let detail = format!(
                    "without `evidence`, a reference of one line of 1 to {LINE_CHARS_MAX} characters is wanted"
                );
                errors.fail("/reference", "length", detail);
            }
            return;
        }
        let besides = [
            ("/reference", self.reference.is_some()),
            ("/issued_on", self.issued_on.is_some()),
            ("/valid_from", self.valid_from.is_some()),
            ("/valid_until", self.valid_until.is_some()),
            ("/soteri", self.soteri.is_some()),
            ("/attachment", self.attachment.is_some()),
        ];
        for (pointer, _) in besides.into_iter().filter(|(_, named)| *named) {
            errors.fail(pointer, "not_applicable", "the piece of evidence says it: name `evidence` alone");
        }
    }

    /// Whether a piece of evidence says the same.
    fn says(&self, piece: &pieces::Evidence) -> bool {
        self.reference.as_ref() == Some(&piece.reference)
            && self.issued_on == piece.issued_on
            && self.begins() == piece.valid_from
            && self.ends() == piece.valid_until
            && self.soteri == piece.soteri
            && self.attachment == piece.attachment
    }

    /// A registration begins when the register says so.
    fn begins(&self) -> Option<Day> {
        self.valid_from.or_else(|| self.soteri.as_ref().map(|registration| registration.valid_from))
    }

    /// It ends when the register says so.
    fn ends(&self) -> Option<Day> {
        self.valid_until.or_else(|| self.soteri.as_ref().and_then(|registration| registration.valid_until))
    }
}

fn is_line(text: &str, chars_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control)
}

/// Notes what is wrong with the form of entries.
pub(super) fn check_form(entries: &[EvidenceEntry], errors: &mut Errors) {
    let mut seen = HashSet::new();
    for (i, one) in entries.iter().take(ENTRIES_MAX).enumerate() {
        errors.within(&format!("/evidence/{i}"), |errors| one.check(errors));
        if !seen.insert(one.requirement.as_str()) {
            let detail = "there is one piece of evidence for a requirement";
            errors.fail(&format!("/evidence/{i}/requirement"), "duplicate", detail);
        }
    }
}

/// What a provider has given that may speak for a unit, and what the organiser has refused of it.
pub(super) struct Given {
    pieces: Vec<pieces::Evidence>,
    rejected: HashSet<Id<kind::Evidence>>,
}

impl Given {
    /// Loads it.
    pub(super) fn load(c: &mut Conn, organiser: Id<kind::Organiser>, unit: &ServiceUnit) -> Result<Self, Problem> {
        let pieces = evidence::fitting(c, unit.provider, unit.id)?;
        let ids: Vec<Id<kind::Evidence>> = pieces.iter().map(|piece| piece.id).collect();
        let rejected = evidence::checks_of(c, organiser, &ids)?
            .into_iter()
            .filter(|(_, checks)| checks.last().is_some_and(|check| check.outcome == CheckOutcome::Rejected))
            .map(|(id, _)| id)
            .collect();
        Ok(Self { pieces, rejected })
    }

    /// What speaks for a requirement, the best first, and how the requirement comes out by it.
    fn nearest(
        &self,
        requirement: &Requirement,
        unit: Id<kind::ServiceUnit>,
        days: (Day, Day),
    ) -> Vec<(&pieces::Evidence, RequirementOutcome)> {
        let refuted = |piece: &pieces::Evidence| self.rejected.contains(&piece.id).then_some(Refuted::Rejected);
        nearest((requirement, unit), self.pieces.iter().map(|piece| (piece, refuted(piece))), days)
    }

    /// What would meet a requirement, the best first.
    pub(super) fn meeting(
        &self,
        requirement: &Requirement,
        unit: Id<kind::ServiceUnit>,
        days: (Day, Day),
    ) -> Vec<&pieces::Evidence> {
        let nearest = self.nearest(requirement, unit, days).into_iter();
        nearest.filter(|(_, outcome)| *outcome == RequirementOutcome::Met).map(|(piece, _)| piece).collect()
    }

    /// The piece that says the same as an entry, if the organiser has not refused it.
    fn same(&self, entry: &EvidenceEntry, requirement: &Requirement, unit: &ServiceUnit) -> Option<pieces::Evidence> {
        let same = |piece: &&pieces::Evidence| {
            entry.says(piece) && piece.is_for(requirement, unit.id) && !self.rejected.contains(&piece.id)
        };
        self.pieces.iter().rev().find(same).cloned()
    }

    /// Names the pieces of what was stated before evidence was given once, where they are still there.
    pub(super) fn name_pieces(&self, stated: &mut [Evidence]) {
        for one in stated.iter_mut().filter(|one| one.evidence.is_none()) {
            let same = |piece: &&pieces::Evidence| {
                piece.kind == EvidenceKind::Other
                    && piece.requirement.as_ref() == Some(&one.requirement)
                    && piece.reference == one.reference
                    && piece.valid_until == one.valid_until
            };
            one.evidence = self.pieces.iter().rev().find(same).map(|piece| piece.id);
        }
    }
}

/// What an application states: for each entry a piece of evidence, given anew where it is not there yet. Without entries,
/// whatever the provider has given that meets a requirement, or else what comes nearest: then it is told why that does not
/// suffice, as of a piece that it has named.
///
/// # Errors
/// Everything that is wrong with the entries, at once; or a piece that the caller does not have.
pub(super) fn stated(
    c: &mut Conn,
    cx: &Cx,
    unit: &ServiceUnit,
    organiser: Id<kind::Organiser>,
    terms: &RulebookTerms,
    (entries, today): (Option<&[EvidenceEntry]>, Day),
) -> Result<Vec<Evidence>, Problem> {
    let given = Given::load(c, organiser, unit)?;
    let Some(entries) = entries else {
        let best = |requirement: &Requirement| {
            let (piece, _) = given.nearest(requirement, unit.id, (today, today)).into_iter().next()?;
            Some((requirement.code.clone(), piece.clone()))
        };
        return with_hashes(c, unit, terms.requirements.iter().filter_map(best).collect());
    };
    let mut errors = Errors::new();
    let named: Vec<Id<kind::Evidence>> = entries.iter().filter_map(|entry| entry.evidence).collect();
    let named: HashMap<Id<kind::Evidence>, pieces::Evidence> =
        evidence::find_many(c, &named)?.into_iter().map(|piece| (piece.id, piece)).collect();
    let mut chosen = Vec::with_capacity(entries.len());
    for (i, entry) in entries.iter().enumerate() {
        let pointer = format!("/evidence/{i}");
        let Some(requirement) = terms.requirements.iter().find(|one| one.code == entry.requirement) else {
            let detail = format!("the rulebook has no requirement {}", entry.requirement);
            errors.fail(&format!("{pointer}/requirement"), "unknown", detail);
            continue;
        };
        let piece = match entry.evidence {
            Some(id) => {
                let piece = named.get(&id).filter(|piece| piece.provider == unit.provider);
                let pointer = format!("{pointer}/evidence");
                let piece = piece.ok_or_else(|| Problem::unknown(&pointer, "the provider has no such evidence"))?;
                check_named(piece, requirement, unit, &pointer, &mut errors);
                Some(piece.clone())
            }
            None => match given.same(entry, requirement, unit) {
                Some(piece) => Some(piece),
                None => give_entry(c, cx, (unit, entry, requirement), &pointer, &mut errors)?,
            },
        };
        chosen.extend(piece.map(|piece| (requirement.code.clone(), piece)));
    }
    errors.finish()?;
    with_hashes(c, unit, chosen)
}

fn check_named(
    piece: &pieces::Evidence,
    requirement: &Requirement,
    unit: &ServiceUnit,
    pointer: &str,
    errors: &mut Errors,
) {
    if !piece.is_for(requirement, unit.id) {
        let detail = format!("this evidence is not for the requirement {} of this unit", requirement.code);
        errors.fail(pointer, "not_for_requirement", detail);
    } else if piece.withdrawn.is_some() {
        errors.fail(pointer, "withdrawn", "this evidence has been taken back");
    }
}

/// Gives evidence for a requirement. What is wrong with it is noted under its place.
fn give_entry(
    c: &mut Conn,
    cx: &Cx,
    (unit, entry, requirement): (&ServiceUnit, &EvidenceEntry, &Requirement),
    pointer: &str,
    errors: &mut Errors,
) -> Result<Option<pieces::Evidence>, Problem> {
    let new = GiveEvidence {
        provider: unit.provider,
        unit: is_of_unit(requirement.kind).then_some(unit.id),
        kind: requirement.kind,
        requirement: (requirement.kind == EvidenceKind::Other).then(|| requirement.code.clone()),
        reference: entry.reference.clone().unwrap_or_default(),
        issued_on: entry.issued_on,
        valid_from: entry.begins(),
        valid_until: entry.ends(),
        soteri: entry.soteri.clone(),
        attachment: entry.attachment,
    };
    let refused = match give(c, cx, &new) {
        Ok(piece) => return Ok(Some(piece)),
        Err(refused) => refused,
    };
    let nested = |kind: ProblemKind| {
        let problem = Problem::new(kind, refused.detail());
        refused.failures().iter().fold(problem, |problem, failure| {
            problem.at(&format!("{pointer}{}", failure.pointer), &failure.code, &failure.detail)
        })
    };
    if refused.failures().is_empty() {
        return Err(refused);
    }
    if refused.kind() != ProblemKind::InvalidInput {
        return Err(nested(refused.kind()));
    }
    for failure in refused.failures() {
        errors.fail(&format!("{pointer}{}", failure.pointer), &failure.code, &failure.detail);
    }
    Ok(None)
}

/// Whether evidence of a kind is about one unit. What is about the whole provider is offered for its other units too.
fn is_of_unit(kind: EvidenceKind) -> bool {
    match kind {
        EvidenceKind::Soteri
        | EvidenceKind::SelfMonitoringPlan
        | EvidenceKind::StaffCompetence
        | EvidenceKind::Other => true,
        EvidenceKind::PrepaymentRegister
        | EvidenceKind::TradeRegister
        | EvidenceKind::EmployerRegister
        | EvidenceKind::LiabilityInsurance
        | EvidenceKind::PatientInsurance
        | EvidenceKind::TaxCertificate
        | EvidenceKind::PensionCertificate
        | EvidenceKind::CriminalRecordCheck
        | EvidenceKind::PublicSubsidyDeclaration => false,
    }
}

/// Copies pieces into what is stated, with the hashes of their files.
fn with_hashes(
    c: &mut Conn,
    unit: &ServiceUnit,
    chosen: Vec<(String, pieces::Evidence)>,
) -> Result<Vec<Evidence>, Problem> {
    let files: Vec<Id<kind::Attachment>> = chosen.iter().filter_map(|(_, piece)| piece.attachment).collect();
    let hashes = applications::attachment_hashes(c, unit.provider, &files)?;
    let stated: Vec<Evidence> = chosen
        .iter()
        .map(|(requirement, piece)| {
            let sha256 = piece.attachment.and_then(|id| hashes.get(&id).cloned());
            Evidence::of(requirement, piece, sha256)
        })
        .collect();
    let bytes = serde_json::to_vec(&stated).map_err(Problem::internal)?.len();
    if bytes > STATED_BYTES_MAX {
        let detail = format!("all that is stated has at most {STATED_BYTES_MAX} bytes together");
        return Err(Problem::invalid(Vec::new()).at("/evidence", "too_large", detail));
    }
    Ok(stated)
}
