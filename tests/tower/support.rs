//! A service that does as it is told, and breakers on a clock turned by hand.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, ErrorKind, Settings, State};
use tower::{BoxError, Service};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// How a step of a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Works,
    Fails,
    Hangs,
    Panics,
}

/// What the service is told, and what it has seen.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) readiness: Step,
    /// Of the method `call`: it works or panics.
    pub(crate) call: Step,
    pub(crate) answer: Step,
    pub(crate) polled_ready: u32,
    pub(crate) called: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Readiness,
    Answer,
    Rejected(ErrorKind),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken: {self:?}")
    }
}

impl std::error::Error for Broken {}

impl From<CircuitBreakerError> for Broken {
    fn from(rejected: CircuitBreakerError) -> Self {
        Self::Rejected(rejected.kind())
    }
}

/// Holds callers to tower's contract: it panics where an instance is called that was not ready.
#[derive(Debug)]
pub(crate) struct Scripted {
    script: Arc<Mutex<Script>>,
    is_ready: bool,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        let (readiness, call, answer) = (Step::Works, Step::Works, Step::Works);
        let script = Script { readiness, call, answer, polled_ready: 0, called: 0 };
        Self { script: Arc::new(Mutex::new(script)), is_ready: false }
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often it was asked whether it is ready, and called.
    pub(crate) fn asked(&self) -> (u32, u32) {
        let script = self.script();
        (script.polled_ready, script.called)
    }
}

impl Clone for Scripted {
    fn clone(&self) -> Self {
        Self { script: Arc::clone(&self.script), is_ready: false }
    }
}

impl Service<&'static str> for Scripted {
    type Response = &'static str;
    type Error = Broken;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        let readiness = {
            let mut script = self.script();
            script.polled_ready += 1;
            script.readiness
        };
        let polled = step(readiness, (), Broken::Readiness);
        self.is_ready = matches!(polled, Poll::Ready(Ok(())));
        polled
    }

    fn call(&mut self, _: &'static str) -> Answer {
        assert!(self.is_ready, "called without being ready");
        self.is_ready = false;
        let call = {
            let mut script = self.script();
            script.called += 1;
            script.call
        };
        assert_eq!(call, Step::Works, "the call panics");
        Answer(Arc::clone(&self.script))
    }
}

/// Ends as the script says when it is polled.
#[derive(Debug)]
pub(crate) struct Answer(Arc<Mutex<Script>>);

impl Future for Answer {
    type Output = Result<&'static str, Broken>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).answer;
        step(answer, "well", Broken::Answer)
    }
}

fn step<T>(step: Step, value: T, error: Broken) -> Poll<Result<T, Broken>> {
    match step {
        Step::Works => Poll::Ready(Ok(value)),
        Step::Fails => Poll::Ready(Err(error)),
        Step::Hangs => Poll::Pending,
        Step::Panics => panic!("a step panics"),
    }
}

pub(crate) fn breaker(settings: Settings) -> (Arc<CircuitBreaker>, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("dependency").settings(settings).clock(&clock).build().unwrap();
    (Arc::new(breaker), clock)
}

/// A breaker that has opened just now, with a reset delay of a minute and one probe.
pub(crate) fn open() -> (Arc<CircuitBreaker>, ManualClock) {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(MINUTE));
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Open);
    (breaker, clock)
}

/// One whose delay has passed: the next call is the probe.
pub(crate) fn due() -> (Arc<CircuitBreaker>, ManualClock) {
    let (breaker, clock) = open();
    clock.advance(MINUTE);
    (breaker, clock)
}

pub(crate) fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// What a future gives that ends at its first poll.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match poll(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// The reason why a call was rejected.
pub(crate) fn kind(error: &BoxError) -> ErrorKind {
    error.downcast_ref::<CircuitBreakerError>().expect("a rejection").kind()
}
