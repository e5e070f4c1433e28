//! The last failures, with their texts, for the report of a trip: bounded, and reused.
//!
//! Each failure takes the next slot and writes into the slot's own buffer. A slot is a mutex that
//! nobody waits for: one that another failure or a report is using at that moment is passed over,
//! and the sample is lost, which a report can bear and a call that waits could not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use crate::clock::Time;
use crate::outcome::{QUOTE_LIMIT, Quote};

#[derive(Debug)]
pub(crate) struct Samples {
    next: AtomicU64,
    slots: Box<[Mutex<Sample>]>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// The place in the order of all failures, from 1; 0 for an empty slot.
    number: u64,
    pub(crate) epoch: u64,
    pub(crate) at: Time,
    pub(crate) text: String,
}

impl Samples {
    /// Room for the last `limit` failures.
    pub(crate) fn new(limit: u32) -> Self {
        let empty =
            || Sample { number: 0, epoch: 0, at: Time::from_nanos(0), text: String::with_capacity(QUOTE_LIMIT) };
        Self { next: AtomicU64::new(0), slots: (0..limit).map(|_| Mutex::new(empty())).collect() }
    }

    pub(crate) fn record(&self, epoch: u64, at: Time, quote: Quote<'_>) {
        let room = self.slots.len() as u64;
        if room == 0 {
            return;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let slot = usize::try_from(number % room).unwrap_or(0);
        let Some(mut sample) = try_lock(&self.slots[slot]) else { return };
        if sample.number > number {
            return;
        }
        (sample.number, sample.epoch, sample.at) = (number, epoch, at);
        // The text is the user's code. Its panic is no concern of the call that failed.
        if catch_unwind(AssertUnwindSafe(|| quote.write_to(&mut sample.text))).is_err() {
            Quote::Plain("an error whose text panicked").write_to(&mut sample.text);
        }
    }

    /// The samples of `epoch` that are at hand, oldest first.
    pub(crate) fn of(&self, epoch: u64) -> Vec<Sample> {
        let mut samples: Vec<Sample> = self
            .slots
            .iter()
            .filter_map(try_lock)
            .filter(|sample| sample.number > 0 && sample.epoch == epoch)
            .map(|sample| sample.clone())
            .collect();
        samples.sort_by_key(|sample| sample.number);
        samples
    }
}

fn try_lock(slot: &Mutex<Sample>) -> Option<MutexGuard<'_, Sample>> {
    match slot.try_lock() {
        Ok(sample) => Some(sample),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    fn texts(samples: &Samples, epoch: u64) -> Vec<String> {
        samples.of(epoch).into_iter().map(|sample| sample.text).collect()
    }

    #[test]
    fn the_last_ones_are_kept_in_order() {
        let samples = Samples::new(2);
        for (epoch, text) in [(0, "a"), (0, "b"), (0, "c"), (1, "d")] {
            samples.record(epoch, Time::from_nanos(0), Quote::Plain(text));
        }
        assert_eq!(texts(&samples, 0), ["c"]);
        assert_eq!(texts(&samples, 1), ["d"]);
    }

    #[test]
    fn none_are_kept_where_there_is_no_room() {
        let samples = Samples::new(0);
        samples.record(0, Time::from_nanos(0), Quote::Plain("a"));
        assert!(samples.of(0).is_empty());
    }

    #[test]
    fn an_error_whose_text_panics_harms_nobody() {
        struct Hostile;
        impl fmt::Display for Hostile {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("hostile")
            }
        }
        let samples = Samples::new(1);
        samples.record(0, Time::from_nanos(0), Quote::Display(&Hostile));
        assert_eq!(texts(&samples, 0), ["an error whose text panicked"]);
    }
}
