//! The calls of the last while, in ten slices of it: the present one and the nine before. A call
//! counts for between nine tenths of the window and the window.

use super::WindowCounts;
use super::once::OncePerSlice;
use super::slices::Slices;
use super::slicing::Slicing;
use crate::per_thread::{PerThread, Sharing};
use crate::sync::{Ordering, fence};

const SLICES: u64 = 10;

const SUCCEEDED: usize = 0;
const FAILED: usize = 1;
const SLOW: usize = 2;

#[derive(Debug)]
pub(crate) struct TimeWindow {
    slicing: Slicing,
    slices: PerThread<Slices<3>>,
    read: OncePerSlice,
}

impl TimeWindow {
    /// A window of `nanos`.
    pub(crate) const fn new(nanos: u64, sharing: Sharing) -> Self {
        Self { slicing: Slicing::by(nanos / SLICES), slices: PerThread::new(sharing), read: OncePerSlice::new() }
    }

    /// The slice in which a time is, in nanoseconds since slices are counted.
    #[inline]
    pub(crate) fn slice(&self, nanos: u64) -> u64 {
        self.slicing.slice(nanos)
    }

    /// Adds a call that ended in `slice`, and says whether it is the first one there: since older
    /// ones have left the window then, the rules must be read.
    #[inline]
    pub(crate) fn add(&self, epoch: u64, slice: u64, failed: bool, slow: bool) -> bool {
        let before = self.read.first(epoch, slice);
        if let Some(since) = before {
            Slices::forget_slices(self.slices.all(), since, slice);
        }
        let mine = self.slices.mine();
        mine.part.add(&mine, epoch, slice, if failed { FAILED } else { SUCCEEDED });
        if slow {
            mine.part.add(&mine, epoch, slice, SLOW);
        }
        if failed || slow {
            // Of two at one moment, one at least must see the other.
            fence(Ordering::SeqCst);
        }
        before.is_some()
    }

    /// A window of `nanos`, with the calls of `epoch` that are in this one at the time `now`, in nanoseconds
    /// since slices are counted: those of a slice count from its end, or from its beginning where slices
    /// become shorter, so that no old call is taken for a recent one. Calls that end meanwhile may be missing
    /// from it.
    pub(crate) fn resliced(&self, epoch: u64, now: u64, nanos: u64, sharing: Sharing) -> Self {
        let (resliced, slice) = (Self::new(nanos, sharing), self.slice(now));
        let [from, to] = [self.slicing.length, resliced.slicing.length];
        // Or the first call there would take what it finds for old.
        let _ = resliced.read.first(epoch, now / to);
        for old in slice.saturating_sub(SLICES - 1)..=slice {
            let end = old.saturating_add(1).saturating_mul(from).saturating_sub(1).min(now);
            let time = if to < from { old.saturating_mul(from) } else { end };
            for kind in [SUCCEEDED, FAILED, SLOW] {
                match self.sum(epoch, old, old, kind) {
                    0 => {}
                    count => {
                        let shared = resliced.slices.shared();
                        shared.part.put(&shared, epoch, time / to, kind, count);
                    }
                }
            }
        }
        resliced
    }

    /// See [`Slices::forget_epochs`].
    pub(crate) fn forget(&self, epoch: u64) {
        Slices::forget_epochs(self.slices.all(), epoch);
    }

    /// The calls in the window whose present slice is `slice`.
    pub(crate) fn counts(&self, epoch: u64, slice: u64) -> WindowCounts {
        if self.read.since_last(slice).is_some_and(|since| since >= SLICES) {
            return WindowCounts::default();
        }
        let sum = |kind| self.sum(epoch, slice.saturating_sub(SLICES - 1), slice, kind);
        // A call is added before it is called slow, so it must be looked for afterwards.
        let slow = sum(SLOW);
        let failed = sum(FAILED);
        WindowCounts { calls: sum(SUCCEEDED) + failed, failed, slow }
    }

    fn sum(&self, epoch: u64, first: u64, last: u64, kind: usize) -> u64 {
        self.slices.all().map(|slices| slices.sum(epoch, first, last, kind)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_in_its_slice_and_the_nine_after_it() {
        let window = TimeWindow::new(60, Sharing::PerThread);
        assert!(window.add(0, 3, true, true));
        assert!(!window.add(0, 3, false, false));
        assert_eq!(window.counts(0, 12), WindowCounts { calls: 2, failed: 1, slow: 1 });
        assert_eq!(window.counts(0, 13), WindowCounts::default());
        assert!(window.add(0, 12, false, false));
        assert_eq!(window.counts(0, 12).calls, 3);
        assert_eq!(window.counts(1, 12), WindowCounts::default());
    }

    #[test]
    fn slices_of_another_length_hold_the_same_calls() {
        let window = TimeWindow::new(60, Sharing::PerThread);
        window.add(0, 0, false, false);
        window.add(0, 3, true, true);
        window.add(0, 12, true, false);
        let counts = |window: &TimeWindow, slice| {
            let counts = window.counts(0, slice);
            (counts.calls, counts.failed, counts.slow)
        };
        // Slices of 6 ns: the present one began at 72 ns, and the first call has gone.
        let longer = window.resliced(0, 72, 120, Sharing::PerThread);
        assert_eq!([6, 10, 11, 16].map(|slice| counts(&longer, slice)), [(2, 2, 1), (2, 2, 1), (1, 1, 0), (0, 0, 0)]);
        let shorter = window.resliced(0, 77, 30, Sharing::OneForAll);
        assert_eq!([25, 33, 34].map(|slice| counts(&shorter, slice)), [(1, 1, 0), (1, 1, 0), (0, 0, 0)]);
        assert_eq!(counts(&window.resliced(0, 72, 30, Sharing::OneForAll), 24), (1, 1, 0), "never ahead of the clock");
    }

    #[test]
    fn what_has_left_one_window_is_not_in_another() {
        let window = TimeWindow::new(60, Sharing::PerThread);
        window.add(0, 0, true, false);
        let failed = |now: u64| window.resliced(0, now, 600, Sharing::PerThread).counts(0, now / 60).failed;
        assert_eq!([59, 60].map(failed), [1, 0]);
    }

    #[test]
    fn in_longer_slices_calls_stand_where_theirs_ended() {
        let window = TimeWindow::new(60, Sharing::PerThread);
        window.add(0, 1, true, false);
        let longer = window.resliced(0, 18, 120, Sharing::PerThread);
        assert_eq!([9, 10].map(|slice| longer.counts(0, slice).failed), [1, 0], "it ended at 11 ns, in the first one");
    }

    #[test]
    fn the_last_slices_of_a_clock_are_slices_too() {
        for slice in [0, 1 << 44, u64::MAX] {
            let window = TimeWindow::new(60, Sharing::PerThread);
            window.add(0, slice, true, false);
            assert_eq!(window.counts(0, slice).failed, 1, "{slice}");
        }
        let window = TimeWindow::new(60, Sharing::PerThread);
        window.add(0, (1 << 44) - 1, true, false);
        assert_eq!([8, 9].map(|later| window.counts(0, (1 << 44) + later).failed), [1, 0]);
    }

    #[test]
    fn the_shortest_window_has_slices_too() {
        let slice = |nanos| TimeWindow::new(nanos, Sharing::PerThread).slicing.length;
        assert_eq!([1, 9, 10, 99, 100].map(slice), [1, 1, 1, 9, 10]);
    }
}
