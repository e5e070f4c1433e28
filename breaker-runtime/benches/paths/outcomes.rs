//! A closed breaker with a streak rule, by the way the call is made and how it ends.

use std::hint::black_box;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::{future, pin::pin};

use breaker_runtime::{CircuitBreaker, Mode, Settings, circuit_breaker};

use super::{Error, Measure, ask, at_once};

static STREAK: CircuitBreaker = CircuitBreaker::new("by hand", Settings::new());
/// Calls that fail without end do not trip it: a hundred of them take longer than a microsecond.
static FAILING: CircuitBreaker =
    CircuitBreaker::new("failing", Settings::new().failures(100).window(Duration::from_micros(1)));
/// Nor does anything trip this one, and a cancelled call reads the clock for the rule that is on by default.
static CANCELLED: CircuitBreaker = CircuitBreaker::new("cancelled", Settings::new());
static DISABLED: CircuitBreaker = CircuitBreaker::new("disabled", Settings::new());
static METRICS: CircuitBreaker = CircuitBreaker::new("metrics only", Settings::new());

#[circuit_breaker]
fn annotated(works: bool) -> Result<u32, Error> {
    ask(works)
}

#[circuit_breaker]
async fn annotated_async(works: bool) -> Result<u32, Error> {
    ask(works)
}

#[circuit_breaker(ignore = Error::Status(503))]
fn ignoring(works: bool) -> Result<u32, Error> {
    ask(works)
}

#[circuit_breaker(failures = 100, window = MICROSECOND)]
fn failing(works: bool) -> Result<u32, Error> {
    ask(works)
}

const MICROSECOND: Duration = Duration::from_micros(1);

pub(super) fn paths(measure: &mut impl Measure) {
    measure.path("attribute/success", || || drop(black_box(annotated(black_box(true)))));
    measure.path("attribute/success, async", || || drop(black_box(at_once(annotated_async(black_box(true))))));
    measure.path("attribute/ignored", || || drop(black_box(ignoring(black_box(false)))));
    measure.path("attribute/failure", || || drop(black_box(failing(black_box(false)))));

    let permit = |breaker: &'static CircuitBreaker| breaker.try_acquire().expect("it stays closed");
    measure.path("by hand/success", || || permit(&STREAK).success());
    measure.path("by hand/ignored", || || permit(&STREAK).ignore());
    measure.path("by hand/failure", || || permit(&FAILING).failure());
    measure.path("by hand/failure with a text", || || permit(&FAILING).failure_with(&Error::Status(503)));
    measure.path("by hand/failure of a class", || || permit(&FAILING).failure_as("http_5xx", &Error::Status(503)));
    measure.path("by hand/cancelled, then a success", || {
        || {
            drop(permit(&CANCELLED));
            permit(&CANCELLED).success();
        }
    });
    measure.path("by hand/success, async", || || drop(black_box(at_once(STREAK.call_async(async { ask(true) })))));
    measure.path("by hand/cancelled, then a success, async", || {
        || {
            let call = pin!(CANCELLED.call_async(future::pending::<Result<u32, Error>>()));
            assert!(matches!(call.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
            permit(&CANCELLED).success();
        }
    });

    for (breaker, mode) in [(&DISABLED, Mode::Disabled), (&METRICS, Mode::MetricsOnly)] {
        breaker.set_mode(mode);
        measure.path(&format!("mode {}/success", breaker.name()), || || permit(breaker).success());
    }
}
