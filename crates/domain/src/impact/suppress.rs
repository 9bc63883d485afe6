//! Which counts of people are not told, because they are so small that they would tell of single ones, and which others
//! are kept back with them, because the small ones could be worked out of them.

/// The smallest count of people that is told, besides none at all.
pub const TOLD_FROM: u64 = 5;

/// Whether a count is too small to be told.
pub(super) const fn is_small(count: u64) -> bool {
    count > 0 && count < TOLD_FROM
}

/// A count, unless it is too small to be told.
pub(super) fn unless_small(count: u64) -> Option<u64> {
    (!is_small(count)).then_some(count)
}

/// Counts that add up to another one, all by their places among the cells of a table.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// What is added up.
    pub(super) parts: Vec<usize>,
    /// What it comes to.
    pub(super) whole: usize,
}

/// Which cells are not told.
///
/// Small ones are not. Where a line's whole is told, the parts that are not are at least two, and of at least
/// [`TOLD_FROM`] people together: if need be the smallest of the others is kept back too, and at the last the whole. Where
/// the whole is not told, neither is one of its parts. This is done until no line asks for more.
pub(super) fn kept_back(cells: &[u64], lines: &[Line], besides: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut hidden: Vec<bool> =
        cells.iter().enumerate().map(|(place, count)| is_small(*count) || (besides(place) && *count > 0)).collect();
    // Every round hides one cell more, or is the last.
    for _ in 0..cells.len() {
        let Some(next) = lines.iter().find_map(|line| asks_for(line, cells, &hidden)) else { break };
        if let Some(cell) = hidden.get_mut(next) {
            *cell = true;
        }
    }
    hidden
}

/// The cell that a line wants kept back besides those that are.
fn asks_for(line: &Line, cells: &[u64], hidden: &[bool]) -> Option<usize> {
    let count = |place: usize| cells.get(place).copied().unwrap_or(0);
    let is_hidden = |place: usize| hidden.get(place).copied().unwrap_or(false);
    let somebody = line.parts.iter().copied().filter(|part| count(*part) > 0);
    let (kept, told): (Vec<usize>, Vec<usize>) = somebody.partition(|part| is_hidden(*part));
    let smallest_told = told.into_iter().min_by_key(|part| count(*part));
    if is_hidden(line.whole) {
        return if kept.is_empty() { smallest_told } else { None };
    }
    let people: u64 = kept.iter().map(|part| count(*part)).sum();
    let safe = kept.is_empty() || (kept.len() > 1 && people >= TOLD_FROM);
    if safe { None } else { smallest_told.or(Some(line.whole)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(cells: &[u64]) -> Vec<bool> {
        let whole = cells.len() - 1;
        kept_back(cells, &[Line { parts: (0..whole).collect(), whole }], |_| false)
    }

    #[test]
    fn a_small_count_takes_the_smallest_of_the_others_with_it() {
        assert_eq!(of(&[30, 12, 20, 62]), [false; 4]);
        assert_eq!(of(&[30, 3, 20, 53]), [false, true, true, false]);
        assert_eq!(of(&[30, 3, 0, 33]), [true, true, false, false]);
    }

    #[test]
    fn several_small_counts_are_told_in_a_sum_of_five_people_or_more_only() {
        assert_eq!(of(&[30, 3, 2, 35]), [false, true, true, false]);
        assert_eq!(of(&[30, 1, 2, 33]), [true, true, true, false]);
        assert_eq!(of(&[0, 1, 2, 3]), [false, true, true, true]);
        assert_eq!(of(&[0, 4, 0, 4]), [false, true, false, true]);
    }

    #[test]
    fn what_is_kept_back_besides_takes_others_with_it_too() {
        let lines = [Line { parts: vec![0, 1], whole: 2 }];
        assert_eq!(kept_back(&[40, 50, 90], &lines, |place| place == 0), [true, true, false]);
        assert_eq!(kept_back(&[40, 50, 90], &lines, |place| place == 2), [true, false, true]);
    }

    proptest! {
        #[test]
        fn no_small_count_is_told_and_none_follows_from_one_line(parts in prop::collection::vec(0u64..12, 2..9)) {
            let mut cells = parts;
            cells.push(cells.iter().sum());
            let hidden = of(&cells);
            for (count, hidden) in cells.iter().zip(&hidden) {
                prop_assert!(*hidden || !is_small(*count));
            }
            let (whole, parts) = hidden.split_last().unwrap();
            let kept: Vec<u64> = cells.iter().zip(parts).filter(|(_, kept)| **kept).map(|(count, _)| *count).collect();
            if !*whole && !kept.is_empty() {
                prop_assert!(kept.len() > 1 && kept.iter().sum::<u64>() >= TOLD_FROM);
            }
        }
    }
}
