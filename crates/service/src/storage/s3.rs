//! A store that speaks S3, over HTTP with signed addresses. Signs and sends; retries are its caller's business.

use std::fmt;
use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use ureq::Agent;

use super::{Storage, StorageError, checked};

/// For how long an address is good: as long as a call may take, and what two clocks may differ by.
const SIGNED_FOR: Duration = Duration::from_secs(300);
/// The longest that a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// The longest that a call may take.
const CALL_MAX: Duration = Duration::from_secs(60);
/// The largest object that is read: well above the largest that is kept, sealed.
const OBJECT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// As much of a refusal as is read.
const REFUSAL_BYTES_MAX: u64 = 16 * 1024;
/// Longest word of a store's own that is repeated.
const CODE_CHARS_MAX: usize = 64;

/// Where a store is, and who may use it.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// Where it is: `https://` and a host, perhaps a port and a path.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What keys begin with, without a slash at either end; empty for nothing.
    pub prefix: String,
    /// The access key's id.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: String,
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// A bucket.
pub struct S3 {
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    agent: Agent,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("bucket", &self.bucket.name()).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl S3 {
    /// The bucket that the settings name. Nothing is asked of it yet.
    ///
    /// # Errors
    /// The endpoint is no address.
    pub fn new(settings: &S3Settings) -> Result<Self, StorageError> {
        let unfit = |_| StorageError::Settings("the endpoint is not the address of an S3 store".to_owned());
        let endpoint = settings.endpoint.parse().map_err(|_| {
            StorageError::Settings("the endpoint is not an address that begins with https:// or http://".to_owned())
        })?;
        // Every store can be asked in this style, also one at an address without a name.
        let bucket = Bucket::new(endpoint, UrlStyle::Path, settings.bucket.clone(), settings.region.clone());
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_MAX))
            .timeout_global(Some(CALL_MAX))
            .build()
            .new_agent();
        Ok(Self {
            bucket: bucket.map_err(unfit)?,
            credentials: Credentials::new(settings.access_key.clone(), settings.secret_key.clone()),
            prefix: settings.prefix.clone(),
            agent,
        })
    }

    fn object(&self, key: &str) -> Result<String, StorageError> {
        let key = checked(key)?;
        Ok(if self.prefix.is_empty() { key.to_owned() } else { format!("{}/{key}", self.prefix) })
    }
}

/// What a call came to: the status and as much of the body as is wanted.
type Answer = ureq::http::Response<ureq::Body>;

/// What went wrong on the way. The address is not told: a signature is in it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the client's errors may grow; what has no words here is a failed call"
)]
fn unreachable(what: &'static str, error: ureq::Error) -> StorageError {
    let reason = match error {
        ureq::Error::Io(source) => return StorageError::Io { what, source },
        ureq::Error::Timeout(_) => "it took too long".to_owned(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::ConnectionFailed => "no connection came about".to_owned(),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        ureq::Error::BodyExceedsLimit(max) => return StorageError::TooLarge { max },
        _ => "the call failed".to_owned(),
    };
    StorageError::Unreachable { what, reason }
}

/// The store's own word for a refusal, such as `NoSuchBucket`: one short word or nothing.
fn code_of(answer: &mut Answer) -> String {
    let body = answer.body_mut().with_config().limit(REFUSAL_BYTES_MAX).read_to_string().unwrap_or_default();
    let code = body.split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next()).unwrap_or_default();
    let is_word = code.len() <= CODE_CHARS_MAX && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_word { code.to_owned() } else { String::new() }
}

fn refused(what: &'static str, answer: &mut Answer) -> StorageError {
    StorageError::Refused { what, status: answer.status().as_u16(), code: code_of(answer) }
}

impl Storage for S3 {
    fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        const WHAT: &str = "an object could not be stored";
        let object = self.object(key)?;
        let address = self.bucket.put_object(Some(&self.credentials), &object).sign(SIGNED_FOR);
        let mut answer = self.agent.put(address.as_str()).send(bytes).map_err(|e| unreachable(WHAT, e))?;
        if answer.status().is_success() { Ok(()) } else { Err(refused(WHAT, &mut answer)) }
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        const WHAT: &str = "an object could not be read";
        let object = self.object(key)?;
        let address = self.bucket.get_object(Some(&self.credentials), &object).sign(SIGNED_FOR);
        let mut answer = self.agent.get(address.as_str()).call().map_err(|e| unreachable(WHAT, e))?;
        if answer.status().is_success() {
            let body = answer.body_mut().with_config().limit(OBJECT_BYTES_MAX).read_to_vec();
            return body.map(Some).map_err(|e| unreachable(WHAT, e));
        }
        let status = answer.status().as_u16();
        let code = code_of(&mut answer);
        // A bucket that is not there is another matter than an object that is not.
        if status == 404 && (code == "NoSuchKey" || code.is_empty()) {
            return Ok(None);
        }
        Err(StorageError::Refused { what: WHAT, status, code })
    }

    fn delete(&self, key: &str) -> Result<(), StorageError> {
        const WHAT: &str = "an object could not be removed";
        let object = self.object(key)?;
        let address = self.bucket.delete_object(Some(&self.credentials), &object).sign(SIGNED_FOR);
        let mut answer = self.agent.delete(address.as_str()).call().map_err(|e| unreachable(WHAT, e))?;
        let gone = answer.status().is_success() || answer.status().as_u16() == 404;
        if gone { Ok(()) } else { Err(refused(WHAT, &mut answer)) }
    }
}

#[cfg(test)]
mod tests;
