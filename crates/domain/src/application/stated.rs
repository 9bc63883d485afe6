//! What an application states for its requirements: the provider's evidence, as it was when it was put in.

use serde::{Deserialize, Serialize};

use crate::evidence::EvidenceKind;
use crate::id::{Id, kind};
use crate::provider::SoteriRegistration;
use crate::time::Day;

/// What is stated for one requirement: a piece of the provider's evidence, copied, so that the application says by
/// itself what was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatedEvidence)]
pub struct Evidence {
    /// The requirement's code in the rulebook.
    #[schema(max_length = 64)]
    pub requirement: String,
    /// Where it can be seen: a register entry, a policy number, an address on the internet.
    #[schema(max_length = 300)]
    pub reference: String,
    /// Last day on which it holds, where it expires.
    pub valid_until: Option<Day>,
    /// The piece of evidence. Applications from before evidence was given once have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Id<kind::Evidence>>,
    /// What is shown.
    #[serde(default, skip_serializing_if = "EvidenceKind::is_other")]
    pub kind: EvidenceKind,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<Day>,
    /// First day on which it holds; at once where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Day>,
    /// What the register of units says, where the kind is `soteri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soteri: Option<SoteriRegistration>,
    /// The file that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<AttachedFile>,
}

/// A file that goes with a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachedFile {
    /// Its id.
    pub id: Id<kind::Attachment>,
    /// SHA-256 of the file, in hexadecimal.
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
}

impl Evidence {
    /// States a piece of evidence for a requirement. `sha256` is that of the file, where there is one.
    pub fn of(requirement: &str, piece: &crate::evidence::Evidence, sha256: Option<String>) -> Self {
        Self {
            requirement: requirement.to_owned(),
            reference: piece.reference.clone(),
            valid_until: piece.valid_until,
            evidence: Some(piece.id),
            kind: piece.kind,
            issued_on: piece.issued_on,
            valid_from: piece.valid_from,
            soteri: piece.soteri.clone(),
            attachment: piece.attachment.zip(sha256).map(|(id, sha256)| AttachedFile { id, sha256 }),
        }
    }
}

/// Why a piece of evidence shows nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refuted {
    /// The provider has taken it back.
    Withdrawn,
    /// The organiser has looked at it and does not accept it.
    Rejected,
}

/// Something stated, and what has become of it since.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// What is stated.
    pub stated: &'a Evidence,
    /// Why it shows nothing any more, if so.
    pub refuted: Option<Refuted>,
}

impl<'a> Shown<'a> {
    /// What is stated, and has not been refuted.
    pub fn plainly(stated: &'a [Evidence]) -> Vec<Self> {
        stated.iter().map(|stated| Self { stated, refuted: None }).collect()
    }
}
