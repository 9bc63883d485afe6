//! Pages of the anonymous list as they were sent: the same question is answered with the same bytes, for as long as the
//! registry and the day are the same.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, EntityTag};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Serialize;
use valinta_domain::Day;

use crate::http::conditional::{with_age, with_tag};
use crate::http::page::with_link;
use crate::http::{Problem, Spoken};

/// Bytes that are kept at most, with what they were asked by.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Pages that are expected: some ten kilobytes each.
const PAGES_EXPECTED: usize = 4_096;
/// What a page of twenty options takes, and a little more.
const BYTES_USUAL: usize = 32 * 1024;
/// Longest query of which the answer is kept.
const QUERY_MAX: usize = 1_024;

/// What a page was asked by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    /// The revision of the registry that it shows.
    pub(super) revision: i64,
    /// The day on which its list was begun.
    pub(super) day: Day,
    /// The language of its texts.
    pub(super) spoken: Spoken,
    /// All that was asked, as it was sent.
    pub(super) query: String,
}

/// A page as it is sent.
#[derive(Debug)]
pub(crate) struct SentPage {
    pub(super) body: Bytes,
    /// The cursor of the next page.
    pub(super) next: Option<String>,
}

/// Pages that were sent.
pub(crate) struct SentPages(Cache<PageKey, Arc<SentPage>, Weight>);

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<PageKey, Arc<SentPage>> for Weight {
    fn weight(&self, key: &PageKey, page: &Arc<SentPage>) -> u64 {
        let bytes = page.body.len().saturating_add(key.query.len()).saturating_add(256);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

impl Default for SentPages {
    fn default() -> Self {
        Self(Cache::with_weighter(PAGES_EXPECTED, BYTES_MAX, Weight))
    }
}

impl SentPages {
    pub(super) fn get(&self, key: &PageKey) -> Option<Arc<SentPage>> {
        self.0.get(key)
    }

    pub(super) fn insert(&self, key: PageKey, page: Arc<SentPage>) {
        if key.query.len() <= QUERY_MAX {
            self.0.insert(key, page);
        }
    }
}

impl SentPage {
    /// A list as JSON, with room for one of usual length from the start.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(super) fn of(list: &impl Serialize, next: Option<String>) -> Result<Self, Problem> {
        let mut body = Vec::with_capacity(BYTES_USUAL);
        serde_json::to_writer(&mut body, list).map_err(Problem::internal)?;
        Ok(Self { body: body.into(), next })
    }

    /// Its body and the link to the next page, as what else is told of it is told already.
    pub(super) fn body_of(&self, response: &mut HttpResponseBuilder, request: &HttpRequest) -> HttpResponse {
        with_link(response, request, self.next.as_deref());
        response.content_type("application/json").body(self.body.clone())
    }

    /// The answer: by its tag, with how it may be kept, in its language, and how old it is at most.
    pub(super) fn answer(
        &self,
        request: &HttpRequest,
        (tag, keeping, spoken, age): (&EntityTag, &'static str, &Spoken, Option<Duration>),
    ) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        with_tag(&mut response, tag).insert_header((header::CACHE_CONTROL, keeping));
        with_age(&mut response, age);
        spoken.told(&mut response);
        self.body_of(&mut response, request)
    }
}
