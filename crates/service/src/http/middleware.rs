//! What happens to every request, whatever it asks: panics are caught, and answers carry the headers that browsers heed.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use actix_web::body::{self, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::docs::OPENAPI_PATH;
use super::problem::{Problem, ProblemKind};
use crate::app::App;

/// The interactive page sets styles of its own; nothing may run but what the service serves.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Answers 500 where a handler panics. What it said goes to the log by the panic hook, not to the caller.
pub(super) async fn catch_panics<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut answer = pin!(next.call(request));
    poll_fn(move |context| {
        // The state that the panic left behind is dropped with the request.
        catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context)))
            .unwrap_or_else(|_| Poll::Ready(Err(Problem::internal("a handler panicked").into())))
    })
    .await
}

/// Adds the headers that keep browsers from doing with an answer what it is not for.
pub(super) async fn secure_headers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_docs = request.path() == "/docs" || request.path().starts_with("/docs/");
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_FRAME_OPTIONS, "DENY");
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let policy = HeaderValue::from_static(if is_docs { DOCS_POLICY } else { DATA_POLICY });
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if !is_docs && !headers.contains_key(header::CACHE_CONTROL) {
        // What is cacheable says so itself.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// Answers 503 as long as the service is not open: without its tables, or with keys that are not the data's, it would
/// answer wrongly.
pub(super) async fn only_when_open<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let app = request.app_data::<web::Data<App>>();
    let is_data = request.path().starts_with("/v1/") && request.path() != OPENAPI_PATH;
    if is_data && !app.is_some_and(|app| app.is_open()) {
        return Err(Problem::new(ProblemKind::Unavailable, "The service is not ready: its database waits.").into());
    }
    next.call(request).await
}

/// Answers HEAD as GET, without the body.
pub(super) async fn head_as_get<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, body::None>>, Error> {
    let is_head = request.method() == Method::HEAD;
    if is_head {
        request.head_mut().method = Method::GET;
    }
    let response = next.call(request).await?;
    if is_head {
        Ok(response.map_body(|_, _| EitherBody::right(body::None::new())))
    } else {
        Ok(response.map_body(|_, body| EitherBody::left(body)))
    }
}
