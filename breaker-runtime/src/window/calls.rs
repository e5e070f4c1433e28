//! The last k calls of one epoch that succeeded or failed.
//!
//! Every such call has a place in their order: how many there were up to it. A success only adds to
//! its own thread's count; a failure, or a slow call, works out its place from the sum of all counts
//! and keeps it in a ring. The n-th most recent failure is among the last k calls where its place is
//! less than k behind the newest one. So a success writes nothing that another thread writes too,
//! and the window is exact for calls of which one had ended before the other did.

use once_cell::race::OnceBox;

use super::ring::Ring;
use super::{WindowCounts, stamp};
use crate::per_thread::{PerThread, Sharing};
use crate::sync::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct CallWindow {
    successes: PerThread<Successes>,
    failures: OnceBox<Ring>,
    slow: OnceBox<Ring>,
}

/// How many calls of an epoch succeeded on one thread. Two cache lines, since processors fetch lines
/// in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Successes(AtomicU64);

impl CallWindow {
    pub(crate) const fn new(sharing: Sharing) -> Self {
        Self { successes: PerThread::new(sharing), failures: OnceBox::new(), slow: OnceBox::new() }
    }

    /// A window of `size` calls, which begins with those of `epoch` that are in this one, of `old` calls:
    /// of earlier ones nobody knows any more which failed. Calls that end meanwhile may be missing from it.
    pub(crate) fn resized(&self, epoch: u64, old: u32, size: u32, sharing: Sharing) -> Self {
        let resized = Self::new(sharing);
        let old = u64::from(old);
        let [failed, slow] = [&self.failures, &self.slow].map(|ring| self.among_last(ring, epoch, old));
        // Once, so that calls which end meanwhile move no place.
        let recorded = self.recorded(epoch);
        let calls = recorded.min(old);
        let before = recorded - calls;
        let begin = epoch << stamp::EPOCH_AT;
        let size_kept = usize::try_from(size).unwrap_or(usize::MAX);
        let kept = |ring: &OnceBox<Ring>, n: u64| -> Vec<u64> {
            let place = |mark| stamp::count(mark, epoch).checked_sub(before + 1).map(|ahead| begin | (ahead + 1));
            let marks: Vec<u64> = ring.get().map(|ring| ring.last(epoch, n)).unwrap_or_default();
            let fits = marks.len().saturating_sub(size_kept);
            marks.into_iter().skip(fits).filter_map(place).collect()
        };
        let (failures, slow) = (kept(&self.failures, failed), kept(&self.slow, slow));
        // All that is not known as a failure any more lies before the window, and keeps the places.
        let others = calls.saturating_sub(failures.len() as u64);
        let shared = resized.successes.shared();
        shared.change(&shared.part.0, |_| begin | others);
        for (marks, ring) in [(failures, &resized.failures), (slow, &resized.slow)] {
            if !marks.is_empty() {
                // A new window: nobody else sets it.
                let _ = ring.set(Box::new(Ring::of(size, epoch, &marks)));
            }
        }
        resized
    }

    #[inline]
    pub(crate) fn succeeded(&self, epoch: u64) {
        let mine = self.successes.mine();
        stamp::add(&mine, &mine.part.0, epoch);
    }

    pub(crate) fn failed(&self, epoch: u64, size: u32) {
        let ring = self.failures.get_or_init(|| Box::new(Ring::new(size, epoch)));
        ring.add(epoch, |number| epoch << stamp::EPOCH_AT | (self.successes(epoch) + number));
    }

    /// A call was slow, whose outcome has been added already.
    pub(crate) fn slow(&self, epoch: u64, size: u32) {
        let ring = self.slow.get_or_init(|| Box::new(Ring::new(size, epoch)));
        ring.add(epoch, |_| epoch << stamp::EPOCH_AT | self.recorded(epoch));
    }

    /// Begins a new epoch; see [`Ring::begin`].
    pub(crate) fn begin(&self, epoch: u64) {
        [&self.failures, &self.slow].into_iter().filter_map(OnceBox::get).for_each(|ring| ring.begin(epoch));
    }

    /// How many calls there were in `epoch`.
    pub(crate) fn recorded(&self, epoch: u64) -> u64 {
        self.successes(epoch) + self.failures.get().map_or(0, |ring| ring.count(epoch))
    }

    /// Whether at least `n` of the last `calls` ones failed.
    pub(crate) fn has_failures(&self, epoch: u64, n: u64, calls: u64) -> bool {
        self.has(&self.failures, epoch, n, calls)
    }

