//! Routes and the OpenAPI document, from one list, so that neither can have what the other lacks.
//!
//! A verb states its own answers; the refusals that the plumbing gives (401, 413, 503 …) are added here, by what
//! the operation takes.

mod bounds;
mod callers;
mod closed;
mod examples;
mod files;
mod forms;
mod groups;
mod headers;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use actix_web::dev::{HttpServiceFactory, ResourceDef};
use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::Method;
use actix_web::web;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{ComponentsBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContactBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    Response, ResponseBuilder, Schema, Server, ServerBuilder, Tag,
};
// What `#[utoipa::path]` tells of a handler besides `utoipa::Path`; its own integrations read the same.
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::{PartialSchema, ToSchema};
use valinta_domain::policy::Scope;

use super::problem::{Failure, PROBLEM_JSON, ProblemDocument, ProblemKind};

/// The name of the security scheme: `security(("bearer" = ["vouchers:write"]))`.
pub const BEARER: &str = "bearer";

/// One operation: how it is served and how it is described.
pub struct Route {
    path: String,
    methods: Vec<HttpMethod>,
    operation: Operation,
    schemas: Vec<(String, RefOr<Schema>)>,
    serve: fn(&mut web::ServiceConfig),
}

impl Route {
    /// The route of a handler. Use [`crate::routes!`], which fills in `serve`.
    pub fn of<H>(serve: fn(&mut web::ServiceConfig)) -> Self
    where
        H: HttpServiceFactory + utoipa::Path + Tags<'static> + SchemaReferences,
    {
        let mut schemas = Vec::new();
        H::schemas(&mut schemas);
        let mut operation = H::operation();
        operation.tags = Some(H::tags().into_iter().map(str::to_owned).collect());
        Self { path: H::path(), methods: H::methods(), operation, schemas, serve }
    }

    /// The path's template.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The methods it is served by.
    pub fn methods(&self) -> Vec<Method> {
        self.methods.iter().map(method).collect()
    }

    /// The operation as described, with the refusals that the plumbing gives.
    fn completed(&self) -> Operation {
        let mut operation = self.operation.clone();
        add_path_parameters(&mut operation, &self.path);
        add_problems(&mut operation);
        files::refer(&mut operation);
        headers::add(&mut operation, &self.methods);
        bounds::bound_operation(&mut operation);
        summary::shorten(&mut operation);
        callers::describe(&mut operation);
        examples::add(&mut operation);
        operation
    }
}

/// Lists handlers, each an `async fn` with `#[utoipa::path(…)]` above `#[actix_web::get("/v1/…")]` or its like.
#[macro_export]
macro_rules! routes {
    ($($handler:path),* $(,)?) => {
        vec![$(
            $crate::http::openapi::Route::of::<$handler>(|config| {
                config.service($handler);
            })
        ),*]
    };
}

/// All routes, in the order in which paths are matched: what is named before what is a parameter.
pub fn ordered(mut routes: Vec<Route>) -> Vec<Route> {
    // `{` sorts behind everything else that a path is made of.
    routes.sort_by(|a, b| a.path.cmp(&b.path));
    routes
}

/// Serves the routes. A request is held against those alone whose paths begin as its own does: each is a pattern, and there
/// are many.
pub fn serve(config: &mut web::ServiceConfig, routes: &[Route]) {
    let mut by_trunk: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in routes {
        match trunk_of(&route.path) {
            trunk if trunk.contains('{') => (route.serve)(config),
            trunk => by_trunk.entry(trunk).or_default().push(route),
        }
    }
    for (trunk, routes) in by_trunk {
        let own = trunk.to_owned();
        let leads_here = move |request: &GuardContext<'_>| trunk_of(request.head().uri.path()) == own;
        let scope = web::scope("").guard(fn_guard(leads_here));
        config.service(scope.configure(|config| routes.iter().for_each(|route| (route.serve)(config))));
    }
}

/// The beginning of a path, to the end of its second part: `/v1/vouchers` of `/v1/vouchers/{id}`.
fn trunk_of(path: &str) -> &str {
    let end = path.match_indices('/').nth(2).map_or(path.len(), |(end, _)| end);
    path.get(..end).unwrap_or(path)
}

/// Which methods the paths take, to tell a wrong method from a wrong path.
pub struct Methods(Vec<(ResourceDef, Vec<Method>)>);

impl Methods {
    /// The methods of these routes.
    pub fn of(routes: &[Route]) -> Self {
        let mut by_path: BTreeMap<&str, Vec<Method>> = BTreeMap::new();
        for route in routes {
            by_path.entry(&route.path).or_default().extend(route.methods());
        }
        let sorted = by_path.into_iter().map(|(path, mut methods)| {
            methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            (ResourceDef::new(path), methods)
        });
        Self(sorted.collect())
    }

