//! The registry's worklists: what waits for whom, and since when. They only show; what is done about it is done elsewhere.

mod applications;
mod changes;
mod counts;
mod deadlines;
mod evidence;
mod prices;

use valinta_domain::policy::{Action, Target};
use valinta_domain::{Day, Moment};
use valinta_persistence::Conn;
use valinta_persistence::organisers::Organiser;

use crate::cx::{Cx, day_at};
use crate::http::Problem;
use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        counts::show_desk,
        applications::list_desk_applications,
        evidence::list_desk_evidence,
        prices::list_desk_prices,
        deadlines::list_desk_deadlines,
        changes::list_desk_changes,
    ]
}

/// The organiser whose desk the caller sits at, and its today.
fn desk_of(c: &mut Conn, cx: &Cx) -> Result<(Organiser, Day), Problem> {
    let organiser = cx.own_organiser(c)?;
    cx.require(Action::ReadDesk, &Target { organiser: Some(organiser.id), ..Target::default() })?;
    let today = cx.today(&organiser)?;
    Ok((organiser, today))
}

/// How many days something has waited since a moment.
fn days_since(at: Moment, organiser: &Organiser, today: Day) -> Result<i64, Problem> {
    Ok(days_between(day_at(at, organiser)?, today))
}

/// How many days lie between two: fewer than none where the first comes later.
pub(crate) fn days_between(first: Day, second: Day) -> i64 {
    second.date().signed_duration_since(first.date()).num_days()
}
