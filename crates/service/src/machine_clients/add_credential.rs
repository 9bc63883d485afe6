//! `POST /v1/machine-clients/{id}/credentials`: a program gets another key, or a secret for a trial.

use actix_web::{HttpResponse, post, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::machine_client::{CREDENTIALS_MAX, SECRET_DAYS_MAX};
use valinta_domain::{Id, Moment};
use valinta_persistence::machine_clients::{self, Credential, Proof};
use valinta_persistence::{Conn, DbError};

use super::view::CredentialView;
use super::whose::{is_over, kept, note};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::openapi::StateProblems;
use crate::http::permit::MachineClientsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};
use crate::keys::random_key;
use crate::tokens::read_key_of_machine;

/// Longest key, as JSON.
const JWK_CHARS_MAX: usize = 4_000;

/// A key of a program's, or the wish for a secret.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddMachineCredential {
    /// A public key as a JSON Web Key, with a `kid` that no other of the program's has: Ed25519, ECDSA on P-256, or RSA of at
    /// least 2,048 bits with `alg` RS256 or PS256. The private part stays where it is.
    #[serde(default)]
    #[schema(value_type = Object)]
    jwk: Option<Map<String, Value>>,
    /// For how many days a secret is to be good; or else `jwk`. A secret is for trials.
    #[serde(default)]
    #[validate(range(min = 1, max = 90))]
    #[schema(minimum = 1, maximum = 90)]
    secret_days: Option<u16>,
}

/// What is to be added.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// A key, by its name and as JSON.
    Key { kid: String, jwk: String },
    /// A secret that is good for so many days.
    Secret { days: u16 },
}

impl Parse for AddMachineCredential {
    type Into = Wanted;

    fn parse(&self, errors: &mut Errors) -> Option<Wanted> {
        match (&self.jwk, self.secret_days) {
            (Some(jwk), None) => errors.take("/jwk", key(jwk)),
            (None, Some(days)) => (days <= SECRET_DAYS_MAX).then_some(Wanted::Secret { days }),
            (Some(_), Some(_)) => {
                errors.fail("/secret_days", "not_both", "ask for a key or for a secret, not for both");
                None
            }
            (None, None) => {
                errors.fail("/jwk", "required", "a key is needed, or secret_days for a secret");
                None
            }
        }
    }
}

fn key(jwk: &Map<String, Value>) -> Result<Wanted, String> {
    // Whoever has sent a private key has told it to somebody: it is not to be used.
    if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| jwk.contains_key(*name)) {
        return Err("this is a private key: make a new one, and send its public part alone".to_owned());
    }
    let text = Value::Object(jwk.clone()).to_string();
    if text.chars().count() > JWK_CHARS_MAX {
        return Err(format!("a key has at most {JWK_CHARS_MAX} characters"));
    }
    let read = read_key_of_machine(&text).map_err(|error| error.to_string())?;
    if read.kid.chars().count() > 200 {
        return Err("kid has at most 200 characters".to_owned());
    }
    Ok(Wanted::Key { kid: read.kid, jwk: text })
}

/// A key or a secret that was added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AddedCredential {
    #[serde(flatten)]
    credential: CredentialView,
    /// The secret. It is shown this once: only its hash is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 43)]
    secret: Option<String>,
}

/// Adds a key, or makes a secret. To change keys without an outage, add the new one, let the program sign with it, and then
/// end the old one.
#[utoipa::path(
    tag = "machine-clients",
    params(IdempotencyKey),
    responses((status = 201, description = "Added.", body = AddedCredential), StateProblems),
    security(("bearer" = ["machine-clients:write"])),
)]
#[post("/v1/machine-clients/{id}/credentials")]
pub(crate) async fn add_machine_credential(
    permit: Permit<MachineClientsWrite>,
    app: web::Data<App>,
    path: PathId<kind::MachineClient>,
    key: IdempotencyKey,
    body: Json<AddMachineCredential>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let wanted = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| add(c, cx, id, &wanted);
    app.command(permit.into_caller(), "add_machine_credential", &key, &bytes, run).await
}

fn add(c: &mut Conn, cx: &Cx, id: Id<kind::MachineClient>, wanted: &Wanted) -> Result<Reply<AddedCredential>, Problem> {
    let (client, target) = kept(c, cx, id)?;
    if client.ended.is_some() {
        return Err(is_over());
    }
    let good = machine_clients::credentials(c, id)?.iter().filter(|one| one.is_good(cx.now())).count();
    if good >= CREDENTIALS_MAX {
        let why = format!("It has {CREDENTIALS_MAX} keys and secrets already: end one first.");
        return Err(Problem::new(ProblemKind::Conflict, why));
    }
    let (proof, secret) = match wanted {
        Wanted::Key { kid, jwk } => (Proof::Key { kid: kid.clone(), jwk: jwk.clone() }, None),
        Wanted::Secret { days } => {
            let secret = URL_SAFE_NO_PAD.encode(random_key());
            let valid_until = Moment::new(cx.now().utc() + TimeDelta::days(i64::from(*days)));
            (Proof::Secret { hash: Sha256::digest(&secret).into(), valid_until }, Some(secret))
        }
    };
    let credential = Credential {
        id: cx.id(),
        client: id,
        proof,
        added_by: cx.actor().subject.clone(),
        added_at: cx.now(),
        ended: None,
    };
    machine_clients::add_credential(c, &credential).map_err(unless_named_alike)?;
    note(cx, "add_machine_credential", &client, &target);
    let place = format!("/v1/machine-clients/{id}");
    Ok(Reply::created(place, AddedCredential { credential: CredentialView::of(credential), secret }))
}

fn unless_named_alike(error: DbError) -> Problem {
    if error.is_unique("machine_credentials_kid") {
        return Problem::new(ProblemKind::Duplicate, "The program has a key of this name already.").at(
            "/jwk",
            "duplicate",
            "another key of the program has this kid",
        );
    }
    error.into()
}
