//! What the rules look back on, and what trips.

use std::time::Duration;

use breaker_runtime::{CircuitBreaker, Rule, Settings, State};

use crate::support::*;

fn half() -> Settings {
    Settings::new().failure_rate(0.5)
}

/// How many failures in a row it takes to open it.
fn failures_to_open(breaker: &CircuitBreaker) -> usize {
    (1..100_000)
        .find(|_| {
            fail(breaker);
            breaker.state() == State::Open
        })
        .expect("it must open")
}

// failsafe for Rust gives calls within one millisecond no weight: 2,499 succeeded, 49,980 failed,
// and it was still closed.
#[test]
fn a_rate_is_not_blind_above_one_call_per_millisecond() {
    let (breaker, clock) = breaker(half().window(30 * SECOND));
    for _ in 0..2_500 {
        succeed(&breaker);
        clock.advance(Duration::from_micros(10));
    }
    assert_eq!(failures_to_open(&breaker), 2_500);
}

// The same crate cuts a window of 900 ms to nothing: the last call decides, at 95 % of successes.
#[test]
fn a_window_below_a_second_is_not_cut_to_nothing() {
    let (breaker, clock) = breaker(half().window(Duration::from_millis(900)));
    for number in 0..1_000 {
        call(&breaker, number % 20 == 19);
        clock.advance(Duration::from_millis(10));
    }
    assert_eq!(breaker.state(), State::Closed);
}

// Resilience4j's slice of a window is a second, whatever the window.
#[test]
fn slices_of_a_window_are_not_a_second_each() {
    let (breaker, clock) = breaker(half().window(Duration::from_millis(100)).min_calls(2));
    fail(&breaker);
    clock.advance(Duration::from_millis(100));
    succeed(&breaker);
    fail(&breaker);
    assert_eq!(
        breaker.snapshot().last_trip.unwrap().rule.to_string(),
        "1 of 2 calls within 100 ms failed, 50 % (limit 50 %)"
    );
}

// tower-resilience's window of 100 calls counts from the last change: after 10,000 successes it
// took 10,000 failures.
#[test]
fn a_window_of_calls_does_slide() {
    let (breaker, _) = breaker(half().window_calls(100));
    (0..10_000).for_each(|_| succeed(&breaker));
    assert_eq!(failures_to_open(&breaker), 50);
}

// circuitbreaker-rs takes its rate over the life of the breaker.
#[test]
fn a_rate_is_not_taken_over_the_life_of_the_breaker() {
    let (breaker, clock) = breaker(half().window(MINUTE));
    (0..10_000).for_each(|_| succeed(&breaker));
    clock.advance(MINUTE);
    assert_eq!(failures_to_open(&breaker), 20);
}

// circuitbreaker-rs has policies that nothing is ever fed to: they never trip.
#[test]
fn no_rule_is_left_without_food() {
    let rules = [
        Settings::new().consecutive(20),
        Settings::new().failures(20).window(MINUTE),
        Settings::new().failures(20).window_calls(20),
        half().window(MINUTE),
        half().window_calls(20),
        Settings::new().slow_rate(0.5).slow_call(SECOND).window(HOUR),
        Settings::new().slow_rate(0.5).slow_call(SECOND).window_calls(20),
    ];
    for settings in rules {
        let (breaker, clock) = breaker(settings);
        for _ in 0..20 {
            let call = admitted(&breaker);
            clock.advance(SECOND);
            call.failure();
        }
        assert_eq!(breaker.state(), State::Open, "{settings:?}");
    }
}

// breaker-machines keeps 1,000 events: 5,000 of 5,000 calls ran at a threshold of 1,001.
#[test]
fn a_threshold_above_a_thousand_is_not_out_of_reach() {
    let (breaker, _) = breaker(Settings::new().failures(1_001).window(MINUTE));
    assert_eq!(failures_to_open(&breaker), 1_001);
}

// With the same crate a window of 60 s is shorter above 17 calls a second.
#[test]
fn many_calls_do_not_shorten_a_window() {
    let (breaker, clock) = breaker(Settings::new().failures(2).window(MINUTE));
    fail(&breaker);
    for _ in 0..50_000 {
        succeed(&breaker);
        clock.advance(Duration::from_millis(1));
    }
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

// arcly-http and circuit_breaker never forget a failure: the third of them trips, each among 1,000
// successes.
#[test]
fn failures_among_thousands_of_successes_do_not_add_up() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    for _ in 0..10 {
        fail(&breaker);
        (0..1_000).for_each(|_| succeed(&breaker));
    }
    assert_eq!(breaker.state(), State::Closed);
}

