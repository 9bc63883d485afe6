//! `GET /v1/changes`: what has changed in the registry since a cursor, for everyone who mirrors it.

use std::str::FromStr;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::{Id, Moment};
use valinta_persistence::registry_changes::{self, Change};
use valinta_persistence::{Conn, registry};

use super::present::{Present, PublicItem, href, present};
use crate::app::App;
use crate::http::conditional::IfNoneMatch;
use crate::http::{Errors, Parse, Problem, Query};
use crate::tabular::{Begin, Format, Look, tag_of};

/// Changes on a page where the request does not say.
const CHANGES_DEFAULT: u16 = 100;

/// From where on, and how many.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesQuery {
    /// After which change: `next` of the page before, or the `Registry-Revision` of a list. All changes if it is left out.
    #[validate(length(min = 1, max = 32))]
    #[param(min_length = 1, max_length = 32, pattern = r"^[0-9]{1,18}(\.[0-9]{1,9})?$", example = "42")]
    after: Option<String>,
    /// How many changes at most.
    #[validate(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 100)]
    limit: Option<u16>,
}

/// A place among the changes: after a whole revision, or after one of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    revision: i64,
    line: i32,
}

/// Not such a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be `next` of a page of changes, or a revision of the registry")]
pub(crate) struct NotACursor;

impl Cursor {
    /// Before all changes.
    const START: Self = Self { revision: -1, line: i32::MAX };

    fn of(change: &Change) -> Self {
        Self { revision: change.revision, line: change.line }
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let (revision, line) = text.split_once('.').map_or((text, None), |(revision, line)| (revision, Some(line)));
        if !digits(revision, 18) || line.is_some_and(|line| !digits(line, 9)) {
            return Err(NotACursor);
        }
        let line = line.map_or(Ok(i32::MAX), str::parse).map_err(|_| NotACursor)?;
        Ok(Self { revision: revision.parse().map_err(|_| NotACursor)?, line })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line == i32::MAX {
            write!(f, "{}", self.revision.max(0))
        } else {
            write!(f, "{}.{}", self.revision, self.line)
        }
    }
}

impl Parse for ChangesQuery {
    type Into = (Cursor, u16);

    fn parse(&self, errors: &mut Errors) -> Option<Self::Into> {
        let after = errors.take_optional("/after", self.after.as_deref().map(str::parse::<Cursor>))?;
        Some((after.unwrap_or(Cursor::START), self.limit.unwrap_or(CHANGES_DEFAULT)))
    }
}

/// What has changed since a cursor.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangesPage {
    /// The changes, oldest first.
    #[schema(max_items = 100)]
    items: Vec<ChangeView>,
    /// After which change to go on: now if there are more, and else later. It may be kept for as long as one likes.
    #[schema(max_length = 32, example = "42")]
    next: String,
    /// Whether there are more changes already.
    more: bool,
    /// The registry's present revision.
    #[schema(minimum = 0)]
    revision: i64,
}

/// One change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryChange)]
pub(crate) struct ChangeView {
    /// With which revision of the registry.
    #[schema(minimum = 0)]
    revision: i64,
    /// When.
    at: Moment,
    /// What kind of thing has changed.
    kind: RegistryKind,
    /// Which.
    id: Uuid,
    /// Whose it is, where it is an organiser's.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// Where it is to be had; absent where it is not public.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    href: Option<String>,
    /// What is public of it now, as the list of its kind shows it; absent where nothing is, and what a mirror has of it
    /// goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PublicItem>)]
    item: Option<serde_json::Value>,
}

