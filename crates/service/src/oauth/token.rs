//! `POST /oauth/token`: a program gets a token of its own.

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use valinta_domain::Moment;
use valinta_domain::machine_client::{TOKEN_LIFETIME, narrowed};
use valinta_domain::policy::{Scope, Target};
use valinta_persistence::machine_clients::{self, ActsFor, MachineClient};

use super::answer::{OAuthCode, OAuthRefusal, TokenAnswer, unkept};
use super::credentials::{Shown, shown};
use super::metadata::at_issuer;
use crate::app::App;
use crate::http::{Caller, Problem};
use crate::tokens::{Assertion, Grant};

/// Where tokens are got.
pub(super) const TOKEN_PATH: &str = "/oauth/token";

/// What a program sends for a token.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub(crate) struct TokenRequest {
    /// `client_credentials`.
    #[serde(default)]
    #[schema(max_length = 100, example = "client_credentials")]
    pub(super) grant_type: Option<String>,
    /// What the token is to be good for, with blanks between; all that the program is registered for, if nothing is said.
    #[serde(default)]
    #[schema(max_length = 4000, example = "vouchers:write vouchers:read")]
    pub(super) scope: Option<String>,
    /// The program's id; with an assertion it need not be said.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) client_id: Option<String>,
    /// A secret of the program's, for trials.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, where there is an assertion.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) client_assertion_type: Option<String>,
    /// A JWT that is signed with a key of the program's: `iss` and `sub` its id, `aud` the issuer or the address of this
    /// endpoint, `exp` within ten minutes, and a `jti` that it has not used before.
    #[serde(default)]
    #[schema(max_length = 8000)]
    pub(super) client_assertion: Option<String>,
}

/// Gives a program a token for a quarter of an hour. The program proves who it is by an assertion (`private_key_jwt`), which is
/// good for one token; for trials also by a secret.
#[utoipa::path(
    tag = "tokens",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token.", body = TokenAnswer),
        (status = 400, description = "The request is not right.", body = OAuthRefusal),
        (status = 401, description = "It was not proved which program asks.", body = OAuthRefusal),
    ),
    security(()),
)]
#[post("/oauth/token")]
pub(crate) async fn obtain_token(
    request: HttpRequest,
    app: web::Data<App>,
    form: Result<web::Form<TokenRequest>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let form = match form {
        Ok(form) => form.into_inner(),
        Err(error) => {
            tracing::debug!(%error, "a request for a token could not be read");
            let why = "The body must be application/x-www-form-urlencoded, with each parameter at most once.";
            return Ok(OAuthRefusal::new(OAuthCode::InvalidRequest, why).response(false));
        }
    };
    if form.grant_type.as_deref() != Some("client_credentials") {
        let (code, why) = match form.grant_type {
            Some(_) => (OAuthCode::UnsupportedGrantType, "grant_type must be client_credentials."),
            None => (OAuthCode::InvalidRequest, "grant_type is missing; it must be client_credentials."),
        };
        return Ok(OAuthRefusal::new(code, why).response(false));
    }
    let shown = match shown(&request, &form) {
        Ok(shown) => shown,
        Err(refusal) => return Ok(refusal.response(request.headers().contains_key("authorization"))),
    };
    let basic = shown.basic;
    match token(&app, shown, form.scope.as_deref()).await? {
        Ok(answer) => Ok(unkept(&mut HttpResponse::Ok()).json(answer)),
        Err(refusal) => Ok(refusal.response(basic)),
    }
}

async fn token(app: &App, shown: Shown, asked: Option<&str>) -> Result<Result<TokenAnswer, OAuthRefusal>, Problem> {
    let (now, id) = (app.clock().now(), shown.client);
    let not_proved = |reason: &str| {
        tracing::info!(client = %id, reason, "a program did not prove who it is");
        Ok(Err(OAuthRefusal::not_proved()))
    };
    let found = app.read(move |c| {
        let client = machine_clients::find(c, id)?;
        Ok(client.zip(Some(machine_clients::credentials(c, id)?)))
    });
    let Some((client, credentials)) = found.await?.filter(|(client, _)| client.ended.is_none()) else {
        return not_proved("there is no such program");
    };
    let for_whom = [app.tokens().issuer().to_owned(), at_issuer(app.tokens(), TOKEN_PATH)];
    let assertion = match shown.proved(&credentials, &for_whom, now) {
        Ok(assertion) => assertion,
        Err(reason) => return not_proved(&reason),
    };
    let scopes = match narrowed(client.role, &client.scopes, asked) {
        Ok(scopes) => scopes,
        Err(refused) => return Ok(Err(OAuthRefusal::new(OAuthCode::InvalidScope, format!("{refused}.")))),
    };
    if !note(app, &client, &scopes, assertion).await? {
        return not_proved("the assertion was used before");
    }
    Ok(Ok(given(app, &client, &scopes, now)))
}

/// Notes that a token is given, and that its assertion is used. Says whether it was not used before.
async fn note(
    app: &App,
    client: &MachineClient,
    scopes: &[Scope],
    assertion: Option<Assertion>,
) -> Result<bool, Problem> {
    let (id, acts_for) = (client.id, client.acts_for);
    let target = match acts_for {
        ActsFor::Organiser(organiser) => Target { organiser: Some(organiser), ..Target::default() },
        ActsFor::Provider(provider) => Target { provider: Some(provider), ..Target::default() },
    };
    let codes: Vec<&str> = scopes.iter().map(|scope| scope.code()).collect();
    app.write(caller_of(client, scopes), move |c, cx| {
        if let Some(assertion) = assertion {
            machine_clients::forget_assertions(c, cx.now())?;
            if !machine_clients::use_assertion(c, id, &assertion.jti_hash, assertion.expires_at)? {
                return Ok(false);
            }
        }
        cx.audit("obtain_token", ("machine_client", id.uuid()), &target, json!({"scopes": codes}));
        Ok(true)
    })
    .await
}

fn caller_of(client: &MachineClient, scopes: &[Scope]) -> Caller {
    let organiser = match client.acts_for {
        ActsFor::Organiser(organiser) => Some(organiser),
        ActsFor::Provider(_) => None,
    };
    let subject = client.id.to_string();
    let (client_id, scopes) = (subject.clone(), scopes.to_vec());
    Caller { client_id, subject, role: client.role, organiser, person: None, mandate: None, scopes }
}

fn given(app: &App, client: &MachineClient, scopes: &[Scope], now: Moment) -> TokenAnswer {
    let Caller { subject, role, organiser, person, client_id, scopes, .. } = caller_of(client, scopes);
    let scope: Vec<&str> = scopes.iter().map(|scope| scope.code()).collect();
    let scope = scope.join(" ");
    let grant = Grant { subject, role, organiser, person, scopes, lifetime: TOKEN_LIFETIME, client_id };
    let access_token = app.tokens().mint(&grant, now);
    TokenAnswer { access_token, token_type: "Bearer", expires_in: TOKEN_LIFETIME.num_seconds(), scope }
}
