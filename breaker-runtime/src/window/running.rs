//! The calls under way that have been running for longer than they should: evidence of slowness
//! before they end. In constant space, whatever the number of calls.
//!
//! A call is known by the slice of time in which it began, and a slice is a tenth of the time from
//! which on a call is slow. Of all that began and have not ended, those that began in the present
//! slice or the ten before are young; the rest is overdue. So a call is overdue at the earliest when
//! it has run for that time, and at the latest a slice later.
//!
//! *Orderings.* The overdue ones must never be counted too many. A beginning is counted by its slice
//! before it is counted among all, and an end the other way round; a reader reads all that began, then
//! the ends and beginnings by slice, then all that ended. So what it misses makes calls look younger,
//! or fewer.

use super::once::OncePerSlice;
use super::slices::Slices;
use super::slicing::Slicing;
use super::stamp;
use crate::per_thread::{PerThread, Sharing};
use crate::sync::{AtomicU64, Ordering};

/// A call that began so many slices ago is overdue.
const OVERDUE: u64 = 11;

const BEGAN: usize = 0;
const ENDED: usize = 1;

#[derive(Debug)]
pub(crate) struct Running {
    slicing: Slicing,
    parts: PerThread<Part>,
    read: OncePerSlice,
}

/// How many began and ended on one thread.
#[derive(Debug, Default)]
struct Part {
    by_beginning: Slices<2>,
    began: AtomicU64,
    ended: AtomicU64,
}

impl Running {
    /// Where calls of `nanos` are slow.
    pub(crate) const fn new(nanos: u64, sharing: Sharing) -> Self {
        Self { slicing: Slicing::by(nanos.div_ceil(10)), parts: PerThread::new(sharing), read: OncePerSlice::new() }
    }

    /// The slice in which a time is, in nanoseconds since slices are counted.
    #[inline]
    pub(crate) fn slice(&self, nanos: u64) -> u64 {
        self.slicing.slice(nanos)
    }

    /// A call begins in `slice`.
    #[expect(clippy::inline_always, reason = "on the way of every call")]
    #[inline(always)]
    pub(crate) fn begin(&self, epoch: u64, slice: u64) {
        let mine = self.parts.mine();
        mine.part.by_beginning.add(&mine, epoch, slice, BEGAN);
        stamp::add(&mine, &mine.part.began, epoch);
    }

    /// A call ends in slice `now` that began in `slice`.
    #[expect(clippy::inline_always, reason = "as `begin`")]
    #[inline(always)]
    pub(crate) fn end(&self, epoch: u64, slice: u64, now: u64) {
        let mine = self.parts.mine();
        stamp::add(&mine, &mine.part.ended, epoch);
        if now.saturating_sub(slice) < OVERDUE {
            mine.part.by_beginning.add(&mine, epoch, slice, ENDED);
        }
    }

    /// Whether nobody has looked in this slice yet: only the passing of time makes calls overdue.
    #[inline]
    pub(crate) fn due(&self, epoch: u64, slice: u64) -> bool {
        let first = self.read.first(epoch, slice);
        if let Some(since) = first {
            self.begin_slice(since, slice);
        }
        first.is_some()
    }

    #[cold]
    fn begin_slice(&self, since: u64, slice: u64) {
        Slices::forget_slices(self.by_beginning(), since, slice);
    }

    /// The same, without having looked by that.
    #[inline]
    pub(crate) fn is_due(&self, epoch: u64, slice: u64) -> bool {
        self.read.is_first(epoch, slice)
    }

    /// See [`Slices::forget_epochs`].
    pub(crate) fn forget(&self, epoch: u64) {
        Slices::forget_epochs(self.by_beginning(), epoch);
    }

    /// How many are overdue in `slice`.
    pub(crate) fn overdue(&self, epoch: u64, slice: u64) -> u64 {
        let young = slice.saturating_sub(OVERDUE - 1);
        let sum_of_young = |kind| -> u64 { self.by_beginning().map(|all| all.sum(epoch, young, slice, kind)).sum() };
        let began = self.sum(|part| &part.began, epoch);
        let young_ended = sum_of_young(ENDED);
        let young_began = sum_of_young(BEGAN);
        let ended = self.sum(|part| &part.ended, epoch);
        began.saturating_sub(ended).saturating_sub(young_began.saturating_sub(young_ended))
    }

    fn sum(&self, word: impl Fn(&Part) -> &AtomicU64, epoch: u64) -> u64 {
        self.parts.all().map(|part| stamp::count(word(part).load(Ordering::Acquire), epoch)).sum()
    }

    fn by_beginning(&self) -> impl Iterator<Item = &Slices<2>> {
        self.parts.all().map(|part| &part.by_beginning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_overdue_from_the_eleventh_slice_after_its_own_until_it_ends() {
        let running = Running::new(10, Sharing::PerThread);
        running.begin(0, 3);
        running.begin(0, 4);
        assert_eq!([4, 13, 14, 15, 400].map(|slice| running.overdue(0, slice)), [0, 0, 1, 2, 2]);
        running.end(0, 3, 14);
        assert_eq!([4, 14, 15, 400].map(|slice| running.overdue(0, slice)), [0, 0, 1, 1]);
        running.end(0, 4, 400);
        assert_eq!(running.overdue(0, 400), 0);
    }

    #[test]
    fn numbers_of_epochs_that_repeat_bring_back_no_young_call() {
        let running = Running::new(10, Sharing::PerThread);
        (0..5).for_each(|_| running.begin(0, 3));
        running.forget(256);
        running.begin(1_024, 0);
        assert_eq!(running.overdue(1_024, 11), 1);
    }

    #[test]
    fn a_slice_is_a_tenth_rounded_up() {
        let slice = |nanos| Running::new(nanos, Sharing::PerThread).slicing.length;
        assert_eq!([1, 10, 11, 100].map(slice), [1, 1, 2, 10]);
        let running = Running::new(10, Sharing::PerThread);
        assert!(running.due(0, 3));
        assert!(!running.due(0, 3));
        assert!(running.due(0, 4));
    }

    #[test]
    fn quick_calls_never_show() {
        let running = Running::new(10, Sharing::PerThread);
        for slice in 0..1_000 {
            running.begin(0, slice);
            running.end(0, slice, slice);
            assert_eq!(running.overdue(0, slice), 0);
        }
    }

    #[test]
    fn a_call_that_ends_on_another_thread_has_ended() {
        let running = Running::new(10, Sharing::PerThread);
        running.begin(0, 3);
        std::thread::scope(|scope| scope.spawn(|| running.end(0, 3, 3)).join().unwrap());
        assert_eq!([3, 14, 400].map(|slice| running.overdue(0, slice)), [0, 0, 0]);
    }

    #[test]
    fn calls_of_an_earlier_epoch_are_of_no_account() {
        let running = Running::new(10, Sharing::PerThread);
        running.begin(0, 3);
        running.begin(1, 3);
        assert_eq!((running.overdue(1, 400), running.overdue(0, 400)), (1, 0));
    }
}
