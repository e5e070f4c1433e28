//! The rule about slow calls, ended and running ones.

use breaker_runtime::{CircuitBreaker, OnCancel, Rule, Settings, State};

use crate::support::*;

fn slow() -> Settings {
    Settings::new().slow_rate(0.5).slow_call(2 * SECOND).window_calls(10).min_calls(4)
}

fn take(breaker: &CircuitBreaker, clock: &breaker_runtime::clock::ManualClock, time: std::time::Duration) {
    let call = admitted(breaker);
    clock.advance(time);
    call.success();
}

#[test]
fn slow_successes_trip() {
    let (breaker, clock) = breaker(slow());
    for time in [SECOND, 2 * SECOND, SECOND, 2 * SECOND - NANO] {
        take(&breaker, &clock, time);
    }
    assert_eq!((breaker.state(), breaker.totals().slow), (State::Closed, 1));
    take(&breaker, &clock, 2 * SECOND);
    take(&breaker, &clock, 3 * SECOND);
    assert_eq!((breaker.state(), breaker.totals().slow), (State::Open, 3));
    let trip = breaker.snapshot().last_trip.unwrap();
    assert!(matches!(trip.rule, Rule::SlowRate { slow: 3, calls: 6, .. }));
    assert_eq!(trip.rule.to_string(), "3 of the last 6 calls took 2 s or longer, 50 % (limit 50 %)");
}

#[test]
fn a_share_of_slow_calls_waits_for_enough_calls_of_any_kind() {
    for settings in [slow(), Settings::new().slow_rate(0.5).slow_call(2 * SECOND).window(MINUTE).min_calls(4)] {
        let (breaker, clock) = breaker(settings);
        (0..3).for_each(|_| take(&breaker, &clock, 2 * SECOND));
        assert_eq!(breaker.state(), State::Closed, "three calls: {settings:?}");
        take(&breaker, &clock, SECOND);
        assert_eq!(breaker.state(), State::Open, "three slow ones of four: {settings:?}");
    }
}

#[test]
fn a_call_that_hangs_takes_the_place_of_the_oldest_one() {
    let (breaker, clock) = breaker(slow().window_calls(4));
    take(&breaker, &clock, 2 * SECOND);
    (0..3).for_each(|_| take(&breaker, &clock, SECOND));
    let _hung = admitted(&breaker);
    clock.advance(3 * SECOND);
    let window = breaker.snapshot().window.unwrap();
    assert_eq!((window.calls, window.slow), (4, 1), "the slow call that had ended is no longer among the last four");
    take(&breaker, &clock, SECOND);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn calls_that_hang_trip_before_they_end() {
    let (breaker, clock) = breaker(slow());
    let hung: Vec<_> = (0..4).map(|_| admitted(&breaker)).collect();
    clock.advance(2 * SECOND);
    drop(admitted(&breaker));
    assert_eq!(breaker.state(), State::Closed, "noticed a tenth of that time later at most");
    clock.advance(SECOND / 5);
    let rejected = rejected(&breaker);
    assert_eq!(breaker.state(), State::Open, "{rejected}");
    assert!(matches!(breaker.snapshot().last_trip.unwrap().rule, Rule::SlowRate { slow: 4, calls: 4, .. }));
    drop(hung);
    assert_eq!((breaker.totals().late, breaker.totals().in_flight()), (4, 0));
}

#[test]
fn a_call_that_hangs_is_never_counted_twice() {
    let (breaker, clock) = breaker(slow().min_calls(10));
    let hung = admitted(&breaker);
    clock.advance(3 * SECOND);
    let before = breaker.snapshot().window.unwrap();
    hung.success();
    let after = breaker.snapshot().window.unwrap();
    assert_eq!((before.calls, before.slow), (1, 1));
    assert_eq!(after, before);
}

#[test]
fn a_running_call_that_says_nothing_leaves_no_trace() {
    let (breaker, clock) = breaker(slow().on_cancel(OnCancel::Ignore));
    let (ignored, cancelled) = (admitted(&breaker), admitted(&breaker));
    clock.advance(5 * SECOND);
    ignored.ignore();
    drop(cancelled);
    let window = breaker.snapshot().window.unwrap();
    assert_eq!((window.calls, window.slow, breaker.totals().slow), (0, 0, 0));
}

#[test]
fn a_cancelled_call_that_had_been_slow_is_a_slow_success() {
    let (breaker, clock) = breaker(slow().min_calls(2));
    for _ in 0..2 {
        let call = admitted(&breaker);
        clock.advance(2 * SECOND);
        drop(call);
    }
    assert_eq!((breaker.state(), breaker.totals().slow, breaker.totals().succeeded), (State::Open, 2, 2));
}

#[test]
fn a_slow_probe_opens_again() {
    let (breaker, clock) = open(slow());
    clock.advance(MINUTE);
    take(&breaker, &clock, 2 * SECOND);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().last_trip.unwrap().rule.to_string(), "a probe took 2 s or longer");
    clock.advance(MINUTE);
    take(&breaker, &clock, SECOND);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn slow_probes_count_together_where_probes_decide_together() {
    let settings = slow().probes(4).probe_failure_rate(0.5);
    let closes = |slow_ones: usize| {
        let (breaker, clock) = open(settings);
        clock.advance(MINUTE);
        let probes: Vec<_> = (0..4).map(|_| admitted(&breaker)).collect();
        for (number, probe) in probes.into_iter().enumerate() {
            if number == 4 - slow_ones {
                clock.advance(2 * SECOND);
            }
            probe.success();
        }
        breaker.state()
    };
    assert_eq!(closes(1), State::Closed);
    assert_eq!(closes(2), State::Open);
}
