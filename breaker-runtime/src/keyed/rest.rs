//! The keys that metrics do not tell apart: how many places there are beyond those that are shown, and what the keys
//! counted that were there once.
//!
//! Their sum may only grow, whoever leaves: so what a place forgets is kept here. It is taken away there before it is
//! added here, and who adds up reads in the other order: so nothing is told twice. What is on its way is missing for a
//! moment; then what was told last is told again.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::breaker::Totals;

/// How many keys of a family metrics tell apart: those in the first places. A place is given away, but never moved, so
/// the others stay the others.
pub(crate) const SHOWN: usize = 100;

#[derive(Debug)]
pub(super) struct Departed {
    counts: [AtomicU64; Totals::NUMBERS],
    /// The most that was told.
    #[cfg(any(test, feature = "prometheus", feature = "opentelemetry"))]
    told: [AtomicU64; Totals::NUMBERS],
}

impl Departed {
    pub(super) fn new() -> Self {
        let none = || array::from_fn(|_| AtomicU64::new(0));
        Self {
            counts: none(),
            #[cfg(any(test, feature = "prometheus", feature = "opentelemetry"))]
            told: none(),
        }
    }

    /// Keeps what was taken away.
    pub(super) fn keep(&self, forgotten: &Totals) {
        for (kept, count) in self.counts.iter().zip(forgotten.numbers()) {
            kept.fetch_add(count, Ordering::AcqRel);
        }
    }

    /// What was kept and what is counted now, together.
    #[cfg(any(test, feature = "prometheus", feature = "opentelemetry"))]
    pub(super) fn and(&self, present: impl FnOnce() -> Totals) -> Totals {
        let kept = Totals::of_numbers(self.counts.each_ref().map(|count| count.load(Ordering::Acquire)));
        let mut all = present().plus(&kept).numbers();
        for (number, told) in all.iter_mut().zip(&self.told) {
            *number = told.fetch_max(*number, Ordering::AcqRel).max(*number);
        }
        Totals::of_numbers(all)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn admitted(admitted: u64) -> Totals {
        Totals { admitted, ..Totals::default() }
    }

    #[test]
    fn what_moves_is_counted_once_and_never_less() {
        let (departed, present) = (Departed::new(), AtomicU64::new(1_000));
        let all = || departed.and(|| admitted(present.load(Ordering::Acquire))).admitted;
        assert_eq!(all(), 1_000);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    present.fetch_sub(1, Ordering::AcqRel);
                    departed.keep(&admitted(1));
                }
            });
            (0..1_000).for_each(|_| assert_eq!(all(), 1_000));
        });
        assert_eq!((present.load(Ordering::Acquire), all()), (0, 1_000));
    }

    #[test]
    fn every_number_is_kept() {
        let numbers = array::from_fn(|place| 1 + place as u64);
        let all = Totals::of_numbers(numbers);
        assert_eq!(all.numbers(), numbers);
        assert_eq!(all.plus(&all).numbers(), numbers.map(|number| 2 * number));
        assert_eq!((all.admitted, all.last_good_served), (1, Totals::NUMBERS as u64));
    }
}
