//! The marks of the last n events of one epoch, in a ring: the time of each, or its place in the
//! order of all calls.
//!
//! Protocol: an event takes the next number from `cursor`, writes its mark into the slot of that
//! number, and only then may ask for the mark of the n-th most recent event: read `cursor` for the
//! newest number, the slot of the n-th before it, and `cursor` again. If that moved on, the slot may
//! have been taken by a newer event, and the reader looks again.
//!
//! *Orderings.* Of events at one moment, the one that writes last must see the marks of all: its
//! write comes before its reading of `cursor`, and the others' taking of numbers before their
//! reading of its slot. That is a store before a load on both sides, which only the `SeqCst` fence
//! between them keeps in order (these events are rare). A slot read from a newer event makes that
//! event's number visible to the second look at `cursor`: the slot is released after the number was
//! taken, and acquired before the look.
//!
//! `cursor` is a [`stamp`](super::stamp): the first event of a new epoch starts the count anew, and
//! an event of an epoch that has ended changes nothing.

use super::stamp;
use crate::sync::{AtomicU64, Ordering, fence};

#[derive(Debug)]
pub(crate) struct Ring {
    cursor: AtomicU64,
    marks: Box<[AtomicU64]>,
}

impl Ring {
    /// Room for the last `room` events, beginning with `epoch`.
    pub(crate) fn new(room: u32, epoch: u64) -> Self {
        let marks = (0..room.max(1)).map(|_| AtomicU64::new(0)).collect();
        Self { cursor: AtomicU64::new(epoch << stamp::EPOCH_AT), marks }
    }

    /// Room for the last `room` events, of which these were the last, oldest first.
    pub(crate) fn of(room: u32, epoch: u64, marks: &[u64]) -> Self {
        let ring = Self::new(room, epoch);
        for (mark, number) in marks.iter().zip(1..) {
            ring.slot(number).store(*mark, Ordering::Relaxed);
        }
        ring.cursor.store(epoch << stamp::EPOCH_AT | marks.len() as u64, Ordering::Release);
        ring
    }

    /// The marks of the last `n` events of `epoch`, as far as they are kept, oldest first. Events that are
    /// added meanwhile may be missing.
    pub(crate) fn last(&self, epoch: u64, n: u64) -> Vec<u64> {
        let count = self.count(epoch);
        let kept = count.min(n).min(self.marks.len() as u64);
        (count - kept + 1..=count).map(|number| self.slot(number).load(Ordering::Acquire)).collect()
    }

    /// Begins a new epoch. Done at every trip, or numbers that wrap could not be put in order.
    pub(crate) fn begin(&self, epoch: u64) {
        let next = |cursor: u64| stamp::is_before(cursor >> stamp::EPOCH_AT, epoch).then_some(epoch << stamp::EPOCH_AT);
        let _ = self.cursor.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    /// Adds an event of `epoch` with the mark that `mark` makes of its number, which is from 1 on.
    /// Marks are not 0, and grow. Returns whether the epoch had not ended.
    pub(crate) fn add(&self, epoch: u64, mark: impl FnOnce(u64) -> u64) -> bool {
        let next = |cursor| stamp::one_more(cursor, epoch);
        let Ok(before) = self.cursor.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) else { return false };
        let number = stamp::count(before, epoch) + 1;
        let mark = mark(number);
        // Never back: whoever held this place before may have been held up.
        let newer = |present: u64| (present == 0 || mark.wrapping_sub(present) < 1 << 63).then_some(mark);
        let _ = self.slot(number).fetch_update(Ordering::AcqRel, Ordering::Acquire, newer);
        fence(Ordering::SeqCst);
        true
    }

    /// How many events `epoch` has had.
    pub(crate) fn count(&self, epoch: u64) -> u64 {
        stamp::count(self.cursor.load(Ordering::Acquire), epoch)
    }

    /// The mark of the `nth` most recent event of `epoch`, from 1 for the newest: 0 where that event
    /// has not written it yet, in which case it will ask for itself when it has. `None` where there
    /// were fewer, or where the ring has no room for so many.
    pub(crate) fn nth(&self, epoch: u64, nth: u64) -> Option<u64> {
        let mut cursor = self.cursor.load(Ordering::Acquire);
        loop {
            let newest = stamp::count(cursor, epoch);
            if nth == 0 || newest < nth || nth > self.marks.len() as u64 {
                return None;
            }
            let mark = self.slot(newest + 1 - nth).load(Ordering::Acquire);
            match self.cursor.load(Ordering::Acquire) {
                same if same == cursor => return Some(mark),
                moved => cursor = moved,
            }
        }
    }

    fn slot(&self, number: u64) -> &AtomicU64 {
        let at = usize::try_from(number % self.marks.len() as u64).unwrap_or(0);
        &self.marks[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(ring: &Ring, epoch: u64, mark: u64) -> bool {
        ring.add(epoch, |_| mark)
    }

    #[test]
    fn the_last_ones_are_kept() {
        let ring = Ring::new(3, 0);
        assert_eq!(ring.nth(0, 1), None);
        (1..=5).for_each(|mark| assert!(add(&ring, 0, 10 * mark)));
        assert_eq!([1, 2, 3, 4].map(|nth| ring.nth(0, nth)), [Some(50), Some(40), Some(30), None]);
        assert_eq!(ring.count(0), 5);
    }

    #[test]
    fn a_new_epoch_starts_with_none_and_an_old_one_adds_none() {
        let ring = Ring::new(2, 0);
        assert!(add(&ring, 0, 1));
        assert!(add(&ring, 3, 2));
        assert!(!add(&ring, 0, 3));
        assert_eq!((ring.count(0), ring.count(3)), (0, 1));
        ring.begin(4);
        ring.begin(3);
        assert!(!add(&ring, 3, 4));
        assert!(add(&ring, 4, 5));
        assert_eq!((ring.nth(4, 1), ring.nth(4, 2)), (Some(5), None));
    }

    #[test]
    fn a_ring_of_another_size_goes_on_with_the_last_ones() {
        let ring = Ring::new(3, 7);
        (1..=5).for_each(|mark| assert!(add(&ring, 7, 10 * mark)));
        assert_eq!([2, 9].map(|n| ring.last(7, n)), [vec![40, 50], vec![30, 40, 50]]);
        assert!(ring.last(8, 9).is_empty(), "another epoch begins with none");
        let (larger, smaller) = (Ring::of(5, 7, &ring.last(7, 5)), Ring::of(2, 7, &ring.last(7, 2)));
        assert_eq!([1, 2, 3, 4].map(|nth| larger.nth(7, nth)), [Some(50), Some(40), Some(30), None]);
        assert_eq!([1, 2, 3].map(|nth| smaller.nth(7, nth)), [Some(50), Some(40), None]);
        assert!(add(&larger, 7, 60) && add(&smaller, 7, 60));
        assert_eq!((larger.nth(7, 4), smaller.nth(7, 2), larger.count(7)), (Some(30), Some(50), 4));
    }

    #[test]
    fn epochs_wrap_and_may_begin_anywhere() {
        for first in [0xf_ffff, 0x8_0000, 0x9_1234] {
            let ring = Ring::new(2, first);
            assert!(add(&ring, first, 1));
            let next = (first + 1) & 0xf_ffff;
            assert!(add(&ring, next, 2));
            assert_eq!(ring.count(next), 1);
            let (ring, mark) = (Ring::new(2, first), u64::MAX << 43);
            assert!(add(&ring, first, mark));
            assert_eq!(ring.nth(first, 1), Some(mark), "into an empty slot goes any mark");
        }
    }
}
