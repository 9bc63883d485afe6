//! What days bring to drafts: reminders before the last day on which one can be recorded, and a last word when that has
//! passed. Each is told once, by whichever process comes first.

use serde_json::json;
use valinta_domain::event::EventKind;
use valinta_domain::service_event::draft::{Due, due, next_told};
use valinta_persistence::event_drafts::{self, Draft};
use valinta_persistence::{Conn, DbError};

use super::view::content_of;
use crate::cx::Cx;
use crate::http::Problem;
use crate::providers::registry_day;

/// Tells what is due of some drafts. Of how many: nothing is left where it is none.
///
/// # Errors
/// The database's.
pub(crate) fn tell_drafts(c: &mut Conn, cx: &Cx, limit: i64) -> Result<usize, Problem> {
    let mut told = 0_usize;
    // Where an organiser's day has begun already; the draft's own day decides.
    let until = registry_day(cx.now()).plus_days(1);
    for draft in event_drafts::to_tell(c, until, limit)? {
        if tell(c, cx, &draft)? {
            told = told.saturating_add(1);
        }
    }
    Ok(told)
}

/// Tells what is due of a draft, as its rulebook has it now; `false` where it is nothing yet.
fn tell(c: &mut Conn, cx: &Cx, draft: &Draft) -> Result<bool, Problem> {
    let Ok(content) = content_of(draft) else {
        return Err(DbError::corrupt("event_drafts holds a malformed draft").into());
    };
    let days = content.days(c, draft.provider, (draft.begun_at, cx.now()))?;
    if draft.tell_on.is_none_or(|day| day > days.today) {
        return Ok(false);
    }
    let next = next_told(days.deadline, &days.remind_days, days.today);
    if !event_drafts::note_told(c, draft, (days.deadline, next))? {
        return Ok(false);
    }
    let (id, provider, until) = (draft.id, draft.provider, days.deadline);
    let message = |kind, payload| cx.tell(kind, ("service_event_draft", id.uuid()), provider, payload);
    match due(days.deadline, &days.remind_days, days.today) {
        // Its last day has moved.
        Due::Nothing => {}
        Due::Reminder { days_left } => message(
            EventKind::ServiceEventDraftDue,
            json!({"draft": id, "provider": provider, "recordable_until": until, "days_left": days_left}),
        ),
        Due::TooLate => message(
            EventKind::ServiceEventDraftTooLate,
            json!({"draft": id, "provider": provider, "recordable_until": until}),
        ),
    }
    Ok(true)
}
