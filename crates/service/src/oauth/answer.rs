//! What the token endpoint answers. Refusals have the shape that OAuth wants (RFC 6749 § 5.2), since that is what its clients
//! understand; nothing else of the service answers so.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde::Serialize;

/// A token that was given.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TokenAnswer {
    /// The token: for the header `Authorization: Bearer …`.
    #[schema(max_length = 8000)]
    pub(super) access_token: String,
    /// Always `Bearer`.
    #[schema(max_length = 6, example = "Bearer")]
    pub(super) token_type: &'static str,
    /// For how many seconds it is good.
    pub(super) expires_in: i64,
    /// What it is good for, with blanks between.
    #[schema(max_length = 4000, example = "vouchers:read vouchers:write")]
    pub(super) scope: String,
}

/// Why no token was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OAuthCode {
    /// A parameter is missing, is there twice, or does not go with the others.
    InvalidRequest,
    /// It was not proved who asks.
    InvalidClient,
    /// Only `client_credentials` is given.
    UnsupportedGrantType,
    /// A scope is asked for that the program is not registered for.
    InvalidScope,
}

/// A refusal of the token endpoint.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OAuthRefusal {
    /// Why.
    pub(super) error: OAuthCode,
    /// The same for people.
    #[schema(max_length = 500)]
    pub(super) error_description: String,
}

impl OAuthRefusal {
    pub(super) fn new(error: OAuthCode, description: impl Into<String>) -> Self {
        Self { error, error_description: description.into() }
    }

    /// Who asks is told no more than that it was not proved: why not is for the log.
    pub(super) fn not_proved() -> Self {
        Self::new(OAuthCode::InvalidClient, "It was not proved which client asks.")
    }

    /// The refusal as it is sent. `basic` is whether it was asked with the scheme that has a challenge of its own.
    pub(super) fn response(&self, basic: bool) -> HttpResponse {
        let status = match self.error {
            OAuthCode::InvalidClient => StatusCode::UNAUTHORIZED,
            OAuthCode::InvalidRequest | OAuthCode::UnsupportedGrantType | OAuthCode::InvalidScope => {
                StatusCode::BAD_REQUEST
            }
        };
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = if basic { "Basic realm=\"valinta\"" } else { "Bearer realm=\"valinta\"" };
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        unkept(&mut response).json(self)
    }
}

/// An answer that nobody keeps.
pub(super) fn unkept(response: &mut actix_web::HttpResponseBuilder) -> &mut actix_web::HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store"))
}