    /// The methods that a path takes; none if there is no such path.
    pub fn allowed(&self, path: &str) -> Vec<&str> {
        let matching = self.0.iter().find(|(template, _)| template.is_match(path));
        matching.map(|(_, methods)| methods.iter().map(Method::as_str).collect()).unwrap_or_default()
    }
}

fn method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

/// The document of the service's routes.
pub fn document() -> OpenApi {
    document_of(&ordered(crate::app::routes()))
}

/// The document of some routes.
pub fn document_of(routes: &[Route]) -> OpenApi {
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    let mut paths = Paths::new();
    for route in routes {
        schemas.extend(route.schemas.iter().cloned());
        paths.add_path_operation(&route.path, route.methods.clone(), route.completed());
    }
    schemas.insert(ProblemDocument::name().into_owned(), ProblemDocument::schema());
    schemas.insert(Failure::name().into_owned(), Failure::schema());
    closed::close(&mut schemas, routes.iter().map(|route| &route.operation));
    schemas.insert(files::NAME.to_owned(), files::schema());
    forms::name(&mut schemas);
    bounds::bound_schemas(&mut schemas);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(bearer_description()))
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Valinta")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .contact(Some(ContactBuilder::new().name(Some(CONTACT)).build()))
                .license(Some(LicenseBuilder::new().name("EUPL-1.2").identifier(Some("EUPL-1.2")).build()))
                .build(),
        )
        .servers(Some([server()]))
        .tags(Some(tags(routes)))
        .paths(paths)
        .components(Some(
            ComponentsBuilder::new()
                .schemas_from_iter(schemas)
                .security_scheme(BEARER, SecurityScheme::Http(bearer))
                .build(),
        ))
        .build()
}

/// The groups that operations are shown in.
fn tags(routes: &[Route]) -> Vec<Tag> {
    let names: BTreeSet<&String> = routes.iter().flat_map(|route| route.operation.tags.iter().flatten()).collect();
    names.into_iter().map(|name| groups::group(name)).collect()
}

/// The installation that the document comes from, which is meant for whoever has its address.
fn server() -> Server {
    let audience = ExtensionsBuilder::new().add("x-internal", false).build();
    ServerBuilder::new()
        .url("/")
        .description(Some("This installation: production, staging or local"))
        .extensions(Some(audience))
        .build()
}

/// Whom to ask: every installation has an operator of its own.
const CONTACT: &str = "The operator of this installation";

const DESCRIPTION: &str = "Service vouchers and the client's choice of provider, for wellbeing services counties. \
    Every refusal is a problem document (RFC 9457); its kinds are explained at /docs/problems. Amounts are decimal \
    strings, days are ISO 8601, and texts for people are in Finnish, Swedish and English.";

fn bearer_description() -> String {
    let scopes: Vec<&str> = Scope::ALL.into_iter().map(Scope::code).collect();
    format!(
        "An RFC 9068 access token (typ at+jwt), verified as RFC8725 wants it: each key is bound to one issuer and one \
         algorithm. Its scope claim names what it is good for: {}. A resident's token may carry a mandate: act.sub acts for \
         its subject, for what mandate_scope says, until mandate_exp.",
        scopes.join(", ")
    )
}

fn add_path_parameters(operation: &mut Operation, path: &str) {
    let parameters = operation.parameters.get_or_insert_default();
    for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let declared = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(p) if p.name == name);
        if parameters.iter().any(declared) {
            continue;
        }
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
            .build();
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("Which one."))
            .schema(Some(schema))
            .build();
        parameters.insert(0, RefOr::T(parameter));
    }
    if parameters.is_empty() {
        operation.parameters = None;
    }
}

