//! Keys that tokens are verified with, out of JSON Web Key sets. Every key is pinned to one algorithm.

use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use thiserror::Error;

/// The shortest RSA modulus that is trusted.
const RSA_BYTES_MIN: usize = 256;

/// Why a set of trusted keys cannot be used.
#[derive(Debug, Error)]
pub enum TrustedKeysError {
    /// Not a JWK set.
    #[error("it is not a JSON Web Key set: {0}")]
    Malformed(serde_json::Error),
    /// Keys are told apart by their names.
    #[error("every signing key must have a kid that no other key has")]
    Unnamed,
    /// A key that cannot be trusted safely.
    #[error("key {kid}: {reason}")]
    Unusable {
        /// Which.
        kid: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Nothing in it to verify tokens with.
    #[error("it holds no key for EdDSA, ES256, RS256 or PS256")]
    Empty,
}

/// A key, and the one algorithm that it is trusted with.
#[derive(Clone)]
pub(crate) struct Trusted {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

impl fmt::Debug for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trusted").field("kid", &self.kid).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// What somebody here has written down: every key in it that is for signatures must be fit to be trusted.
pub(crate) fn read_set(text: &str) -> Result<Vec<Trusted>, TrustedKeysError> {
    let set: JwkSet = serde_json::from_str(text).map_err(TrustedKeysError::Malformed)?;
    let mut trusted = Vec::new();
    for jwk in set.keys.iter().filter(|jwk| is_for_signatures(jwk)) {
        trusted.extend(read_key(jwk, None)?);
    }
    if trusted.is_empty() { Err(TrustedKeysError::Empty) } else { Ok(trusted) }
}

/// The one key that a program signs with: fit, and for signatures.
pub(crate) fn read_key_of_machine(jwk: &str) -> Result<Trusted, TrustedKeysError> {
    read_set(&format!("{{\"keys\":[{jwk}]}}"))?.pop().ok_or(TrustedKeysError::Empty)
}

/// What a provider of tokens publishes: the keys in it that are fit, whatever else there is. An RSA key that does not say
/// its algorithm is for RS256, as OpenID Connect has it.
pub(crate) fn read_published(text: &str) -> Result<Vec<Trusted>, TrustedKeysError> {
    #[derive(Deserialize)]
    struct Published {
        keys: Vec<serde_json::Value>,
    }
    let set: Published = serde_json::from_str(text).map_err(TrustedKeysError::Malformed)?;
    let mut trusted: Vec<Trusted> = Vec::new();
    for jwk in set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()) {
        let fit = if is_for_signatures(&jwk) { read_key(&jwk, Some(KeyAlgorithm::RS256)) } else { Ok(None) };
        match fit {
            Ok(Some(key)) if trusted.iter().any(|known| known.kid == key.kid) => {
                tracing::warn!(kid = key.kid, "a published set has two keys of a name; the first is used");
            }
            Ok(Some(key)) => trusted.push(key),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a published key cannot be used"),
        }
    }
    if trusted.is_empty() { Err(TrustedKeysError::Empty) } else { Ok(trusted) }
}

/// A set also holds keys for other purposes; those are not ours to judge.
fn is_for_signatures(jwk: &Jwk) -> bool {
    matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature))
}

/// The key, if it is of a kind that tokens are verified with. `rsa` is what an RSA key is for that does not say it.
fn read_key(jwk: &Jwk, rsa: Option<KeyAlgorithm>) -> Result<Option<Trusted>, TrustedKeysError> {
    let Some(kid) = jwk.common.key_id.clone().filter(|kid| !kid.is_empty()) else {
        return Err(TrustedKeysError::Unnamed);
    };
    let unusable = |reason| TrustedKeysError::Unusable { kid: kid.clone(), reason };
    let algorithm = match (&jwk.algorithm, jwk.common.key_algorithm) {
        (AlgorithmParameters::OctetKeyPair(key), None | Some(KeyAlgorithm::EdDSA))
            if key.curve == EllipticCurve::Ed25519 =>
        {
            Algorithm::EdDSA
        }
        (AlgorithmParameters::EllipticCurve(key), None | Some(KeyAlgorithm::ES256))
            if key.curve == EllipticCurve::P256 =>
        {
            Algorithm::ES256
        }
        (AlgorithmParameters::RSA(key), algorithm) => {
            if key.n.len() * 6 / 8 < RSA_BYTES_MIN {
                return Err(unusable("an RSA key must have at least 2048 bits"));
            }
            match algorithm.or(rsa) {
                Some(KeyAlgorithm::RS256) => Algorithm::RS256,
                Some(KeyAlgorithm::PS256) => Algorithm::PS256,
                None => return Err(unusable("an RSA key must say its alg: RS256 or PS256")),
                Some(_) => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    let key = DecodingKey::from_jwk(jwk).map_err(|_| unusable("its parameters are not base64url"))?;
    Ok(Some(Trusted { kid, algorithm, key }))
}
