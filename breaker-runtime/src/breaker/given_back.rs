//! The probes of one half-open period that gave their places back: ignored and cancelled ones. Only
//! the decision about an overdue period asks for them.
//!
//! ```text
//! bits 44..64  epoch
//! bits 22..44  ignored
//! bits  0..22  cancelled
//! ```
//!
//! Both stop at 4,194,303.
//!
//! *Orderings.* A probe is added here before it gives its place back in the state word, by an
//! exchange that releases; so whoever has seen the place come back sees it here. The one thing that
//! can be seen too early is a probe that is just giving back, which the word still counts in flight.

use crate::sync::{AtomicU64, Ordering};
use crate::window::{EPOCH_AT, is_before, stamped};

const IGNORED_AT: u32 = 22;
const MOST: u64 = (1 << 22) - 1;

#[derive(Debug)]
pub(crate) struct GivenBack(AtomicU64);

impl GivenBack {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(crate) fn ignored(&self, epoch: u64) {
        self.add(epoch, IGNORED_AT);
    }

    pub(crate) fn cancelled(&self, epoch: u64) {
        self.add(epoch, 0);
    }

    /// How many of `epoch` were ignored and cancelled.
    pub(crate) fn of(&self, epoch: u64) -> (u32, u32) {
        let counts = stamped(self.0.load(Ordering::Acquire), epoch);
        let part = |at: u32| u32::try_from(counts >> at & MOST).unwrap_or(u32::MAX);
        (part(IGNORED_AT), part(0))
    }

    /// Begins a new epoch. Done at every beginning of a half-open period, or numbers that wrap could
    /// not be put in order.
    pub(crate) fn begin(&self, epoch: u64) {
        let next = |word: u64| is_before(word >> EPOCH_AT, epoch).then_some(epoch << EPOCH_AT);
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    fn add(&self, epoch: u64, at: u32) {
        let next = |word: u64| match word >> EPOCH_AT {
            same if same == epoch => (word >> at & MOST < MOST).then_some(word + (1 << at)),
            earlier => is_before(earlier, epoch).then_some(epoch << EPOCH_AT | 1 << at),
        };
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_period_has_its_own() {
        let given_back = GivenBack::new();
        given_back.ignored(3);
        given_back.cancelled(3);
        given_back.cancelled(3);
        assert_eq!((given_back.of(3), given_back.of(4)), ((1, 2), (0, 0)));
        given_back.ignored(4);
        given_back.cancelled(3);
        assert_eq!((given_back.of(3), given_back.of(4)), ((0, 0), (1, 0)));
        given_back.begin(5);
        given_back.begin(4);
        assert_eq!(given_back.of(4), (0, 0));
        given_back.ignored(5);
        given_back.begin(5);
        assert_eq!(given_back.of(5), (1, 0), "it has begun already");
        given_back.begin(6);
        given_back.cancelled(5);
        assert_eq!((given_back.of(5), given_back.of(6)), ((0, 0), (0, 0)));
    }

    #[test]
    fn counts_stop_before_they_reach_their_neighbour() {
        let given_back = GivenBack(AtomicU64::new(MOST));
        given_back.cancelled(0);
        given_back.ignored(0);
        assert_eq!(given_back.of(0), (1, 4_194_303));
        let given_back = GivenBack(AtomicU64::new(MOST << IGNORED_AT));
        given_back.ignored(0);
        given_back.cancelled(0);
        assert_eq!(given_back.of(0), (4_194_303, 1));
    }
}
