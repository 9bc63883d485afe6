//! Findings of supervision, and measures of the sanctions ladder with their hearings.

mod answer_finding;
mod close_finding;
mod deadlines;
mod decide_measure;
mod finding_view;
mod impose;
mod list_findings;
mod list_measures;
mod measure_view;
mod open_finding;
mod open_measure;
mod reply_to_measure;
mod show_finding;
mod show_measure;
mod withdraw_measure;

pub(crate) use deadlines::tell_deadlines;

use crate::http::Errors;
use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        open_finding::open_finding,
        list_findings::list_findings,
        show_finding::show_finding,
        answer_finding::answer_finding,
        close_finding::close_finding,
        open_measure::open_measure,
        list_measures::list_measures,
        show_measure::show_measure,
        reply_to_measure::reply_to_measure,
        decide_measure::decide_measure,
        withdraw_measure::withdraw_measure,
    ]
}

/// Words that say something, without the space around them.
fn words(errors: &mut Errors, pointer: &str, text: &str) -> Option<String> {
    let text = text.trim();
    errors.take(pointer, if text.is_empty() { Err("a text is wanted") } else { Ok(text.to_owned()) })
}
