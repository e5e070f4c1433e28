//! A breaker on a clock turned by hand, and calls with a known end.

use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, ErrorKind, Permit, Settings};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const NANO: Duration = Duration::from_nanos(1);

pub(crate) fn breaker(settings: Settings) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("dependency").settings(settings).clock(&clock).build().unwrap();
    (breaker, clock)
}

/// A breaker that has opened just now.
pub(crate) fn open(settings: Settings) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = breaker(settings.consecutive(1));
    fail(&breaker);
    (breaker, clock)
}

pub(crate) fn admitted(breaker: &CircuitBreaker) -> Permit<&CircuitBreaker> {
    breaker.try_acquire().expect("must be admitted")
}

pub(crate) fn rejected(breaker: &CircuitBreaker) -> CircuitBreakerError {
    breaker.try_acquire().expect_err("must be rejected")
}

pub(crate) fn rejected_as(breaker: &CircuitBreaker, kind: ErrorKind) {
    assert_eq!(rejected(breaker).kind(), kind);
}

pub(crate) fn fail(breaker: &CircuitBreaker) {
    admitted(breaker).failure();
}

pub(crate) fn succeed(breaker: &CircuitBreaker) {
    admitted(breaker).success();
}

pub(crate) fn cancel(breaker: &CircuitBreaker) {
    drop(admitted(breaker));
}

/// The changes of state so far, each as a sentence.
pub(crate) fn life(breaker: &CircuitBreaker) -> Vec<String> {
    breaker.history().iter().map(ToString::to_string).collect()
}
