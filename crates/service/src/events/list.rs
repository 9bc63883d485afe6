//! `GET /v1/events`: what has happened since a cursor, for whoever asks rather than be told.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::event::{EventKind, Position};
use valinta_domain::policy::{Action, Role, Scope, Target, require};
use valinta_persistence::Conn;
use valinta_persistence::outbox::{self, Event, Hearer, Telling};

use super::place::{Place, place_of};
use super::view::EventView;
use crate::app::App;
use crate::cx::Cx;
use crate::http::permit::EventsRead;
use crate::http::{Errors, Parse, Permit, Problem, Query};

/// Events on a page where the request does not say.
const EVENTS_DEFAULT: u16 = 100;
/// Kinds of events that are asked for at once.
const TYPES_MAX: usize = EventKind::ALL.len();

/// From where on, and what.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// After which event: `next` of the page before. All events if it is left out; those that come from now on if it is
    /// `now`.
    #[validate(length(min = 1, max = 18))]
    #[param(min_length = 1, max_length = 18, pattern = r"^([0-9]{1,18}|now)$", example = "42")]
    after: Option<String>,
    /// What has happened, of several things separated by commas; all that the token can read if it is left out.
    #[validate(length(min = 1, max = 4000))]
    #[param(min_length = 1, max_length = 4000, example = "voucher.chosen,statement.made")]
    types: Option<String>,
    /// How many events at most.
    #[validate(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 100)]
    limit: Option<u16>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    after: Place,
    /// None for all.
    kinds: Option<Vec<EventKind>>,
    limit: u16,
}

impl Asked {
    /// What is asked for, of what may be told.
    fn kinds_for(&self, scopes: &[Scope]) -> Vec<EventKind> {
        let mut kinds = EventKind::told_by(scopes);
        if let Some(wanted) = &self.kinds {
            kinds.retain(|kind| wanted.contains(kind));
        }
        kinds
    }
}

impl Parse for EventsQuery {
    type Into = Asked;

    fn parse(&self, errors: &mut Errors) -> Option<Asked> {
        let after = errors.take_optional("/after", self.after.as_deref().map(str::parse::<Place>))?;
        let kinds = match self.types.as_deref() {
            None => None,
            Some(text) => Some(kinds_of(text, errors)?),
        };
        Some(Asked {
            after: after.unwrap_or(Place::After(Position(0))),
            kinds,
            limit: self.limit.unwrap_or(EVENTS_DEFAULT),
        })
    }
}

fn kinds_of(text: &str, errors: &mut Errors) -> Option<Vec<EventKind>> {
    let mut kinds = Vec::new();
    for name in text.split(',').take(TYPES_MAX.saturating_add(1)) {
        match EventKind::from_code(name.trim()) {
            Some(kind) => kinds.push(kind),
            None => {
                errors.fail("/types", "unknown", format!("there is no event {name:?}"));
                return None;
            }
        }
    }
    if kinds.len() > TYPES_MAX {
        errors.fail("/types", "too_many", "each is named once");
        return None;
    }
    Some(kinds)
}

/// What has happened since a cursor.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EventsPage {
    /// The events, in the order in which they are told.
    #[schema(max_items = 100)]
    items: Vec<EventView>,
    /// After which event to go on: now if there are more, and else later. It may be kept for as long as one likes.
    #[schema(max_length = 18, example = "42")]
    next: String,
    /// Whether there are more events already.
    more: bool,
}

/// Lists what has happened at the caller's organiser, or to the caller's providers, in the order in which it is told.
///
/// What is told are ids, days, figures and states, never personal data: what they belong to is read by its own address. A
/// token is told of what it can read. Something is told within seconds after it has happened, and once: who goes on from
/// `next` misses nothing and hears nothing twice. The order is that of the telling; what happened at the same moment may be
/// told in either order.
#[utoipa::path(
    tag = "events",
    params(EventsQuery),
    responses((status = 200, description = "What has happened.", body = EventsPage)),
    security(("bearer" = ["events:read"])),
)]
#[get("/v1/events")]
pub(crate) async fn list_events(
    permit: Permit<EventsRead>,
    app: web::Data<App>,
    query: Query<EventsQuery>,
) -> Result<HttpResponse, Problem> {
    let asked = query.into_inner();
    let caller = permit.into_caller();
    let kinds = asked.kinds_for(&caller.scopes);
    let page = app.read_as(caller, move |c, cx| page(c, cx, &asked, &kinds)).await?;
    Ok(HttpResponse::Ok().json(page))
}

fn page(c: &mut Conn, cx: &Cx, asked: &Asked, kinds: &[EventKind]) -> Result<EventsPage, Problem> {
    let hearer = hearer_of(cx)?;
    let after = place_of(c, asked.after, "/query/after")?;
    let Telling { mut events, until, .. } = outbox::after(c, &hearer, kinds, after, i64::from(asked.limit) + 1)?;
    let more = events.len() > usize::from(asked.limit);
    events.truncate(usize::from(asked.limit));
    let next = if more { events.last().map_or(after, |event| event.position) } else { until };
    let view = |event: Event| EventView::of(event.message);
    Ok(EventsPage { items: events.into_iter().map(view).collect(), next: next.0.to_string(), more })
}

/// As whom the caller is told.
fn hearer_of(cx: &Cx) -> Result<Hearer, Problem> {
    let actor = cx.actor();
    if actor.role != Role::Provider {
        let organiser = actor.organiser.ok_or_else(Problem::not_found)?;
        cx.require(Action::ReadEvents, &Target { organiser: Some(organiser), ..Target::default() })?;
        return Ok(Hearer::Organiser(organiser));
    }
    let hears = |provider| {
        let target = Target { provider: Some(provider), ..Target::default() };
        require(actor, Action::ReadEvents, &target).is_ok()
    };
    Ok(Hearer::Providers(actor.provider_ids().into_iter().filter(|provider| hears(*provider)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(types: Option<&str>) -> Option<Asked> {
        let query = EventsQuery { after: None, types: types.map(str::to_owned), limit: None };
        query.parse(&mut Errors::new())
    }

    #[test]
    fn only_what_happens_is_asked_for() {
        let both = parsed(Some("voucher.chosen, statement.made")).unwrap();
        assert_eq!(both.kinds, Some(vec![EventKind::VoucherChosen, EventKind::StatementMade]));
        for bad in ["", "voucher", "voucher.chosen,", "VOUCHER.CHOSEN"] {
            assert_eq!(parsed(Some(bad)), None, "{bad}");
        }
    }
}
