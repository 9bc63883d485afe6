//! A public list at one address: a page as JSON, all of it as CSV or NDJSON, now or as of a day, with a tag by which a
//! caller who has it already is spared the rest. Knows the registry's revision and days, and not what is listed.

use std::collections::BTreeSet;
use std::future::{Ready, ready};

use actix_web::http::header::{self, EntityTag, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use valinta_domain::{Day, Moment};
use valinta_persistence::open_data::{Part, When};
use valinta_persistence::{Conn, organisers, registry};

use super::stream::Begin;
use super::{Format, Row, stream_tagged};
use crate::app::App;
use crate::cx::day_at;
use crate::http::conditional::IfNoneMatch;
use crate::http::page::with_link;
use crate::http::{Page, PageRequest, Problem};

/// Rows that are read at once for a file.
const ROWS_AT_ONCE: i64 = 500;
/// How often a page looks further where filters leave out what it has read. Then it is sent with fewer items and a cursor.
const LOOKS_MAX: usize = 20;
/// The revision of the registry that a list shows, from which the feed of changes goes on.
const REVISION: HeaderName = HeaderName::from_static("registry-revision");
/// May be kept by anyone, and is asked for again by its tag.
const CACHE: &str = "public, no-cache";

/// How a list is asked for.
pub(crate) struct Ask {
    format: Format,
    known: IfNoneMatch,
    request: HttpRequest,
}

impl FromRequest for Ask {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let format = Format::from_request(request, payload).into_inner();
        let known = IfNoneMatch::from_request(request, payload).into_inner();
        ready(format.and_then(|format| Ok(Self { format, known: known?, request: request.clone() })))
    }
}

/// For which day, and when, a list is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// For which day.
    pub(crate) when: When,
    /// When.
    pub(crate) now: Moment,
}

impl Look {
    /// A look at a day, or at the present. A day that is over by the world's clock (UTC) is looked at as it was.
    pub(crate) fn at(now: Moment, as_of: Option<Day>) -> Self {
        let today = Day::new(now.utc().date_naive());
        let day = as_of.unwrap_or(today);
        Self { when: When { day, as_of: as_of.is_some(), past: day < today }, now }
    }

    /// The last day on which an interruption of an approval may have begun that is told: what is to come of them follows
    /// from evidence, which is nobody else's business until it has its effect.
    pub(crate) fn told_until(&self, day: Day) -> Day {
        day.min(Day::new(self.now.utc().date_naive()))
    }
}

/// A public list.
pub(crate) trait Listing: Send + Sync + 'static {
    /// What stands in it.
    type Item: Row + Send + 'static;
    /// The name of its files, without an ending.
    const FILE: &'static str;

    /// Where an item stands: the list is in order of ids.
    fn id_of(item: &Self::Item) -> Uuid;

    /// Looks at up to so many entries after an id, and gives those that are wanted.
    fn read(&self, c: &mut Conn, look: &Look, after: Option<Uuid>, limit: i64) -> Result<Part<Self::Item>, Problem>;
}

/// The items of some ids that everyone may see: `listing` must want these ids alone.
pub(crate) fn read_these<L: Listing>(
    c: &mut Conn,
    listing: &L,
    look: &Look,
    ids: usize,
) -> Result<Vec<L::Item>, Problem> {
    let limit = i64::try_from(ids).map_err(Problem::internal)?;
    Ok(listing.read(c, look, None, limit)?.entries)
}

/// Answers a list as it is asked for.
pub(crate) async fn answer<L: Listing>(
    app: &App,
    ask: Ask,
    page: PageRequest,
    as_of: Option<Day>,
    listing: L,
) -> Result<HttpResponse, Problem> {
    let Ask { format, known, request } = ask;
    let look = Look::at(app.clock().now(), as_of);
    let place = request.uri().to_string();
    match format {
        Format::Json => {
            let after: Option<Uuid> = page.after()?;
            let read = move |c: &mut Conn| {
                let begin = begin(c, &known, (format, &place), &look)?;
                if begin.unchanged {
                    return Ok((begin, None));
                }
                Ok((begin, Some(page_of(c, &listing, &look, after, usize::from(page.limit()))?)))
            };
            let (begin, page) = app.read(read).await?;
            let mut response = begin.response();
            Ok(match page {
                None => response.finish(),
                Some(page) => with_link(&mut response, &request, page.next.as_deref()).json(page),
            })
        }
        Format::Csv | Format::Ndjson => {
            if page.is_said() {
                let why = "pages are for application/json; this comes whole";
                return Err(Problem::invalid(Vec::new()).at("/query", "not_paged", why));
            }
            let mut position = Some(None);
            let pages = move |c: &mut Conn| {
                let Some(after) = position else { return Ok(None) };
                let part = listing.read(c, &look, after, ROWS_AT_ONCE)?;
                position = part.last.map(Some);
                Ok(Some(part.entries))
            };
            stream_tagged(app, format, L::FILE, move |c| begin(c, &known, (format, &place), &look), pages).await
        }
    }
}

