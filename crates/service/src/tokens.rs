//! Bearer tokens: verifying and minting RFC 9068 access tokens. Knows no HTTP and no database.
//!
//! Tokens come from the service itself or from an OpenID provider, each with keys of its own: a key is trusted for its
//! issuer's tokens alone, and with one algorithm alone. A token's own word about its algorithm is only compared with that.
//! Times are compared with the moment that is given, not with the system's clock.

mod acting;
mod assertion;
mod trusted;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ed25519_dalek::{Signer, SigningKey};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::policy::{Mandate, Role, Scope};
use valinta_domain::{Id, Moment};

use crate::clock::new_uuid;
use crate::keys::{Keys, OUTLIVES};
use crate::openid::Provider;

pub use self::acting::UnfitMandate;
use self::acting::{Acting, MandateClaims, Represented};
pub(crate) use self::assertion::{Assertion, stated_client, verify_assertion};
pub use self::trusted::TrustedKeysError;
use self::trusted::read_set;
pub(crate) use self::trusted::{Trusted, read_key_of_machine, read_published};

/// How far the issuer's clock may be off.
const LEEWAY_S: i64 = 30;
/// The longest that a token of ours is good for.
pub const LIFETIME_MAX: TimeDelta = TimeDelta::hours(24);
/// Longest subject, client and token id.
const NAME_CHARS_MAX: usize = 200;
/// How many tokens are known again without another look at their signatures.
const VERIFIED_KEPT: usize = 10_000;

/// Who calls, by a verified token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who acts: the token's subject, or whom its `act` names.
    pub subject: String,
    /// In what role.
    pub role: Role,
    /// For which organiser; county staff always, others never.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Which person; residents always, unless they act by a mandate of the token's, and others never.
    pub person: Option<Id<kind::Person>>,
    /// The mandate that the token carries, if it carries one.
    pub mandate: Option<Mandate>,
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

/// Why it is not known who calls.
#[derive(Debug)]
pub enum NotVerified {
    /// The token is not valid.
    Invalid(InvalidToken),
    /// It is valid, and carries a mandate that cannot be used.
    Mandate(UnfitMandate),
    /// It names a key of an OpenID provider's that is not here: the provider may have a new one.
    KeyWanted(Arc<Provider>),
}

impl From<InvalidToken> for NotVerified {
    fn from(invalid: InvalidToken) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<UnfitMandate> for NotVerified {
    fn from(unfit: UnfitMandate) -> Self {
        Self::Mandate(unfit)
    }
}

/// Verifies tokens and mints our own. Clones share the keys.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    issuer: String,
    audience: String,
    own: ArcSwap<Own>,
    /// Keys of others that use the same issuer's name.
    named_alike: Vec<Trusted>,
    providers: Vec<Arc<Provider>>,
    /// What tokens say whose signatures were found good, by their hashes. Times are looked at every time.
    verified: Cache<[u8; 32], Arc<Verified>>,
}

/// The service's own keys, as they are known now.
struct Own {
    keys: Vec<OwnKey>,
    /// Other keys have another number.
    generation: u64,
}

struct OwnKey {
    signing: SigningKey,
    verifying: Trusted,
    signs_from_s: i64,
    /// From when it verifies nothing any more, where another one has followed it.
    ends_s: Option<i64>,
}

impl Own {
    fn of(keys: &Keys, generation: u64) -> Self {
        let all = keys.token_keys();
        let ends = all.iter().skip(1).map(|next| Some(next.signs_from_s.saturating_add(OUTLIVES.num_seconds())));
        let own = all.iter().zip(ends.chain([None])).map(|(key, ends_s)| {
            let signing = SigningKey::from_bytes(&key.seed);
            let public = DecodingKey::from_ed_der(signing.verifying_key().as_bytes());
            let verifying = Trusted { kid: key.kid.clone(), algorithm: Algorithm::EdDSA, key: public };
            OwnKey { signing, verifying, signs_from_s: key.signs_from_s, ends_s }
        });
        Self { keys: own.collect(), generation }
    }

    /// The keys that verify now.
    fn verifying(&self, now_s: i64) -> impl Iterator<Item = &OwnKey> {
        self.keys.iter().filter(move |key| key.ends_s.is_none_or(|ends| now_s < ends))
    }

    /// The key that signs now: the latest whose time has come.
    fn signing(&self, now_s: i64) -> Option<&OwnKey> {
        self.keys.iter().rev().find(|key| key.signs_from_s <= now_s).or(self.keys.first())
    }
}

/// What a token says, and which keys it was verified with: once its issuer has others, it is verified again.
struct Verified {
    claims: Claims,
    issuer: Issuer,
}

