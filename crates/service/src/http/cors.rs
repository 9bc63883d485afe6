//! Pages of any origin may read what everyone may read: GET and HEAD, without credentials.
//!
//! Nothing depends on the origin, so nothing is said of it, and what is kept by caches is good for all. A token may not
//! be sent along: those who act go through a server of their own.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

/// What a page may ask by. What browsers send of themselves need not be named.
const METHODS: &str = "GET, HEAD";
/// What a page may say of what it asks. Not Authorization.
const HEADERS: &str = "accept, if-none-match";
/// What a page may see of the answer besides its body.
const EXPOSED: &str = "etag, link, content-disposition, registry-revision, retry-after";
/// For how long a browser remembers the permission, in seconds.
const MAX_AGE: &str = "86400";

/// Lets pages of other origins read.
pub(super) async fn open_to_all_origins<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if is_preflight(&request) {
        return Ok(request.into_response(permission()).map_into_right_body());
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_open = is_read && !request.headers().contains_key(header::AUTHORIZATION);
    match next.call(request).await {
        Ok(mut response) => {
            if is_open {
                allow(response.headers_mut());
            }
            Ok(response.map_into_left_body())
        }
        // A refusal is to be read too.
        Err(error) if is_open => {
            let mut response = error.error_response();
            allow(response.headers_mut());
            Err(InternalError::from_response(error, response).into())
        }
        Err(error) => Err(error),
    }
}

/// Whether a browser asks what a page may do.
fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// What every page may do: the browser compares it with what the page wants.
fn permission() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish()
}

fn allow(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
}