/// As [`answer`], for a list so short that it has no pages: as JSON all of it is in `wrap`.
pub(crate) async fn answer_whole<R: Row + Send + 'static, W: Serialize>(
    app: &App,
    ask: Ask,
    file_name: &str,
    read: fn(&mut Conn) -> Result<Vec<R>, Problem>,
    wrap: fn(Vec<R>) -> W,
) -> Result<HttpResponse, Problem> {
    let Ask { format, known, request } = ask;
    let look = Look::at(app.clock().now(), None);
    let place = request.uri().to_string();
    let begin = move |c: &mut Conn| begin(c, &known, (format, &place), &look);
    match format {
        Format::Json => {
            let both = move |c: &mut Conn| Ok((begin(c)?, read(c)?));
            let (begin, all) = app.read(both).await?;
            let mut response = begin.response();
            Ok(if begin.unchanged { response.finish() } else { response.json(wrap(all)) })
        }
        Format::Csv | Format::Ndjson => {
            let mut is_read = false;
            let pages = move |c: &mut Conn| {
                if std::mem::replace(&mut is_read, true) { Ok(None) } else { read(c).map(Some) }
            };
            stream_tagged(app, format, file_name, begin, pages).await
        }
    }
}

fn begin(c: &mut Conn, known: &IfNoneMatch, place: (Format, &str), look: &Look) -> Result<Begin, Problem> {
    let revision = registry::revision(c)?;
    let tag = tag_of(c, revision, place, look)?;
    let headers = vec![(header::CACHE_CONTROL, CACHE.to_owned()), (REVISION, revision.to_string())];
    Ok(Begin { unchanged: known.has(&tag), tag: Some(tag), headers })
}

/// The tag of what is at a place as long as nothing changes: neither the registry nor, anywhere, the day. It is a weak
/// one, since the same may be sent packed.
pub(crate) fn tag_of(
    c: &mut Conn,
    revision: i64,
    (format, place): (Format, &str),
    look: &Look,
) -> Result<EntityTag, Problem> {
    let mut days = BTreeSet::from([look.when.day, Day::new(look.now.utc().date_naive())]);
    for organiser in organisers::list(c)? {
        days.insert(day_at(look.now, &organiser)?);
    }
    let mut digest = Sha256::new();
    digest.update(env!("CARGO_PKG_VERSION"));
    for part in [revision.to_string(), format.media_type().to_owned(), place.to_owned()] {
        digest.update(part);
        digest.update([0]);
    }
    for day in days {
        digest.update(day.to_string());
    }
    let tag: String = digest.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    Ok(EntityTag::new_weak(tag))
}

/// A page. Where filters leave out much it may hold fewer items than it could, and still have a next one.
fn page_of<L: Listing>(
    c: &mut Conn,
    listing: &L,
    look: &Look,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Page<L::Item>, Problem> {
    let (mut items, mut position) = (Vec::new(), after);
    // One more than the page holds says whether another follows.
    let mut at_once = i64::try_from(limit).map_err(Problem::internal)?.saturating_add(1);
    for _ in 0..LOOKS_MAX {
        let part = listing.read(c, look, position, at_once)?;
        items.extend(part.entries);
        position = part.last;
        if items.len() > limit {
            items.truncate(limit);
            position = items.last().map(L::id_of);
            break;
        }
        if position.is_none() {
            break;
        }
        at_once = ROWS_AT_ONCE;
    }
    Ok(Page { items, next: Page::<L::Item>::cursor(position) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(moment: &str) -> Moment {
        Moment::new(moment.parse().unwrap())
    }

    #[test]
    fn a_day_that_is_over_is_looked_at_as_it_was() {
        let now = at("2026-11-11T08:00:00Z");
        let day = |day| Day::ymd(2026, 11, day);
        let looks = [
            (None, 11, false, false),
            (day(10), 10, true, true),
            (day(11), 11, true, false),
            (day(12), 12, true, false),
        ];
        for (as_of, on, only, past) in looks {
            let look = Look::at(now, as_of);
            assert_eq!((Some(look.when.day), look.when.as_of, look.when.past), (day(on), only, past));
        }
    }
}
