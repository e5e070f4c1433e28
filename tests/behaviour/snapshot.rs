//! What a snapshot adds up.

use std::time::{Duration, SystemTime};

use breaker_runtime::{Breakers, Mode, Settings, State};

use crate::support::*;

#[test]
fn openings_and_the_time_spent_open_add_up() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(MINUTE).history(1));
    let told = || {
        let now = breaker.snapshot();
        (now.trips, now.open_for.as_secs())
    };
    assert_eq!(told(), (0, 0));
    clock.advance(MINUTE);
    fail(&breaker);
    assert_eq!(told(), (1, 0));
    clock.advance(90 * SECOND);
    assert_eq!(told(), (1, 90), "it still is open");
    let probe = admitted(&breaker);
    clock.advance(MINUTE);
    assert_eq!(told(), (1, 90), "half-open is not open");
    probe.failure();
    clock.advance(10 * SECOND);
    assert_eq!(told(), (2, 100));
    breaker.close();
    clock.advance(MINUTE);
    assert_eq!(told(), (2, 100), "all but one of these changes are forgotten");
}

#[test]
fn forced_openings_are_no_trips_and_what_only_would_happen_is_none() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    breaker.set_mode(Mode::ForcedOpen);
    clock.advance(5 * SECOND);
    breaker.set_mode(Mode::MetricsOnly);
    clock.advance(MINUTE);
    fail(&breaker);
    clock.advance(MINUTE);
    let now = breaker.snapshot();
    assert_eq!((now.state, now.would_be), (State::Closed, Some(State::Open)));
    assert_eq!((now.trips, now.open_for), (0, 5 * SECOND));
    breaker.set_mode(Mode::Automatic);
    clock.advance(MINUTE);
    fail(&breaker);
    clock.advance(SECOND);
    // While it is open nobody asks it whether it would be.
    breaker.set_mode(Mode::MetricsOnly);
    clock.advance(MINUTE);
    let now = breaker.snapshot();
    assert_eq!((now.trips, now.open_for), (1, 6 * SECOND));
}

#[test]
fn a_state_has_a_beginning_for_people() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(3 * SECOND);
    let (now, since) = (breaker.snapshot(), breaker.history()[0].at);
    assert_eq!((now.since, now.in_state_for), (Some(since), Some(3 * SECOND)));
    assert!(since <= SystemTime::now());
    let forgetful = self::breaker(Settings::new().consecutive(1).history(0)).0;
    fail(&forgetful);
    assert!(forgetful.snapshot().since.is_some(), "the last change is known, whatever of the history is kept");
    assert_eq!(self::breaker(Settings::new()).0.snapshot().since, None, "there was none");
}

#[test]
fn a_window_has_its_rates() {
    let (breaker, clock) = breaker(Settings::new().failure_rate(0.9).window(Duration::from_secs(20)));
    let told = || {
        let now = breaker.snapshot();
        let window = now.window.unwrap();
        (window.calls, window.failure_rate(), window.slow_rate(), now.requests_per_second)
    };
    assert_eq!(told(), (0, None, None, Some(0.0)));
    (0..30).for_each(|_| succeed(&breaker));
    (0..10).for_each(|_| fail(&breaker));
    assert_eq!(told(), (40, Some(0.25), Some(0.0), Some(2.0)));
    breaker.close();
    clock.advance(5 * SECOND);
    (0..40).for_each(|_| succeed(&breaker));
    assert_eq!(told(), (40, Some(0.0), Some(0.0), Some(8.0)), "it closed five seconds ago");
    let of_calls = self::breaker(Settings::new().failure_rate(0.9).window_calls(20)).0;
    succeed(&of_calls);
    assert_eq!(of_calls.snapshot().requests_per_second, None);
    assert_eq!(self::breaker(Settings::new()).0.snapshot().window, None);
}

#[test]
fn a_half_open_time_that_is_found_overdue_was_not_open() {
    let (breaker, clock) = open(Settings::new().reset(MINUTE).probe_timeout(MINUTE));
    clock.advance(MINUTE);
    let probe = admitted(&breaker);
    clock.advance(10 * MINUTE);
    assert_eq!(breaker.snapshot().open_for, MINUTE);
    // This one finds that half-open was over nine minutes ago, and that the next delay is over as well.
    let _next = breaker.try_acquire();
    assert_eq!((breaker.snapshot().state, breaker.snapshot().open_for), (State::HalfOpen, MINUTE));
    probe.success();
}

#[test]
fn in_metrics_only_the_state_that_callers_see_has_its_times() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    breaker.set_mode(Mode::MetricsOnly);
    clock.advance(MINUTE);
    fail(&breaker);
    clock.advance(SECOND);
    let now = breaker.snapshot();
    assert_eq!((now.would_be, now.in_state_for), (Some(State::Open), Some(MINUTE + SECOND)));
}

#[test]
fn an_overflow_has_its_own_beginning() {
    let clock = breaker_runtime::clock::ManualClock::new();
    let family = Breakers::new("overflowing", Settings::new().consecutive(1)).max_keys(1).idle(MINUTE).clock(&clock);
    for _ in 0..2 {
        family.try_acquire("eu").unwrap().failure();
        family.try_acquire("us").unwrap().success();
        clock.advance(7 * SECOND);
        let overflow = family.overflow().unwrap();
        assert_eq!(overflow.in_state_for, Some(7 * SECOND));
        clock.advance(MINUTE);
        assert!(family.overflow().is_none());
    }
}
