//! What the operator sees: the log, and one line in it for each request.
//!
//! A line names the route's template, never the query, the headers or the body: those hold people's data and tokens.

use std::io::IsTerminal;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use tracing::{error, info, warn};
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use crate::app::App;
use crate::clock::new_uuid;
use crate::http::Problem;

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log on standard error. A second call changes nothing.
pub fn start(filter: EnvFilter, format: LogFormat) {
    let is_terminal = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_terminal);
    // The only failure is a log that runs already, as in tests.
    let _ = match format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).try_init(),
    };
}

/// Sends panics to the log by their place alone; what they say may quote data.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        error!(place, "panic");
    }));
}

tokio::task_local! {
    static REQUEST_ID: Uuid;
}

const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The request that is being answered by this task, if any.
pub fn current_request_id() -> Option<Uuid> {
    REQUEST_ID.try_with(|id| *id).ok()
}

/// The id of a request, as the log and the caller know it.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// Gives the request an id, and the log a line when it is answered.
pub(crate) async fn request<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let clock = request.app_data::<web::Data<App>>().map(|app| app.clock().clone());
    let id = new_uuid(clock.unwrap_or(crate::clock::Clock::system()).now());
    request.extensions_mut().insert(RequestId(id));
    let method = request.method().clone();
    let header = HeaderValue::from_str(&id.to_string()).map_err(Problem::internal)?;

    let (answered, refused) = REQUEST_ID
        .scope(id, async {
            match next.call(request).await {
                Ok(response) => (Some(response), None),
                // The answer is made here, while it is still known which request it is for.
                Err(error) => {
                    let response = error.error_response();
                    (None, Some((error, response)))
                }
            }
        })
        .await;

    let (status, route, problem) = match (&answered, &refused) {
        (Some(response), _) => {
            let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
            (response.status(), response.request().match_pattern(), problem)
        }
        (None, Some((error, response))) => (response.status(), None, error.as_error::<Problem>()),
        (None, None) => return Err(Problem::internal("a request without an answer").into()),
    };
    let line = Line {
        id,
        method: method.as_str(),
        route: route.as_deref().unwrap_or("-"),
        status: status.as_u16(),
        micros: began.elapsed().as_micros(),
        problem: problem.map_or("-", |problem| problem.kind().slug()),
        cause: problem.and_then(Problem::cause).unwrap_or("-"),
    };
    line.write();

    match (answered, refused) {
        (Some(mut response), _) => {
            response.headers_mut().insert(REQUEST_ID_HEADER, header);
            Ok(response)
        }
        (None, Some((error, mut response))) => {
            response.headers_mut().insert(REQUEST_ID_HEADER, header);
            Err(InternalError::from_response(error, response).into())
        }
        (None, None) => Err(Problem::internal("a request without an answer").into()),
    }
}

struct Line<'a> {
    id: Uuid,
    method: &'a str,
    route: &'a str,
    status: u16,
    micros: u128,
    problem: &'a str,
    cause: &'a str,
}

impl Line<'_> {
    fn write(&self) {
        let Self { id, method, route, status, micros, problem, cause } = self;
        let micros = u64::try_from(*micros).unwrap_or(u64::MAX);
        match status {
            500.. => error!(request = %id, method, route, status, micros, problem, cause, "answered"),
            400.. if *cause != "-" => warn!(request = %id, method, route, status, micros, problem, cause, "answered"),
            400.. => info!(request = %id, method, route, status, micros, problem, "answered"),
            _ => info!(request = %id, method, route, status, micros, "answered"),
        }
    }
}
