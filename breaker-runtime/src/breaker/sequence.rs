//! One order for all changes of a breaker: of its state and mode, which the state word counts by its
//! epoch, and of its settings, which it knows nothing of.
//!
//! ```text
//! bits  0..40  changes of state and mode that have got their numbers
//! bits 40..63  changes of the settings
//! bit  63      a change of the settings is under way
//! ```
//!
//! The change to epoch `e` has the number `e` plus that of the settings' changes before it. Whoever wins
//! a change of state takes its number afterwards, and so may be late: another change may have been won,
//! and have its number, already. A change of the settings would come between them, and nobody could say
//! on which side; so it waits until every epoch that has begun has its number. (It is made by people, who
//! may wait, also for each other; calls never do.) It takes its number only if no epoch got one since it
//! looked.
//!
//! *Orderings.* All that is ordered is in the one word, so its own
//! order is enough; and an epoch that was loaded from the
//! state word after this one is not older than what was read here, since that is acquired and its writer
//! had won the epoch before.

use super::word::EPOCHS;
use crate::sync::{AtomicU64, Ordering, yield_now};

const SETTINGS_AT: u32 = 40;
const STATES: u64 = (1 << SETTINGS_AT) - 1;
const CHANGING: u64 = 1 << 63;

#[derive(Debug)]
pub(super) struct Sequence {
    word: AtomicU64,
    /// The epoch of the state word from which on this counts.
    base: AtomicU64,
}

impl Sequence {
    pub(super) const fn new() -> Self {
        Self { word: AtomicU64::new(0), base: AtomicU64::new(0) }
    }

    /// The epoch without its wrapping. Right as long as fewer than half a million winners are between
    /// their change and its number at one moment.
    pub(super) fn unwrapped(&self, epoch: u64) -> u64 {
        let last = self.word.load(Ordering::Acquire) & STATES;
        let ahead = self.since_base(epoch).wrapping_sub(last) % EPOCHS;
        if ahead < EPOCHS / 2 { last + ahead } else { last - (EPOCHS - ahead).min(last) }
    }

    /// The number of the change that began `epoch` (unwrapped): to be asked once, by its winner.
    pub(super) fn number_of_state(&self, epoch: u64) -> u64 {
        epoch + settings(self.word.fetch_add(1, Ordering::AcqRel))
    }

    /// Whether every epoch up to `epoch`, the present one, has its number.
    pub(super) fn has_all_up_to(&self, epoch: u64) -> bool {
        self.since_base(epoch) == (self.word.load(Ordering::Acquire) & STATES) % EPOCHS
    }

    /// How many changes of all kinds have their numbers.
    pub(super) fn total(&self) -> u64 {
        let word = self.word.load(Ordering::Acquire);
        (word & STATES) + settings(word)
    }

    /// An epoch has begun of which nobody is told.
    pub(super) fn pass_over(&self) {
        self.word.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts from `epoch` on, as if nothing had been before. Nobody may change anything meanwhile.
    pub(super) fn begin_anew(&self, epoch: u64) {
        self.base.store(epoch, Ordering::Release);
        self.word.store(0, Ordering::Release);
    }

    fn since_base(&self, epoch: u64) -> u64 {
        epoch.wrapping_sub(self.base.load(Ordering::Acquire)) % EPOCHS
    }

    /// Begins a change of the settings: waits until no other one is under way.
    pub(super) fn change_settings(&self) -> Changing<'_> {
        let free = |word: u64| (word & CHANGING == 0).then_some(word | CHANGING);
        while self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, free).is_err() {
            yield_now();
        }
        Changing(self)
    }
}

/// A change of the settings under way; ends when it is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Changing<'a>(&'a Sequence);

impl Changing<'_> {
    /// The number of this change, and the epoch (unwrapped) in which it happens; to be asked once.
    /// `epoch` tells the present one.
    pub(super) fn number(&self, epoch: impl Fn() -> u64) -> (u64, u64) {
        let word = &self.0.word;
        loop {
            let seen = word.load(Ordering::Acquire);
            let numbered = seen & STATES;
            if self.0.since_base(epoch()) == numbered % EPOCHS {
                let next = seen + (1 << SETTINGS_AT);
                if word.compare_exchange(seen, next, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                    return (numbered + settings(next), numbered);
                }
            }
            yield_now();
        }
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        let _ = self.0.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| Some(word & !CHANGING));
    }
}

/// How many changes of the settings there were.
fn settings(word: u64) -> u64 {
    (word & !CHANGING) >> SETTINGS_AT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_state_and_settings_have_one_row_of_numbers() {
        let sequence = Sequence::new();
        assert_eq!(sequence.number_of_state(1), 1);
        assert_eq!(sequence.change_settings().number(|| 1), (2, 1));
        assert_eq!(sequence.change_settings().number(|| 1), (3, 1));
        assert_eq!([2, 3].map(|epoch| sequence.number_of_state(epoch)), [4, 5]);
        assert_eq!(sequence.change_settings().number(|| 3), (6, 3));
        assert_eq!(sequence.total(), 6);
    }

    #[test]
    fn of_changes_of_the_settings_one_waits_for_the_other() {
        let sequence = Sequence::new();
        let changing = sequence.change_settings();
        assert_ne!(sequence.word.load(Ordering::Acquire) & CHANGING, 0);
        drop(changing);
        assert_eq!(sequence.word.load(Ordering::Acquire), 0);
    }

    #[test]
    fn a_change_of_state_in_the_middle_of_one_of_the_settings_comes_after_it() {
        let sequence = Sequence::new();
        let changing = sequence.change_settings();
        assert_eq!(changing.number(|| 0), (1, 0));
        assert_eq!(sequence.number_of_state(1), 2);
        drop(changing);
        assert_eq!(sequence.change_settings().number(|| 1), (3, 1));
    }

    #[test]
    fn winners_that_come_late_keep_their_places() {
        let sequence = Sequence::new();
        assert_eq!(sequence.number_of_state(2), 2);
        assert_eq!(sequence.unwrapped(2), 2);
        assert_eq!(sequence.number_of_state(1), 1);
        assert_eq!(sequence.change_settings().number(|| 2), (3, 2));
    }

    #[test]
    fn it_can_begin_anew_at_any_epoch() {
        let sequence = Sequence::new();
        assert_eq!([1, 2].map(|epoch| sequence.number_of_state(epoch)), [1, 2]);
        assert!(sequence.has_all_up_to(2) && !sequence.has_all_up_to(3));
        sequence.pass_over();
        assert!(sequence.has_all_up_to(3));
        sequence.begin_anew(EPOCHS - 1);
        assert!(sequence.has_all_up_to(EPOCHS - 1));
        assert_eq!(sequence.unwrapped(0), 1);
        assert_eq!(sequence.number_of_state(1), 1);
        assert_eq!(sequence.change_settings().number(|| 0), (2, 1));
        assert_eq!(sequence.unwrapped(1), 2);
    }

    #[test]
    fn epochs_wrap() {
        let sequence = Sequence::new();
        sequence.word.store(EPOCHS - 1, Ordering::Release);
        assert_eq!(sequence.unwrapped(EPOCHS - 1), EPOCHS - 1);
        assert_eq!(sequence.unwrapped(0), EPOCHS);
        assert_eq!(sequence.number_of_state(EPOCHS), EPOCHS);
        assert_eq!(sequence.change_settings().number(|| 0), (EPOCHS + 1, EPOCHS));
        assert_eq!(sequence.unwrapped(EPOCHS - 2), EPOCHS - 2);
    }
}
