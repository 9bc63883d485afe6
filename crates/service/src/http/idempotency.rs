//! The `Idempotency-Key` header. Whether a key was used before is the database's to say, in the command's transaction.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use super::problem::{Problem, ProblemKind};

const HEADER: &str = "Idempotency-Key";
const FORM: &str = "The header Idempotency-Key must be given once, with 1 to 255 visible ASCII characters.";

/// The key by which a caller marks repetitions of one request.
///
/// Declare it in `#[utoipa::path(params(IdempotencyKey), …)]` of every operation that takes it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    key: String,
    operation: String,
}

impl IdempotencyKey {
    /// The key as it came.
    pub fn as_str(&self) -> &str {
        &self.key
    }

    /// What tells this request from another with the same key: a digest of method, path, query and body.
    pub fn fingerprint(&self, body: &[u8]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.operation.as_bytes());
        digest.update(b"\n");
        digest.update(body);
        digest.finalize().into()
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A key is the caller's text and may say anything about anyone.
        f.write_str("IdempotencyKey(…)")
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<IdempotencyKey, Problem> {
    let refuse = || {
        Problem::new(ProblemKind::IdempotencyKeyMissing, FORM).at("/header/idempotency-key", "idempotency_key", FORM)
    };
    let mut sent = request.headers().get_all(HEADER);
    let key = sent.next().and_then(|value| value.to_str().ok()).ok_or_else(refuse)?;
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if sent.next().is_some() || key.is_empty() || key.len() > IDEMPOTENCY_KEY_CHARS_MAX || !visible {
        return Err(refuse());
    }
    let operation = format!("{} {}", request.method(), request.uri());
    Ok(IdempotencyKey { key: key.to_owned(), operation })
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(IDEMPOTENCY_KEY_CHARS_MAX))
            .pattern(Some("^[!-~]+$"));
        vec![
            ParameterBuilder::new()
                .name(HEADER)
                .parameter_in(ParameterIn::Header)
                .required(Required::True)
                .description(Some(
                    "Marks repetitions of one request: the same key and request have the same answer, \
                     and another request with the same key is refused.",
                ))
                .schema(Some(schema))
                .build(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_key_is_visible_ascii_of_1_to_255_characters_given_once() {
        let read_one = |key: &str| read(&TestRequest::post().insert_header((HEADER, key)).to_http_request());
        assert_eq!(read_one("a-1").unwrap().as_str(), "a-1");
        assert!(read_one(&"k".repeat(255)).is_ok());
        for bad in ["", "two words", "ä", &"k".repeat(256)] {
            assert_eq!(read_one(bad).unwrap_err().kind(), ProblemKind::IdempotencyKeyMissing, "{bad}");
        }
        let twice = TestRequest::post().append_header((HEADER, "a")).append_header((HEADER, "b")).to_http_request();
        assert!(read(&twice).is_err());
        assert!(read(&TestRequest::post().to_http_request()).is_err());
    }

    #[test]
    fn another_path_or_body_is_another_request() {
        let key =
            |uri: &str| read(&TestRequest::post().uri(uri).insert_header((HEADER, "a")).to_http_request()).unwrap();
        assert_eq!(key("/v1/a").fingerprint(b"{}"), key("/v1/a").fingerprint(b"{}"));
        assert_ne!(key("/v1/a").fingerprint(b"{}"), key("/v1/b").fingerprint(b"{}"));
        assert_ne!(key("/v1/a").fingerprint(b"{}"), key("/v1/a").fingerprint(b"{ }"));
    }
}
