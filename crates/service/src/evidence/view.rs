//! How evidence is shown: what was stated, what was found by whom, and for which organisers it holds today.

use std::collections::HashMap;

use serde::Serialize;
use valinta_domain::evidence::{CheckOutcome, Evidence, EvidenceCheck, EvidenceKind, held};
use valinta_domain::id::kind;
use valinta_domain::provider::SoteriRegistration;
use valinta_domain::{Day, Id, Moment, Period};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::{Conn, attachments, evidence, organisers};

use super::sight::Sight;
use crate::attachments::AttachmentView;
use crate::cx::{Cx, day_at, found};
use crate::http::Problem;

/// Most checks that are shown of one piece: the latest ones.
const CHECKS_MAX: usize = 100;

/// A piece of evidence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EvidenceView {
    /// Its id.
    id: Id<kind::Evidence>,
    /// Whose it is.
    provider: Id<kind::Provider>,
    /// Of which unit; of all of the provider's where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Id<kind::ServiceUnit>>,
    /// What is shown.
    kind: EvidenceKind,
    /// For `other`: the code of the requirement that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    requirement: Option<String>,
    /// Where it can be seen.
    #[schema(max_length = 300)]
    reference: String,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_on: Option<Day>,
    /// First day on which it holds; at once where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Day>,
    /// Last day on which it holds, where it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Day>,
    /// What the register of units says.
    #[serde(skip_serializing_if = "Option::is_none")]
    soteri: Option<SoteriRegistration>,
    /// The file that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<AttachmentView>,
    /// When it was given.
    given_at: Moment,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Moment>,
    /// The organisers for which it holds today, of those whose checks the caller sees.
    #[schema(max_items = 1000)]
    holds_for: Vec<Id<kind::Organiser>>,
    /// What was found, newest first: to members the latest of each organiser, to an organiser all of its own.
    #[schema(max_items = 1000)]
    checks: Vec<EvidenceCheckView>,
}

/// What an organiser found when it looked at a piece of evidence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EvidenceCheckView {
    /// Its id.
    id: Id<kind::EvidenceCheck>,
    /// Who looked.
    organiser: Id<kind::Organiser>,
    /// What was found.
    outcome: CheckOutcome,
    /// From which day on it counts.
    day: Day,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    note: Option<String>,
    /// Which officer; shown to the organiser's own staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    checked_by: Option<String>,
    /// When.
    checked_at: Moment,
}

/// The days on which a piece of evidence holds for an organiser. `checks` are the organiser's, oldest first.
///
/// # Errors
/// The organiser's time zone is unknown.
pub(crate) fn held_for(
    piece: &Evidence,
    checks: &[EvidenceCheck],
    organiser: &Organiser,
) -> Result<Vec<Period>, Problem> {
    let withdrawn_on = piece.withdrawn.as_ref().map(|(at, _)| day_at(*at, organiser)).transpose()?;
    Ok(held(piece, checks, withdrawn_on))
}

/// A piece of evidence as a caller sees it.
///
/// # Errors
/// The database's.
pub(super) fn view_of(c: &mut Conn, cx: &Cx, piece: Evidence, sight: &Sight) -> Result<EvidenceView, Problem> {
    found(views_of(c, cx, vec![piece], sight)?.pop())
}

/// Pieces of evidence as a caller sees them, in the order given.
///
/// # Errors
/// The database's.
pub(super) fn views_of(
    c: &mut Conn,
    cx: &Cx,
    pieces: Vec<Evidence>,
    sight: &Sight,
) -> Result<Vec<EvidenceView>, Problem> {
    let ids: Vec<Id<kind::Evidence>> = pieces.iter().map(|piece| piece.id).collect();
    let (mut checks, organisers) = match sight {
        Sight::Member => (evidence::all_checks_of(c, &ids)?, organisers::list(c)?),
        Sight::Organiser(organiser, _) => {
            (evidence::checks_of(c, organiser.id, &ids)?, vec![organiser.as_ref().clone()])
        }
    };
    let files: Vec<Id<kind::Attachment>> = pieces.iter().filter_map(|piece| piece.attachment).collect();
    let files = attachments::find_many(c, &files)?;
    pieces
        .into_iter()
        .map(|piece| {
            let attachment = piece.attachment.and_then(|id| files.get(&id)).map(AttachmentView::of);
            let checks = checks.remove(&piece.id).unwrap_or_default();
            view(cx, piece, checks, attachment, (&organisers, sight))
        })
        .collect()
}

fn view(
    cx: &Cx,
    piece: Evidence,
    checks: Vec<EvidenceCheck>,
    attachment: Option<AttachmentView>,
    (organisers, sight): (&[Organiser], &Sight),
) -> Result<EvidenceView, Problem> {
    let mut holds_for = Vec::new();
    let mut by_organiser: HashMap<Id<kind::Organiser>, Vec<EvidenceCheck>> = HashMap::new();
    for check in &checks {
        by_organiser.entry(check.organiser).or_default().push(check.clone());
    }
    for organiser in organisers {
        let Some(own) = by_organiser.get(&organiser.id) else { continue };
        let today = cx.today(organiser)?;
        if held_for(&piece, own, organiser)?.iter().any(|period| period.contains(today)) {
            holds_for.push(organiser.id);
        }
    }
    let mut shown: Vec<EvidenceCheck> = match sight {
        Sight::Member => by_organiser.into_values().filter_map(|mut own| own.pop()).collect(),
        Sight::Organiser(..) => checks,
    };
    shown.sort_by_key(|check| std::cmp::Reverse((check.checked_at, check.id)));
    shown.truncate(CHECKS_MAX);
    let shows_officer = cx.actor().role.is_county_staff();
    Ok(EvidenceView {
        id: piece.id,
        provider: piece.provider,
        unit: piece.unit,
        kind: piece.kind,
        requirement: piece.requirement,
        reference: piece.reference,
        issued_on: piece.issued_on,
        valid_from: piece.valid_from,
        valid_until: piece.valid_until,
        soteri: piece.soteri,
        attachment,
        given_at: piece.given_at,
        withdrawn_at: piece.withdrawn.map(|(at, _)| at),
        holds_for,
        checks: shown.into_iter().map(|check| check_view(check, shows_officer)).collect(),
    })
}

fn check_view(check: EvidenceCheck, shows_officer: bool) -> EvidenceCheckView {
    EvidenceCheckView {
        id: check.id,
        organiser: check.organiser,
        outcome: check.outcome,
        day: check.day,
        note: check.note,
        checked_by: shows_officer.then_some(check.checked_by),
        checked_at: check.checked_at,
    }
}
