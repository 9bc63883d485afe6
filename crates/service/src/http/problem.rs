//! Refusals: RFC 9457 problem documents, their kinds, and nothing else about HTTP.
//!
//! A problem has a text for the caller and, apart from it, a cause for the log. The cause is never sent.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use uuid::Uuid;
use valinta_domain::policy::Denied;
use valinta_persistence::{DbError, Retryable};

use super::limits::{DETAIL_CHARS_MAX, FAILURES_MAX};
use crate::telemetry;

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";
/// Where the kinds are explained; `#` and a slug name one of them.
pub const PROBLEMS_PAGE: &str = "/docs/problems";

macro_rules! problem_kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $slug:literal, $status:ident, $title:literal;)+) => {
        /// What kind of problem it is. The slug is stable: callers may act on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemKind { $($(#[doc = $doc])+ $name,)+ }

        impl ProblemKind {
            /// All kinds.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// The stable name.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// The status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// The same few words for every problem of the kind.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What it means and what to do about it.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

problem_kinds! {
    /// The body is not JSON. The detail names line and column.
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON";
    /// The request came in too slowly. Send it again.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The request took too long to arrive";
    /// The operation creates or moves something and so wants an Idempotency-Key header of 1 to 255 visible ASCII characters.
    IdempotencyKeyMissing = "idempotency_key_missing", BAD_REQUEST, "An idempotency key is needed";
    /// There is no bearer token, or it is not valid: signature, issuer, audience, time or form.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "A valid bearer token is needed";
    /// The token is valid but lacks the scope that the operation asks for, or the caller's role may not do this.
    Forbidden = "forbidden", FORBIDDEN, "The caller may not do this";
    /// There is no such thing, or the caller has nothing to do with it.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// The path exists, but not with this method. The Allow header lists those it takes.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not for this path";
    /// There is no representation of it of a kind that the Accept header takes. The detail names those that there are.
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE, "There is nothing of that media type";
    /// Something else stands against it. Read the present state and decide anew.
    Conflict = "conflict", CONFLICT, "Something else stands against it";
    /// The thing is in a state in which this cannot be done to it.
    WrongState = "wrong_state", CONFLICT, "The state does not allow it";
    /// There already is one.
    Duplicate = "duplicate", CONFLICT, "There already is one";
    /// A request with the same idempotency key, or another change of the same thing, is under way. Send it again in a moment.
    RequestInProgress = "request_in_progress", CONFLICT, "A request about it is under way";
    /// The thing has changed since the version that If-Match names. Read it and decide anew.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "It has changed meanwhile";
    /// The length of the body must be declared in a Content-Length header before it comes.
    LengthRequired = "length_required", LENGTH_REQUIRED, "The length of the body must be declared";
    /// The body is larger than the service takes.
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body must be declared as what the operation takes, mostly application/json, and be uncompressed. The detail says what is taken.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body is not of a type that is taken";
    /// Some of what was sent is not acceptable. The errors say what, where and why; nothing was written.
    InvalidInput = "invalid_input", UNPROCESSABLE_ENTITY, "Some of the input is not acceptable";
    /// The idempotency key was used before, with another request.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The idempotency key was used for another request";
    /// The price is above the ceiling that the rulebook sets. The detail names the ceiling.
    PriceOverCeiling = "price_over_ceiling", UNPROCESSABLE_ENTITY, "The price is over the ceiling";
    /// The voucher, approval or price does not hold on the day.
    NotValidOnDay = "not_valid_on_day", UNPROCESSABLE_ENTITY, "It does not hold on that day";
    /// The voucher does not have that much left.
    InsufficientBalance = "insufficient_balance", UNPROCESSABLE_ENTITY, "The voucher does not have that much left";
    /// The option cannot be chosen with this voucher. The errors say why.
    NotChoosable = "not_choosable", UNPROCESSABLE_ENTITY, "The option cannot be chosen";
    /// The rules of the voucher type cannot be applied to what was sent.
    RuleError = "rule_error", UNPROCESSABLE_ENTITY, "The rules cannot be applied";
    /// The operation changes something that others may change too, and so wants an If-Match header.
    PreconditionRequired = "precondition_required", PRECONDITION_REQUIRED, "An If-Match header is needed";
    /// The caller sends more than its share. Wait for as long as Retry-After says.
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests";
    /// The service fell over something that is not the caller's doing. Tell the operator the instance.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong in the service";
    /// The service cannot answer now, mostly because its database is away or busy. Wait for as long as Retry-After says.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service cannot answer now";
}

impl ProblemKind {
    /// The URI reference that identifies the kind.
    pub fn uri(self) -> String {
        format!("{PROBLEMS_PAGE}#{}", self.slug())
    }

    /// After how many seconds a caller may well try again, where trying again is the answer.
    const fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::Unavailable => Some(2),
            Self::TooManyRequests | Self::RequestInProgress => Some(1),
            Self::MalformedJson
            | Self::RequestTimeout
            | Self::IdempotencyKeyMissing
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::Conflict
            | Self::WrongState
            | Self::Duplicate
            | Self::PreconditionFailed
            | Self::LengthRequired
            | Self::PayloadTooLarge
            | Self::UnsupportedMediaType
            | Self::InvalidInput
            | Self::IdempotencyKeyReused
            | Self::PriceOverCeiling
            | Self::NotValidOnDay
            | Self::InsufficientBalance
            | Self::NotChoosable
            | Self::RuleError
            | Self::PreconditionRequired
            | Self::Internal => None,
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Failure {
    /// Where, as an RFC 6901 pointer into the body; parameters are under `/query`, `/path` and `/header`. A name in it is as
    /// the caller wrote it, whatever its characters.
    #[schema(max_length = 400, pattern = r"^[\s\S]*$", example = "/units/0/name")]
    pub pointer: String,
    /// What is wrong, as a stable word.
    #[schema(max_length = 64, example = "length")]
    pub code: String,
    /// What is wrong, for a person.
    #[schema(max_length = 400)]
    pub detail: String,
}

impl Failure {
    /// A failure; a text beyond the limit is cut, and characters of the caller's that no text has are not told again.
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { pointer: cut(pointer.into()), code: code.into(), detail: cut(legible(&detail.to_string())) }
    }
}

/// A text of the caller's to be told again: characters that no text has are marked.
pub(crate) fn legible(text: &str) -> String {
    let is_text = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().map(|c| if is_text(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

fn cut(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(DETAIL_CHARS_MAX) {
        text.truncate(at);
    }
    text
}

/// A refusal on its way to the caller.
///
/// It may keep the database's error inside, so that the persistence layer can tell a transaction that is worth
/// running again from one that is not.
pub struct Problem(Box<Inner>);

struct Inner {
    kind: ProblemKind,
    detail: String,
    failures: Vec<Failure>,
    header: Option<(header::HeaderName, String)>,
    cause: Option<String>,
    db: Option<DbError>,
}

impl Problem {
    /// A problem with a text for the caller.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, detail: detail.into(), failures: Vec::new(), header: None, cause: None, db: None }))
    }

    /// What went wrong in the service itself, for the log; the caller is told only that it did.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(ProblemKind::Internal, "The service could not complete the request.").caused_by(cause)
    }

    /// There is no such thing, or none that the caller may know of.
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "There is nothing here for the caller.")
    }

    /// The body names something that is not there, or that the caller may not know of.
    pub fn unknown(pointer: &str, why: impl fmt::Display) -> Self {
        Self::new(ProblemKind::NotFound, "Something that the request names is not there for the caller; see errors.")
            .at(pointer, "unknown", why)
    }

    /// Input that is not acceptable, with everything that is wrong with it.
    pub fn invalid(failures: Vec<Failure>) -> Self {
        let mut problem = Self::new(ProblemKind::InvalidInput, "Some of the input is not acceptable; see errors.");
        problem.0.failures = failures;
        problem.0.failures.truncate(FAILURES_MAX);
        problem
    }

    /// Adds where it is wrong, what, and why.
    #[must_use]
    pub fn at(mut self, pointer: &str, code: &str, detail: impl fmt::Display) -> Self {
        if self.0.failures.len() < FAILURES_MAX {
            self.0.failures.push(Failure::new(pointer, code, detail));
        }
        self
    }

    /// The same of an item of a list: where it is wrong is under the item's place.
    #[must_use]
    pub(crate) fn under(mut self, place: &str) -> Self {
        for failure in &mut self.0.failures {
            failure.pointer = cut(format!("{place}{}", failure.pointer));
        }
        if self.0.failures.is_empty() {
            self.0.failures.push(Failure::new(place, self.0.kind.slug(), &self.0.detail));
        }
        self
    }

    /// Whether the database said it, so that its transaction may be over.
    pub(crate) fn is_of_database(&self) -> bool {
        self.0.db.is_some()
    }

    /// Tells the caller more.
    #[must_use]
    pub(crate) fn and_says(mut self, more: &str) -> Self {
        self.0.detail = format!("{} {more}", self.0.detail);
        self
    }

    /// Adds the cause. It is logged and never shown.
    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Adds the header that its status wants: a challenge, or the methods that are allowed.
    #[must_use]
    pub(crate) fn with_header(mut self, name: header::HeaderName, value: String) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// The kind.
    pub fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    /// The text for the caller.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What is wrong, in particular.
    pub fn failures(&self) -> &[Failure] {
        &self.0.failures
    }

    /// The cause, for the log.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The document as it is sent.
    pub fn document(&self, instance: Option<Uuid>) -> ProblemDocument {
        ProblemDocument {
            uri: self.0.kind.uri(),
            title: self.0.kind.title().to_owned(),
            status: self.0.kind.status().as_u16(),
            detail: self.0.detail.clone(),
            instance: instance.map(|id| format!("urn:uuid:{id}")),
            errors: self.0.failures.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.slug())
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("kind", &self.0.kind)
            .field("detail", &self.0.detail)
            .field("failures", &self.0.failures)
            .field("cause", &self.0.cause)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Problem {}

/// A refusal as it is sent: an RFC 9457 problem document.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// The kind, as a link to its explanation.
    #[serde(rename = "type")]
    #[schema(rename = "type", max_length = 200, example = "/docs/problems#invalid_input")]
    uri: String,
    /// The kind in a few words.
    #[schema(max_length = 200)]
    title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong this time.
    #[schema(max_length = 4000)]
    detail: String,
    /// The request, as the log knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100, example = "urn:uuid:01990000-0000-7000-8000-000000000000")]
    instance: Option<String>,
    /// Everything that is wrong with the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    errors: Vec<Failure>,
}

impl ProblemDocument {
    /// Everything that is wrong with the input.
    pub(crate) fn errors(&self) -> &[Failure] {
        &self.errors
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(PROBLEM_JSON);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.0.kind.retry_after_s() {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some((name, value)) = &self.0.header {
            response.insert_header((name.clone(), value.as_str()));
        }
        let document = self.document(telemetry::current_request_id());
        response.body(serde_json::to_string(&document).unwrap_or_default())
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Hidden => Self::not_found(),
            Denied::NotForRole => Self::new(ProblemKind::Forbidden, "This is not for the caller's role."),
            Denied::NotForMandate => Self::new(
                ProblemKind::Forbidden,
                "The caller's mandate is to look only (`vouchers_read`); this takes one that is to act (`vouchers`).",
            ),
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        let mut problem = match &error {
            DbError::Unavailable { .. } | DbError::Overloaded | DbError::Serialization => {
                Self::new(ProblemKind::Unavailable, "The service cannot answer now; please try again soon.")
            }
            DbError::LockTimeout => Self::new(
                ProblemKind::RequestInProgress,
                "Another request is changing the same thing; please try again.",
            ),
            DbError::Unique { .. } => Self::new(ProblemKind::Duplicate, "There already is one like it."),
            // What a command should have refused before; the database is the last to notice.
            DbError::ForeignKey { .. }
            | DbError::Check { .. }
            | DbError::AppendOnly { .. }
            | DbError::Corrupt { .. }
            | DbError::Internal(_) => Self::internal("the database refused it"),
        };
        problem.0.cause = Some(error.to_string());
        problem.0.db = Some(error);
        problem
    }
}

impl Retryable for Problem {
    fn is_retryable(&self) -> bool {
        self.0.db.as_ref().is_some_and(Retryable::is_retryable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::MessageBody;

    fn sent(problem: &Problem) -> serde_json::Value {
        let body = problem.error_response().into_body().try_into_bytes().unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn characters_that_no_text_has_are_pointed_at_and_not_told_again() {
        let failure = Failure::new("/items/\u{84}", "unknown", "there is no \u{84} here,\nnor \0");
        assert_eq!(failure.pointer, "/items/\u{84}");
        assert_eq!(failure.detail, "there is no \u{fffd} here,\nnor \u{fffd}");
    }

    #[test]
    fn slugs_are_unique_and_statuses_are_errors() {
        let mut slugs: Vec<_> = ProblemKind::ALL.into_iter().map(ProblemKind::slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), ProblemKind::ALL.len());
        assert!(ProblemKind::ALL.into_iter().all(|k| k.status().is_client_error() || k.status().is_server_error()));
    }

    #[test]
    fn a_problem_is_sent_with_what_where_and_why_and_without_its_cause() {
        let problem = Problem::new(ProblemKind::PriceOverCeiling, "The ceiling is 36.00 EUR.")
            .at("/price", "price_over_ceiling", "36.50 is over 36.00")
            .caused_by("secret");
        let response = problem.error_response();
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers().get("content-type").unwrap(), PROBLEM_JSON);
        assert_eq!(
            sent(&problem),
            serde_json::json!({
                "type": "/docs/problems#price_over_ceiling",
                "title": "The price is over the ceiling",
                "status": 422,
                "detail": "The ceiling is 36.00 EUR.",
                "errors": [{"pointer": "/price", "code": "price_over_ceiling", "detail": "36.50 is over 36.00"}],
            })
        );
    }

    #[test]
    fn a_database_that_is_away_is_503_with_retry_after_and_its_words_stay_inside() {
        let problem = Problem::from(DbError::Unavailable { reason: "host 10.0.0.7 refused".into() });
        let response = problem.error_response();
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key("retry-after"));
        assert!(!sent(&problem).to_string().contains("10.0.0.7"));
        assert!(problem.cause().unwrap().contains("10.0.0.7"));
    }

    #[test]
    fn only_a_lost_race_is_worth_running_again() {
        assert!(Problem::from(DbError::Serialization).is_retryable());
        for other in [DbError::Overloaded, DbError::LockTimeout, DbError::Internal("x".into())] {
            assert!(!Problem::from(other).is_retryable());
        }
        assert!(!Problem::not_found().is_retryable());
    }

    #[test]
    fn what_is_hidden_looks_like_what_does_not_exist() {
        assert_eq!(sent(&Problem::from(Denied::Hidden)), sent(&Problem::not_found()));
        assert_eq!(Problem::from(Denied::NotForRole).kind(), ProblemKind::Forbidden);
    }
}
