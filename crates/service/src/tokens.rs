//! Bearer tokens: verifying and minting RFC 9068 access tokens. Knows no HTTP and no database.
//!
//! Every trusted key is pinned to one algorithm; a token's own word about its algorithm is only compared with that.
//! Times are compared with the moment that is given, not with the system's clock.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ed25519_dalek::{Signer, SigningKey};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::policy::{Role, Scope};
use valinta_domain::{Id, Moment};

use crate::clock::new_uuid;
use crate::keys::Keys;

/// How far the issuer's clock may be off.
const LEEWAY_S: i64 = 30;
/// The longest that a token of ours is good for.
pub const LIFETIME_MAX: TimeDelta = TimeDelta::hours(24);
/// Longest subject, client and token id.
const NAME_CHARS_MAX: usize = 200;
/// How many tokens are known again without another look at their signatures.
const VERIFIED_KEPT: usize = 10_000;
/// The shortest RSA modulus that is trusted.
const RSA_BYTES_MIN: usize = 256;

/// Who calls, by a verified token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's subject, as its issuer names them.
    pub subject: String,
    /// In what role.
    pub role: Role,
    /// For which organiser; county staff always, others never.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Which person; residents always, others never.
    pub person: Option<Id<kind::Person>>,
    /// The program that the token was issued to.
    pub client_id: String,
    /// What the token is good for: no more than the role can hold.
    pub scopes: Vec<Scope>,
}

/// What a token of ours shall say.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who.
    pub subject: String,
    /// In what role.
    pub role: Role,
    /// For which organiser; needed for county staff.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Which person; needed for residents.
    pub person: Option<Id<kind::Person>>,
    /// Good for what.
    pub scopes: Vec<Scope>,
    /// For how long, at most [`LIFETIME_MAX`].
    pub lifetime: TimeDelta,
    /// For which program.
    pub client_id: String,
}

/// Why a token is not accepted. For the log; a caller is told only that it is not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidToken(String);

impl InvalidToken {
    fn because(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

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

/// Verifies tokens and mints our own. Clones share the keys.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    issuer: String,
    audience: String,
    kid: String,
    signing: SigningKey,
    trusted: Vec<Trusted>,
    /// What tokens say whose signatures were found good, by their hashes. Times are looked at every time.
    verified: Cache<[u8; 32], Arc<Claims>>,
}

struct Trusted {
    kid: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Tokens {
    /// Trusts our own key, and those of another issuer's JWK set where one is given. All must name `issuer`.
    ///
    /// # Errors
    /// The set cannot be used.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        keys: &Keys,
        trusted_jwks: Option<&str>,
    ) -> Result<Self, TrustedKeysError> {
        let signing = SigningKey::from_bytes(keys.token_seed());
        let own = Trusted {
            kid: keys.token_kid().to_owned(),
            algorithm: Algorithm::EdDSA,
            key: DecodingKey::from_ed_der(signing.verifying_key().as_bytes()),
        };
        let mut trusted = vec![own];
        if let Some(set) = trusted_jwks {
            trusted.extend(read_set(set)?);
        }
        let mut kids: Vec<&str> = trusted.iter().map(|key| key.kid.as_str()).collect();
        kids.sort_unstable();
        kids.dedup();
        if kids.len() != trusted.len() {
            return Err(TrustedKeysError::Unnamed);
        }
        let kid = keys.token_kid().to_owned();
        let verified = Cache::new(VERIFIED_KEPT);
        let (issuer, audience) = (issuer.into(), audience.into());
        Ok(Self(Arc::new(Inner { issuer, audience, kid, signing, trusted, verified })))
    }

    /// Signs a token.
    pub fn mint(&self, grant: &Grant, now: Moment) -> String {
        let issued_at = now.utc().timestamp();
        let lifetime = grant.lifetime.min(LIFETIME_MAX).num_seconds();
        let scopes: Vec<&str> = grant.scopes.iter().map(|scope| scope.code()).collect();
        let header = serde_json::json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": self.0.kid });
        let mut claims = serde_json::json!({
            "iss": self.0.issuer,
            "aud": self.0.audience,
            "sub": grant.subject,
            "client_id": grant.client_id,
            "iat": issued_at,
            "exp": issued_at.saturating_add(lifetime),
            "jti": new_uuid(now),
            "scope": scopes.join(" "),
            "valinta_role": grant.role.code(),
        });
        if let Some(claims) = claims.as_object_mut() {
            claims.extend(grant.organiser.map(|id| ("organiser_id".to_owned(), id.to_string().into())));
            claims.extend(grant.person.map(|id| ("person_id".to_owned(), id.to_string().into())));
        }
        let encode = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.0.signing.sign(message.as_bytes()).to_bytes());
        format!("{message}.{signature}")
    }

