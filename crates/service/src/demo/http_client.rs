//! A small HTTP client for the journey: JSON in, JSON out, with a token and a time limit.

use std::time::Duration;

use serde_json::Value;
use thiserror::Error;
use ureq::http::Response;
use ureq::{Agent, Body};

const WAIT_MAX: Duration = Duration::from_secs(30);

/// Why a step of the journey did not hold.
#[derive(Debug, Error)]
pub(crate) enum StepFailed {
    /// The service could not be asked.
    #[error("{request}: {source}")]
    Transport {
        /// What was asked.
        request: String,
        /// Why it failed.
        source: Box<ureq::Error>,
    },
    /// The answer has another status.
    #[error("{request}: {wanted} was expected, the answer was {status}: {body}")]
    Status {
        /// What was asked.
        request: String,
        /// The status that was expected.
        wanted: u16,
        /// The status of the answer.
        status: u16,
        /// The answer.
        body: Value,
    },
    /// The answer lacks something, or says something else.
    #[error("{0}")]
    Unexpected(String),
}

/// Asks a service.
pub(crate) struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    /// A client of the service at a URL.
    pub(crate) fn new(base: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(WAIT_MAX)).proxy(None).http_status_as_error(false);
        Self { agent: config.build().into(), base: base.trim_end_matches('/').to_owned() }
    }

    /// Reads.
    pub(crate) fn get(&self, path: &str, token: Option<&str>, wanted: u16) -> Result<Value, StepFailed> {
        // The story is told in English.
        let mut request = self.agent.get(format!("{}{path}", self.base)).header("Accept-Language", "en");
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        answer(format!("GET {path}"), wanted, request.call())
    }

    /// Commands, once.
    pub(crate) fn post(
        &self,
        path: &str,
        token: &str,
        key: &str,
        body: &Value,
        wanted: u16,
    ) -> Result<Value, StepFailed> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("Authorization", format!("Bearer {token}")).header("Idempotency-Key", key);
        answer(format!("POST {path}"), wanted, request.send_json(body))
    }

    /// Puts in place.
    pub(crate) fn put(
        &self,
        path: &str,
        token: &str,
        key: &str,
        body: &Value,
        wanted: u16,
    ) -> Result<Value, StepFailed> {
        let request = self.agent.put(format!("{}{path}", self.base));
        let request = request.header("Authorization", format!("Bearer {token}")).header("Idempotency-Key", key);
        answer(format!("PUT {path}"), wanted, request.send_json(body))
    }
}

fn answer(request: String, wanted: u16, answered: Result<Response<Body>, ureq::Error>) -> Result<Value, StepFailed> {
    let failed = |source| StepFailed::Transport { request: request.clone(), source: Box::new(source) };
    let mut response = answered.map_err(failed)?;
    let status = response.status().as_u16();
    let body: Value = response.body_mut().read_json().map_err(failed)?;
    if status == wanted { Ok(body) } else { Err(StepFailed::Status { request, wanted, status, body }) }
}
