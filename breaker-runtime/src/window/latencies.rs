//! How long calls took: in the recent minute, and altogether.
//!
//! A time falls into one of [`RANGES`], which are as the digits of a number: eight to each doubling, from a thousandth
//! of a millisecond to a minute. A minute is made of slices, of which the oldest gives its place to the newest. Beside
//! them stand totals over the bounds that histograms of calls are usually drawn with.
//!
//! Nothing is decided by these numbers, so they are counted as cheaply as can be: each thread counts for itself, and
//! where many count in one place a time may be missing that came just as a slice was emptied.
//!
//! *Orderings.* Who empties a slice first takes it, and names its time last; readers look at the name before and after.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
use std::time::Duration;

use crate::per_thread::{PerThread, Sharing};

/// To each doubling, so that a range is at most an eighth wider than where it begins.
const STEPS: u64 = RANGES_A_DOUBLING as u64;
const RANGES_A_DOUBLING: usize = 8;
/// The shortest time that is told from nothing, as a power of two of nanoseconds.
const SHORTEST: u32 = 10;
/// Doublings after the first [`STEPS`] ranges: up to 69 s.
const DOUBLINGS: usize = 23;
const RANGES: usize = (DOUBLINGS + 1) * RANGES_A_DOUBLING;

/// Of a minute, and the one that is being filled.
const SLICES: usize = 5;
const SLICE: u64 = 15_000_000_000;
/// In the place of a slice's number while it is emptied.
const BUSY: u64 = u64::MAX;

/// Where calls are counted up to, in nanoseconds, for histograms.
const BOUNDS: [u64; 12] = [
    1_000_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// How long the calls of the recent minute took, those that succeeded, failed or were ignored. The minute is the last
/// 60 to 75 seconds.
///
/// A percentile is never less than the time of the call that it stands for, and at most an eighth more, or 1 µs more
/// below 8 µs; of 64 s and longer all times count as the longest. The mean and the maximum are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// How many calls.
    pub calls: u64,
    /// The mean.
    pub mean: Duration,
    /// Half of the calls took no longer.
    pub p50: Duration,
    /// Nine of ten took no longer.
    pub p90: Duration,
    /// 95 of 100 took no longer.
    pub p95: Duration,
    /// 99 of 100 took no longer.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

/// How many calls took up to each of some times, since the beginning.
#[cfg(any(test, feature = "prometheus", feature = "opentelemetry"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Histogram {
    /// A bound, and how many calls took no longer.
    pub(crate) up_to: Vec<(Duration, u64)>,
    pub(crate) calls: u64,
    pub(crate) sum: Duration,
}

/// The times of all threads.
#[derive(Debug)]
pub(crate) struct Latencies(PerThread<Part>);

/// The times of one thread.
#[derive(Debug)]
struct Part {
    slices: [Slice; SLICES],
    /// Calls that took longer than so many of the bounds.
    beyond: [AtomicU64; BOUNDS.len() + 1],
    sum: AtomicU64,
}

#[derive(Debug)]
struct Slice {
    /// The number of the slice, and one more; 0 for none.
    of: AtomicU64,
    sum: AtomicU64,
    longest: AtomicU64,
    counts: [AtomicU32; RANGES],
}

impl Latencies {
    pub(crate) fn new(sharing: Sharing) -> Self {
        Self(PerThread::new(sharing))
    }

