//! What days bring to supervision: deadlines that pass, each told once.

use serde_json::json;
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::measure::MeasureState;
use valinta_persistence::{Conn, findings, measures, organisers};

use crate::cx::Cx;
use crate::http::Problem;

/// Tells of findings and warnings whose deadline has passed, and of hearings that are over without a reply or a decision,
/// at most so many. How many were told: nothing is left where it is none.
pub(crate) fn tell_deadlines(c: &mut Conn, cx: &Cx, limit: i64) -> Result<usize, Problem> {
    let mut told = 0_usize;
    for organiser in organisers::list(c)? {
        let today = cx.today(&organiser)?;
        for finding in findings::past_deadline(c, organiser.id, today, left(limit, told))? {
            // Of several processes one comes first.
            if findings::mark_told(c, finding.id, cx.now())? {
                let payload = json!({
                    "provider": finding.provider,
                    "unit": finding.unit,
                    "state": finding.state,
                    "deadline": finding.deadline,
                });
                let hearers = Hearers::both(organiser.id, finding.provider);
                cx.tell(EventKind::FindingDeadlinePassed, ("finding", finding.id.uuid()), hearers, payload);
                told = told.saturating_add(1);
            }
        }
        for measure in measures::past_deadline(c, organiser.id, today, left(limit, told))? {
            if measures::mark_told(c, measure.id, cx.now())? {
                let (kind, day) = match measure.state {
                    MeasureState::Hearing => (EventKind::MeasureHearingOver, Some(measure.hear_until)),
                    MeasureState::Imposed | MeasureState::Dropped | MeasureState::Withdrawn => {
                        (EventKind::MeasureDeadlinePassed, measure.deadline)
                    }
                };
                let payload = json!({"approval": measure.approval, "provider": measure.provider, "day": day});
                let hearers = Hearers::both(organiser.id, measure.provider);
                cx.tell(kind, ("measure", measure.id.uuid()), hearers, payload);
                told = told.saturating_add(1);
            }
        }
    }
    Ok(told)
}

fn left(limit: i64, told: usize) -> i64 {
    limit.saturating_sub(i64::try_from(told).unwrap_or(limit)).max(0)
}