/// Declares what the plumbing may answer to an operation that takes what this one takes.
fn add_problems(operation: &mut Operation) {
    let takes = |place: ParameterIn, name: Option<&str>| {
        operation.parameters.iter().flatten().any(|parameter| match parameter {
            RefOr::T(p) => p.parameter_in == place && name.is_none_or(|name| p.name.eq_ignore_ascii_case(name)),
            RefOr::Ref(_) => false,
        })
    };
    let mut kinds = vec![ProblemKind::TooManyRequests, ProblemKind::Internal, ProblemKind::Unavailable];
    if operation.security.iter().flatten().any(|requirement| *requirement != Default::default()) {
        kinds.extend([ProblemKind::Unauthenticated, ProblemKind::Forbidden]);
    }
    if is_to_be_had_as_csv(operation) {
        kinds.push(ProblemKind::NotAcceptable);
    }
    if takes(ParameterIn::Path, None) {
        kinds.push(ProblemKind::NotFound);
    }
    if takes(ParameterIn::Query, None) || takes(ParameterIn::Header, Some("If-None-Match")) {
        kinds.push(ProblemKind::InvalidInput);
    }
    if takes(ParameterIn::Header, Some("Idempotency-Key")) {
        kinds.extend([
            ProblemKind::IdempotencyKeyMissing,
            ProblemKind::IdempotencyKeyReused,
            ProblemKind::RequestInProgress,
        ]);
    }
    if takes(ParameterIn::Header, Some("If-Match")) {
        kinds.extend([ProblemKind::PreconditionRequired, ProblemKind::PreconditionFailed, ProblemKind::InvalidInput]);
    }
    if operation.request_body.is_some() {
        kinds.extend([
            ProblemKind::NotFound,
            ProblemKind::MalformedJson,
            ProblemKind::RequestTimeout,
            ProblemKind::PayloadTooLarge,
            ProblemKind::UnsupportedMediaType,
            ProblemKind::InvalidInput,
        ]);
    }
    if operation.request_body.as_ref().is_some_and(takes_csv) {
        kinds.push(ProblemKind::LengthRequired);
    }
    for kind in kinds {
        // Where the verb describes the status itself, its own words stand.
        operation.responses.responses.entry(kind.status().as_str().to_owned()).or_insert_with(|| problem(kind).into());
    }
}

/// Whether a table may be sent to it.
fn takes_csv(body: &RefOr<RequestBody>) -> bool {
    match body {
        RefOr::T(body) => body.content.contains_key("text/csv"),
        RefOr::Ref(_) => false,
    }
}

/// Whether what it answers depends on what the caller accepts.
fn is_to_be_had_as_csv(operation: &Operation) -> bool {
    operation.responses.responses.values().any(|response| match response {
        RefOr::T(response) => response.content.contains_key("text/csv"),
        RefOr::Ref(_) => false,
    })
}

/// A problem as an answer in the document.
pub fn problem(kind: ProblemKind) -> Response {
    let schema = Ref::from_schema_name(ProblemDocument::name());
    ResponseBuilder::new()
        .description(format!("{}.", kind.title()))
        .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

macro_rules! problem_sets {
    ($($(#[$doc:meta])+ $name:ident = [$($kind:ident),+];)+) => {
        $(
            $(#[$doc])+
            pub struct $name;
            impl utoipa::IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    [$(ProblemKind::$kind),+]
                        .into_iter()
                        .map(|kind| (kind.status().as_str().to_owned(), problem(kind).into()))
                        .collect()
                }
            }
        )+
    };
}

problem_sets! {
    /// For `responses(…)` of a verb that refuses by the state of things: 409 and 422.
    StateProblems = [Conflict, InvalidInput];
    /// For `responses(…)` of a verb without an identifier in its path that may find nothing: 404.
    MissingProblems = [NotFound];
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_operation_has_a_name_of_its_own_a_group_a_summary_and_says_who_may_call_it() {
        let mut names = HashSet::new();
        for route in crate::app::routes() {
            let operation = route.completed();
            let name = operation.operation_id.unwrap_or_default();
            assert!(names.insert(name.clone()), "{name} is there twice");
            assert!(operation.tags.is_some_and(|tags| tags.len() == 1), "{name}");
            assert!(operation.summary.is_some_and(|summary| !summary.is_empty()), "{name}");
            assert!(operation.security.is_some(), "{name} says neither which scope it wants nor that it wants none");
        }
    }

    #[test]
    fn every_scope_that_an_operation_asks_for_exists_and_is_the_only_one() {
        let document = serde_json::to_value(document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                for requirement in operation["security"].as_array().unwrap() {
                    for (scheme, scopes) in requirement.as_object().unwrap() {
                        let scopes: Vec<_> = scopes.as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
                        assert_eq!((scheme.as_str(), scopes.len()), (BEARER, 1), "{path}");
                        assert!(Scope::from_code(scopes[0]).is_some(), "{path}: {}", scopes[0]);
                    }
                }
            }
        }
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        let text = document.to_string();
        for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_is_named_is_matched_before_what_is_a_parameter() {
        let mut paths = ["/v1/vouchers/{id}", "/v1/vouchers/lookup", "/v1/vouchers", "/v1/vouchers/{id}/accept"];
        paths.sort_unstable();
        assert_eq!(paths[1], "/v1/vouchers/lookup");
    }
}
