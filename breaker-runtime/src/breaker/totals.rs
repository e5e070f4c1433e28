//! How many calls there were of each kind, counted without a write that two cores share. Beside them, what a window of
//! calls records of a success: how many its epoch has had ([`crate::window`]).
//!
//! *Orderings.* Counts release and readers acquire, and readers add up what has ended before what
//! has begun. So a call whose end is seen has its beginning seen as well, on whichever thread that
//! was, and the calls in flight are never fewer than none.

// A number on whose order nothing depends: no model need try it.
use std::sync::atomic::AtomicU64 as Hint;

use once_cell::race::OnceBox;

use crate::clock::{Clock, Time};
use crate::per_thread::{Parts, Sharing, change_own};
use crate::sync::{AtomicU64, Ordering};
use crate::window::{add_stamped, one_more, one_more_of_mine, stamped};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    Started,
    Succeeded,
    Failed,
    /// A failure without a class.
    Unclassified,
    Ignored,
    Cancelled,
    TimedOut,
    Slow,
    Late,
    RejectedOpen,
    RejectedProbing,
    RejectedRecovering,
    RejectedForcedOpen,
    RejectedFull,
    RejectedLimited,
    WouldHaveRejected,
    FallbackRan,
    FallbackAnswered,
    FallbackFailed,
    TotalTimedOut,
    Retried,
    LastGoodServed,
}

const COUNTS: usize = Count::LastGoodServed as usize + 1;
const ENDS: [Count; 4] = [Count::Succeeded, Count::Failed, Count::Ignored, Count::Cancelled];

/// Those that every call counts; they come first.
const OFTEN: usize = Count::Succeeded as usize + 1;
const SELDOM: usize = COUNTS - OFTEN;

/// The counters of one thread. Two cache lines, since processors fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Part {
    /// Successes of one epoch that are recorded among its calls: a stamp, as the window of calls has them.
    recorded: AtomicU64,
    counts: [AtomicU64; COUNTS],
}

/// The counters that the thread on which this was made alone may change, if it had some.
#[derive(Clone, Copy, Debug)]
pub struct ThisThread<'a>(Option<&'a Part>);

impl ThisThread<'_> {
    pub(super) const NONE: Self = Self(None);
}

impl Part {
    #[inline]
    fn add(&self, what: Count) {
        change_own(&self.counts[what as usize], |count| count + 1);
    }
}

/// The counters of all threads, where room counts for more than speed.
#[derive(Debug)]
#[repr(C)]
struct Lean {
    often: [AtomicU64; OFTEN],
    /// When somebody called last, or a call that did not succeed ended, in nanoseconds. Only says who is
    /// asked to leave first. [`NEVER`] where each thread has counters of its own, from the beginning to the end.
    used: Hint,
    seldom: OnceBox<Seldom>,
}

/// The end of time, to which no call comes.
const NEVER: u64 = u64::MAX;

#[derive(Debug)]
struct Seldom {
    counts: [AtomicU64; SELDOM],
    /// Calls that did not succeed, and of whose ends all has been said.
    left: AtomicU64,
    /// As that of a thread.
    recorded: AtomicU64,
}

#[derive(Debug)]
#[repr(C)]
pub(crate) struct TotalCounts {
    parts: Parts<Part>,
    lean: Lean,
}

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
    /// Calls that succeeded or failed after [`Settings::slow_call`](crate::Settings::slow_call) or more.
    pub slow: u64,
    /// Admitted calls that ended in a later epoch than they had begun in.
    pub late: u64,
    /// Calls rejected because the breaker was open.
    pub rejected_open: u64,
    /// Calls rejected because all probes were under way.
    pub rejected_probing: u64,
    /// Calls rejected in a ramp, when the breaker had just closed again.
    pub rejected_recovering: u64,
    /// Calls rejected because somebody had forced the breaker open.
    pub rejected_forced_open: u64,
    /// Calls rejected because as many were under way as may be
    /// ([`Settings::max_concurrent`](crate::Settings::max_concurrent)).
    pub rejected_full: u64,
    /// Calls rejected because as many were made within a time as may be
    /// ([`Settings::rate_limit`](crate::Settings::rate_limit)).
    pub rejected_limited: u64,
    /// Admitted calls that would have been rejected, had the mode not been metrics only.
    pub would_have_rejected: u64,
    /// How often a fallback was run.
    pub fallbacks_run: u64,
    /// How often a fallback gave an answer.
    pub fallbacks_answered: u64,
    /// How often a fallback failed itself.
    pub fallbacks_failed: u64,
    /// Timed out calls that were stopped because the time for all attempts was over (the attribute's `total_timeout`).
    pub total_timed_out: u64,
    /// How often a failed call was made again (the attribute's `retry`): attempts beyond the first, also those that were
    /// rejected.
    pub retried: u64,
    /// How often an earlier answer was given in the place of one (the attribute's `last_good`).
    pub last_good_served: u64,
}