    /// A call took so many nanoseconds, and ended so many after the breaker was made.
    #[inline]
    pub(crate) fn record(&self, nanos: u64, end: u64) {
        let mine = self.0.mine();
        let (part, shared) = (mine.part, mine.shared);
        let number = number(end);
        let slice = &part.slices[place(number)];
        if slice.of.load(Ordering::Acquire) == number || slice.begin(number) {
            let count = &slice.counts[range_of(nanos)];
            if shared {
                count.fetch_add(1, Ordering::Relaxed);
            } else {
                count.store(count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
            }
            add(&slice.sum, nanos, shared);
            if nanos > slice.longest.load(Ordering::Relaxed) {
                slice.longest.fetch_max(nanos, Ordering::Relaxed);
            }
        }
        add(&part.beyond[bounds_below(nanos)], 1, shared);
        add(&part.sum, nanos, shared);
    }

    /// The calls of the minute before this time; nothing where there were none.
    pub(crate) fn recent(&self, now: u64) -> Option<Latency> {
        let (last, mut counts, mut sum, mut longest) = (number(now), [0_u64; RANGES], 0_u64, 0);
        let first = last.saturating_sub(SLICES as u64 - 1).max(1);
        for slice in self.0.all().flat_map(|part| &part.slices) {
            let number = slice.of.load(Ordering::Acquire);
            if !(first..=last).contains(&number) {
                continue;
            }
            let held = slice.counts.each_ref().map(|count| u64::from(count.load(Ordering::Relaxed)));
            let (its_sum, its_longest) = (slice.sum.load(Ordering::Relaxed), slice.longest.load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if slice.of.load(Ordering::Relaxed) == number {
                counts.iter_mut().zip(held).for_each(|(count, held)| *count += held);
                (sum, longest) = (sum.saturating_add(its_sum), longest.max(its_longest));
            }
        }
        let calls: u64 = counts.iter().sum();
        let within = |percent: u64| {
            let mut left = (calls * percent).div_ceil(100);
            let reaches = |count: &u64| {
                let reached = left <= *count;
                left = left.saturating_sub(*count);
                reached
            };
            let range = counts.iter().position(reaches).unwrap_or(RANGES - 1);
            Duration::from_nanos(if range == RANGES - 1 { longest } else { end_of(range).min(longest) })
        };
        (calls > 0).then(|| Latency {
            calls,
            mean: Duration::from_nanos(sum / calls),
            p50: within(50),
            p90: within(90),
            p95: within(95),
            p99: within(99),
            max: Duration::from_nanos(longest),
        })
    }

    /// All calls since the beginning.
    #[cfg(any(test, feature = "prometheus", feature = "opentelemetry"))]
    pub(crate) fn histogram(&self) -> Histogram {
        let (mut beyond, mut sum) = ([0; BOUNDS.len() + 1], 0_u64);
        for part in self.0.all() {
            sum = sum.wrapping_add(part.sum.load(Ordering::Relaxed));
            for (all, its) in beyond.iter_mut().zip(&part.beyond) {
                *all += its.load(Ordering::Relaxed);
            }
        }
        let mut calls = 0;
        let mut up_to = Vec::with_capacity(BOUNDS.len());
        for (bound, count) in BOUNDS.into_iter().zip(beyond) {
            calls += count;
            up_to.push((Duration::from_nanos(bound), calls));
        }
        Histogram { up_to, calls: calls + beyond[BOUNDS.len()], sum: Duration::from_nanos(sum) }
    }

    /// Forgets all, for another owner. Nobody is calling.
    pub(crate) fn forget(&self) {
        for part in self.0.all() {
            part.slices.iter().for_each(|slice| slice.of.store(0, Ordering::Release));
            part.beyond.iter().chain([&part.sum]).for_each(|word| word.store(0, Ordering::Relaxed));
        }
    }
}

impl Default for Part {
    fn default() -> Self {
        Self {
            slices: [const { Slice::new() }; SLICES],
            beyond: [const { AtomicU64::new(0) }; BOUNDS.len() + 1],
            sum: AtomicU64::new(0),
        }
    }
}

impl Slice {
    const fn new() -> Self {
        let counts = [const { AtomicU32::new(0) }; RANGES];
        Self { of: AtomicU64::new(0), sum: AtomicU64::new(0), longest: AtomicU64::new(0), counts }
    }

    /// Empties it for a later time, unless somebody else does, or this time is over.
    #[cold]
    fn begin(&self, number: u64) -> bool {
        let present = self.of.load(Ordering::Acquire);
        if present >= number || self.of.compare_exchange(present, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return false;
        }
        fence(Ordering::Release);
        self.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        self.sum.store(0, Ordering::Relaxed);
        self.longest.store(0, Ordering::Relaxed);
        self.of.store(number, Ordering::Release);
        true
    }
}

/// The slice of a time. None has number 0.
fn number(nanos: u64) -> u64 {
    nanos / SLICE + 1
}

fn place(number: u64) -> usize {
    index(number % SLICES as u64)
}

fn index(small: u64) -> usize {
    usize::try_from(small).unwrap_or(0)
}

#[inline]
fn add(word: &AtomicU64, what: u64, shared: bool) {
    if shared {
        word.fetch_add(what, Ordering::Relaxed);
    } else {
        word.store(word.load(Ordering::Relaxed).wrapping_add(what), Ordering::Relaxed);
    }
}

/// The range of a time; the last one is also that of all longer times.
#[inline]
fn range_of(nanos: u64) -> usize {
    let steps = nanos >> SHORTEST;
    if steps < STEPS {
        return index(steps);
    }
    let doublings = u64::from(steps.ilog2() - STEPS.ilog2());
    index((doublings + 1) * STEPS + (steps >> doublings) % STEPS).min(RANGES - 1)
}

/// The longest time of a range but the last, in nanoseconds.
fn end_of(range: usize) -> u64 {
    let next = range as u64 + 1;
    let start = if next < STEPS { next } else { (STEPS + next % STEPS) << (next / STEPS - 1) };
    (start << SHORTEST) - 1
}

/// How many of [`BOUNDS`] are below a time. Between two powers of two there is one of them at most.
#[inline]
fn bounds_below(nanos: u64) -> usize {
    const BEFORE: [u8; 65] = {
        let (mut before, mut digits) = ([0; 65], 0);
        while digits < 65 {
            let mut below = 0;
            // A time of so many binary digits is at least this.
            let least = if digits == 0 { 0 } else { 1_u64 << (digits - 1) };
            while below < BOUNDS.len() && BOUNDS[below] < least {
                below += 1;
            }
            #[expect(clippy::cast_possible_truncation, reason = "there are twelve")]
            {
                before[digits] = below as u8;
            }
            digits += 1;
        }
        before
    };
    let digits = u64::BITS - nanos.leading_zeros();
    let below = usize::from(BEFORE[digits as usize]);
    below + usize::from(BOUNDS.get(below).is_some_and(|bound| nanos > *bound))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const MILLI: u64 = 1_000_000;

    fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn ranges_follow_each_other_and_are_an_eighth_wide_at_most() {
        for range in 0..RANGES - 1 {
            let end = end_of(range);
            assert_eq!((range_of(end), range_of(end + 1)), (range, range + 1), "{end}");
            let begin = range.checked_sub(1).map_or(0, |before| end_of(before) + 1);
            assert!((end - begin) * STEPS <= begin.max(STEPS << SHORTEST), "{begin}..={end}");
        }
        assert_eq!((range_of(0), range_of(u64::MAX)), (0, RANGES - 1));
        assert!((60_000..70_000).contains(&(end_of(RANGES - 2) / MILLI)));
    }

    #[test]
    fn every_time_is_counted_below_the_right_bound() {
        for (place, bound) in BOUNDS.into_iter().enumerate() {
            assert_eq!([bound - 1, bound, bound + 1].map(bounds_below), [place, place, place + 1], "{bound}");
        }
        assert_eq!((bounds_below(0), bounds_below(u64::MAX)), (0, BOUNDS.len()));
        for digits in 0..64 {
            let times = [(1 << digits) - 1, 1 << digits, (1 << digits) + 1];
            let counted = times.map(|time| BOUNDS.iter().filter(|bound| time > **bound).count());
            assert_eq!(times.map(bounds_below), counted, "{times:?}");
        }
    }

    #[test]
    fn a_minute_is_told_and_then_forgotten() {
        let all = Latencies::new(Sharing::PerThread);
        assert_eq!(all.recent(0), None);
        (1..=100).for_each(|time| all.record(time * MILLI, 0));
        let told = all.recent(0).expect("a hundred calls");
        assert_eq!((told.calls, told.mean, told.max), (100, micros(50_500), micros(100_000)));
        let at_most_an_eighth_more = [(told.p50, 50), (told.p90, 90), (told.p95, 95), (told.p99, 99)];
        for (told, exactly) in at_most_an_eighth_more {
            assert!(told >= micros(exactly * 1_000) && told <= micros(exactly * 1_125), "{told:?}");
        }
        assert_eq!(all.recent(SLICE * 5 - 1), Some(told));
        assert_eq!(all.recent(SLICE * 5), None, "75 seconds later");
        all.record(7 * MILLI, SLICE * 5);
        let told = all.recent(SLICE * 5).expect("one call");
        assert_eq!([told.mean, told.p50, told.p99, told.max], [micros(7_000); 4]);
    }

    #[test]
    fn a_histogram_counts_all_calls() {
        let all = Latencies::new(Sharing::PerThread);
        for (time, end) in [(0, 0), (MILLI, 0), (MILLI + 1, SLICE), (90_000 * MILLI, 100 * SLICE)] {
            all.record(time, end);
        }
        let told = all.histogram();
        assert_eq!(told.up_to[..2], [(micros(1_000), 2), (micros(5_000), 3)]);
        assert_eq!((told.up_to[11], told.calls), ((Duration::from_secs(10), 3), 4));
        assert_eq!(told.sum, Duration::from_nanos(2 * MILLI + 1 + 90_000 * MILLI));
        all.forget();
        assert_eq!((all.recent(100 * SLICE), all.histogram().calls), (None, 0));
    }

    #[test]
    fn a_call_that_ends_by_an_older_clock_leaves_the_slice_alone() {
        let all = Latencies::new(Sharing::PerThread);
        all.record(MILLI, 5 * SLICE);
        all.record(2 * MILLI, 0);
        assert_eq!(all.recent(5 * SLICE).map(|told| (told.calls, told.max)), Some((1, micros(1_000))));
        assert_eq!(all.histogram().calls, 2);
    }

    #[test]
    fn threads_add_up() {
        for sharing in [Sharing::PerThread, Sharing::OneForAll] {
            let all = Latencies::new(sharing);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..1_000).for_each(|_| all.record(MILLI, 0)));
                }
            });
            assert_eq!(all.histogram().calls, 4_000, "{sharing:?}");
            // Of those that came while the slice was made ready, some may be missing.
            let recent = all.recent(0).expect("most of them").calls;
            assert!(recent > 3_000 && recent <= 4_000, "{sharing:?}: {recent}");
        }
    }
}
