//! How an approval follows another one of the same unit and voucher type: on its last day, or in its place with another
//! area. There is never more than one on a day.

use thiserror::Error;

use crate::identifiers::MunicipalityCode;
use crate::time::Day;

/// An approval that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Existing<'a> {
    /// First day.
    pub from: Day,
    /// First day on which it no longer holds, if it has an end.
    pub to: Option<Day>,
    /// For residents of which municipalities; of all of the organiser's where none is named.
    pub area: &'a [MunicipalityCode],
}

/// Why an approval cannot begin beside another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InTheWay {
    /// There is one for the same area.
    #[error("the unit is approved for the voucher type and this area already")]
    SameArea,
    /// There is one that goes on for a while. Its end was decided, and is not decided anew by another approval.
    #[error("the unit has an approval for the voucher type that ends on {end}: another begins then, or later")]
    Ends {
        /// First day on which it no longer holds.
        end: Day,
    },
}

/// Whether two areas are the same, in whatever order they are written.
pub fn has_same_area(one: &[MunicipalityCode], other: &[MunicipalityCode]) -> bool {
    one.is_empty() == other.is_empty()
        && one.iter().all(|code| other.contains(code))
        && other.iter().all(|code| one.contains(code))
}

/// The place of the approval that one from a day on would replace; none where it replaces none.
///
/// # Errors
/// See [`InTheWay`].
pub fn follows(existing: &[Existing<'_>], from: Day, area: &[MunicipalityCode]) -> Result<Option<usize>, InTheWay> {
    let mut replaced = None;
    for (place, one) in existing.iter().enumerate() {
        match one.to {
            // It is over by then, or ended before it began.
            Some(to) if to <= from || to <= one.from => {}
            Some(end) => return Err(InTheWay::Ends { end }),
            None if has_same_area(one.area, area) => return Err(InTheWay::SameArea),
            None => replaced = Some(place),
        }
    }
    Ok(replaced)
}

/// The places of those that follow an approval without a day between, each on the one before it; `of` is its place. What is
/// decided against the one is decided against them: it is the same unit that serves on.
pub fn following(existing: &[Existing<'_>], of: usize) -> Vec<usize> {
    let mut places = Vec::new();
    let mut end = existing.get(of).and_then(|one| one.to);
    while let Some(day) = end {
        let next = existing.iter().enumerate().find(|(place, one)| {
            *place != of && one.from == day && one.to.is_none_or(|to| to > day) && !places.contains(place)
        });
        let Some((place, one)) = next else { break };
        places.push(place);
        end = one.to;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> Day {
        Day::ymd(2026, 1, d).unwrap()
    }

    fn area(codes: &[&str]) -> Vec<MunicipalityCode> {
        codes.iter().map(|code| code.parse().unwrap()).collect()
    }

    #[test]
    fn an_approval_for_another_area_replaces_the_one_that_has_no_end() {
        let (pori, both) = (area(&["609"]), area(&["609", "684"]));
        let over = Existing { from: day(1), to: Some(day(5)), area: &[] };
        let open = Existing { from: day(5), to: None, area: &pori };
        assert_eq!(follows(&[over, open], day(10), &both), Ok(Some(1)));
        assert_eq!(follows(&[over, open], day(10), &[]), Ok(Some(1)));
        assert_eq!(follows(&[over], day(5), &[]), Ok(None));
        assert_eq!(follows(&[open], day(10), &pori), Err(InTheWay::SameArea));
        assert_eq!(follows(&[over], day(4), &both), Err(InTheWay::Ends { end: day(5) }));
        let never = Existing { from: day(20), to: Some(day(20)), area: &[] };
        assert_eq!(follows(&[never], day(4), &[]), Ok(None));
    }

    #[test]
    fn those_that_follow_do_so_without_a_day_between() {
        let of = |from: u32, to: Option<u32>| Existing { from: day(from), to: to.map(day), area: &[] };
        let all = [of(1, Some(5)), of(5, Some(5)), of(9, None), of(5, Some(9)), of(20, Some(22))];
        assert_eq!(following(&all, 0), [3, 2]);
        assert_eq!(following(&all, 3), [2]);
        assert_eq!(following(&all, 1), [3, 2], "one that never held is followed, too");
        assert_eq!(following(&all, 2), [0; 0]);
        assert_eq!(following(&all, 4), [0; 0]);
    }

    #[test]
    fn areas_are_the_same_in_any_order_and_none_named_is_all() {
        assert!(has_same_area(&area(&["609", "684"]), &area(&["684", "609"])));
        assert!(has_same_area(&[], &[]));
        assert!(!has_same_area(&[], &area(&["609"])) && !has_same_area(&area(&["609"]), &area(&["609", "684"])));
    }
}
