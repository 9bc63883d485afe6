//! What people read: the interactive page of the API, the kinds of problems, and the OpenAPI document itself.
//! Everything is served from the binary.

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::conditional::{IfNoneMatch, not_modified, tag_of_revision, with_tag};
use super::problem::{PROBLEMS_PAGE, ProblemKind};

/// Where the OpenAPI document is.
pub const OPENAPI_PATH: &str = "/v1/openapi.json";

/// The OpenAPI document as it is sent.
pub(super) struct Document {
    json: web::Bytes,
    tag: header::EntityTag,
}

impl Document {
    pub(super) fn of(openapi: &utoipa::openapi::OpenApi) -> Self {
        use sha2::{Digest, Sha256};
        // A document that cannot be written would be a mistake of the build; a test reads it.
        let json = openapi.to_json().unwrap_or_default();
        let digest = Sha256::digest(json.as_bytes());
        let tag: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Self { json: json.into(), tag: tag_of_revision(&tag) }
    }
}

pub(super) fn serve(config: &mut web::ServiceConfig, document: web::Data<Document>) {
    let page = Config::from(OPENAPI_PATH)
        .validator_url("none")
        .display_operation_id(true)
        .display_request_duration(true)
        .try_it_out_enabled(true)
        .persist_authorization(false);
    config
        .app_data(document)
        .route(OPENAPI_PATH, web::get().to(openapi))
        .route("/", web::get().to(to_docs))
        .route("/docs", web::get().to(to_docs))
        .route(PROBLEMS_PAGE, web::get().to(problems))
        .service(SwaggerUi::new("/docs/{_:.*}").config(page));
}

async fn openapi(document: web::Data<Document>, known: IfNoneMatch) -> HttpResponse {
    if known.has(&document.tag) {
        return not_modified(&document.tag);
    }
    let mut response = HttpResponse::Ok();
    with_tag(&mut response, &document.tag)
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type(ContentType::json())
        .body(document.json.clone())
}

async fn to_docs(_: HttpRequest) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/docs/")).finish()
}

async fn problems() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(problems_page())
}

/// The page is made of this crate's own words alone, so nothing in it needs escaping.
fn problems_page() -> String {
    let kinds: String = ProblemKind::ALL
        .into_iter()
        .map(|kind| {
            let (slug, status) = (kind.slug(), kind.status().as_u16());
            let (title, meaning) = (kind.title(), kind.meaning());
            format!("<section id=\"{slug}\"><h2><code>{slug}</code> ({status})</h2><p><strong>{title}.</strong> {meaning}</p></section>\n")
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Problems: Valinta</title>\
         <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;\
         color:#1a1a1a;background:#fff}}h2{{font-size:1.1rem;margin-top:2rem}}:target{{outline:3px solid #0b5cad;\
         outline-offset:.5rem}}</style></head>\n<body><main><h1>Problems</h1>\n<p>Every refusal of the service is a \
         problem document (RFC 9457). Its <code>type</code> leads here; <code>errors</code> says what is wrong where, \
         by JSON pointer; <code>instance</code> names the request for the operator.</p>\n{kinds}</main></body></html>\n"
    )
}
