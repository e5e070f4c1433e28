//! The times of the last n failures of one epoch, in a ring, for the rule "n failures within a
//! window". Exact, and in constant time.
//!
//! Protocol: a failure takes the next number from `cursor`, writes its time into the slot of that
//! number, and then asks whether the n-th most recent failure is young enough: it reads `cursor`
//! for the newest number, the slot of the n-th before it, and `cursor` again. If that moved on, the
//! slot may have been taken by a newer failure, and the reader looks again.
//!
//! *Orderings.* Of n failures at one moment, the one that writes last must see the numbers of all:
//! its write comes before its reading of `cursor`, and the others' taking of numbers before their
//! reading of its slot. That is a store before a load on both sides, which only `SeqCst` keeps in
//! order (a failure is rare, and has an error to make). A slot read from a newer failure makes that
//! failure's number visible to the second look at `cursor`, by the same order.
//!
//! `cursor` holds the epoch in its upper 20 bits: the first failure of a new epoch starts the
//! count anew, and a failure of an epoch that has ended changes nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Time;

const COUNT: u64 = (1 << 44) - 1;
const EPOCH_AT: u32 = 44;

#[derive(Debug)]
pub(crate) struct RecentFailures {
    cursor: AtomicU64,
    times: Box<[AtomicU64]>,
}

impl RecentFailures {
    /// Room for the last `limit` failures, beginning with `epoch`.
    pub(crate) fn new(limit: u32, epoch: u64) -> Self {
        let times = (0..limit.max(1)).map(|_| AtomicU64::new(0)).collect();
        Self { cursor: AtomicU64::new(epoch << EPOCH_AT), times }
    }

    /// Begins a new epoch. Done at every trip, or numbers that wrap could not be put in order.
    pub(crate) fn begin(&self, epoch: u64) {
        let next = |cursor: u64| is_before(cursor >> EPOCH_AT, epoch).then_some(epoch << EPOCH_AT);
        let _ = self.cursor.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
    }

    /// Records a failure of `epoch` at `now`, and says whether the `limit`-th most recent one is
    /// younger than `window`.
    pub(crate) fn record(&self, epoch: u64, now: Time, window: Duration, clock: impl Fn() -> Time) -> bool {
        let Some(number) = self.take_number(epoch) else { return false };
        // Never 0, which says that the failure with this number has not written its time yet; it
        // will ask for itself when it has.
        // Never back either: whoever held this place before may have been held up.
        self.slot(number).fetch_max(now.as_nanos().saturating_add(1), Ordering::SeqCst);
        self.reached(epoch, window, clock)
    }

    /// Whether as many failures as there is room for are younger than `window`.
    fn reached(&self, epoch: u64, window: Duration, clock: impl Fn() -> Time) -> bool {
        let room = self.times.len() as u64;
        let mut cursor = self.cursor.load(Ordering::SeqCst);
        loop {
            let newest = cursor & COUNT;
            if cursor >> EPOCH_AT != epoch || newest < room {
                return false;
            }
            let oldest = self.slot(newest + 1 - room).load(Ordering::SeqCst);
            match self.cursor.load(Ordering::SeqCst) {
                same if same == cursor => {
                    // By the clock as it is now, which is later than the time of every failure here.
                    return oldest > 0 && clock().since(Time::from_nanos(oldest - 1)) < window;
                }
                moved => cursor = moved,
            }
        }
    }

    /// The number of a failure in its epoch, from 1; `None` for an epoch that has ended.
    fn take_number(&self, epoch: u64) -> Option<u64> {
        let next = |cursor: u64| match cursor >> EPOCH_AT {
            current if current == epoch => Some(cursor + 1),
            current if is_before(current, epoch) => Some(epoch << EPOCH_AT | 1),
            _ => None,
        };
        self.cursor.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).ok().and_then(next).map(|c| c & COUNT)
    }

    fn slot(&self, number: u64) -> &AtomicU64 {
        let at = usize::try_from(number % self.times.len() as u64).unwrap_or(0);
        &self.times[at]
    }
}

/// Whether `a` comes before `b` among numbers of 20 bits that wrap.
fn is_before(a: u64, b: u64) -> bool {
    a != b && (b.wrapping_sub(a) & 0xf_ffff) < 0x8_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_nanos(30);

    fn fail(ring: &RecentFailures, epoch: u64, nanos: u64) -> bool {
        let now = Time::from_nanos(nanos);
        ring.record(epoch, now, WINDOW, || now)
    }

    #[test]
    fn the_window_is_exact_at_its_boundary() {
        let ring = RecentFailures::new(3, 0);
        assert!(!fail(&ring, 0, 100));
        assert!(!fail(&ring, 0, 110));
        assert!(!fail(&ring, 0, 130), "the first is as old as the window");
        assert!(fail(&ring, 0, 139), "the second is not yet");
    }

    #[test]
    fn one_failure_is_enough_where_one_is_the_limit() {
        assert!(fail(&RecentFailures::new(1, 0), 0, 0));
    }

    #[test]
    fn a_new_epoch_starts_with_none_and_an_old_one_adds_none() {
        let ring = RecentFailures::new(2, 0);
        assert!(!fail(&ring, 0, 1));
        assert!(!fail(&ring, 3, 2));
        assert!(!fail(&ring, 0, 3));
        assert!(fail(&ring, 3, 4));
        ring.begin(4);
        ring.begin(3);
        assert!(!fail(&ring, 4, 5));
        assert!(fail(&ring, 4, 6));
    }

    #[test]
    fn epochs_wrap_and_may_begin_anywhere() {
        for first in [0xf_ffff, 0x8_0000, 0x9_1234] {
            let ring = RecentFailures::new(2, first);
            assert!(!fail(&ring, first, 1));
            let next = (first + 1) & 0xf_ffff;
            assert!(!fail(&ring, next, 2));
            assert!(fail(&ring, next, 3));
        }
    }

    #[test]
    fn a_failure_that_was_held_up_judges_by_the_present_time() {
        let ring = RecentFailures::new(2, 0);
        assert!(!fail(&ring, 0, 100));
        assert!(!ring.record(0, Time::from_nanos(50), WINDOW, || Time::from_nanos(500)));
    }

    #[test]
    fn of_failures_at_one_moment_at_least_one_sees_the_rule_hold() {
        for _ in 0..200 {
            let ring = RecentFailures::new(4, 0);
            let seen = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| fail(&ring, 0, 5))).collect();
                threads.into_iter().map(|t| t.join().unwrap()).filter(|&reached| reached).count()
            });
            assert!(seen >= 1);
        }
    }
}
