//! How the token endpoint is described to programs (RFC 8414), and the keys that verify its tokens (RFC 7517).

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::Value;
use valinta_domain::policy::Scope;
use valinta_domain::text::LineText;

use super::token::TOKEN_PATH;
use crate::app::App;
use crate::http::Problem;
use crate::tokens::Tokens;

const KEYS_PATH: &str = "/oauth/jwks";

/// How tokens are got here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenServer {
    /// Who issues the tokens: what they have in `iss`.
    #[schema(max_length = 200)]
    issuer: String,
    /// Where tokens are got.
    #[schema(max_length = 300)]
    token_endpoint: String,
    /// Where the keys are that verify them.
    #[schema(max_length = 300)]
    jwks_uri: String,
    /// `client_credentials`.
    #[schema(max_items = 1, value_type = Vec<LineText>)]
    grant_types_supported: [&'static str; 1],
    /// By what a program proves who it is.
    #[schema(max_items = 3, value_type = Vec<LineText>)]
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// With what an assertion is signed.
    #[schema(max_items = 4, value_type = Vec<LineText>)]
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 4],
    /// What tokens may be good for.
    #[schema(max_items = 200, value_type = Vec<LineText>)]
    scopes_supported: Vec<&'static str>,
    /// None: nobody is asked for a consent here.
    #[schema(max_items = 0, value_type = Vec<LineText>)]
    response_types_supported: [&'static str; 0],
}

/// The address of something of the token server's. The issuer is where the service is found.
pub(super) fn at_issuer(tokens: &Tokens, path: &str) -> String {
    format!("{}{path}", tokens.issuer().trim_end_matches('/'))
}

/// Describes the token endpoint.
#[utoipa::path(
    tag = "tokens",
    responses((status = 200, description = "How tokens are got.", body = TokenServer)),
    security(()),
)]
#[get("/.well-known/oauth-authorization-server")]
pub(crate) async fn show_token_server(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let tokens = app.tokens();
    Ok(HttpResponse::Ok().json(TokenServer {
        issuer: tokens.issuer().to_owned(),
        token_endpoint: at_issuer(tokens, TOKEN_PATH),
        jwks_uri: at_issuer(tokens, KEYS_PATH),
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["private_key_jwt", "client_secret_basic", "client_secret_post"],
        token_endpoint_auth_signing_alg_values_supported: ["EdDSA", "ES256", "RS256", "PS256"],
        scopes_supported: Scope::ALL.into_iter().map(Scope::code).collect(),
        response_types_supported: [],
    }))
}

/// Gives the keys that verify the tokens of the token endpoint.
#[utoipa::path(
    tag = "tokens",
    responses((status = 200, description = "A JSON Web Key set.", body = KeySet)),
    security(()),
)]
#[get("/oauth/jwks")]
pub(crate) async fn show_token_keys(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(KeySet { keys: app.tokens().public_keys(app.clock().now()) }))
}

/// Public keys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct KeySet {
    /// JSON Web Keys.
    #[schema(max_items = 10, value_type = Vec<Object>)]
    keys: Vec<Value>,
}
