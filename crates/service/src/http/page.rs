//! Lists in pages: `limit` and an opaque `cursor` in, `items`, `next` and a `Link` header out.

use std::future::{Ready, ready};

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder, Responder, dev, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::body::Parse;
use super::failures::Errors;
use super::limits::{CURSOR_CHARS_MAX, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use super::problem::Problem;
use super::query::{Parameters, QUERY_POINTER, from_parameters, parameters};

/// The parameters of every list.
#[derive(Debug, Clone, Default, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items at most.
    #[validate(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u16>,
    /// Where the page begins: `next` of the page before.
    #[validate(length(min = 1, max = 2400))]
    #[param(min_length = 1, max_length = 2400, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
}

impl Parse for PageQuery {
    type Into = PageRequest;

    fn parse(&self, errors: &mut Errors) -> Option<PageRequest> {
        let cursor = self.cursor.as_deref().map(|text| URL_SAFE_NO_PAD.decode(text));
        let cursor = errors.take_optional("/cursor", cursor.map(|read| read.map_err(|_| NOT_A_CURSOR)))?;
        let said = self.limit.is_some() || self.cursor.is_some();
        Some(PageRequest { limit: self.limit.unwrap_or(PAGE_ITEMS_DEFAULT).clamp(1, PAGE_ITEMS_MAX), cursor, said })
    }
}

const NOT_A_CURSOR: &str = "must be `next` of a page of the same list";

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: u16,
    cursor: Option<Vec<u8>>,
    said: bool,
}

impl PageRequest {
    /// How many items at most.
    pub fn limit(&self) -> u16 {
        self.limit
    }

    /// Whether the caller has said which page, or how much of one.
    pub fn is_said(&self) -> bool {
        self.said
    }

    /// Where the page begins, if not at the beginning. What comes out may be forged: it is a position, not a permit.
    ///
    /// # Errors
    /// It is no cursor of this list.
    pub fn after<C: DeserializeOwned>(&self) -> Result<Option<C>, Problem> {
        let Some(bytes) = &self.cursor else { return Ok(None) };
        serde_json::from_slice(bytes)
            .map(Some)
            .map_err(|_| Problem::invalid(Vec::new()).at("/query/cursor", "invalid", NOT_A_CURSOR))
    }
}

/// A list's query: [`PageQuery`] and the list's own filters, parsed together.
///
/// An operation that takes it declares `params(PageQuery, T)`.
#[derive(Debug)]
pub struct Paged<T: Parse> {
    page: PageRequest,
    request: T,
    parsed: T::Into,
}

impl<T: Parse> Paged<T> {
    /// Which page.
    pub fn page(&self) -> &PageRequest {
        &self.page
    }

    /// The filters' shape as it came in.
    pub fn request(&self) -> &T {
        &self.request
    }

    /// Which page, and the filters as the domain speaks of them.
    pub fn into_parts(self) -> (PageRequest, T::Into) {
        (self.page, self.parsed)
    }

    fn read(query: &str) -> Result<Self, Problem> {
        let mut filters = parameters(query)?;
        let paging: PageQuery = from_parameters(taken(&mut filters, PAGING))?;
        let request: T = from_parameters(filters)?;
        let mut errors = Errors::under(QUERY_POINTER);
        errors.validated(paging.validate());
        errors.validated(request.validate());
        let page = paging.parse(&mut errors);
        let parsed = request.parse(&mut errors);
        let (page, parsed) = errors.finish_with(page.zip(parsed))?;
        Ok(Self { page, request, parsed })
    }
}

impl<T: Parse> FromRequest for Paged<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Self::read(request.query_string()))
    }
}

const PAGING: &[&str] = &["limit", "cursor"];

/// The parameters of these names, taken out of all.
fn taken(all: &mut Parameters, names: &[&str]) -> Parameters {
    names.iter().filter_map(|name| all.remove_entry(*name)).collect()
}

/// A shape of which the parameters' names are known.
pub trait Named: Parse {
    /// The names of its parameters.
    const NAMES: &'static [&'static str];
}

/// A list's query in two shapes besides [`PageQuery`]: what `A` names is `A`'s, and all else `B`'s, which several lists
/// share.
///
/// An operation that takes it declares `params(PageQuery, A, B)`.
#[derive(Debug)]
pub struct PagedBeside<A: Named, B: Parse> {
    page: PageRequest,
    own: A::Into,
    shared: B::Into,
}

impl<A: Named, B: Parse> PagedBeside<A, B> {
    /// Which page, and both shapes as the domain speaks of them.
    pub fn into_parts(self) -> (PageRequest, A::Into, B::Into) {
        (self.page, self.own, self.shared)
    }