    /// Who a token speaks for.
    ///
    /// # Errors
    /// Anything about it that is not as RFC 9068 and the service's settings have it.
    pub fn verify(&self, token: &str, now: Moment) -> Result<Caller, InvalidToken> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let claims = match self.0.verified.get(&hash) {
            Some(known) => known,
            None => {
                let claims = Arc::new(self.signed_claims(token)?);
                self.0.verified.insert(hash, Arc::clone(&claims));
                claims
            }
        };
        self.check(&claims, now)?;
        claims.caller()
    }

    /// What a token says, if a trusted key has signed it.
    fn signed_claims(&self, token: &str) -> Result<Claims, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(InvalidToken::because)?;
        if !header.typ.as_deref().is_some_and(is_access_token) {
            return Err(InvalidToken::because("typ is not at+jwt"));
        }
        if header.crit.is_some() {
            return Err(InvalidToken::because("it has critical extensions"));
        }
        let trusted = self.trusted(header.kid.as_deref())?;
        if header.alg != trusted.algorithm {
            return Err(InvalidToken::because("alg is not its key's"));
        }
        let mut validation = Validation::new(trusted.algorithm);
        // Times, issuer and audience are checked below: by the given moment, and all of them required.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Ok(jsonwebtoken::decode::<Claims>(token, &trusted.key, &validation).map_err(InvalidToken::because)?.claims)
    }

    fn trusted(&self, kid: Option<&str>) -> Result<&Trusted, InvalidToken> {
        match (kid, self.0.trusted.as_slice()) {
            (Some(kid), all) => all.iter().find(|key| key.kid == kid).ok_or(InvalidToken::because("kid is not known")),
            (None, [only]) => Ok(only),
            (None, _) => Err(InvalidToken::because("there is no kid")),
        }
    }

    fn check(&self, claims: &Claims, now: Moment) -> Result<(), InvalidToken> {
        let now_s = now.utc().timestamp();
        let issued_at_max = now_s.saturating_add(LEEWAY_S);
        let fault = if claims.iss != self.0.issuer {
            "iss is another"
        } else if !claims.aud.names(&self.0.audience) {
            "aud is another"
        } else if claims.exp.saturating_add(LEEWAY_S) <= now_s {
            "it has expired"
        } else if claims.iat > issued_at_max || claims.nbf.is_some_and(|nbf| nbf > issued_at_max) {
            "it is from the future"
        } else if ![&claims.sub, &claims.client_id, &claims.jti].into_iter().all(|name| is_name(name)) {
            "sub, client_id or jti is empty or too long"
        } else {
            return Ok(());
        };
        Err(InvalidToken::because(fault))
    }
}

fn is_access_token(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NAME_CHARS_MAX && !text.contains(char::is_control)
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    sub: String,
    client_id: String,
    jti: String,
    #[serde(default)]
    scope: String,
    valinta_role: String,
    organiser_id: Option<Uuid>,
    person_id: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl Claims {
    fn caller(&self) -> Result<Caller, InvalidToken> {
        let role = Role::from_code(&self.valinta_role).ok_or(InvalidToken::because("valinta_role is no role"))?;
        // A claim that the role has no use for is not carried on: nothing later may come to rest on it.
        let organiser = self.organiser_id.filter(|_| role.is_county_staff()).map(Id::new);
        let person = self.person_id.filter(|_| role == Role::Resident).map(Id::new);
        if role.is_county_staff() && organiser.is_none() {
            return Err(InvalidToken::because("county staff without organiser_id"));
        }
        if role == Role::Resident && person.is_none() {
            return Err(InvalidToken::because("a resident without person_id"));
        }
        let mut scopes: Vec<Scope> = self.scope.split(' ').filter_map(Scope::from_code).collect();
        scopes.retain(|scope| scope.roles().contains(&role));
        let (subject, client_id) = (self.sub.clone(), self.client_id.clone());
        Ok(Caller { subject, role, organiser, person, client_id, scopes })
    }
}

fn read_set(text: &str) -> Result<Vec<Trusted>, TrustedKeysError> {
    let set: JwkSet = serde_json::from_str(text).map_err(TrustedKeysError::Malformed)?;
    let mut trusted = Vec::new();
    for jwk in &set.keys {
        // A set also holds keys for other purposes; those are not ours to judge.
        if matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature))
            && let Some(key) = read_key(jwk)?
        {
            trusted.push(key);
        }
    }
    if trusted.is_empty() { Err(TrustedKeysError::Empty) } else { Ok(trusted) }
}

fn read_key(jwk: &Jwk) -> Result<Option<Trusted>, TrustedKeysError> {
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
            match algorithm {
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

#[cfg(test)]
mod tests;
