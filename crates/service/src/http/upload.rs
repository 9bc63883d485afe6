//! Request bodies that are files: bytes as they are, bounded, of a few media types. What they hold, others judge.

use std::future::Future;
use std::pin::Pin;

use actix_web::body::BodyStream;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::arrival::{NotArrived, arrive};
use super::limits::{FILE_BYTES_MAX, FILE_DURATION_MAX};
use super::permit::caller_of;
use super::places::Place;
use super::problem::{Problem, ProblemKind};
use crate::app::App;

/// The media types of files that are taken.
pub const MEDIA_TYPES: [&str; 3] = ["application/pdf", "image/jpeg", "image/png"];

/// A file as it came in. It is held in memory while it comes in and is stored: so many at once, few of them of one caller,
/// and no more.
#[derive(Debug)]
pub struct Upload {
    media_type: &'static str,
    bytes: Bytes,
    place: Place,
}

impl Upload {
    /// What the request says that it is: one of [`MEDIA_TYPES`].
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its bytes, and the place that is free again once it is dropped.
    pub fn into_parts(self) -> (Bytes, impl Drop + Send) {
        (self.bytes, self.place)
    }
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let head = check_head(request).and_then(|media_type| {
            let app = request.app_data::<web::Data<App>>().ok_or_else(|| Problem::internal("no app in this server"))?;
            Ok((media_type, app.upload_places().clone()))
        });
        let caller = caller_of(request);
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let (media_type, places) = head?;
            let caller = caller.await?;
            let by = format!("{}:{}", caller.role.code(), caller.subject);
            let crowded = || Problem::new(ProblemKind::TooManyRequests, "Too many files are coming in; wait a little.");
            let place = places.try_take(&by).ok_or_else(crowded)?;
            // Bytes as they arrive: nothing here decompresses anything.
            let payload = payload.await.map_err(Problem::internal)?;
            match arrive(BodyStream::new(payload), FILE_BYTES_MAX, FILE_DURATION_MAX).await {
                Ok(bytes) => Ok(Self { media_type, bytes, place }),
                Err(NotArrived::TooLarge) => Err(too_large()),
                Err(NotArrived::TooSlow) => {
                    Err(Problem::new(ProblemKind::RequestTimeout, "The file took too long to arrive."))
                }
                Err(NotArrived::Broken(error)) => {
                    Err(Problem::new(ProblemKind::RequestTimeout, "The file could not be read whole.").caused_by(error))
                }
            }
        })
    }
}

fn too_large() -> Problem {
    Problem::new(ProblemKind::PayloadTooLarge, format!("A file has at most {FILE_BYTES_MAX} bytes."))
}

fn check_head(request: &HttpRequest) -> Result<&'static str, Problem> {
    let stated = request.content_type();
    let media_type = MEDIA_TYPES.into_iter().find(|known| stated.eq_ignore_ascii_case(known)).ok_or_else(|| {
        let detail = format!("The Content-Type of a file must be one of {}.", MEDIA_TYPES.join(", "));
        Problem::new(ProblemKind::UnsupportedMediaType, detail)
    })?;
    if request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Problem::new(
            ProblemKind::UnsupportedMediaType,
            "A file is sent as it is, without a Content-Encoding.",
        ));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if declared.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > FILE_BYTES_MAX) {
        return Err(too_large());
    }
    Ok(media_type)
}

/// A file in the OpenAPI document.
#[derive(Debug)]
pub struct FileBytes;

impl utoipa::PartialSchema for FileBytes {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .min_length(Some(1))
            .max_length(Some(FILE_BYTES_MAX))
            .into()
    }
}
impl utoipa::ToSchema for FileBytes {}

/// A file of text in the OpenAPI document, of at most so many bytes.
pub(crate) fn text_file(
    description: &str,
    bytes_max: usize,
) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        // So that programs that make clients send the file as it is.
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .description(Some(description))
        .max_length(Some(bytes_max))
        .into()
}
