//! OpenID providers whose access tokens are trusted: where each publishes its keys, and the keys as they were last fetched.
//!
//! Keys are fetched now and then, and when a token names one that is not here. However many such tokens come, a provider is
//! asked no more often than [`ASKED_AGAIN_AFTER`]; and keys that could not be fetched anew for [`KEPT_FOR`] are not trusted
//! any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chrono::TimeDelta;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use ureq::Agent;
use valinta_domain::Moment;

use crate::tokens::{Trusted, TrustedKeysError, read_published};

/// A provider is not asked again before.
pub const ASKED_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(30);
/// For how long keys are trusted that could not be fetched anew.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// How often keys are fetched anew, so that one that was withdrawn is not trusted for long.
pub const FETCHED_EVERY: Duration = Duration::from_secs(300);
/// The longest that a provider may take.
const CALL_MAX: Duration = Duration::from_secs(5);
/// The largest document that a provider may send.
const DOCUMENT_BYTES_MAX: u64 = 256 * 1024;
/// Where a provider describes itself, behind its issuer.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// A provider, and its keys.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    agent: Agent,
    held: ArcSwapOption<Held>,
    /// When it was last asked, in microseconds since 1970.
    asked_at: AtomicI64,
    asking: Mutex<()>,
}

/// A provider's keys as they were fetched.
#[derive(Debug)]
pub struct Held {
    keys: Vec<Trusted>,
    published: String,
    generation: u64,
    fetched_at: Moment,
}

impl Held {
    /// The keys.
    pub(crate) fn keys(&self) -> &[Trusted] {
        &self.keys
    }

    /// Which keys these are: others have another number.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

/// Why a provider's keys are not here.
#[derive(Debug, Error)]
pub enum OpenIdError {
    /// The issuer is no address that can be trusted.
    #[error("an issuer is https:// and a host, or http:// and this machine, without a query: {0}")]
    Address(String),
    /// It could not be asked, or did not answer as it should.
    #[error("{url}: {reason}")]
    Unanswered {
        /// What was asked for.
        url: String,
        /// What came of it.
        reason: String,
    },
    /// It describes itself as another.
    #[error("{url} is of the issuer {issuer}")]
    AnotherIssuer {
        /// What was asked for.
        url: String,
        /// What it says.
        issuer: String,
    },
    /// Its keys cannot be used.
    #[error("{url}: {source}")]
    Keys {
        /// Where they are.
        url: String,
        /// What is wrong with them.
        source: TrustedKeysError,
    },
}

impl Provider {
    /// The provider of an issuer's name. Nothing is asked of it yet.
    ///
    /// # Errors
    /// It is no address whose answers can be trusted.
    pub fn new(issuer: &str) -> Result<Self, OpenIdError> {
        if !is_trustworthy(issuer) || issuer.contains(['?', '#']) {
            return Err(OpenIdError::Address(issuer.to_owned()));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(CALL_MAX))
            .build()
            .into();
        Ok(Self {
            issuer: issuer.to_owned(),
            agent,
            held: ArcSwapOption::empty(),
            asked_at: AtomicI64::new(i64::MIN),
            asking: Mutex::new(()),
        })
    }

    /// Its name: what its tokens have in `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its keys, as long as they are to be trusted.
    pub fn keys(&self, now: Moment) -> Option<Arc<Held>> {
        self.held.load_full().filter(|held| now.utc().signed_duration_since(held.fetched_at.utc()) < KEPT_FOR)
    }

    /// Fetches its keys, unless it was asked a moment ago. Who comes while it is being asked waits for the same answer.
    pub async fn fetch(self: &Arc<Self>, now: Moment) {
        let came_at = self.asked_at.load(Ordering::Acquire);
        let _asking = self.asking.lock().await;
        let asked_at = self.asked_at.load(Ordering::Acquire);
        let again_from = asked_at.saturating_add(ASKED_AGAIN_AFTER.num_microseconds().unwrap_or(i64::MAX));
        let now_micros = now.utc().timestamp_micros();
        if asked_at != came_at || (now_micros < again_from && asked_at <= now_micros) {
            return;
        }
        self.asked_at.store(now_micros, Ordering::Release);
        let asked = Arc::clone(self);
        let fetched = spawn_blocking(move || asked.published()).await;
        match fetched {
            Ok(Ok((published, keys))) => self.hold(published, keys, now),
            Ok(Err(error)) => tracing::warn!(issuer = self.issuer, %error, "the keys could not be fetched"),
            Err(error) => tracing::error!(issuer = self.issuer, %error, "the keys could not be fetched"),
        }
    }

    fn hold(&self, published: String, keys: Vec<Trusted>, now: Moment) {
        let before = self.held.load_full();
        let same = before.as_ref().filter(|held| held.published == published);
        let last = before.as_ref().map_or(0, |held| held.generation);
        let generation = if same.is_some() { last } else { last.saturating_add(1) };
        if same.is_none() {
            let kids: Vec<&str> = keys.iter().map(|key| key.kid.as_str()).collect();
            tracing::info!(issuer = self.issuer, ?kids, "the keys of an OpenID provider");
        }
        self.held.store(Some(Arc::new(Held { keys, published, generation, fetched_at: now })));
    }

    /// The key set as it is published now.
    fn published(&self) -> Result<(String, Vec<Trusted>), OpenIdError> {
        #[derive(Deserialize)]
        struct Description {
            issuer: String,
            jwks_uri: String,
        }
        let url = format!("{}{DISCOVERY}", self.issuer.trim_end_matches('/'));
        let described: Description = serde_json::from_str(&self.get(&url)?).map_err(|error| {
            let reason = format!("it is not what a provider says of itself: {error}");
            OpenIdError::Unanswered { url: url.clone(), reason }
        })?;
        if described.issuer != self.issuer {
            return Err(OpenIdError::AnotherIssuer { url, issuer: described.issuer });
        }
        if !is_trustworthy(&described.jwks_uri) {
            return Err(OpenIdError::Address(described.jwks_uri));
        }
        let published = self.get(&described.jwks_uri)?;
        let keys =
            read_published(&published).map_err(|source| OpenIdError::Keys { url: described.jwks_uri, source })?;
        Ok((published, keys))
    }

    fn get(&self, url: &str) -> Result<String, OpenIdError> {
        let unanswered = |reason: String| OpenIdError::Unanswered { url: url.to_owned(), reason };
        let mut answer = self.agent.get(url).call().map_err(|error| unanswered(error.to_string()))?;
        if answer.status() != 200 {
            return Err(unanswered(format!("it answers {}", answer.status())));
        }
        let body = answer.body_mut().with_config().limit(DOCUMENT_BYTES_MAX).read_to_string();
        body.map_err(|error| unanswered(error.to_string()))
    }
}

/// Whether nobody can answer in its stead: it is asked through TLS, or on this machine.
fn is_trustworthy(address: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let is_local = local.into_iter().filter_map(|start| address.strip_prefix(start));
    let mut is_local = is_local.filter(|rest| rest.is_empty() || rest.starts_with(['/', ':']));
    let is_plain = !address.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    is_plain && (is_local.next().is_some() || address.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()))
}
