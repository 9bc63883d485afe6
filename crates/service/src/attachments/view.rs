//! How a file is described.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};
use valinta_persistence::attachments::Attachment;

/// A file that a provider has handed in. Its bytes are at `/v1/attachments/{id}`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AttachmentView {
    /// Its id.
    id: Id<kind::Attachment>,
    /// What its owner calls it.
    #[schema(max_length = 200)]
    name: String,
    /// What it is.
    #[schema(max_length = 64, example = "application/pdf")]
    media_type: String,
    /// How many bytes it has.
    #[schema(minimum = 1, maximum = 10485760)]
    size: i64,
    /// SHA-256 of its bytes, in hexadecimal.
    #[schema(min_length = 64, max_length = 64)]
    sha256: String,
    /// When it was handed in.
    uploaded_at: Moment,
}

impl AttachmentView {
    /// A file as it is described.
    pub(crate) fn of(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id,
            name: attachment.name.clone(),
            media_type: attachment.media_type.clone(),
            size: attachment.size,
            sha256: attachment.sha256.clone(),
            uploaded_at: attachment.uploaded_at,
        }
    }
}
