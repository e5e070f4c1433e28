//! Calls allocate nothing, whether they are admitted, rejected or settled in any way.

use std::time::Duration;

use allocation_counter::measure;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Settings, State, circuit_breaker};

static BREAKER: CircuitBreaker = CircuitBreaker::new(
    "allocations",
    Settings::new().consecutive(60_000).failures(60_000, Duration::from_secs(3_600)).timeout(Duration::from_secs(1)),
);

static OPEN: CircuitBreaker = CircuitBreaker::new("allocations::open", Settings::new().consecutive(1));

#[circuit_breaker(threshold = 60_000, fallback = cached)]
fn annotated(works: bool) -> Result<u32, Whatever> {
    if works { Ok(1) } else { Err(Whatever) }
}

#[expect(clippy::unnecessary_wraps, reason = "a fallback has the signature of its function")]
fn cached(_: bool) -> Result<u32, Whatever> {
    Ok(2)
}

fn calls() {
    assert!(annotated(true).is_ok());
    assert!(annotated(false).is_err());
    let _: Result<(), Whatever> = BREAKER.call(|| Ok(()));
    let _: Result<(), Whatever> = BREAKER.call(|| Err(Whatever));
    let ends: [fn(Permit); 4] = [Permit::success, Permit::failure, Permit::ignore, drop];
    for settle in ends {
        settle(BREAKER.try_acquire().expect("closed"));
    }
}

type Permit = breaker_runtime::Permit<&'static CircuitBreaker>;

struct Whatever;

impl From<CircuitBreakerError> for Whatever {
    fn from(_: CircuitBreakerError) -> Self {
        Self
    }
}

#[test]
fn no_call_allocates_once_there_is_room_for_counts_and_samples() {
    (0..10).for_each(|_| calls());
    let closed = measure(|| (0..1_000).for_each(|_| calls()));
    assert_eq!((closed.count_total, BREAKER.state()), (0, State::Closed));

    OPEN.try_acquire().expect("closed").failure();
    let rejected = measure(|| (0..1_000).for_each(|_| assert!(OPEN.try_acquire().is_err())));
    assert_eq!(rejected.count_total, 0);
}
