//! When what is left of a grant is for nobody any more: once no service of its days can be recorded.

use crate::ledger::Allotment;
use crate::rulebook::{RulebookTerms, Unused};
use crate::service_event::recording_deadline;
use crate::time::{Day, Period};
use crate::valuation::Versions;
use crate::voucher::Voucher;

/// The last day on which a service could be recorded that draws on a part of a voucher. What lapses is drawn on by
/// services of its own period alone, what is carried over by those of all later days, too. The deadline is that of the
/// version in force on the day of service; of days without one nothing can be recorded, and nothing after them.
pub fn unused_after(voucher: &Voucher, part: &Allotment, versions: &Versions) -> Day {
    let days = match voucher.unused {
        Unused::Lapses => part.period,
        Unused::CarriesOver => Period::new(part.period.from(), voucher.validity.to()).unwrap_or(part.period),
    };
    let deadline = |period: Period, terms: &RulebookTerms| {
        period.intersection(days).map(|days| recording_deadline(terms, days.last_day()))
    };
    let deadlines = versions.entries().iter().filter_map(|(period, (_, terms))| deadline(*period, terms));
    deadlines.max().unwrap_or(days.last_day())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::grant::change::tests::{Scene, day, terms};
    use crate::id::Id;
    use crate::time::Timeline;

    #[test]
    fn a_part_is_waited_for_as_long_as_any_of_its_days_can_be_recorded() {
        let mut scene = Scene::new(&json!({}));
        let (mut long, mut short) = (terms(&json!({})), terms(&json!({})));
        (long.recording.days_after_month, short.recording.days_after_month) = (60, 10);
        let (first, second) = (Id::new(Uuid::nil()), Id::new(Uuid::from_u128(1)));
        let versions = |of_first, of_second| {
            Timeline::new(vec![
                (Period::new(day("2026-01-01"), Some(day("2026-02-10"))).unwrap(), (first, Arc::new(of_first))),
                (Period::starting(day("2026-02-10")), (second, Arc::new(of_second))),
            ])
            .unwrap()
        };
        let shorter = versions(long.clone(), short.clone());
        let last = |scene: &Scene, place: usize, versions: &Versions| {
            unused_after(&scene.voucher, &scene.parts[place], versions).to_string()
        };
        // January, and the first days of February, by the first version; the rest by the second.
        assert_eq!(last(&scene, 0, &shorter), "2026-04-01");
        assert_eq!(last(&scene, 1, &shorter), "2026-04-29");
        assert_eq!(last(&scene, 2, &shorter), "2026-04-10");
        scene.voucher.unused = Unused::CarriesOver;
        let longer = versions(short, long);
        assert_eq!([0, 1, 2].map(|place| last(&scene, place, &longer)), ["2026-05-30"; 3].map(str::to_owned));
        let none = Timeline::new(vec![]).unwrap();
        assert_eq!(last(&scene, 0, &none), "2026-03-20");
    }
}