/// Lists what has changed in the registry, oldest first: which things, and what is public of each now. Who goes through
/// it to its end has the same as the lists show, and keeps it by asking again from `next`, which is given even when
/// nothing has changed.
///
/// Revisions are given in the order in which they become visible, so that a cursor misses nothing. A thing that changed
/// several times is there several times, each time as it is now. Dates bring changes by themselves, without a revision: a
/// price announced for the first of the month begins then, an approval ends on its last day. Items carry their days for
/// that; what is derived from them (`sector`, `approved`, `takes_new_choices`, the first of `prices`) is of the day of asking.
/// To begin with a whole list instead, ask for the lists first, and then for the changes after the smallest
/// `Registry-Revision` that they told. A cursor from after the present revision is refused: the registry is another one,
/// and the mirror is to begin anew.
#[utoipa::path(
    tag = "changes",
    params(ChangesQuery, IfNoneMatch),
    responses(
        (
            status = 200,
            description = "Changes after the cursor.",
            body = ChangesPage,
            headers(
                ("ETag" = String, description = "The tag of what is after this cursor now."),
                ("Link" = String, description = "The changes that follow, where there are more already."),
            ),
        ),
        (status = 304, description = "Unchanged since the tag that the caller has."),
    ),
    security(()),
)]
#[get("/v1/changes")]
pub(crate) async fn list_changes(
    app: web::Data<App>,
    request: HttpRequest,
    known: IfNoneMatch,
    query: Query<ChangesQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = query.into_inner();
    let (place, look) = (request.uri().to_string(), Look::at(app.clock().now(), None));
    let read = move |c: &mut Conn| {
        let revision = registry::revision(c)?;
        if after.revision > revision {
            let why = format!("the registry has come to revision {revision} only; begin anew");
            return Err(Problem::invalid(Vec::new()).at("/query/after", "ahead", why));
        }
        let tag = tag_of(c, revision, (Format::Json, &place), &look)?;
        let headers = vec![(header::CACHE_CONTROL, "public, no-cache".to_owned())];
        let begin = Begin { unchanged: known.has(&tag), tag: Some(tag), headers };
        let page = if begin.unchanged { None } else { Some(page(c, after, limit, revision, look.now)?) };
        Ok((begin, page))
    };
    let (begin, page) = app.read(read).await?;
    let mut response = begin.response();
    let Some(page) = page else { return Ok(response.finish()) };
    if page.more {
        let link = format!("<{}?after={}&limit={limit}>; rel=\"next\"", request.path(), page.next);
        response.insert_header((header::LINK, link));
    }
    Ok(response.json(page))
}

fn page(c: &mut Conn, after: Cursor, limit: u16, revision: i64, now: Moment) -> Result<ChangesPage, Problem> {
    let mut changes = registry_changes::after(c, (after.revision, after.line), i64::from(limit) + 1)?;
    let more = changes.len() > usize::from(limit);
    changes.truncate(usize::from(limit));
    // Behind the last change there is nothing else of its revision.
    let whole = Cursor { revision, line: i32::MAX };
    let next = if more { changes.last().map_or(after, Cursor::of) } else { whole };
    let present = present(c, changes.iter().map(|change| (change.kind, change.id)), now)?;
    let items = changes.iter().map(|change| view(change, &present)).collect();
    Ok(ChangesPage { items, next: next.to_string(), more, revision })
}

fn view(change: &Change, present: &Present) -> ChangeView {
    let item = present.get(&(change.kind, change.id)).cloned();
    ChangeView {
        revision: change.revision,
        at: change.at,
        kind: change.kind,
        id: change.id,
        organiser: change.organiser,
        href: item.as_ref().map(|item| href(change.kind, change.id, item)),
        item,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_revision_or_a_line_of_one() {
        for text in ["0", "42", "42.7", "999999999999999999.999999999"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for bad in ["", "-1", "+1", "4 2", "42.", ".7", "42.7.1", "1234567890123456789", "x"] {
            assert_eq!(bad.parse::<Cursor>(), Err(NotACursor), "{bad}");
        }
        assert!(Cursor::START < Cursor { revision: 0, line: 0 });
        assert!("42.7".parse::<Cursor>().unwrap() < "42".parse::<Cursor>().unwrap());
    }
}
