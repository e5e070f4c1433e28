//! The classes of the last failures of one epoch, for the report of the trip that ends it.
//!
//! Protocol: a failure takes the next number from `cursor` and writes its class into the slot of that
//! number, before the state word hears of it. Whoever has won a trip reads the newest number and then
//! the slots from there back.
//!
//! ```text
//! bits 44..64  epoch, which wraps at 1,048,576
//! bits  5..44  the failure's number in its epoch, from 1, modulo 2^39
//! bits  0..5   its class
//! ```
//!
//! *Orderings.* The failures that a rule counted have written here before the exchange of the state
//! word that the trip has seen, so the trip finds them. A failure of the same moment, which the rule has
//! not counted, may be among them, or may have taken a number and not yet written its slot: that slot
//! still holds something older and is passed over. A slot that a newer failure has taken meanwhile
//! stands for that one. The report can bear that; what decides is elsewhere. Slots are released and
//! acquired as the cursor is, so that who reads a newer slot has all before it.
//!
//! `cursor` is a [`stamp`]: the first failure of a new epoch starts the count anew, and one of an epoch
//! that has ended takes no number. One that had taken it before leaves slots of newer epochs alone.
//! Every epoch clears one slot, so none holds what is more than [`KEPT`] epochs old, and epochs that
//! wrap can be put in order.

use super::class_totals::Class;
use super::stamp;
use crate::sync::{AtomicU64, Ordering};

/// How many are kept.
pub(crate) const KEPT: usize = 256;

const NUMBER_AT: u32 = 5;
const CLASS: u64 = (1 << NUMBER_AT) - 1;
const NUMBER: u64 = stamp::COUNT >> NUMBER_AT;

#[derive(Debug)]
pub(crate) struct RecentClasses {
    cursor: AtomicU64,
    slots: [AtomicU64; KEPT],
}

impl RecentClasses {
    /// Beginning with `epoch`.
    pub(crate) const fn new(epoch: u64) -> Self {
        Self { cursor: AtomicU64::new(epoch << stamp::EPOCH_AT), slots: [const { AtomicU64::new(0) }; KEPT] }
    }

    /// Begins a new epoch. Done at every change of state.
    pub(crate) fn begin(&self, epoch: u64) {
        let empty = epoch << stamp::EPOCH_AT;
        let next = |word: u64| stamp::is_before(word >> stamp::EPOCH_AT, epoch).then_some(empty);
        for word in [&self.cursor, self.slot(epoch)] {
            let _ = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
        }
    }

    /// Adds a failure of `epoch`, unless that has ended.
    pub(crate) fn add(&self, epoch: u64, class: Class) {
        let next = |cursor| stamp::one_more(cursor, epoch);
        let Ok(before) = self.cursor.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) else { return };
        let number = stamp::count(before, epoch) + 1;
        let word = epoch << stamp::EPOCH_AT | (number & NUMBER) << NUMBER_AT | class.bits();
        let newer = |present: u64| is_older(present, epoch, number).then_some(word);
        let _ = self.slot(number).fetch_update(Ordering::AcqRel, Ordering::Acquire, newer);
    }

    /// The classes of the last `many` failures of `epoch`, or of as many as are kept; newest first.
    pub(crate) fn last(&self, epoch: u64, many: u64) -> impl Iterator<Item = Class> {
        let newest = stamp::count(self.cursor.load(Ordering::Acquire), epoch);
        let numbers = (1..=newest).rev().take(KEPT);
        let written = numbers.filter_map(move |number| {
            let word = self.slot(number).load(Ordering::Acquire);
            let of_this_epoch = word >> stamp::EPOCH_AT == epoch && !is_older(word, epoch, number);
            of_this_epoch.then(|| Class::from_bits(word & CLASS))
        });
        written.take(usize::try_from(many).unwrap_or(KEPT))
    }

    fn slot(&self, number: u64) -> &AtomicU64 {
        &self.slots[usize::try_from(number % KEPT as u64).unwrap_or(0)]
    }
}