/// Whose keys a token was verified with.
enum Issuer {
    /// The service's own, as they were known then.
    Own { generation: u64 },
    /// A provider's, as they were fetched then.
    Other { provider: Arc<Provider>, generation: u64 },
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
        let named_alike = trusted_jwks.map(read_set).transpose()?.unwrap_or_default();
        let own = Own::of(keys, 0);
        let all = own.keys.iter().map(|key| &key.verifying).chain(&named_alike);
        let mut kids: Vec<&str> = all.map(|key| key.kid.as_str()).collect();
        let many = kids.len();
        kids.sort_unstable();
        kids.dedup();
        if kids.len() != many {
            return Err(TrustedKeysError::Unnamed);
        }
        Ok(Self(Arc::new(Inner {
            issuer: issuer.into(),
            audience: audience.into(),
            own: ArcSwap::from_pointee(own),
            named_alike,
            providers: Vec::new(),
            verified: Cache::new(VERIFIED_KEPT),
        })))
    }

    /// The same, which also trusts the tokens of OpenID providers.
    #[must_use]
    pub fn trusting(self, providers: Vec<Provider>) -> Self {
        let inner = &self.0;
        let own = inner.own.load();
        let keys = own.keys.iter().map(|key| OwnKey {
            signing: key.signing.clone(),
            verifying: key.verifying.clone(),
            signs_from_s: key.signs_from_s,
            ends_s: key.ends_s,
        });
        Self(Arc::new(Inner {
            issuer: inner.issuer.clone(),
            audience: inner.audience.clone(),
            own: ArcSwap::from_pointee(Own { keys: keys.collect(), generation: own.generation }),
            named_alike: inner.named_alike.clone(),
            providers: providers.into_iter().map(Arc::new).collect(),
            verified: Cache::new(VERIFIED_KEPT),
        }))
    }

    /// Takes the keys as they are now: where one was followed by another, both are known. Says whether they are others.
    pub fn renew(&self, keys: &Keys) -> bool {
        let before = self.0.own.load();
        let kids = |own: &Own| own.keys.iter().map(|key| key.verifying.kid.clone()).collect::<Vec<_>>();
        let own = Own::of(keys, before.generation.saturating_add(1));
        let changed = kids(&before) != kids(&own);
        if changed {
            self.0.own.store(Arc::new(own));
        }
        changed
    }

    /// Who issues the service's own tokens.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The OpenID providers whose tokens are trusted.
    pub fn providers(&self) -> &[Arc<Provider>] {
        &self.0.providers
    }

    /// What verifies the tokens that are signed here, as JSON Web Keys.
    pub fn public_keys(&self, now: Moment) -> Vec<serde_json::Value> {
        let jwk = |key: &OwnKey| {
            let public = URL_SAFE_NO_PAD.encode(key.signing.verifying_key().as_bytes());
            let kid = &key.verifying.kid;
            serde_json::json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": public})
        };
        self.0.own.load().verifying(now.utc().timestamp()).map(jwk).collect()
    }

    /// Signs a token.
    pub fn mint(&self, grant: &Grant, now: Moment) -> String {
        let issued_at = now.utc().timestamp();
        let lifetime = grant.lifetime.min(LIFETIME_MAX).num_seconds();
        let scopes: Vec<&str> = grant.scopes.iter().map(|scope| scope.code()).collect();
        let own = self.0.own.load();
        // INVARIANT: there is always a key; what nobody signed, nobody takes for good.
        let Some(key) = own.signing(issued_at) else { return String::new() };
        let header = serde_json::json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": key.verifying.kid });
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
        let signature = URL_SAFE_NO_PAD.encode(key.signing.sign(message.as_bytes()).to_bytes());
        format!("{message}.{signature}")
    }

    /// Who a token speaks for.
    ///
    /// # Errors
    /// Anything about it that is not as RFC 9068 and the service's settings have it; or a key is wanted first.
    pub fn verify(&self, token: &str, now: Moment) -> Result<Caller, NotVerified> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        let verified = match self.0.verified.get(&hash).filter(|known| self.has_same_keys(&known.issuer, now)) {
            Some(known) => known,
            None => {
                let verified = Arc::new(self.signed_claims(token, now)?);
                self.0.verified.insert(hash, Arc::clone(&verified));
                verified
            }
        };
        self.check(&verified, now)?;
        verified.claims.caller(now)
    }

    /// What a token says, if a key has signed it that is trusted for its issuer.
    fn signed_claims(&self, token: &str, now: Moment) -> Result<Verified, NotVerified> {
        let header = jsonwebtoken::decode_header(token).map_err(InvalidToken::because)?;
        if !header.typ.as_deref().is_some_and(is_access_token) {
            return Err(InvalidToken::because("typ is not at+jwt").into());
        }
        if header.crit.is_some() {
            return Err(InvalidToken::because("it has critical extensions").into());
        }
        let stated = stated_issuer(token)?;
        let kid = header.kid.as_deref();
        if stated == self.0.issuer {
            let unknown = || InvalidToken::because("kid is not known");
            let (own, now_s) = (self.0.own.load(), now.utc().timestamp());
            let keys: Vec<&Trusted> =
                own.verifying(now_s).map(|key| &key.verifying).chain(&self.0.named_alike).collect();
            let key = key_of(&keys, kid)?.ok_or_else(unknown)?;
            let issuer = Issuer::Own { generation: own.generation };
            return Ok(Verified { claims: signed_with(key, header.alg, token)?, issuer });
        }
        let provider = self.0.providers.iter().find(|provider| provider.issuer() == stated);
        let provider = provider.ok_or(InvalidToken::because("iss is another"))?;
        let wanted = || NotVerified::KeyWanted(Arc::clone(provider));
        let held = provider.keys(now).ok_or_else(wanted)?;
        let keys: Vec<&Trusted> = held.keys().iter().collect();
        let key = key_of(&keys, kid)?.ok_or_else(wanted)?;
        let claims = signed_with(key, header.alg, token)?;
        let issuer = Issuer::Other { provider: Arc::clone(provider), generation: held.generation() };
        Ok(Verified { claims, issuer })
    }

    /// Whether what was verified with an issuer's keys would be verified so again.
    fn has_same_keys(&self, issuer: &Issuer, now: Moment) -> bool {
        match issuer {
            Issuer::Own { generation } => self.0.own.load().generation == *generation,
            Issuer::Other { provider, generation } => {
                provider.keys(now).is_some_and(|held| held.generation() == *generation)
            }
        }
    }

    fn check(&self, verified: &Verified, now: Moment) -> Result<(), InvalidToken> {
        let claims = &verified.claims;
        let issuer = match &verified.issuer {
            Issuer::Own { .. } => self.0.issuer.as_str(),
            Issuer::Other { provider, .. } => provider.issuer(),
        };
        let now_s = now.utc().timestamp();
        let issued_at_max = now_s.saturating_add(LEEWAY_S);
        let fault = if claims.iss != issuer {
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

/// What a token says of its issuer, before anything is known of its signature: good for nothing but to find the keys.
fn stated_issuer(token: &str) -> Result<String, InvalidToken> {
    #[derive(Deserialize)]
    struct Stated {
        iss: String,
    }
    let stated: Option<Stated> = unverified(token);
    stated.map(|stated| stated.iss).ok_or(InvalidToken::because("there is no iss"))
}

/// What is in a token, whoever has written it.
fn unverified<T: DeserializeOwned>(token: &str) -> Option<T> {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())?;
    serde_json::from_slice(&payload).ok()
}

/// The key of a name; where there is only one, it need not be named.
fn key_of<'a>(keys: &[&'a Trusted], kid: Option<&str>) -> Result<Option<&'a Trusted>, InvalidToken> {
    match (kid, keys) {
        (Some(kid), all) => Ok(all.iter().copied().find(|key| key.kid == kid)),
        (None, [only]) => Ok(Some(only)),
        (None, _) => Err(InvalidToken::because("there is no kid")),
    }
}

