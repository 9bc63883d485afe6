//! By what a program says who it is when it asks for a token: an assertion, or a secret in the header or in the form. One of
//! them, and once.

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};
use valinta_persistence::machine_clients::{Credential, Proof};

use super::answer::{OAuthCode, OAuthRefusal};
use super::token::TokenRequest;
use crate::tokens::{Assertion, read_key_of_machine, stated_client, verify_assertion};

/// The one kind of assertion (RFC 7523 § 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who asks, as they say, and what is to prove it.
pub(super) struct Shown {
    pub(super) client: Id<kind::MachineClient>,
    by: By,
    /// Whether the secret was in the header.
    pub(super) basic: bool,
}

enum By {
    Assertion(String),
    Secret(String),
}

/// What a request shows.
pub(super) fn shown(request: &HttpRequest, form: &TokenRequest) -> Result<Shown, OAuthRefusal> {
    let unfit = |why: &str| OAuthRefusal::new(OAuthCode::InvalidRequest, why);
    let header = basic(request)?;
    let assertion = form.client_assertion.clone();
    let ways = [header.is_some(), assertion.is_some(), form.client_secret.is_some()];
    if ways.into_iter().filter(|is_used| *is_used).count() > 1 {
        return Err(unfit(
            "Prove once which client asks: by an assertion, or by a secret in the header or in the form.",
        ));
    }
    if let Some(assertion) = assertion {
        if form.client_assertion_type.as_deref() != Some(ASSERTION_TYPE) {
            return Err(unfit(&format!("client_assertion_type must be {ASSERTION_TYPE}.")));
        }
        let client = stated_client(&assertion).ok_or_else(OAuthRefusal::not_proved)?;
        let stated = form.client_id.as_deref();
        if stated.is_some_and(|id| id != client.to_string()) {
            return Err(OAuthRefusal::not_proved());
        }
        return Ok(Shown { client, by: By::Assertion(assertion), basic: false });
    }
    let is_basic = header.is_some();
    let (id, secret) = header
        .or_else(|| form.client_id.clone().zip(form.client_secret.clone()))
        .ok_or_else(OAuthRefusal::not_proved)?;
    let client = id.parse().map_err(|_| OAuthRefusal::not_proved())?;
    Ok(Shown { client, by: By::Secret(secret), basic: is_basic })
}

/// Id and secret of the header `Authorization: Basic …` (RFC 6749 § 2.3.1). Neither has characters that are written otherwise.
fn basic(request: &HttpRequest) -> Result<Option<(String, String)>, OAuthRefusal> {
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let Some(value) = sent.next() else { return Ok(None) };
    let unfit =
        || OAuthRefusal::new(OAuthCode::InvalidRequest, "The Authorization header must be Basic, and be there once.");
    let text = value.to_str().ok().filter(|_| sent.next().is_none()).and_then(|value| value.split_once(' '));
    let (scheme, encoded) = text.ok_or_else(unfit)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unfit());
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (id, secret) = decoded.as_deref().and_then(|text| text.split_once(':')).ok_or_else(unfit)?;
    Ok(Some((id.to_owned(), secret.to_owned())))
}

impl Shown {
    /// Lets what is shown prove that the program asks. Of an assertion, what is to be kept so that it proves it once.
    pub(super) fn proved(
        &self,
        credentials: &[Credential],
        for_whom: &[String],
        now: Moment,
    ) -> Result<Option<Assertion>, String> {
        let good = credentials.iter().filter(|credential| credential.is_good(now));
        match &self.by {
            By::Secret(secret) => {
                // A hash of 256 random bits: how long it takes to compare tells nothing of the secret.
                let shown: [u8; 32] = Sha256::digest(secret).into();
                let is_its = |proof: &Proof| matches!(proof, Proof::Secret { hash, .. } if *hash == shown);
                let mut good = good;
                if good.any(|credential| is_its(&credential.proof)) {
                    Ok(None)
                } else {
                    Err("no such secret".to_owned())
                }
            }
            By::Assertion(assertion) => {
                let mut keys = Vec::new();
                for credential in good {
                    if let Proof::Key { jwk, .. } = &credential.proof {
                        keys.push(read_key_of_machine(jwk).map_err(|error| error.to_string())?);
                    }
                }
                let verified = verify_assertion(assertion, self.client, &keys, for_whom, now);
                verified.map(Some).map_err(|invalid| invalid.to_string())
            }
        }
    }
}