/// All numbers of [`Totals`] in one order, to take them all alike.
macro_rules! in_order {
    ($($number:ident),*) => {
        impl Totals {
            pub(crate) const NUMBERS: usize = [$(stringify!($number)),*].len();

            pub(crate) fn numbers(&self) -> [u64; Self::NUMBERS] {
                let Self { $($number),* } = *self;
                [$($number),*]
            }

            #[cfg(any(test, feature = "prometheus", feature = "opentelemetry"))]
            pub(crate) fn of_numbers(numbers: [u64; Self::NUMBERS]) -> Self {
                let [$($number),*] = numbers;
                Self { $($number),* }
            }
        }
    };
}

in_order!(
    admitted,
    succeeded,
    failed,
    ignored,
    cancelled,
    timed_out,
    slow,
    late,
    rejected_open,
    rejected_probing,
    rejected_recovering,
    rejected_forced_open,
    rejected_full,
    rejected_limited,
    would_have_rejected,
    fallbacks_run,
    fallbacks_answered,
    fallbacks_failed,
    total_timed_out,
    retried,
    last_good_served
);

impl Totals {
    /// Both together.
    #[cfg(any(test, feature = "prometheus", feature = "opentelemetry"))]
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let (mut sum, other) = (self.numbers(), other.numbers());
        sum.iter_mut().zip(other).for_each(|(number, more)| *number += more);
        Self::of_numbers(sum)
    }

    /// A part is asked for before the whole that it belongs to.
    fn of(count: impl Fn(Count) -> u64) -> Self {
        let total_timed_out = count(Count::TotalTimedOut);
        let [timed_out, slow] = [Count::TimedOut, Count::Slow].map(&count);
        let would_have_rejected = count(Count::WouldHaveRejected);
        let [fallbacks_answered, fallbacks_failed] = [Count::FallbackAnswered, Count::FallbackFailed].map(&count);
        let fallbacks_run = count(Count::FallbackRan);
        let [succeeded, failed, ignored, cancelled] = ENDS.map(&count);
        let admitted = count(Count::Started);
        Self {
            admitted,
            succeeded,
            failed,
            ignored,
            cancelled,
            timed_out,
            slow,
            late: count(Count::Late),
            rejected_open: count(Count::RejectedOpen),
            rejected_probing: count(Count::RejectedProbing),
            rejected_recovering: count(Count::RejectedRecovering),
            rejected_forced_open: count(Count::RejectedForcedOpen),
            rejected_full: count(Count::RejectedFull),
            rejected_limited: count(Count::RejectedLimited),
            would_have_rejected,
            fallbacks_run,
            fallbacks_answered,
            fallbacks_failed,
            total_timed_out,
            retried: count(Count::Retried),
            last_good_served: count(Count::LastGoodServed),
        }
    }

    /// Admitted calls that have not ended.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.admitted.saturating_sub(self.succeeded + self.failed + self.ignored + self.cancelled)
    }

    /// Calls that were not let through.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        let by_state =
            self.rejected_open + self.rejected_probing + self.rejected_recovering + self.rejected_forced_open;
        by_state + self.rejected_full + self.rejected_limited
    }
}

impl TotalCounts {
    pub(crate) const fn new(sharing: Sharing) -> Self {
        let often = [const { AtomicU64::new(0) }; OFTEN];
        let used = match sharing {
            Sharing::PerThread => NEVER,
            Sharing::OneForAll => 0,
        };
        let lean = Lean { often, used: Hint::new(used), seldom: OnceBox::new() };
        Self { parts: Parts::new(), lean }
    }

    #[inline]
    pub(crate) fn add(&self, what: Count) {
        match self.parts.own() {
            Some(part) => part.add(what),
            None => self.add_unready(what),
        }
    }

