//! The keys that metrics do not tell apart: how many places there are beyond those that are shown, and what the keys
//! counted that were there once.
//!
//! Their sum may only grow, whoever leaves: so what a place forgets is kept here. Whoever moves it says so before and
//! after, and who adds up does it again where somebody has moved something meanwhile.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::breaker::Totals;

/// How many keys of a family metrics tell apart: those in the first places. A place is given away, but never moved, so
/// the others stay the others.
pub(crate) const SHOWN: usize = 100;

#[derive(Debug)]
pub(super) struct Departed {
    begun: AtomicU64,
    ended: AtomicU64,
    counts: [AtomicU64; Totals::NUMBERS],
}

impl Departed {
    pub(super) fn new() -> Self {
        Self { begun: AtomicU64::new(0), ended: AtomicU64::new(0), counts: array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// Keeps what `forget` takes away; whether it took anything.
    pub(super) fn keep(&self, forget: impl FnOnce() -> Option<Totals>) -> bool {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let forgotten = forget();
        if let Some(totals) = &forgotten {
            for (kept, count) in self.counts.iter().zip(totals.numbers()) {
                kept.fetch_add(count, Ordering::AcqRel);
            }
        }
        self.ended.fetch_add(1, Ordering::SeqCst);
        forgotten.is_some()
    }

    /// What `present` counts and what was kept, together.
    #[cfg(any(test, feature = "prometheus"))]
    pub(super) fn and(&self, present: impl Fn() -> Totals) -> Totals {
        use std::hint::spin_loop;
        use std::sync::atomic::fence;
        /// After so many it is taken as it is.
        const TRIES: u32 = 1_000;

        let mut tries = 0;
        loop {
            let (ended, begun) = (self.ended.load(Ordering::SeqCst), self.begun.load(Ordering::SeqCst));
            let kept = self.counts.each_ref().map(|count| count.load(Ordering::Acquire));
            let all = present().plus(&Totals::of_numbers(kept));
            fence(Ordering::SeqCst);
            if (begun == ended && self.begun.load(Ordering::SeqCst) == begun) || tries == TRIES {
                return all;
            }
            tries += 1;
            spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    fn admitted(admitted: u64) -> Totals {
        Totals { admitted, ..Totals::default() }
    }

    #[test]
    fn what_moves_is_counted_once() {
        let (departed, present) = (Departed::new(), Mutex::new(1_000));
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    assert!(departed.keep(|| {
                        *present.lock().unwrap() -= 1;
                        Some(admitted(1))
                    }));
                }
            });
            for _ in 0..1_000 {
                assert_eq!(departed.and(|| admitted(*present.lock().unwrap())).admitted, 1_000);
            }
        });
        assert!(!departed.keep(|| None));
        assert_eq!(departed.and(Totals::default).admitted, 1_000);
    }

    #[test]
    fn every_number_is_kept() {
        let numbers = array::from_fn(|place| 1 + place as u64);
        let all = Totals::of_numbers(numbers);
        assert_eq!(all.numbers(), numbers);
        assert_eq!(all.plus(&all).numbers(), numbers.map(|number| 2 * number));
        assert_eq!((all.admitted, all.fallbacks_failed), (1, Totals::NUMBERS as u64));
    }
}
