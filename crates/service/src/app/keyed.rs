//! Commands under their callers' keys: the answer to one is kept, sealed, in its own transaction, and given again to a
//! repetition.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;
use valinta_domain::Moment;
use valinta_domain::policy::{Action, Role, Target};
use valinta_persistence::Conn;
use valinta_persistence::idempotency::{self, Claimed, Kept, Trace};
use valinta_persistence::vault::Vault;

use super::{App, Reply};
use crate::cx::Cx;
use crate::http::{Caller, IdempotencyKey, Problem, ProblemKind};

/// An answer as text, whether just made or kept from the first time.
pub(super) struct Answer {
    status: u16,
    body: String,
    location: Option<String>,
    replayed: bool,
}

/// A command under its caller's key.
pub(super) struct Keyed {
    caller: Caller,
    operation: &'static str,
    scope: String,
    key: String,
    body_hash: [u8; 32],
    now: Moment,
    request: Uuid,
    vault: Arc<Vault>,
}

impl Keyed {
    pub(super) fn of(app: &App, caller: Caller, operation: &'static str, key: &IdempotencyKey, body: &[u8]) -> Self {
        let (now, request, vault) = app.moment();
        // Keyed, because a body may hold a personal identity code, of which there are few enough to try them all.
        let body_hash = vault.digest("idempotency", &key.fingerprint(body));
        let (scope, key) = (scope_of(&caller), key.as_str().to_owned());
        Self { caller, operation, scope, key, body_hash, now, request, vault }
    }

    /// Runs the command, or tells what it answered before; and whether the registry changed.
    pub(super) fn run<B: Serialize>(
        &self,
        c: &mut Conn,
        f: &impl Fn(&mut Conn, &Cx) -> Result<Reply<B>, Problem>,
    ) -> Result<(Answer, bool), Problem> {
        let Self { scope, key, operation, body_hash, now, vault, .. } = self;
        let claimed = idempotency::claim(c, scope, key, operation, body_hash, *now)?;
        if let Some(answer) = self.before(c, claimed)? {
            return Ok((answer, false));
        }
        let cx = Cx::begin(c, &self.caller, *now, self.request, Arc::clone(vault))?;
        let reply = f(c, &cx)?;
        let body = serde_json::to_string(&reply.body).map_err(Problem::internal)?;
        let status = reply.status.as_u16();
        let kept = sealed(vault, &self.place(), &body)?;
        let kept = Kept { status, body: &kept, location: reply.location.as_deref(), trace: cx.trace() };
        idempotency::complete(c, scope, key, &kept)?;
        let registry_changed = cx.finish(c)?;
        Ok((Answer { status, body, location: reply.location, replayed: false }, registry_changed))
    }

    /// What it answered before, if it did.
    pub(super) fn look(&self, c: &mut Conn) -> Result<Option<Answer>, Problem> {
        let found = idempotency::look(c, &self.scope, &self.key, self.operation, &self.body_hash)?;
        self.before(c, found)
    }

    fn before(&self, c: &mut Conn, found: Claimed) -> Result<Option<Answer>, Problem> {
        match found {
            Claimed::New => Ok(None),
            Claimed::Replay { status, body, location, trace } => {
                let body = unsealed(&self.vault, &self.place(), &body)?;
                self.note_replay(c, &trace)?;
                Ok(Some(Answer { status, body, location, replayed: true }))
            }
            Claimed::OtherBody => Err(Problem::new(
                ProblemKind::IdempotencyKeyReused,
                "This Idempotency-Key was used before, for another request.",
            )),
        }
    }

    fn place(&self) -> String {
        format!("idempotency:{}:{}", self.scope, self.key)
    }

    /// An answer that is given again shows again what is in it: that is noted where the first time was.
    fn note_replay(&self, c: &mut Conn, trace: &Trace) -> Result<(), Problem> {
        let caller = &self.caller;
        let cx = Cx::begin(c, caller, self.now, self.request, Arc::clone(&self.vault))?;
        let target = Target { organiser: trace.organiser, provider: None, person: trace.person };
        // What was done for another is not told again to one who may not act for them any more.
        let own = trace.person.is_none() || trace.person == caller.person;
        if caller.role == Role::Resident && !own {
            cx.require(Action::RespondToVoucher, &target)?;
        }
        cx.audit_trace("repeat_answer", trace, &target, json!({"operation": self.operation}));
        cx.finish(c)?;
        Ok(())
    }
}

/// Whose keys are told apart: one who acts in two roles, for two organisers, as two persons or, by mandates of tokens, for two
/// is as good as two.
fn scope_of(caller: &Caller) -> String {
    let whom = match (caller.organiser, caller.person, &caller.mandate) {
        (Some(organiser), _, _) => organiser.to_string(),
        (None, Some(person), _) => person.to_string(),
        (None, None, Some(mandate)) => format!("for-{}", mandate.person),
        (None, None, None) => String::new(),
    };
    format!("{}:{whom}:{}", caller.role.code(), caller.subject)
}

/// Answers are kept sealed: their explanations name the client's income.
fn sealed(vault: &Vault, place: &str, body: &str) -> Result<String, Problem> {
    vault.seal(place, body).map(|bytes| STANDARD_NO_PAD.encode(bytes)).map_err(Problem::internal)
}

fn unsealed(vault: &Vault, place: &str, kept: &str) -> Result<String, Problem> {
    let bytes = STANDARD_NO_PAD.decode(kept).map_err(Problem::internal)?;
    vault.open(place, &bytes).map_err(Problem::internal)
}

impl Answer {
    pub(super) fn response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.content_type("application/json");
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if self.replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        response.body(self.body)
    }
}