    /// Counts a call that begins.
    #[inline]
    pub(super) fn begin(&self) -> ThisThread<'_> {
        let own = ThisThread(self.parts.own());
        self.add_to(Some(own), Count::Started);
        own
    }

    /// The same as [`add`](Self::add), where the counters may be known.
    #[inline]
    pub(super) fn add_to(&self, counters: Option<ThisThread<'_>>, what: Count) {
        match counters {
            Some(ThisThread(Some(part))) => part.add(what),
            Some(ThisThread(None)) => self.add_unready(what),
            None => self.add(what),
        }
    }

    /// Counts where the thread has no part yet, or never will.
    #[cold]
    fn add_unready(&self, what: Count) {
        if self.is_lean() {
            return self.lean.add(what);
        }
        let mine = self.parts.first();
        mine.change(&mine.part.counts[what as usize], |count| count + 1);
    }

    /// Counts a success of a call that is recorded among the calls of `epoch`, which is the present one, as well.
    #[inline]
    pub(super) fn add_recorded(&self, counters: Option<ThisThread<'_>>, epoch: u64) {
        let ThisThread(part) = counters.unwrap_or_else(|| ThisThread(self.parts.own()));
        if let Some(part) = part {
            part.add(Count::Succeeded);
            change_own(&part.recorded, |word| one_more_of_mine(word, epoch));
        } else {
            self.add_unready(Count::Succeeded);
            self.record_unready(epoch);
        }
    }

    /// Records a success among the calls of `epoch`, which is the present one, and which has been counted.
    pub(crate) fn record(&self, epoch: u64) {
        match self.parts.own() {
            Some(part) => change_own(&part.recorded, |word| one_more_of_mine(word, epoch)),
            None => self.record_unready(epoch),
        }
    }

    #[cold]
    fn record_unready(&self, epoch: u64) {
        if self.is_lean() {
            let recorded = &self.lean.seldom().recorded;
            let _ = recorded.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |word| one_more(word, epoch));
            return;
        }
        let mine = self.parts.first();
        add_stamped(&mine, &mine.part.recorded, epoch);
    }

    /// How many successes have been recorded among the calls of `epoch`.
    pub(crate) fn recorded(&self, epoch: u64) -> u64 {
        let count = |word: &AtomicU64| stamped(word.load(Ordering::Acquire), epoch);
        let of_threads: u64 = self.parts.all().map(|part| count(&part.recorded)).sum();
        of_threads + self.lean.seldom.get().map_or(0, |seldom| count(&seldom.recorded))
    }

    pub(crate) fn sharing(&self) -> Sharing {
        if self.is_lean() { Sharing::OneForAll } else { Sharing::PerThread }
    }

    fn is_lean(&self) -> bool {
        self.lean.used.load(Ordering::Relaxed) != NEVER
    }

    /// Whether no call is under way. Says so only where room counts for more than speed.
    pub(crate) fn are_at_rest(&self) -> bool {
        let ended = || self.lean.get(Count::Succeeded) + self.lean.left();
        self.is_lean() && ended() == self.lean.get(Count::Started)
    }

    /// All has been said of the end of a call that did not succeed.
    pub(crate) fn leave(&self, clock: &Clock) {
        if self.is_lean() {
            self.use_at(clock.now());
            self.lean.seldom().left.fetch_add(1, Ordering::AcqRel);
        }
    }

    #[inline]
    pub(crate) fn use_at(&self, now: Time) {
        self.lean.used.store(now.as_nanos().min(NEVER - 1), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn used_at(&self) -> Time {
        Time::from_nanos(self.lean.used.load(Ordering::Relaxed))
    }

    /// Forgets all counts, where no call is under way, and returns them. Counts that are added meanwhile are kept; nobody
    /// may be reading.
    pub(crate) fn begin_anew(&self) -> Option<Totals> {
        self.lean.begin_anew()
    }

    pub(crate) fn read(&self) -> Totals {
        Totals::of(|what| self.sum(what))
    }

    /// Failures without a class.
    pub(crate) fn unclassified(&self) -> u64 {
        self.sum(Count::Unclassified)
    }

    fn sum(&self, what: Count) -> u64 {
        let of_threads: u64 = self.parts.all().map(|part| part.counts[what as usize].load(Ordering::Acquire)).sum();
        of_threads + self.lean.get(what)
    }
}

impl Lean {
    fn add(&self, what: Count) {
        let counter = match what as usize {
            often if often < OFTEN => &self.often[often],
            seldom => &self.seldom().counts[seldom - OFTEN],
        };
        counter.fetch_add(1, Ordering::AcqRel);
    }

    fn seldom(&self) -> &Seldom {
        let counts = [const { AtomicU64::new(0) }; SELDOM];
        let zero = || AtomicU64::new(0);
        self.seldom.get_or_init(|| Box::new(Seldom { counts, left: zero(), recorded: zero() }))
    }

    fn begin_anew(&self) -> Option<Totals> {
        let load = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        // Ends before beginnings, as always.
        let left = self.left();
        let seldom = self.seldom.get().map(|seldom| (&seldom.counts, seldom.counts.each_ref().map(load)));
        let [started, succeeded] = &self.often;
        let counted_successes = load(succeeded);
        let ended = counted_successes + left;
        // A call that begins later than this sees all that was written before it.
        let counted_starts = started.fetch_add(0, Ordering::AcqRel);
        if counted_starts != ended {
            return None;
        }
        if let Some((counters, counts)) = seldom {
            for (counter, count) in counters.iter().zip(counts) {
                counter.fetch_sub(count, Ordering::AcqRel);
            }
        }
        if left > 0 {
            self.seldom().left.fetch_sub(left, Ordering::AcqRel);
        }
        succeeded.fetch_sub(counted_successes, Ordering::AcqRel);
        started.fetch_sub(counted_starts, Ordering::AcqRel);
        let seldom = seldom.map_or([0; SELDOM], |(_, counts)| counts);
        Some(Totals::of(|what| match what {
            Count::Started => counted_starts,
            Count::Succeeded => counted_successes,
            seldom_one => seldom[seldom_one as usize - OFTEN],
        }))
    }

    fn left(&self) -> u64 {
        self.seldom.get().map_or(0, |seldom| seldom.left.load(Ordering::Acquire))
    }

    fn get(&self, what: Count) -> u64 {
        match what as usize {
            often if often < OFTEN => self.often[often].load(Ordering::Acquire),
            seldom => self.seldom.get().map_or(0, |all| all.counts[seldom - OFTEN].load(Ordering::Acquire)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thread_slot::{self, SLOTS};
    use std::thread;

    #[test]
    fn counts_of_many_threads_add_up_exactly() {
        let totals = TotalCounts::new(Sharing::PerThread);
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
        let totals = TotalCounts::new(Sharing::PerThread);
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
    fn the_first_recorded_success_of_a_thread_is_among_the_calls_of_its_epoch() {
        for sharing in [Sharing::PerThread, Sharing::OneForAll] {
            let totals = TotalCounts::new(sharing);
            totals.add_recorded(None, 7);
            totals.add_recorded(None, 7);
            totals.add_recorded(Some(totals.begin()), 7);
            totals.record(7);
            assert_eq!([6, 7].map(|epoch| totals.recorded(epoch)), [0, 4], "{sharing:?}");
            totals.record(8);
            assert_eq!([7, 8].map(|epoch| totals.recorded(epoch)), [0, 1], "{sharing:?}");
            assert_eq!(totals.read().succeeded, 3, "{sharing:?}");
        }
    }

    #[test]
    fn a_call_finds_the_counters_of_its_thread_from_the_second_one_on() {
        let totals = TotalCounts::new(Sharing::PerThread);
        // All numbers may be taken.
        let has_a_number = thread_slot::current() != thread_slot::SHARED;
        for known in [false, has_a_number] {
            let counters = totals.begin();
            assert_eq!(counters.0.is_some(), known);
            totals.add_to(Some(counters), Count::Succeeded);
        }
        assert_eq!((totals.read().admitted, totals.read().succeeded), (2, 2));
    }

    #[test]
    fn what_is_told_of_several_counts_takes_all_of_them_into_account() {
        let totals = Totals {
            admitted: 50,
            succeeded: 10,
            failed: 7,
            ignored: 5,
            cancelled: 3,
            rejected_open: 2,
            rejected_probing: 4,
            rejected_recovering: 6,
            rejected_forced_open: 8,
            ..Totals::default()
        };
        assert_eq!((totals.in_flight(), totals.rejected()), (25, 20));
    }

    #[test]
    fn counts_in_one_place_add_up_too_and_begin_anew_only_at_rest() {
        let totals = TotalCounts::new(Sharing::OneForAll);
        for what in [Count::Started, Count::Started, Count::Started, Count::Succeeded, Count::Failed, Count::Late] {
            totals.add(what);
        }
        let read = totals.read();
        assert_eq!((read.admitted, read.succeeded, read.failed, read.late), (3, 1, 1, 1));
        assert!(!totals.are_at_rest() && totals.begin_anew().is_none());
        assert_eq!(totals.read(), read);
        totals.add(Count::Cancelled);
        totals.leave(&Clock::monotonic());
        assert!(!totals.are_at_rest(), "of the end of the failed one not all has been said");
        totals.leave(&Clock::monotonic());
        assert!(totals.are_at_rest());
        let forgotten = totals.begin_anew().expect("nobody is calling");
        assert_eq!((forgotten.admitted, forgotten.succeeded, forgotten.failed, forgotten.cancelled), (3, 1, 1, 1));
        assert_eq!(forgotten.late, 1);
        assert_eq!(totals.read(), Totals::default());
        assert!(!TotalCounts::new(Sharing::PerThread).are_at_rest(), "nobody takes the counts of such a one");
    }

    #[test]
    fn a_reader_never_sees_more_ended_than_begun() {
        let totals = TotalCounts::new(Sharing::PerThread);
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
