//! The calls of the last while, in ten slices of it: the present one and the nine before. A call
//! counts for between nine tenths of the window and the window.

use super::WindowCounts;
use super::once::OncePerSlice;
use super::slices::Slices;
use super::slicing::Slicing;
use crate::per_thread::{PerThread, Sharing};
use crate::sync::{AtomicU64, Ordering, fence};

const SLICES: u64 = 10;

const SUCCEEDED: usize = 0;
const FAILED: usize = 1;
const SLOW: usize = 2;

#[derive(Debug)]
pub(crate) struct TimeWindow {
    slicing: Slicing,
    slices: PerThread<Slices<3>>,
    read: OncePerSlice,
    /// How many more failures of one slice cannot trip; see [`harmless`].
    harmless: AtomicU64,
}

impl TimeWindow {
    /// A window of `nanos`.
    pub(crate) const fn new(nanos: u64, sharing: Sharing) -> Self {
        Self {
            slicing: Slicing::by(nanos / SLICES),
            slices: PerThread::new(sharing),
            read: OncePerSlice::new(),
            harmless: AtomicU64::new(0),
        }
    }

    /// The slice in which a time is, in nanoseconds since slices are counted.
    #[inline]
    pub(crate) fn slice(&self, nanos: u64) -> u64 {
        self.slicing.slice(nanos)
    }

    /// Adds a call that ended in `slice`, and says whether it is the first one there: since older
    /// ones have left the window then, the rules must be read.
    pub(crate) fn add(&self, epoch: u64, slice: u64, failed: bool, slow: bool) -> bool {
        let is_first = self.add_one(epoch, slice, if failed { FAILED } else { SUCCEEDED });
        if slow {
            let mine = self.slices.mine();
            mine.part.add(&mine, epoch, slice, SLOW);
            // The rules are read for it: of two at one moment, one at least must see the other.
            fence(Ordering::SeqCst);
        }
        is_first
    }

    /// The same for a fast success.
    #[inline]
    pub(crate) fn add_success(&self, epoch: u64, slice: u64) -> bool {
        self.add_one(epoch, slice, SUCCEEDED)
    }

    #[inline]
    fn add_one(&self, epoch: u64, slice: u64, kind: usize) -> bool {
        let first = self.read.first(epoch, slice);
        if let Some(since) = first {
            self.begin_slice(since, slice);
        }
        let mine = self.slices.mine();
        mine.part.add(&mine, epoch, slice, kind);
        first.is_some()
    }

    #[cold]
    fn begin_slice(&self, since: u64, slice: u64) {
        Slices::forget_slices(self.slices.all(), since, slice);
        self.forget_harmless();
    }

    /// To be asked before the calls are counted of which [`remember`](Self::remember) speaks; `None` where that would be
    /// in vain.
    pub(crate) fn before_counting(&self, epoch: u64, slice: u64) -> Option<u64> {
        let before = self.harmless.load(Ordering::Acquire);
        (!self.read.is_first(epoch, slice)).then_some(before)
    }

