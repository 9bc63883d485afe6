//! Calls over HTTP and their answers. Knows no operation; every refusal that passes is searched for internals.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request};
use ureq::{Agent, Error};

use super::recorded;

/// The longest that a call may take: longer than the service waits for its database.
const CALL_DURATION_MAX: Duration = Duration::from_secs(60);

/// Larger than any answer.
const ANSWER_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// What no refusal may tell a caller.
const INTERNALS: [&str; 14] = [
    "diesel",
    "sqlite",
    "postgres",
    "libpq",
    "panicked",
    "unwrap",
    "SELECT ",
    "INSERT ",
    "relation",
    ".rs:",
    "audit_log",
    "idempotency_keys",
    "ledger_entries",
    "constraint",
];

static KEYS_MADE: AtomicU64 = AtomicU64::new(1);

/// An idempotency key that no other call of this run has.
pub(crate) fn new_key() -> String {
    format!("key-{}", KEYS_MADE.fetch_add(1, Ordering::Relaxed))
}

/// A service at an address.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    agent: Agent,
}

impl Api {
    /// The service that listens there.
    pub(crate) fn at(base: impl Into<String>) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(CALL_DURATION_MAX))
            .max_idle_connections(100)
            .max_idle_connections_per_host(100)
            .build()
            .new_agent();
        Self { base: base.into(), agent }
    }

    /// Host and port, for what is not sent as a client sends it.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Someone without a token.
    pub(crate) fn anyone(&self) -> User {
        User { api: self.clone(), token: None }
    }

    /// Someone with a token.
    pub(crate) fn with_token(&self, token: impl Into<String>) -> User {
        User { api: self.clone(), token: Some(token.into()) }
    }

    /// Any call at all.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap())?,
            None => self.agent.run(request.body(()).unwrap())?,
        };
        let bytes = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
        // A picture is no text, and nobody reads it.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer {
            call: format!("{method} {path}"),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        };
        answer.must_not_tell_internals();
        recorded::keep(&recorded::Call {
            method,
            path,
            headers,
            sent: body,
            status: answer.status,
            answered_type: answer.header("content-type"),
            answered: &answer.text,
        });
        Ok(answer)
    }
}

/// Who calls.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) api: Api,
    pub(crate) token: Option<String>,
}

impl User {
    /// Reads.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    /// Commands, under a new idempotency key.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_keyed(path, &new_key(), body)
    }

    /// Says what an officer has found of a piece of evidence, in place of what the county found last, if it did.
    pub(crate) fn check_evidence(&self, evidence: &str, body: &Value) -> Answer {
        let path = format!("/v1/evidence/{evidence}");
        let mut body = body.clone();
        if let Some(latest) = self.get(&path).body["checks"].get(0) {
            body["replaces"] = latest["id"].clone();
        }
        self.post(&format!("{path}/checks"), &body)
    }

    /// Commands, under an idempotency key of the test's own.
    pub(crate) fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.try_post(path, key, body).unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// As [`User::post_keyed`], where the service may be gone.
    pub(crate) fn try_post(&self, path: &str, key: &str, body: &Value) -> Result<Answer, Error> {
        self.try_send("POST", path, &[("Idempotency-Key", key)], Some(&body.to_string()))
    }

    /// Commands, under a new idempotency key, what was seen as this version: an entity tag, or `*`.
    pub(crate) fn post_seen(&self, path: &str, seen: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("Idempotency-Key", &new_key()), ("If-Match", seen)], Some(&body.to_string()))
    }

    /// Puts what was seen as this version.
    pub(crate) fn put_seen(&self, path: &str, seen: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[("If-Match", seen)], Some(&body.to_string()))
    }

    /// Puts, under a new idempotency key.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[("Idempotency-Key", &new_key())], Some(&body.to_string()))
    }

    /// Any call at all; a body is declared as JSON unless the headers say otherwise.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Answer, Error> {
        let mut all = headers.to_vec();
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        all.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            all.push(("Content-Type", "application/json"));
        }
        self.api.send(method, path, &all, body.map(str::as_bytes))
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) call: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body as JSON; null where it is none.
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body, if this is the status.
    #[track_caller]
    pub(crate) fn of_status(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.call, self.text);
        self.body
    }

    /// The body of what was done or found.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.of_status(200)
    }

    /// The body of what was made; it must say where it is.
    #[track_caller]
    pub(crate) fn created(self) -> Value {
        assert_eq!(self.status, 201, "{}: {}", self.call, self.text);
        assert!(self.header("location").is_some_and(|place| place.starts_with("/v1/")), "{}", self.call);
        self.body
    }

    /// The problem, if it is a refusal of this status and kind.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, slug: &str) -> Problem {
        assert_eq!(self.status, status, "{}: {}", self.call, self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.call);
        assert_eq!(self.slug(), slug, "{}: {}", self.call, self.text);
        assert_eq!(self.body["status"], status, "{}", self.call);
        assert!(self.body["title"].as_str().is_some_and(|title| !title.is_empty()), "{}", self.text);
        assert!(self.body["instance"].as_str().is_some_and(|id| id.starts_with("urn:uuid:")), "{}", self.text);
        Problem { body: self.body }
    }

    /// The kind of the problem, or nothing.
    pub(crate) fn slug(&self) -> &str {
        self.body["type"].as_str().and_then(|uri| uri.strip_prefix("/docs/problems#")).unwrap_or_default()
    }

    #[track_caller]
    fn must_not_tell_internals(&self) {
        if self.status < 400 {
            return;
        }
        for internal in INTERNALS {
            assert!(!self.text.contains(internal), "{} tells {internal:?}: {}", self.call, self.text);
        }
    }
}

/// A refusal.
pub(crate) struct Problem {
    pub(crate) body: Value,
}

impl Problem {
    /// What is wrong this time, in words.
    pub(crate) fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    /// Where it is wrong, in order, each with its code.
    pub(crate) fn errors(&self) -> Vec<(String, String)> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap().into(), error["code"].as_str().unwrap().into()))
            .collect()
    }

    /// That this is wrong there.
    #[track_caller]
    pub(crate) fn at(self, pointer: &str, code: &str) -> Self {
        let errors = self.errors();
        assert!(errors.contains(&(pointer.to_owned(), code.to_owned())), "{pointer} {code}: {errors:?}");
        self
    }

    /// That the words hold this.
    #[track_caller]
    pub(crate) fn saying(self, words: &str) -> Self {
        assert!(self.body.to_string().contains(words), "{words:?} is not in {}", self.body);
        self
    }
}

/// The id of something that the service has shown.
#[track_caller]
pub(crate) fn id_of(shown: &Value) -> String {
    shown["id"].as_str().unwrap_or_else(|| panic!("no id: {shown}")).to_owned()
}
