//! The file that a request brings: bounded, uncompressed, UTF-8. Nothing of it is read before it is asked for. Knows no
//! rows.

use std::future::Future;
use std::pin::Pin;

use actix_web::body::BodyStream;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev, web};
use sha2::{Digest, Sha256};

use crate::http::arrival::{NotArrived, arrive};
use crate::http::limits::{IMPORT_BYTES_MAX, IMPORT_DURATION_MAX};
use crate::http::{Problem, ProblemKind};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Comma-separated values, the columns' names first.
    Csv,
    /// A JSON list of objects, or an object with the list in `items`.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// A file that is to come in. Its bytes are taken in once it is known who sends them, and there is a place for them.
pub(crate) struct ComingFile {
    form: Form,
    payload: web::Payload,
}

/// A file that came in.
#[derive(Debug)]
pub(crate) struct ImportFile {
    pub(super) form: Form,
    pub(super) text: String,
    /// By which it is recognised in the audit trail.
    pub(super) sha256: String,
}

impl FromRequest for ComingFile {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let form = form_of(request);
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move { Ok(Self { form: form?, payload: payload.await.map_err(Problem::internal)? }) })
    }
}

impl ComingFile {
    /// Takes the file in.
    pub(super) async fn read(self) -> Result<ImportFile, Problem> {
        // The limit is on what arrives; a declared length is only a promise.
        match arrive(BodyStream::new(self.payload), IMPORT_BYTES_MAX, IMPORT_DURATION_MAX).await {
            Ok(bytes) => ImportFile::of(self.form, bytes.to_vec()),
            Err(NotArrived::TooLarge) => Err(too_large()),
            Err(NotArrived::TooSlow) => {
                Err(Problem::new(ProblemKind::RequestTimeout, "The body took too long to arrive."))
            }
            Err(NotArrived::Broken(error)) => {
                Err(Problem::new(ProblemKind::MalformedJson, "The body could not be read.").caused_by(error))
            }
        }
    }
}

impl ImportFile {
    fn of(form: Form, bytes: Vec<u8>) -> Result<Self, Problem> {
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let why = format!("the file is not text in UTF-8: byte {at} is none; save it as CSV UTF-8");
            Problem::invalid(Vec::new()).at("", "not_utf8", why)
        })?;
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        Ok(Self { form, text, sha256 })
    }
}

fn too_large() -> Problem {
    Problem::new(ProblemKind::PayloadTooLarge, format!("A file has at most {IMPORT_BYTES_MAX} bytes."))
}

fn form_of(request: &HttpRequest) -> Result<Form, Problem> {
    let unsupported = |why: &str| Problem::new(ProblemKind::UnsupportedMediaType, why);
    let form = match request.content_type().to_ascii_lowercase().as_str() {
        "text/csv" => Form::Csv,
        "application/json" => Form::Json,
        "application/x-ndjson" => Form::Ndjson,
        _ => {
            let why = "The Content-Type of the body must be text/csv, application/json or application/x-ndjson.";
            return Err(unsupported(why));
        }
    };
    let declared = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let charset = declared(header::CONTENT_TYPE)
        .and_then(|value| value.to_ascii_lowercase().split_once("charset=").map(|(_, charset)| charset.to_owned()));
    if charset.is_some_and(|charset| !charset.trim_start_matches('"').starts_with("utf-8")) {
        return Err(unsupported("The body must be in UTF-8."));
    }
    if declared(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(unsupported("The body must not be compressed."));
    }
    let length = declared(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    match length {
        Some(length) if length > IMPORT_BYTES_MAX => Err(too_large()),
        Some(_) => Ok(form),
        None => Err(Problem::new(
            ProblemKind::LengthRequired,
            "The length of the file must be declared in a Content-Length header; it is not sent in chunks.",
        )),
    }
}