/// Whether `word` is empty, or was written before the failure with this number.
fn is_older(word: u64, epoch: u64, number: u64) -> bool {
    if word & stamp::COUNT == 0 {
        return true;
    }
    let of = word >> stamp::EPOCH_AT;
    let behind = number.wrapping_sub((word & stamp::COUNT) >> NUMBER_AT) & NUMBER;
    if of == epoch { behind != 0 && behind <= NUMBER / 2 } else { stamp::is_before(of, epoch) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::ClassTotals;

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    fn class(number: usize) -> Class {
        let totals = ClassTotals::new();
        NAMES.map(|name| totals.add(name))[number]
    }

    fn add(recent: &RecentClasses, epoch: u64, classes: &[usize]) {
        for &number in classes {
            recent.add(epoch, class(number));
        }
    }

    fn last(recent: &RecentClasses, epoch: u64, many: u64) -> Vec<usize> {
        let number = |found| (0..NAMES.len()).find(|&number| class(number) == found).unwrap();
        recent.last(epoch, many).map(number).collect()
    }

    #[test]
    fn the_last_ones_are_found_newest_first() {
        let recent = RecentClasses::new(0);
        assert!(last(&recent, 0, 3).is_empty());
        add(&recent, 0, &[0, 1, 2, 3]);
        assert_eq!(last(&recent, 0, 3), [3, 2, 1]);
        assert_eq!(last(&recent, 0, 9), [3, 2, 1, 0]);
        assert!(last(&recent, 0, 0).is_empty());
    }

    #[test]
    fn there_is_room_for_so_many() {
        let recent = RecentClasses::new(0);
        add(&recent, 0, &[1; KEPT]);
        add(&recent, 0, &[2; 3]);
        let kept = last(&recent, 0, u64::MAX);
        assert_eq!((kept.len(), kept[..3].to_vec(), kept[3]), (KEPT, vec![2; 3], 1));
    }

    #[test]
    fn one_that_is_just_being_written_is_passed_over() {
        let recent = RecentClasses::new(0);
        add(&recent, 0, &[1; KEPT]);
        recent.cursor.fetch_add(1, Ordering::AcqRel);
        assert_eq!(last(&recent, 0, u64::MAX), vec![1; KEPT - 1]);
    }

    #[test]
    fn a_new_epoch_starts_with_none_and_an_old_one_adds_none() {
        let recent = RecentClasses::new(0);
        add(&recent, 0, &[0, 0]);
        recent.begin(1);
        assert_eq!((last(&recent, 0, 9), last(&recent, 1, 9)), (vec![], vec![]));
        add(&recent, 0, &[3]);
        add(&recent, 1, &[1]);
        recent.begin(0);
        add(&recent, 0, &[3]);
        assert_eq!((last(&recent, 0, 9), last(&recent, 1, 9)), (vec![], vec![1]));
    }

    #[test]
    fn a_failure_that_was_held_up_leaves_newer_ones_alone_and_one_that_has_not_written_is_passed_over() {
        let recent = RecentClasses::new(7);
        let held_up = |number: u64| 7 << stamp::EPOCH_AT | number;
        add(&recent, 7, &[0]);
        recent.cursor.store(held_up(2), Ordering::Relaxed);
        add(&recent, 7, &[1]);
        assert_eq!(last(&recent, 7, 9), [1, 0], "the second has a number only");
        recent.begin(8);
        add(&recent, 8, &[2]);
        let late = 7 << stamp::EPOCH_AT | 1 << NUMBER_AT;
        assert!(!is_older(recent.slot(1).load(Ordering::Relaxed), 7, 1), "so the late one does not write");
        assert!(is_older(late, 8, 1));
        assert_eq!(last(&recent, 8, 9), [2]);
    }

    #[test]
    fn epochs_wrap_and_may_begin_anywhere() {
        for first in [0xf_ffff, 0x8_0000, 0x9_1234, 0x7_ffff] {
            let recent = RecentClasses::new(first);
            add(&recent, first, &[0, 1]);
            let next = (first + 1) & 0xf_ffff;
            recent.begin(next);
            add(&recent, next, &[2]);
            assert_eq!((last(&recent, first, 9), last(&recent, next, 9)), (vec![], vec![2]));
        }
    }

    #[test]
    fn what_an_old_epoch_left_is_never_taken_for_a_newer_one() {
        let recent = RecentClasses::new(0);
        add(&recent, 0, &[3; 5]);
        (1..=0x10_0000_u64).for_each(|epoch| recent.begin(epoch & 0xf_ffff));
        add(&recent, 0, &[1]);
        recent.cursor.store(5, Ordering::Relaxed);
        assert_eq!(last(&recent, 0, 9), [1]);
        (1..=0x8_8000_u64).for_each(|epoch| recent.begin(epoch));
        add(&recent, 0x8_8000, &[2]);
        assert_eq!(last(&recent, 0x8_8000, 9), [2]);
    }

    #[test]
    fn numbers_wrap() {
        let recent = RecentClasses::new(3);
        let before = 3 << stamp::EPOCH_AT | (NUMBER - 1);
        recent.cursor.store(before, Ordering::Relaxed);
        add(&recent, 3, &[0, 1, 2]);
        assert_eq!(last(&recent, 3, 3), [2, 1, 0]);
    }
}