    fn read(query: &str) -> Result<Self, Problem> {
        let mut rest = parameters(query)?;
        let paging: PageQuery = from_parameters(taken(&mut rest, PAGING))?;
        let own: A = from_parameters(taken(&mut rest, A::NAMES))?;
        let shared: B = from_parameters(rest)?;
        let mut errors = Errors::under(QUERY_POINTER);
        errors.validated(paging.validate());
        errors.validated(own.validate());
        errors.validated(shared.validate());
        let (page, own, shared) = (paging.parse(&mut errors), own.parse(&mut errors), shared.parse(&mut errors));
        let ((page, own), shared) = errors.finish_with(page.zip(own).zip(shared))?;
        Ok(Self { page, own, shared })
    }
}

impl<A: Named, B: Parse> FromRequest for PagedBeside<A, B> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Self::read(request.query_string()))
    }
}

/// No filters of a list's own.
#[derive(Debug, Clone, Copy, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct NoFilters {}
crate::parse_as_is!(NoFilters);

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// What is on it.
    #[schema(max_items = 100)]
    pub items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2400)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts a page from one item more than it may hold; the one more says that there is a next page.
    ///
    /// `position` gives where an item stands in the list, for the next page to begin after it.
    pub fn cut<C: Serialize>(mut items: Vec<T>, page: &PageRequest, position: impl Fn(&T) -> C) -> Self {
        let limit = usize::from(page.limit);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).and_then(|last| cursor(&position(last)));
        Self { items, next }
    }

    /// The cursor of the page that begins after a position, for lists that are cut elsewhere.
    pub fn cursor<C: Serialize>(after: Option<C>) -> Option<String> {
        after.as_ref().and_then(cursor)
    }

    /// The same page with other items.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(each).collect(), next: self.next }
    }
}

fn cursor<C: Serialize>(position: &C) -> Option<String> {
    let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).ok()?);
    debug_assert!(text.len() <= CURSOR_CHARS_MAX, "a position must fit into a cursor");
    Some(text)
}

impl<T: Serialize> Responder for Page<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        with_link(&mut HttpResponse::Ok(), request, self.next.as_deref()).json(self)
    }
}

/// Adds the link to the next page, if there is one, to the answer of a list that is more than a [`Page`].
pub fn with_link<'a>(
    response: &'a mut HttpResponseBuilder,
    request: &HttpRequest,
    next: Option<&str>,
) -> &'a mut HttpResponseBuilder {
    match next.and_then(|next| link(request, next)) {
        Some(link) => response.insert_header((header::LINK, link)),
        None => response,
    }
}

/// The link to the next page: this request's, with another cursor.
fn link(request: &HttpRequest, next: &str) -> Option<String> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?.into_inner();
    let mut target = format!("{}?", request.path());
    for (name, value) in pairs.iter().filter(|(name, _)| name != "cursor") {
        target.push_str(&format!("{}={}&", percent(name), percent(value)));
    }
    Some(format!("<{target}cursor={next}>; rel=\"next\""))
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn page(query: &str) -> Result<PageRequest, Problem> {
        Paged::<NoFilters>::read(query).map(|paged| paged.page)
    }

    #[test]
    fn a_page_is_cut_and_its_cursor_leads_to_the_next() {
        let first = page("limit=2").unwrap();
        let cut = Page::cut(vec![10, 20, 30], &first, |n| (*n, "x".to_owned()));
        assert_eq!(cut.items, [10, 20]);
        let next = cut.next.unwrap();
        let second = page(&format!("limit=2&cursor={next}")).unwrap();
        assert_eq!(second.after::<(i32, String)>().unwrap(), Some((20, "x".to_owned())));
        assert!(Page::cut(vec![30], &second, |n| *n).next.is_none());
        assert_eq!(page("").unwrap().limit(), PAGE_ITEMS_DEFAULT);
    }

    #[test]
    fn a_bad_limit_or_cursor_is_refused_with_its_place() {
        for (query, pointer) in [
            ("limit=0", "/query/limit"),
            ("limit=101", "/query/limit"),
            ("limit=many", "/query/limit"),
            ("cursor=%20", "/query/cursor"),
            ("cursor=", "/query/cursor"),
            ("sort=name", "/query/sort"),
        ] {
            assert_eq!(page(query).unwrap_err().failures()[0].pointer, pointer, "{query}");
        }
        let longest = "A".repeat(CURSOR_CHARS_MAX);
        assert!(page(&format!("cursor={longest}")).is_ok());
        assert_eq!(page(&format!("cursor={longest}AAAA")).unwrap_err().failures()[0].pointer, "/query/cursor");
        let forged = page("cursor=bm90anNvbg").unwrap();
        assert_eq!(forged.after::<i32>().unwrap_err().failures()[0].pointer, "/query/cursor");
    }

    #[test]
    fn the_link_keeps_the_filters() {
        let request = TestRequest::with_uri("/v1/providers?name=a%26b%20c&cursor=old&limit=2").to_http_request();
        assert_eq!(link(&request, "NEW").unwrap(), "</v1/providers?name=a%26b%20c&limit=2&cursor=NEW>; rel=\"next\"");
    }
}
