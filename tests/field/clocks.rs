//! Which clock decides, and who turns it.

use std::time::{Duration, SystemTime};

use breaker_runtime::clock::Clock;
use breaker_runtime::testing::{self, Isolation};
use breaker_runtime::{CircuitBreaker, Settings, State, circuit_breaker};

use crate::support::*;

// fabfuel, hoglet, hermes-agent, two tutorials: steps of the wall clock held a breaker open or
// skipped its wait. Here the wall clock goes on, and the breaker's own stands still.
#[test]
fn the_wall_clock_does_not_decide_when_it_reopens() {
    let (breaker, clock) = open(Settings::new().reset(NANO));
    (0..1_000).for_each(|_| assert!(breaker.try_acquire().is_err()));
    clock.advance(NANO);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// Resilience4j's lock-free window of time asks the system's clock, not the one it was given.
#[test]
fn a_window_of_time_does_not_ask_another_clock_than_its_breaker() {
    let (breaker, clock) = breaker(Settings::new().failure_rate(0.5).window(NANO * 10).min_calls(2));
    fail(&breaker);
    clock.advance(10 * NANO);
    assert_eq!(breaker.snapshot().window.unwrap().calls, 0);
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().window.unwrap().calls), (State::Closed, 1));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

// davenverse's circuit reports readings of its monotonic clock, which nobody can compare; aiobreaker
// mixes local time with UTC.
#[test]
fn reported_times_are_not_readings_of_the_breakers_clock() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    clock.advance(1_000 * HOUR);
    fail(&breaker);
    let years = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / (365 * 86_400);
    let trip = breaker.snapshot().last_trip.unwrap();
    for at in [trip.at, trip.failures[0].at, breaker.history()[0].at] {
        assert!(years(at) > 50);
    }
}

// Resilience4j, Hystrix, failsafe, SmallRye, gobreaker: users wanted to turn the time in their tests.
#[test]
fn waiting_for_a_day_does_not_take_a_day() {
    let (breaker, clock) = open(Settings::new().reset(24 * HOUR));
    clock.advance(24 * HOUR - NANO);
    assert_eq!(rejected(&breaker).retry_after(), Some(NANO));
    clock.advance(NANO);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[circuit_breaker(threshold = 3, reset = "10m")]
fn fetch(works: bool) -> Result<u32, Error> {
    if works { Ok(1) } else { Err(Error::Down) }
}

// solace-broker-mcp, coder: no clock to inject, so their tests slept and were flaky.
#[test]
fn a_test_of_an_annotated_function_does_not_have_to_sleep() {
    testing::isolated(|test| {
        (0..3).for_each(|_| assert_eq!(fetch(false), Err(Error::Down)));
        test.advance(Duration::from_secs(600) - NANO);
        assert_eq!(fetch(true), Err(Error::Rejected));
        test.advance(NANO);
        assert_eq!(fetch(true), Ok(1));
    });
}

// external_service: that it opens, and soon enough, showed in production only.
#[test]
fn that_it_opens_soon_enough_is_not_left_to_production() {
    testing::isolated(|_| {
        let reached = (0..100).filter(|_| fetch(false) == Err(Error::Down)).count();
        assert_eq!((reached, fetch_breaker().state()), (3, State::Open));
    });
}

// The same, where tests run side by side on one function: one opened the breaker of the other.
#[test]
fn one_test_does_not_open_the_breaker_of_another() {
    let other = Isolation::new();
    testing::isolated(|_| (0..9).for_each(|_| assert!(fetch(false).is_err())));
    assert_eq!(other.run(|| fetch(true)), Ok(1));
    assert_eq!(fetch_breaker().totals().admitted, 0);
}

// The same wish of those who turn the time through their runtime, not through the breaker.
#[tokio::test(start_paused = true)]
async fn paused_time_does_not_leave_the_breaker_behind() {
    let settings = Settings::new().consecutive(1);
    let breaker = CircuitBreaker::builder("paused").settings(settings).clock(Clock::monotonic()).build().unwrap();
    fail(&breaker);
    tokio::time::sleep(MINUTE).await;
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}