/// What is in a token that a key has signed.
fn signed_with<T: DeserializeOwned>(trusted: &Trusted, stated: Algorithm, token: &str) -> Result<T, InvalidToken> {
    if stated != trusted.algorithm {
        return Err(InvalidToken::because("alg is not its key's"));
    }
    let mut validation = Validation::new(trusted.algorithm);
    // Times, issuer and audience are checked elsewhere: by the given moment, and all of them required.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    Ok(jsonwebtoken::decode::<T>(token, &trusted.key, &validation).map_err(InvalidToken::because)?.claims)
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
    #[serde(flatten)]
    mandate: MandateClaims,
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
    fn caller(&self, now: Moment) -> Result<Caller, NotVerified> {
        let role = Role::from_code(&self.valinta_role).ok_or(InvalidToken::because("valinta_role is no role"))?;
        // A claim that the role has no use for is not carried on: nothing later may come to rest on it.
        let organiser = self.organiser_id.filter(|_| role.is_county_staff()).map(Id::new);
        let person = self.person_id.filter(|_| role == Role::Resident).map(Id::new);
        if role.is_county_staff() && organiser.is_none() {
            return Err(InvalidToken::because("county staff without organiser_id").into());
        }
        if role == Role::Resident && person.is_none() {
            return Err(InvalidToken::because("a resident without person_id").into());
        }
        let mut scopes: Vec<Scope> = self.scope.split(' ').filter_map(Scope::from_code).collect();
        scopes.retain(|scope| scope.roles().contains(&role));
        let of = Represented { subject: &self.sub, role, person, issuer: &self.iss };
        let (subject, person, mandate) = match self.mandate.acting(&of, now)? {
            // What is the representative's own is not reached by this token, nor what is the represented one's alone.
            Some(Acting { subject, mandate }) => (subject, None, Some(mandate)),
            None => (self.sub.clone(), person, None),
        };
        Ok(Caller { subject, role, organiser, person, mandate, client_id: self.client_id.clone(), scopes })
    }
}

#[cfg(test)]
mod tests;
