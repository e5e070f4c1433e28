//! Calls that race, and what must hold afterwards and meanwhile.

pub mod changes;
pub mod classes;
pub mod families;
pub mod harmless;
pub mod listeners;
pub mod places;
pub mod probes;
pub mod rejections;
pub mod running;
pub mod settings;
pub mod trips;

use std::sync::Arc;
use std::time::Duration;

use loom::model::Builder;
use loom::thread;

use crate::breaker::{CircuitBreaker, Permit};
use crate::clock::ManualClock;
use crate::event::{Reason, Transition};
use crate::policy::Settings;
use crate::state::State;
use crate::sync;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Runs `model` under every interleaving with at most `preemptions` preemptions.
pub(crate) fn every_interleaving(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 100_000;
    builder.check(move || {
        sync::prepare();
        model();
        sync::put_away();
    });
}

pub(crate) fn breaker(settings: Settings) -> (Arc<CircuitBreaker>, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("model").settings(settings).clock(&clock).build().unwrap();
    (Arc::new(breaker), clock)
}

/// Runs `calls` side by side, and waits for all of them.
pub(crate) fn side_by_side<const N: usize>(calls: [Box<dyn FnOnce() + Send>; N]) {
    let threads = calls.map(|call| thread::spawn(call));
    for thread in threads {
        thread.join().unwrap();
    }
}

pub(crate) fn permit(breaker: &Arc<CircuitBreaker>) -> Permit<Arc<CircuitBreaker>> {
    breaker.try_acquire_owned().expect("must be admitted")
}

/// Whoever has just been admitted fails.
pub(crate) fn fail(breaker: &Arc<CircuitBreaker>) {
    permit(breaker).failure();
}

/// What must hold at rest, whatever has happened.
pub(crate) fn at_rest(breaker: &CircuitBreaker) {
    let totals = breaker.totals();
    assert_eq!(totals.in_flight(), 0, "{totals:?}");
    let changes = breaker.history();
    let numbers: Vec<u64> = changes.iter().map(|change| change.number).collect();
    assert_eq!(numbers, (1..=changes.len() as u64).collect::<Vec<_>>(), "one change, one number, one record");
    let state = |change: &Arc<Transition>| !matches!(change.reason, Reason::SettingsSet(_));
    let last = changes.iter().rev().find(|change| state(change)).map_or(State::Closed, |change| change.to);
    assert_eq!(last, breaker.would_be().unwrap_or(breaker.state()), "{changes:?}");
    let states: Vec<_> = changes.iter().filter(|change| state(change)).map(|change| (change.from, change.to)).collect();
    assert!(states.windows(2).all(|pair| pair[0].1 == pair[1].0), "{changes:?}");
}
