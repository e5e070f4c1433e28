//! A breaker on a clock turned by hand, and calls with a known end.

use std::fmt;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, ErrorKind, Permit, Settings};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const NANO: Duration = Duration::from_nanos(1);

pub(crate) fn breaker(settings: Settings) -> (CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("dependency").settings(settings).clock(&clock).build().unwrap();
    (breaker, clock)
}

/// A breaker that one failure opens, and that has just been opened by one.
pub(crate) fn open(settings: Settings) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = breaker(settings.consecutive(1));
    fail(&breaker);
    (breaker, clock)
}

/// The same, after its reset delay of a minute: the next call is a probe.
pub(crate) fn due(settings: Settings) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = open(settings);
    clock.advance(MINUTE);
    (breaker, clock)
}

pub(crate) fn admitted(breaker: &CircuitBreaker) -> Permit<&CircuitBreaker> {
    breaker.try_acquire().expect("must be admitted")
}

pub(crate) fn rejected(breaker: &CircuitBreaker) -> CircuitBreakerError {
    breaker.try_acquire().expect_err("must be rejected")
}

pub(crate) fn fail(breaker: &CircuitBreaker) {
    admitted(breaker).failure();
}

pub(crate) fn succeed(breaker: &CircuitBreaker) {
    admitted(breaker).success();
}

/// A call that fails, or succeeds.
pub(crate) fn call(breaker: &CircuitBreaker, fails: bool) {
    if fails { fail(breaker) } else { succeed(breaker) }
}

pub(crate) fn ignore(breaker: &CircuitBreaker) {
    admitted(breaker).ignore();
}

pub(crate) fn cancel(breaker: &CircuitBreaker) {
    drop(admitted(breaker));
}

/// How many of so many calls that arrive together are let in.
pub(crate) fn let_in(breaker: &CircuitBreaker, calls: usize) -> usize {
    let permits: Vec<_> = (0..calls).filter_map(|_| breaker.try_acquire().ok()).collect();
    permits.len()
}

/// What each of so many threads got that did the same at once.
pub(crate) fn at_once<R: Send>(threads: usize, work: impl Fn() -> R + Sync) -> Vec<R> {
    let all_there = Barrier::new(threads);
    let one = || {
        all_there.wait();
        work()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// What the protected functions of these tests fail with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The dependency failed.
    Down,
    /// The dependency answered that there is no such thing.
    NotFound,
    /// The breaker did not let the call through.
    Rejected,
    /// The breaker stopped the call.
    TimedOut,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Down => "down",
            Self::NotFound => "not found",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed out",
        })
    }
}

impl std::error::Error for Error {}

impl From<CircuitBreakerError> for Error {
    fn from(error: CircuitBreakerError) -> Self {
        if error.kind() == ErrorKind::TimedOut { Self::TimedOut } else { Self::Rejected }
    }
}
