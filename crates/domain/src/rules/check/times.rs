//! Consistency of time bands: at every minute of every kind of day exactly one rule holds.

use std::collections::BTreeSet;

use super::super::time_bands::{DayKind, TimeBand, TimeBands, TimeOfDay};
use super::block::Checker;
use super::{Fault, check_length};
use crate::calendar::Holiday;
use crate::written::is_code;

/// Most bands.
const BANDS_MAX: usize = 100;

impl Checker<'_> {
    /// Checks all but the rules within the bands. `pointer` is that of the bands' block.
    pub(super) fn time_bands(&mut self, of: &TimeBands, pointer: &str) {
        check_length(of.bands.len(), 1..=BANDS_MAX, &format!("{pointer}/bands"), &mut self.faults);
        check_eves(of, pointer, &mut self.faults);
        for (i, band) in of.bands.iter().enumerate() {
            check_band(band, &format!("{pointer}/bands/{i}"), &mut self.faults);
        }
        for (i, band) in of.bands.iter().enumerate() {
            let mut earlier = of.bands.iter().take(i).enumerate();
            if let Some((earlier, (kind, minute))) = earlier.find_map(|(j, e)| Some((j, meeting(e, band)?))) {
                let when = when(kind, minute);
                let why = format!("{when} would be of band {earlier} as well as of this one, counted from 0");
                self.fault(format!("{pointer}/bands/{i}"), "overlap", why);
            }
        }
        match (first_uncovered(of), &of.otherwise) {
            (Some((kind, minute)), None) => {
                let why = format!("no band is for {}, and nothing is said otherwise", when(kind, minute));
                self.fault(format!("{pointer}/bands"), "gap", why);
            }
            (None, Some(_)) => {
                self.fault(format!("{pointer}/otherwise"), "unreachable", "the bands cover all times already");
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

fn check_eves(of: &TimeBands, pointer: &str, faults: &mut Vec<Fault>) {
    let pointer = format!("{pointer}/eves_of");
    match (of.names(DayKind::Eve), of.eves_of.is_empty()) {
        (true, true) => {
            faults.push(Fault::new(&pointer, "contradiction", "a band names eve: say of which holidays"));
        }
        (false, false) => {
            faults.push(Fault::new(&pointer, "unreachable", "no band names eve, so that these would change nothing"));
        }
        (true, false) | (false, true) => {}
    }
    check_length(of.eves_of.len(), 0..=Holiday::ALL.len(), &pointer, faults);
    for (i, holiday) in of.eves_of.iter().enumerate() {
        let at = format!("{pointer}/{i}");
        if of.eves_of.iter().take(i).any(|earlier| earlier == holiday) {
            faults.push(Fault::new(at, "duplicate", "it is listed twice"));
        } else if matches!(holiday, Holiday::EasterMonday | Holiday::BoxingDay) {
            let why = "the day before it is a public holiday itself, and so never an eve";
            faults.push(Fault::new(at, "unreachable", why));
        }
    }
}

fn check_band(band: &TimeBand, pointer: &str, faults: &mut Vec<Fault>) {
    check_length(band.on.len(), 1..=DayKind::ALL.len(), &format!("{pointer}/on"), faults);
    let mut seen = BTreeSet::new();
    for (i, kind) in band.on.iter().enumerate() {
        if !seen.insert(kind) {
            faults.push(Fault::new(format!("{pointer}/on/{i}"), "duplicate", "it is listed twice"));
        }
    }
    let (from, until) = band.minutes();
    if from >= until {
        let member = if band.until.is_some() { "until" } else { "from" };
        let why = "a band ends after it begins; what goes on over midnight is two bands";
        faults.push(Fault::new(format!("{pointer}/{member}"), "not_ascending", why));
    }
    if band.item.as_deref().is_some_and(|item| !is_code(item)) {
        let why = "a code is small letters, digits and underscores, at most 64";
        faults.push(Fault::new(format!("{pointer}/item"), "bad_name", why));
    }
}

/// When two bands would hold at once, if they would.
fn meeting(one: &TimeBand, other: &TimeBand) -> Option<(DayKind, u16)> {
    let kind = one.on.iter().copied().filter(|kind| other.on.contains(kind)).min()?;
    let ((from, until), (other_from, other_until)) = (one.minutes(), other.minutes());
    let (from, until) = (from.max(other_from), until.min(other_until));
    (from < until).then_some((kind, from))
}

/// The first time that no band is for. Kinds of day that no band names count as their weekday, so that they need no
/// band; the weekdays do.
fn first_uncovered(of: &TimeBands) -> Option<(DayKind, u16)> {
    let counts = |kind: &DayKind| !matches!(kind, DayKind::PublicHoliday | DayKind::Eve) || of.names(*kind);
    DayKind::ALL.into_iter().filter(counts).find_map(|kind| {
        let mut spans: Vec<_> = of.bands.iter().filter(|band| band.on.contains(&kind)).map(TimeBand::minutes).collect();
        spans.sort_unstable();
        let covered = spans.iter().fold(
            0,
            |covered, (from, until)| {
                if *from <= covered { (*until).max(covered) } else { covered }
            },
        );
        (covered < TimeOfDay::END.minute()).then_some((kind, covered))
    })
}

fn when(kind: DayKind, minute: u16) -> String {
    let day = match kind {
        DayKind::Monday => "Monday",
        DayKind::Tuesday => "Tuesday",
        DayKind::Wednesday => "Wednesday",
        DayKind::Thursday => "Thursday",
        DayKind::Friday => "Friday",
        DayKind::Saturday => "Saturday",
        DayKind::Sunday => "Sunday",
        DayKind::PublicHoliday => "a public holiday",
        DayKind::Eve => "an eve",
    };
    match TimeOfDay::from_minute(minute) {
        Some(time) => format!("{day} from {time}"),
        None => day.to_owned(),
    }
}