// opossum: users found it open after the first failure of all.
#[test]
fn the_first_failure_of_all_does_not_open_it() {
    for settings in [half(), half().window_calls(100), half().window(MINUTE), Settings::new()] {
        let (breaker, _) = breaker(settings);
        fail(&breaker);
        assert_eq!(breaker.state(), State::Closed);
    }
}

// Polly and failsafe for Java: a few errors spread over days tripped.
#[test]
fn errors_spread_over_days_do_not_trip_a_rule_with_a_window() {
    for settings in [Settings::new().failures(3).window(HOUR), half().window(HOUR).min_calls(3)] {
        let (breaker, clock) = breaker(settings);
        for _ in 0..100 {
            fail(&breaker);
            clock.advance(24 * HOUR);
        }
        assert_eq!(breaker.state(), State::Closed);
    }
}

// Resilience4j and Sentinel: calls that hang were counted when they ended, and so not at all.
#[test]
fn calls_that_hang_are_not_overlooked_until_they_end() {
    let (breaker, clock) = breaker(Settings::new().slow_rate(0.5).slow_call(SECOND).min_calls(5));
    let hanging: Vec<_> = (0..5).map(|_| admitted(&breaker)).collect();
    clock.advance(2 * SECOND);
    assert!(breaker.try_acquire().is_err());
    assert!(matches!(breaker.snapshot().last_trip.unwrap().rule, Rule::SlowRate { slow: 5, calls: 5, .. }));
    drop(hanging);
}

// Resilience4j and Polly: a dependency that answers, but slowly, never tripped.
#[test]
fn slow_successes_do_not_pass_for_health() {
    let (breaker, clock) = breaker(Settings::new().slow_rate(0.5).slow_call(SECOND).min_calls(5));
    for _ in 0..5 {
        let call = admitted(&breaker);
        clock.advance(SECOND);
        call.success();
    }
    assert_eq!((breaker.state(), breaker.totals().failed), (State::Open, 0));
}

// mcp-proxy: a window that did nothing before it was full.
#[test]
fn a_window_does_not_wait_until_it_is_full() {
    let (breaker, _) = breaker(half().window_calls(1_000).min_calls(10));
    assert_eq!(failures_to_open(&breaker), 10);
}

// recloser missed a trip where the call that completed the count was a success.
#[test]
fn a_trip_is_not_missed_because_the_last_call_succeeded() {
    for settings in [half().window_calls(10).min_calls(10), half().window(MINUTE).min_calls(10)] {
        let (breaker, _) = breaker(settings);
        (0..9).for_each(|_| fail(&breaker));
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Open);
    }
}

// recloser panics over a window of no calls, with its spin lock held: the next call never ends.
#[test]
fn a_window_of_no_calls_is_not_accepted() {
    assert!(CircuitBreaker::builder("empty").settings(half().window_calls(0)).build().is_err());
    assert!(CircuitBreaker::builder("empty").settings(half().window(Duration::ZERO)).build().is_err());
}

// Sentinel's window of one slice tumbles: at its end the failures just before are gone.
#[test]
fn failures_on_both_sides_of_an_edge_are_not_counted_apart() {
    let (breaker, clock) = breaker(half().window(10 * SECOND).min_calls(10));
    clock.advance(10 * SECOND - NANO);
    (0..5).for_each(|_| fail(&breaker));
    clock.advance(NANO);
    (0..5).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Open);
}

// Resilience4j's lock-free window of one second failed with a null pointer.
#[test]
fn a_window_of_a_second_does_not_break_under_threads() {
    let (breaker, clock) = breaker(half().window(SECOND));
    at_once(4, || {
        for call in 0..5_000 {
            if let Ok(permit) = breaker.try_acquire() {
                if call % 10 == 0 { permit.failure() } else { permit.success() }
            }
            clock.advance(Duration::from_millis(7));
        }
    });
    assert_eq!((breaker.totals().in_flight(), breaker.totals().admitted), (0, 20_000));
}
