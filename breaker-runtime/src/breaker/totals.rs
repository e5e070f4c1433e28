//! How many calls there were of each kind, counted without a write that two cores share.
//!
//! Every thread has counters of its own ([`super::thread_slot`]) and adds with a plain load and a
//! plain store; readers add up all of them. The counters of slot 0 are shared, and added to with a
//! locked instruction.
//!
//! *Orderings.* Counts release and readers acquire, and readers add up what has ended before what
//! has begun. So a call whose end is seen has its beginning seen as well, on whichever thread that
//! was, and the calls in flight are never fewer than none.

use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::race::OnceBox;

use super::thread_slot::{self, SHARED, SLOTS};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    Started,
    Succeeded,
    Failed,
    Ignored,
    Cancelled,
    TimedOut,
    Late,
    RejectedOpen,
    RejectedProbing,
    FallbackRan,
    FallbackFailed,
}

const COUNTS: usize = Count::FallbackFailed as usize + 1;
const ENDS: [Count; 4] = [Count::Succeeded, Count::Failed, Count::Ignored, Count::Cancelled];

/// The counters of one thread. Two cache lines, since processors fetch lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Shard([AtomicU64; COUNTS]);

type Shards = [OnceBox<Shard>; SLOTS];

#[derive(Debug)]
pub(crate) struct TotalCounts(OnceBox<Shards>);

/// How many calls there were, since the breaker was made.
///
/// Each number only grows. While calls are being made the numbers may be a moment apart, but never
/// such that more calls have ended than begun; at rest they add up exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Calls that the breaker let run.
    pub admitted: u64,
    /// Admitted calls that succeeded.
    pub succeeded: u64,
    /// Admitted calls that failed, timed out ones included.
    pub failed: u64,
    /// Admitted calls whose outcome said nothing.
    pub ignored: u64,
    /// Admitted calls that were dropped before they ended.
    pub cancelled: u64,
    /// Failed calls that were stopped at their time limit.
    pub timed_out: u64,
    /// Admitted calls that ended in a later epoch than they had begun in.
    pub late: u64,
    /// Calls rejected because the breaker was open.
    pub rejected_open: u64,
    /// Calls rejected because all probes were under way.
    pub rejected_probing: u64,
    /// How often a fallback was run.
    pub fallbacks_run: u64,
    /// How often a fallback failed itself.
    pub fallbacks_failed: u64,
}

impl Totals {
    /// Admitted calls that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.admitted - self.succeeded - self.failed - self.ignored - self.cancelled
    }

    /// Calls that were not let through.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected_open + self.rejected_probing
    }
}

impl TotalCounts {
    pub(crate) const fn new() -> Self {
        Self(OnceBox::new())
    }

    #[inline]
    pub(crate) fn add(&self, what: Count) {
        let slot = thread_slot::current();
        let shards = match self.0.get() {
            Some(shards) => shards,
            None => self.first(),
        };
        let count = &match shards[slot].get() {
            Some(shard) => shard,
            None => first_of_thread(&shards[slot]),
        }
        .0[what as usize];
        if slot == SHARED {
            count.fetch_add(1, Ordering::Release);
        } else {
            count.store(count.load(Ordering::Relaxed) + 1, Ordering::Release);
        }
    }

    #[cold]
    fn first(&self) -> &Shards {
        self.0.get_or_init(|| Box::new([const { OnceBox::new() }; SLOTS]))
    }

    pub(crate) fn read(&self) -> Totals {
        // A part is read before the whole that it belongs to.
        let timed_out = self.sum(Count::TimedOut);
        let [succeeded, failed, ignored, cancelled] = ENDS.map(|end| self.sum(end));
        let admitted = self.sum(Count::Started);
        Totals {
            admitted,
            succeeded,
            failed,
            ignored,
            cancelled,
            timed_out,
            late: self.sum(Count::Late),
            rejected_open: self.sum(Count::RejectedOpen),
            rejected_probing: self.sum(Count::RejectedProbing),
            fallbacks_run: self.sum(Count::FallbackRan),
            fallbacks_failed: self.sum(Count::FallbackFailed),
        }
    }

    fn sum(&self, what: Count) -> u64 {
        let Some(shards) = self.0.get() else { return 0 };
        shards.iter().filter_map(OnceBox::get).map(|shard| shard.0[what as usize].load(Ordering::Acquire)).sum()
    }
}

#[cold]
fn first_of_thread(slot: &OnceBox<Shard>) -> &Shard {
    slot.get_or_init(|| Box::new(Shard([const { AtomicU64::new(0) }; COUNTS])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn counts_of_many_threads_add_up_exactly() {
        let totals = TotalCounts::new();
        for _ in 0..20 {
            thread::scope(|scope| {
                for _ in 0..10 {
                    scope.spawn(|| {
                        for _ in 0..100 {
                            totals.add(Count::Started);
                            totals.add(Count::Succeeded);
                        }
                    });
                }
            });
        }
        let read = totals.read();
        assert_eq!((read.admitted, read.succeeded, read.in_flight()), (20_000, 20_000, 0));
    }

    #[test]
    fn more_threads_than_slots_at_once_lose_no_count() {
        let _numbers = thread_slot::NUMBERS.lock();
        let totals = TotalCounts::new();
        let all_there = std::sync::Barrier::new(2 * SLOTS);
        thread::scope(|scope| {
            for _ in 0..2 * SLOTS {
                scope.spawn(|| {
                    thread_slot::current();
                    all_there.wait();
                    (0..100).for_each(|_| totals.add(Count::Started));
                });
            }
        });
        assert_eq!(totals.read().admitted, 200 * SLOTS as u64);
    }

    #[test]
    fn a_reader_never_sees_more_ended_than_begun() {
        let totals = TotalCounts::new();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        totals.add(Count::Started);
                        totals.add(Count::Failed);
                    }
                });
            }
            for _ in 0..500 {
                let read = totals.read();
                assert!(read.failed <= read.admitted, "{read:?}");
            }
        });
    }
}
