//! Calls allocate nothing, by every rule, in every mode, and however they end: once their thread has made its first calls,
//! and the breaker has seen its first failure. What those take, and what a change of state takes, is pinned too.

mod attribute;
mod first;
mod hand;
mod keys;
mod panics;
mod rejections;
mod tower;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, OnCancel, Settings};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// Every rule by which a breaker trips, alone and together. None trips one that now and then succeeds, and fails less
/// than 60,000 times.
const RULES: [(&str, Settings); 11] = [
    ("streak", Settings::new().consecutive(60_000)),
    ("failures within a time", Settings::new().failures(60_000).window(HOUR)),
    ("failures among calls", Settings::new().failures(60_000).window_calls(60_000)),
    ("failure rate of calls", Settings::new().failure_rate(1.0).window_calls(100)),
    ("failure rate of a time", Settings::new().failure_rate(1.0).window(HOUR)),
    ("slow calls of a time", Settings::new().slow_rate(1.0).slow_call(SECOND).window(HOUR)),
    ("slow calls among calls", Settings::new().slow_rate(1.0).slow_call(SECOND).window_calls(100)),
    ("all of a time", all_rules().window(HOUR)),
    ("all of calls, cancelled ones fail", all_rules().window_calls(60_000).on_cancel(OnCancel::Failure)),
    ("all of a short time, cancelled ones ignored", all_rules().window(SECOND).on_cancel(OnCancel::Ignore)),
    ("all with a time limit", all_rules().window(HOUR).timeout(SECOND)),
];

const fn all_rules() -> Settings {
    Settings::new().consecutive(60_000).failures(60_000).failure_rate(1.0).slow_rate(1.0).slow_call(SECOND)
}

/// What a call fails with.
#[derive(Debug)]
enum Error {
    Failed,
    NotFound,
    Rejected,
}

/// A text of many parts, and longer than what is kept of it.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..100).try_for_each(|number| write!(f, "{number}: {self:?}, "))
    }
}

impl From<CircuitBreakerError> for Error {
    fn from(_: CircuitBreakerError) -> Self {
        Self::Rejected
    }
}

/// How often something is done while allocations are counted.
const ROUNDS: u32 = 150;

/// Asserts that doing this allocates nothing, but for the first two times.
#[track_caller]
fn assert_allocates_nothing(what: &str, mut round: impl FnMut()) {
    (0..2).for_each(|_| round());
    let counted = counted(|| (0..ROUNDS).for_each(|_| round()));
    assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "{what}");
}

/// What doing this allocates.
fn counted(code: impl FnOnce()) -> AllocationInfo {
    measure(code)
}

/// A breaker that stays, on a clock that is turned by hand.
fn breaker(name: &str, settings: Settings, clock: &ManualClock) -> &'static CircuitBreaker {
    Box::leak(Box::new(CircuitBreaker::builder(name).settings(settings).clock(clock).build().expect("good settings")))
}

/// Polls a future once. One that waits is dropped, so its call is cancelled.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
