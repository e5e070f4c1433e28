//! A breaker that is open, and one that goes through all its states.

use std::hint::black_box;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, Mode, Settings, State, circuit_breaker};

use super::{Error, Measure, ask};

static OPEN: CircuitBreaker = CircuitBreaker::new("open", ONE_FAILURE);
static FORCED: CircuitBreaker = CircuitBreaker::new("forced open", Settings::new());
static PROBING: CircuitBreaker = CircuitBreaker::new("probing", ONE_FAILURE.reset(NANOSECOND).probe_timeout(HOUR));
static CYCLE: CircuitBreaker = CircuitBreaker::new("cycle", ONE_FAILURE.reset(NANOSECOND));
static SAMPLELESS: CircuitBreaker =
    CircuitBreaker::new("cycle without samples", ONE_FAILURE.reset(NANOSECOND).failure_samples(0));

const ONE_FAILURE: Settings = Settings::new().consecutive(1).reset(HOUR);
const HOUR: Duration = Duration::from_secs(3_600);
const NANOSECOND: Duration = Duration::from_nanos(1);

#[circuit_breaker(breaker = OPEN)]
fn rejected(works: bool) -> Result<u32, Error> {
    ask(works)
}

#[circuit_breaker(breaker = OPEN, fallback = cached)]
fn answered(works: bool) -> Result<u32, Error> {
    ask(works)
}

#[expect(clippy::unnecessary_wraps, reason = "a fallback has the signature of its function")]
fn cached(_: bool) -> Result<u32, Error> {
    Ok(black_box(2))
}

pub(super) fn paths(measure: &mut impl Measure) {
    OPEN.try_acquire().expect("closed").failure();
    FORCED.set_mode(Mode::ForcedOpen);
    PROBING.try_acquire().expect("closed").failure();
    let probe = PROBING.try_acquire().expect("its delay has passed");

    measure.path("rejected/open", || || drop(black_box(OPEN.call(|| ask(true)))));
    measure.path("rejected/open, attribute", || || drop(black_box(rejected(black_box(true)))));
    measure.path("rejected/open, attribute, fallback", || || drop(black_box(answered(black_box(true)))));
    measure
        .path("rejected/open, printed", || || drop(black_box(OPEN.try_acquire().expect_err("it is open").to_string())));
    measure.path("rejected/probing", || || drop(black_box(PROBING.call(|| ask(true)))));
    measure.path("rejected/forced open", || || drop(black_box(FORCED.call(|| ask(true)))));
    probe.success();

    for breaker in [&CYCLE, &SAMPLELESS] {
        measure.path(&format!("recovery/{}", breaker.name()), || {
            || {
                breaker.try_acquire().expect("closed").failure();
                breaker.try_acquire().expect("a probe").success();
                assert_eq!(breaker.state(), State::Closed);
            }
        });
    }
}