    /// What the last `calls` ones were. How many there were of them is read last: calls that end
    /// meanwhile make the shares of failed and slow ones smaller, never larger.
    pub(crate) fn counts(&self, epoch: u64, calls: u64) -> WindowCounts {
        let failed = self.among_last(&self.failures, epoch, calls);
        let slow = self.among_last(&self.slow, epoch, calls);
        WindowCounts { calls: self.recorded(epoch).min(calls), failed, slow }
    }

    fn has(&self, ring: &OnceBox<Ring>, epoch: u64, n: u64, calls: u64) -> bool {
        if n == 0 {
            return true;
        }
        let Some(mark) = ring.get().and_then(|ring| ring.nth(epoch, n)) else { return false };
        match stamp::count(mark, epoch) {
            0 => false,
            place => self.recorded(epoch).saturating_sub(place) < calls,
        }
    }

    fn among_last(&self, ring: &OnceBox<Ring>, epoch: u64, calls: u64) -> u64 {
        let count = ring.get().map_or(0, |ring| ring.count(epoch));
        // Places grow with numbers, so the number sought divides the last ones from the others.
        let (mut in_it, mut most) = (0, count.min(calls));
        while in_it < most {
            let middle = (in_it + most).div_ceil(2);
            if self.has(ring, epoch, middle, calls) { in_it = middle } else { most = middle - 1 }
        }
        in_it
    }

    fn successes(&self, epoch: u64) -> u64 {
        self.successes.all().map(|of_thread| stamp::count(of_thread.0.load(Ordering::Acquire), epoch)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u32 = 4;

    fn window(ends: &str) -> CallWindow {
        let window = CallWindow::new(Sharing::PerThread);
        for end in ends.chars() {
            match end {
                'f' | 'F' => window.failed(5, SIZE),
                _ => window.succeeded(5),
            }
            if end.is_uppercase() {
                window.slow(5, SIZE);
            }
        }
        window
    }

    fn counts(ends: &str) -> (u64, u64, u64) {
        let counts = window(ends).counts(5, SIZE.into());
        (counts.calls, counts.failed, counts.slow)
    }

    #[test]
    fn it_holds_the_last_calls_and_no_others() {
        assert_eq!(counts(""), (0, 0, 0));
        assert_eq!(counts("sf"), (2, 1, 0));
        assert_eq!(counts("ffsss"), (4, 1, 0));
        assert_eq!(counts("ffssss"), (4, 0, 0));
        assert_eq!(counts("FsSfff"), (4, 3, 1));
        assert_eq!(counts("ffffffff"), (4, 4, 0));
    }

    #[test]
    fn the_nth_most_recent_one_is_in_it_or_is_not() {
        let two_of_last_four = window("ffsfs");
        assert!(two_of_last_four.has_failures(5, 2, 4));
        assert!(!two_of_last_four.has_failures(5, 3, 4));
        assert!(!two_of_last_four.has_failures(5, 2, 3));
        assert!(two_of_last_four.has_failures(5, 0, 4));
    }

    #[test]
    fn a_window_of_another_size_holds_the_same_calls() {
        for sharing in [Sharing::PerThread, Sharing::OneForAll] {
            let larger = window("ssFfss").resized(5, SIZE, 8, sharing);
            assert_eq!(larger.counts(5, 8), WindowCounts { calls: 4, failed: 2, slow: 1 });
            larger.failed(5, 8);
            assert_eq!(larger.counts(5, 8), WindowCounts { calls: 5, failed: 3, slow: 1 });
            let forgotten = window("ffffffffss").resized(5, SIZE, 8, sharing);
            assert_eq!(forgotten.counts(5, 8), WindowCounts { calls: 4, failed: 2, slow: 0 });
            let smaller = window("ssFfss").resized(5, SIZE, 3, sharing);
            assert_eq!(smaller.counts(5, 3), WindowCounts { calls: 3, failed: 1, slow: 0 });
            let tiny = window("ssFFFF").resized(5, SIZE, 2, sharing);
            assert_eq!(tiny.counts(5, 2), WindowCounts { calls: 2, failed: 2, slow: 2 });
            tiny.succeeded(5);
            assert_eq!(tiny.counts(5, 2), WindowCounts { calls: 2, failed: 1, slow: 1 });
        }
    }

    #[test]
    fn another_epoch_has_calls_of_its_own() {
        let window = window("ffs");
        assert_eq!(window.recorded(6), 0);
        window.succeeded(6);
        window.failed(6, SIZE);
        window.failed(5, SIZE);
        assert_eq!(window.counts(6, 4), WindowCounts { calls: 2, failed: 1, slow: 0 });
        assert!(!window.has_failures(5, 1, 4));
    }
}
