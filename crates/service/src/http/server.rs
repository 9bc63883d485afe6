//! The server: the app behind its middleware, its limits, and where it listens.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::dev::{self, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{Error, HttpRequest, HttpServer, web};

use super::cors::open_to_all_origins;
use super::docs::{self, Document};
use super::limits::{BODY_BYTES_MAX, HEAD_DURATION_MAX, IDLE_DURATION_MAX, STOP_SECONDS_MAX};
use super::middleware::{catch_panics, head_as_get, only_when_open, secure_headers};
use super::openapi::{self, Methods, Route};
use super::problem::{Problem, ProblemKind};
use super::query::QUERY_POINTER;
use crate::app::{self, App};
use crate::telemetry;

/// Routes, and what is told of them all. It is the same for every worker and takes longer to make than all else at a start.
struct Told {
    routes: Vec<Route>,
    methods: web::Data<Methods>,
    document: web::Data<Document>,
}

impl Told {
    fn of(routes: Vec<Route>) -> Self {
        let routes = openapi::ordered(routes);
        let methods = web::Data::new(Methods::of(&routes));
        let document = web::Data::new(Document::of(&openapi::document_of(&routes)));
        Self { routes, methods, document }
    }
}

/// The service as the web framework runs it, with the service's own routes.
pub fn web_app(
    app: App,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    static OWN: LazyLock<Told> = LazyLock::new(|| Told::of(app::routes()));
    web_app_with(app, &OWN)
}

/// As [`web_app`], with routes of one's own: the tests of the plumbing bring theirs.
#[cfg(test)]
pub(super) fn web_app_of(
    app: App,
    routes: Vec<Route>,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    web_app_with(app, &Told::of(routes))
}

fn web_app_with(
    app: App,
    told: &Told,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    actix_web::App::new()
        .app_data(web::Data::new(app))
        .app_data(told.methods.clone())
        .app_data(web::PayloadConfig::new(BODY_BYTES_MAX))
        // Our own extractors answer for themselves; these are for one of the framework's that slips in.
        .app_data(web::PathConfig::default().error_handler(|error, _| Problem::not_found().caused_by(error).into()))
        .app_data(web::QueryConfig::default().error_handler(|error, _| {
            Problem::invalid(Vec::new()).at(QUERY_POINTER, "invalid", "cannot be read").caused_by(error).into()
        }))
        .configure(|config| openapi::serve(config, &told.routes))
        .configure(|config| docs::serve(config, told.document.clone()))
        .default_service(web::to(unrouted))
        // The last one wrapped sees a request first.
        .wrap(from_fn(only_when_open))
        .wrap(from_fn(catch_panics))
        .wrap(Compress::default())
        .wrap(from_fn(open_to_all_origins))
        .wrap(from_fn(secure_headers))
        .wrap(from_fn(telemetry::request))
        .wrap(from_fn(head_as_get))
}

/// What no route took: another method of a path, or no path at all.
async fn unrouted(request: HttpRequest, methods: web::Data<Methods>) -> Result<String, Problem> {
    let allowed = methods.allowed(request.path());
    if allowed.is_empty() {
        return Err(Problem::new(ProblemKind::NotFound, "There is nothing at this path."));
    }
    let allowed = allowed.join(", ");
    let detail = format!("This path takes {allowed}.");
    Err(Problem::new(ProblemKind::MethodNotAllowed, detail).with_header(header::ALLOW, allowed))
}

/// Binds the address and makes the server, within the framework's runtime; it runs once it is awaited. Port 0 picks a free one; the address that
/// comes back is the true one. Without `workers` there is one for each core.
///
/// # Errors
/// The address cannot be bound.
pub fn server(app: App, listen: SocketAddr, workers: Option<usize>) -> io::Result<(dev::Server, SocketAddr)> {
    server_on(app, TcpListener::bind(listen)?, workers)
}

/// As [`server`], at an address that is bound already.
///
/// # Errors
/// The address cannot be listened at.
pub fn server_on(app: App, listener: TcpListener, workers: Option<usize>) -> io::Result<(dev::Server, SocketAddr)> {
    actix_web::rt::spawn(app.clone().follow_registry());
    actix_web::rt::spawn(app.clone().forget_old_answers());
    actix_web::rt::spawn(app.clone().follow_providers());
    let address = listener.local_addr()?;
    let mut server = HttpServer::new(move || web_app(app.clone()))
        .client_request_timeout(HEAD_DURATION_MAX)
        .keep_alive(IDLE_DURATION_MAX)
        .shutdown_timeout(STOP_SECONDS_MAX)
        // Who starts the server also says what stops it.
        .disable_signals();
    if let Some(workers) = workers {
        server = server.workers(workers);
    }
    Ok((server.listen(listener)?.run(), address))
}
