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
    /// Room for the last `limit` failures.
    pub(crate) fn new(limit: u32) -> Self {
        Self { cursor: AtomicU64::new(0), times: (0..limit.max(1)).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Records a failure of `epoch` at `now`, and says whether the `limit`-th most recent one is
    /// younger than `window`.
    pub(crate) fn record(&self, epoch: u64, now: Time, window: Duration) -> bool {
        let Some(number) = self.take_number(epoch) else { return false };
        // Never 0, which says that the failure with this number has not written its time yet; it
        // will ask for itself when it has.
        self.slot(number).store(now.as_nanos().saturating_add(1), Ordering::SeqCst);
        self.reached(epoch, now, window)
    }

    /// Whether as many failures as there is room for are younger than `window`.
    fn reached(&self, epoch: u64, now: Time, window: Duration) -> bool {
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
                    return oldest > 0 && now.since(Time::from_nanos(oldest - 1)) < window;
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

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    #[test]
    fn the_window_is_exact_at_its_boundary() {
        let ring = RecentFailures::new(3);
        assert!(!ring.record(0, at(100), WINDOW));
        assert!(!ring.record(0, at(110), WINDOW));
        assert!(!ring.record(0, at(130), WINDOW), "the first is as old as the window");
        assert!(ring.record(0, at(139), WINDOW), "the second is not yet");
    }

    #[test]
    fn one_failure_is_enough_where_one_is_the_limit() {
        assert!(RecentFailures::new(1).record(0, at(0), WINDOW));
    }

    #[test]
    fn a_new_epoch_starts_with_none_and_an_old_one_adds_none() {
        let ring = RecentFailures::new(2);
        assert!(!ring.record(0, at(1), WINDOW));
        assert!(!ring.record(3, at(2), WINDOW));
        assert!(!ring.record(0, at(3), WINDOW));
        assert!(ring.record(3, at(4), WINDOW));
    }

    #[test]
    fn epochs_wrap() {
        let ring = RecentFailures::new(2);
        assert!(!ring.record(0xf_ffff, at(1), WINDOW));
        assert!(!ring.record(0, at(2), WINDOW));
        assert!(ring.record(0, at(3), WINDOW));
    }

    #[test]
    fn of_failures_at_one_moment_at_least_one_sees_the_rule_hold() {
        for _ in 0..200 {
            let ring = RecentFailures::new(4);
            let seen = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| ring.record(0, at(5), WINDOW))).collect();
                threads.into_iter().map(|t| t.join().unwrap()).filter(|&reached| reached).count()
            });
            assert!(seen >= 1);
        }
    }
}
