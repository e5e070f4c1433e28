//! How many probes there are of one half-open period, as far as that can be seen from outside: two
//! looks, one before the admission and one after, tell the epoch of a permit if it was half-open at the
//! second and nothing, or only the change to half-open, lies between them.
//!
//! A place is given back before the call ends, so never more are counted than there are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use breaker_runtime::{CircuitBreaker, State};

#[derive(Debug, Default)]
pub(crate) struct Probes(Mutex<HashMap<u64, Taken>>);

#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    places: u32,
    most: u32,
}

/// What is seen of a breaker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    state: State,
    epoch: u64,
}

impl Look {
    pub(crate) fn at(breaker: &CircuitBreaker) -> Self {
        let snapshot = breaker.snapshot();
        Self { state: snapshot.state, epoch: snapshot.epoch }
    }
}

/// The place of a probe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    epoch: u64,
}

impl Probes {
    /// The place that a call has taken which was admitted after `before`.
    pub(crate) fn admitted(&self, before: Look, breaker: &CircuitBreaker) -> Option<Place> {
        let after = Look::at(breaker);
        let same = before.epoch == after.epoch;
        let just_begun = before.state == State::Open && before.epoch + 1 == after.epoch;
        if after.state != State::HalfOpen || !(same || just_begun) {
            return None;
        }
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = taken.entry(after.epoch).or_default();
        taken.places += 1;
        taken.most = taken.most.max(taken.places);
        Some(Place { epoch: after.epoch })
    }

    /// Just before a probe ends in such a way that another call may have its place.
    pub(crate) fn give_back(&self, place: Option<Place>) {
        let Some(Place { epoch }) = place else { return };
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.get_mut(&epoch).expect("it was taken").places -= 1;
    }

    /// The most places that were taken at one time in one epoch; 0 where no probe was seen.
    pub(crate) fn most(&self) -> u32 {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.values().map(|taken| taken.most).max().unwrap_or_default()
    }
}