    /// Remembers that so many more failures in `slice` cannot trip by these settings: within a slice no call leaves the
    /// window.
    ///
    /// *Orderings.* A failure is added before it takes itself off the number, and a slice is begun before the
    /// number is. So each was seen by whoever counted; or it has changed the number since `before`, and nothing is put
    /// in the place of that change; or it takes itself off the new number.
    pub(crate) fn remember(&self, before: u64, epoch: u64, slice: u64, revision: u64, more: u64) {
        let found = harmless::found(before, harmless::tag(epoch, slice, revision), more);
        let _ = self.harmless.compare_exchange(before, found, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Other settings are in force: what was remembered by those before is not to be believed when their number comes
    /// round.
    pub(crate) fn forget_harmless(&self) {
        let _ = self.harmless.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| Some(harmless::unknown(word)));
    }

    /// A failure in `slice` has been added: whether it is one that cannot trip. Where it may, nothing is known from then
    /// on; and of two at one moment, the one that comes here last sees the other.
    pub(crate) fn is_harmless(&self, epoch: u64, slice: u64, revision: u64) -> bool {
        let tag = harmless::tag(epoch, slice, revision);
        let next = |word| Some(if harmless::number(word, tag) > 0 { word - 1 } else { harmless::unknown(word) });
        let before = self.harmless.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        before.is_ok_and(|before| harmless::number(before, tag) > 0)
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

/// How many failures, in a slice of an epoch, by a revision of the settings.
///
/// ```text
/// bits 44..64  epoch
/// bits 36..44  revision, its lower 8 bits
/// bits 28..36  slice, its lower 8 bits
/// bits 14..28  a turn: grows with every change but that of the number alone
/// bits  0..14  number
/// ```
///
/// Slices and revisions repeat in so few bits; but what begins or ends with them makes the number unknown. For a word to
/// be taken for another, somebody would have to be held up for 16,384 turns, or a multiple of it.
mod harmless {
    const NUMBER: u64 = 0x3fff;
    const TURN: u64 = 0x3fff << 14;

    pub(super) fn tag(epoch: u64, slice: u64, revision: u64) -> u64 {
        epoch << 44 | (revision & 0xff) << 36 | (slice & 0xff) << 28
    }

    /// The number in `word`, if it has this tag; else 0.
    pub(super) fn number(word: u64, tag: u64) -> u64 {
        if word & !(TURN | NUMBER) == tag { word & NUMBER } else { 0 }
    }

    /// As many of them as there is room for, in the place of `before`.
    pub(super) fn found(before: u64, tag: u64, number: u64) -> u64 {
        tag | next_turn(before) | number.min(NUMBER)
    }

    pub(super) fn unknown(word: u64) -> u64 {
        word & !(TURN | NUMBER) | next_turn(word)
    }

    fn next_turn(word: u64) -> u64 {
        (word & TURN).wrapping_add(1 << 14) & TURN
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

    /// Finds out how many more failures in `slice` are harmless where `limit` trip, while `meanwhile` happens.
    fn find(window: &TimeWindow, slice: u64, limit: u64, meanwhile: impl FnOnce()) {
        if let Some(before) = window.before_counting(0, slice) {
            let failed = window.counts(0, slice).failed;
            meanwhile();
            window.remember(before, 0, slice, 1, limit - failed - 1);
        }
    }

    fn are_harmless<const N: usize>(window: &TimeWindow, slice: u64) -> [bool; N] {
        [(); N].map(|()| window.is_harmless(0, slice, 1))
    }

    #[test]
    fn failures_of_a_slice_are_harmless_until_the_last_one_before_the_limit() {
        let window = TimeWindow::new(60, Sharing::PerThread);
        find(&window, 5, 3, || ());
        assert_eq!(are_harmless(&window, 5), [false], "the slice had not begun");
        window.add(0, 5, true, false);
        find(&window, 5, 4, || ());
        assert_eq!(are_harmless(&window, 5), [true, true, false, false], "of four, one had failed");
        for (epoch, slice, revision) in [(1, 5, 1), (0, 6, 1), (0, 5, 2)] {
            find(&window, 5, 4, || ());
            assert!(!window.is_harmless(epoch, slice, revision), "{epoch}, {slice}, {revision}");
        }
    }

    #[test]
    fn a_new_slice_and_a_failure_of_another_one_and_new_settings_end_what_is_known() {
        let window = TimeWindow::new(60, Sharing::PerThread);
        let known_after = |what: &dyn Fn()| {
            window.add_success(0, 6);
            find(&window, 6, 100, || ());
            what();
            window.is_harmless(0, 6, 1)
        };
        assert!(known_after(&|| ()));
        assert!(!known_after(&|| _ = window.add_success(0, 7)));
        assert!(!known_after(&|| _ = window.is_harmless(0, 5, 1)), "a failure that comes late");
        assert!(!known_after(&|| window.forget_harmless()));
    }

    #[test]
    fn what_is_found_while_calls_fail_takes_no_change_back() {
        let window = TimeWindow::new(60, Sharing::PerThread);
        window.add(0, 5, true, false);
        find(&window, 5, 100, || assert_eq!(are_harmless(&window, 5), [false]));
        assert_eq!(are_harmless(&window, 5), [false]);
        find(&window, 5, 100, || {
            // Somebody else finds the same, and two failures use it up.
            find(&window, 5, 4, || ());
            assert_eq!(are_harmless(&window, 5), [true, true]);
        });
        assert_eq!(are_harmless(&window, 5), [false]);
    }

    #[test]
    fn turns_come_round_and_change_nothing_else() {
        let (tag, first) = (harmless::tag(9, 8, 7), harmless::found(0, harmless::tag(9, 8, 7), u64::MAX));
        assert_eq!((harmless::number(first, tag), harmless::number(first, harmless::tag(9, 8, 6))), (0x3fff, 0));
        let mut word = first;
        for _ in 0..(1 << 14) - 1 {
            word = harmless::unknown(word);
            assert_eq!(harmless::number(word, tag), 0);
        }
        assert_eq!(harmless::found(word, tag, u64::MAX), first);
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
