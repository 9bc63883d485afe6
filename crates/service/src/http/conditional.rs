//! Entity tags: `ETag` out, `If-Match` and `If-None-Match` in.
//!
//! A thing that is edited has a version number; its tag is strong. A caller that edits must name the version it read.

use std::future::{Ready, ready};

use std::time::Duration;

use actix_web::http::header::{self, EntityTag, HeaderMap};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder, dev};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::limits::ENTITY_TAGS_MAX;
use super::problem::{Problem, ProblemKind};

/// The tag of a version of a thing.
pub fn tag_of_version(version: i64) -> EntityTag {
    EntityTag::new_strong(format!("v{version}"))
}

/// The tag of a revision, such as the registry's. Of what may not be in a tag, nothing remains in it.
pub fn tag_of_revision(revision: &str) -> EntityTag {
    EntityTag::new_strong(revision.chars().filter(char::is_ascii_alphanumeric).collect())
}

/// Whether a tag is one that [`tag_of_version`] makes.
fn is_of_a_version(tag: &EntityTag) -> bool {
    let number = tag.tag().strip_prefix('v').unwrap_or_default();
    !tag.weak && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Adds the tag to an answer.
pub fn with_tag<'a>(response: &'a mut HttpResponseBuilder, tag: &EntityTag) -> &'a mut HttpResponseBuilder {
    response.insert_header(header::ETag(tag.clone()))
}

/// Says for how many seconds it has not been known whether an answer is still the latest.
pub fn with_age(response: &mut HttpResponseBuilder, age: Option<Duration>) -> &mut HttpResponseBuilder {
    match age {
        Some(age) => response.insert_header((header::AGE, age.as_secs())),
        None => response,
    }
}

/// As [`with_age`], of an answer that is made already.
pub fn with_age_beside(headers: &mut HeaderMap, age: Option<Duration>) {
    if let Some(age) = age {
        headers.insert(header::AGE, age.as_secs().into());
    }
}

/// The answer to one who has this version already.
pub fn not_modified(tag: &EntityTag) -> HttpResponse {
    with_tag(&mut HttpResponse::NotModified(), tag).finish()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    Any,
    These(Vec<EntityTag>),
}

/// The version that a caller has read and now changes. Operations that take it declare `params(IfMatch)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Tags);

impl IfMatch {
    /// Goes on if the present version is one that the caller named.
    ///
    /// # Errors
    /// `precondition_failed`.
    pub fn check(&self, version: i64) -> Result<(), Problem> {
        let present = tag_of_version(version);
        let tags = match &self.0 {
            Tags::Any => return Ok(()),
            Tags::These(tags) => tags,
        };
        if tags.iter().any(|tag| tag.strong_eq(&present)) {
            return Ok(());
        }
        let detail = if tags.iter().any(is_of_a_version) {
            format!("It has changed since the version that If-Match names. Its tag is {present} now.")
        } else {
            format!(
                "If-Match names no version: a tag is a v and a number in quotes, as an ETag tells it. It is {present} now."
            )
        };
        Err(Problem::new(ProblemKind::PreconditionFailed, detail))
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(match tags(request, &header::IF_MATCH) {
            Ok(Some(tags)) => Ok(Self(tags)),
            Ok(None) => Err(Problem::new(
                ProblemKind::PreconditionRequired,
                "The header If-Match must name the version that is changed, as its ETag told it.",
            )),
            Err(problem) => Err(problem),
        })
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter("If-Match", Required::True, "The version that is changed: its ETag.")]
    }
}

/// The versions that a caller has. Operations that take it declare `params(IfNoneMatch)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfNoneMatch(Option<Tags>);

impl IfNoneMatch {
    /// Whether the caller has this version, so that [`not_modified`] is the answer.
    pub fn has(&self, tag: &EntityTag) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::These(tags)) => tags.iter().any(|one| one.weak_eq(tag)),
        }
    }
}

impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(tags(request, &header::IF_NONE_MATCH).map(Self))
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter("If-None-Match", Required::False, "The version that the caller has: its ETag.")]
    }
}

fn parameter(name: &str, required: Required, description: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(400));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn tags(request: &HttpRequest, name: &header::HeaderName) -> Result<Option<Tags>, Problem> {
    let refuse = || {
        let detail = "must be * or entity tags in quotes, separated by commas";
        Problem::invalid(Vec::new()).at(&format!("/header/{name}"), "invalid", detail)
    };
    let mut tags = Vec::new();
    let mut any = false;
    for value in request.headers().get_all(name) {
        for part in value.to_str().map_err(|_| refuse())?.split(',').map(str::trim) {
            match part {
                "*" => any = true,
                "" => {}
                tag => tags.push(tag.parse::<EntityTag>().map_err(|_| refuse())?),
            }
        }
    }
    match (any, tags.len()) {
        (true, 0) => Ok(Some(Tags::Any)),
        (false, 0) if request.headers().contains_key(name) => Err(refuse()),
        (false, 0) => Ok(None),
        (false, 1..=ENTITY_TAGS_MAX) => Ok(Some(Tags::These(tags))),
        _ => Err(refuse()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn if_match(value: Option<&str>) -> Result<IfMatch, Problem> {
        let mut request = TestRequest::default();
        if let Some(value) = value {
            request = request.insert_header((header::IF_MATCH, value));
        }
        IfMatch::from_request(&request.to_http_request(), &mut dev::Payload::None).into_inner()
    }

    #[test]
    fn a_change_must_name_the_present_version() {
        assert_eq!(if_match(None).unwrap_err().kind(), ProblemKind::PreconditionRequired);
        assert!(if_match(Some("\"v7\"")).unwrap().check(7).is_ok());
        assert!(if_match(Some("\"v6\", \"v7\"")).unwrap().check(7).is_ok());
        assert!(if_match(Some("*")).unwrap().check(7).is_ok());
        for stale in ["\"v6\"", "W/\"v7\"", "\"7\""] {
            let refused = if_match(Some(stale)).unwrap().check(7).unwrap_err();
            assert_eq!(refused.kind(), ProblemKind::PreconditionFailed, "{stale}");
            assert!(refused.detail().contains("\"v7\""), "{}", refused.detail());
            // Of what never was a tag of a version it is not said that it is an old one.
            assert_eq!(refused.detail().contains("changed"), stale == "\"v6\"", "{}", refused.detail());
        }
        for bad in ["v7", "", "\"v7\" *", "*, \"v7\""] {
            assert_eq!(if_match(Some(bad)).unwrap_err().kind(), ProblemKind::InvalidInput, "{bad}");
        }
    }

    #[test]
    fn one_who_has_the_version_is_told_so() {
        let has = |value: &str| {
            let request = TestRequest::default().insert_header((header::IF_NONE_MATCH, value)).to_http_request();
            let sent = IfNoneMatch::from_request(&request, &mut dev::Payload::None).into_inner().unwrap();
            sent.has(&tag_of_version(7))
        };
        assert!(has("\"v7\"") && has("W/\"v7\"") && has("*"));
        assert!(!has("\"v8\""));
        assert_eq!(not_modified(&tag_of_version(7)).headers().get("etag").unwrap(), "\"v7\"");
    }
}
