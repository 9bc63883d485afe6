//! The shortest list that still fails: parts are left out as long as what is left fails.

use std::time::{Duration, Instant};

/// The longest time that is spent on it.
const TIME_MAX: Duration = Duration::from_secs(240);

/// Leaves out what is not needed for `fails`, the larger parts first.
pub(super) fn shrunk<T: Clone>(list: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let began = Instant::now();
    let mut left = list.to_vec();
    let mut size = left.len().div_ceil(2);
    while size > 0 && began.elapsed() < TIME_MAX {
        let mut from = 0;
        let mut shortened = false;
        while from < left.len() && began.elapsed() < TIME_MAX {
            let to = (from + size).min(left.len());
            let without: Vec<T> = left[..from].iter().chain(&left[to..]).cloned().collect();
            if fails(&without) {
                left = without;
                shortened = true;
            } else {
                from = to;
            }
        }
        // The smallest parts once more, as long as that helps.
        size = if size == 1 && shortened { 1 } else { size / 2 };
    }
    left
}

#[test]
fn what_is_left_is_what_it_takes() {
    let list: Vec<u32> = (0..100).collect();
    let fails = |of: &[u32]| of.contains(&17) && of.contains(&71);
    assert_eq!(shrunk(&list, fails), [17, 71]);
    assert_eq!(shrunk(&list, |of| !of.is_empty()).len(), 1);
}
