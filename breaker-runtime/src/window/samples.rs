//! The last failures, with their texts, for the report of a trip: bounded, and reused.
//!
//! Each failure takes the next slot and writes into the slot's own buffer. A slot is a mutex that
//! nobody waits for: one that another failure or a report is using at that moment is passed over,
//! and the sample is lost, which a report can bear and a call that waits could not.
//!
//! *Orderings.* The mutex orders what is in a slot; `next` only hands out numbers, and is relaxed.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crate::clock::Time;
use crate::outcome::{Fault, QUOTE_LIMIT, Quote};

#[derive(Debug)]
pub(crate) struct Samples {
    next: AtomicU64,
    /// Up to this number, newer failures than those have been passed over.
    passed_over: AtomicU64,
    slots: Box<[Mutex<Sample>]>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// The place in the order of all failures, from 1; 0 for an empty slot.
    number: u64,
    pub(crate) epoch: u64,
    pub(crate) at: Time,
    /// How long the call took, where its beginning is known.
    pub(crate) latency: Option<Duration>,
    pub(crate) class: Option<&'static str>,
    pub(crate) text: String,
}

impl Samples {
    /// Room for the last `limit` failures.
    pub(crate) fn new(limit: u32) -> Self {
        let empty = || Sample {
            number: 0,
            epoch: 0,
            at: Time::from_nanos(0),
            latency: None,
            class: None,
            text: String::with_capacity(QUOTE_LIMIT),
        };
        Self {
            next: AtomicU64::new(0),
            passed_over: AtomicU64::new(0),
            slots: (0..limit).map(|_| Mutex::new(empty())).collect(),
        }
    }

    /// Room for the last `limit` failures, with those that are at hand here.
    pub(crate) fn resized(&self, limit: u32) -> Self {
        let mut resized = Self::new(limit);
        let mut samples: Vec<Sample> = self.slots.iter().filter_map(try_lock).map(|sample| sample.clone()).collect();
        samples.sort_by_key(|sample| sample.number);
        let room = resized.slots.len();
        for sample in samples.into_iter().rev().take(room) {
            let slot = usize::try_from(sample.number % room as u64).unwrap_or(0);
            let place = resized.slots[slot].get_mut().unwrap_or_else(PoisonError::into_inner);
            // Two with one place: the later one was there first.
            if place.number == 0 {
                *place = sample;
            }
        }
        *resized.next.get_mut() = self.next.load(Ordering::Relaxed);
        *resized.passed_over.get_mut() = self.passed_over.load(Ordering::Relaxed);
        resized
    }

    /// Records a failure of `epoch`, of a call that began at `began` (the end of time where that is not
    /// known), and returns its time: read after the text was made, which is
    /// the user's code and may take long.
    pub(crate) fn record(&self, epoch: u64, fault: Fault<'_>, began: Time, clock: impl Fn() -> Time) -> Time {
        let room = self.slots.len() as u64;
        if room == 0 {
            return clock();
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let slot = usize::try_from(number % room).unwrap_or(0);
        let Some(mut sample) = try_lock(&self.slots[slot]).filter(|sample| sample.number < number) else {
            return clock();
        };
        // A panic of the text is no concern of the call that failed; nor is one of its payload.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| fault.quote.write_to(&mut sample.text))) {
            mem::forget(payload);
            Quote::Plain("an error whose text panicked").write_to(&mut sample.text);
        }
        let now = clock();
        (sample.number, sample.epoch, sample.at) = (number, epoch, now);
        sample.latency = (began != Time::END).then(|| now.since(began));
        sample.class = fault.class;
        now
    }

    /// A failure is not recorded: those from before it are the last ones no more.
    pub(crate) fn pass_over(&self) {
        let last = self.next.load(Ordering::Relaxed);
        if self.passed_over.load(Ordering::Relaxed) != last {
            self.passed_over.store(last, Ordering::Relaxed);
        }
    }

    /// The samples of `epoch` that are at hand, oldest first, with none missing between them that was passed over.
    pub(crate) fn of(&self, epoch: u64) -> Vec<Sample> {
        let passed_over = self.passed_over.load(Ordering::Relaxed);
        let mut samples: Vec<Sample> = self
            .slots
            .iter()
            .filter_map(try_lock)
            .filter(|sample| sample.number > passed_over && sample.epoch == epoch)
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

    fn now() -> Time {
        Time::from_nanos(0)
    }

    fn texts(samples: &Samples, epoch: u64) -> Vec<String> {
        samples.of(epoch).into_iter().map(|sample| sample.text).collect()
    }

    #[test]
    fn the_last_ones_are_kept_in_order() {
        let samples = Samples::new(2);
        for (epoch, text) in [(0, "a"), (0, "b"), (0, "c"), (1, "d")] {
            samples.record(epoch, Fault::new(Quote::Plain(text)), Time::END, now);
        }
        assert_eq!(texts(&samples, 0), ["c"]);
        assert_eq!(texts(&samples, 1), ["d"]);
    }

    #[test]
    fn of_those_before_one_that_was_passed_over_none_is_among_the_last() {
        let samples = Samples::new(3);
        let record = |text| samples.record(0, Fault::new(Quote::Plain(text)), Time::END, now);
        record("a");
        record("b");
        samples.pass_over();
        assert!(texts(&samples, 0).is_empty());
        record("c");
        assert_eq!((texts(&samples, 0), texts(&samples.resized(5), 0)), (vec!["c".into()], vec!["c".into()]));
    }

    #[test]
    fn more_room_or_less_keeps_the_last_ones() {
        let samples = Samples::new(3);
        for text in ["a", "b", "c", "d"] {
            samples.record(0, Fault::new(Quote::Plain(text)), Time::END, now);
        }
        let (more, less) = (samples.resized(5), samples.resized(2));
        assert_eq!(
            (texts(&more, 0), texts(&less, 0)),
            (vec!["b".into(), "c".into(), "d".into()], vec!["c".into(), "d".into()])
        );
        for samples in [&more, &less] {
            samples.record(0, Fault::new(Quote::Plain("e")), Time::END, now);
        }
        assert_eq!((texts(&more, 0).len(), texts(&less, 0)), (4, vec!["d".into(), "e".into()]));
        assert!(samples.resized(0).of(0).is_empty());
    }

    #[test]
    fn none_are_kept_where_there_is_no_room() {
        let samples = Samples::new(0);
        samples.record(0, Fault::of("class", Quote::Plain("a")), Time::END, now);
        assert!(samples.of(0).is_empty());
    }

    #[test]
    fn an_error_whose_text_panics_harms_nobody() {
        struct Hostile;
        struct Payload;
        impl Drop for Payload {
            fn drop(&mut self) {
                panic!("hostile");
            }
        }
        impl fmt::Display for Hostile {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                std::panic::panic_any(Payload)
            }
        }
        let samples = Samples::new(1);
        samples.record(0, Fault::new(Quote::Display(&Hostile)), Time::END, now);
        assert_eq!(texts(&samples, 0), ["an error whose text panicked"]);
    }
}
