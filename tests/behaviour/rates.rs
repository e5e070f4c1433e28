//! Rules that look at a share of the calls, or at so many of the last ones.

use breaker_runtime::{CircuitBreaker, Rule, Settings, State, Window};

use crate::support::*;

fn calls(breaker: &CircuitBreaker, ends: &str) {
    for end in ends.chars() {
        if end == 'f' { fail(breaker) } else { succeed(breaker) }
    }
}

/// Where each of these calls leaves a breaker with a window of calls: `c`losed or `o`pen.
fn states(settings: Settings, ends: &str) -> String {
    let (breaker, _) = breaker(settings);
    let after = |end: char| {
        if breaker.state() == State::Closed {
            calls(&breaker, &end.to_string());
        }
        if breaker.state() == State::Open { 'o' } else { 'c' }
    };
    ends.chars().map(after).collect()
}

#[test]
fn n_of_the_last_calls_trip_whether_the_window_is_full_or_not() {
    let settings = Settings::new().failures(3).window_calls(5);
    assert_eq!(states(settings, "fff"), "cco");
    assert_eq!(states(settings, "fsfsf"), "cccco");
    assert_eq!(states(settings, "fssfsf"), "cccccc", "the first has left the window");
    assert_eq!(states(settings, "fssfsffsss"), "ccccccoooo");
}

#[test]
fn a_rate_waits_for_enough_calls() {
    let settings = Settings::new().failure_rate(0.5).window_calls(10).min_calls(4);
    assert_eq!(states(settings, "ffff"), "ccco");
    assert_eq!(states(settings, "ffss"), "ccco", "a success brings the fourth call, and two of four is half");
    assert_eq!(states(settings, "fsssssff"), "cccccccc", "three of eight");
    assert_eq!(states(settings, "fssssffff"), "cccccccoo", "four of eight");
}

#[test]
fn a_full_window_forgets_the_oldest_call() {
    let settings = Settings::new().failure_rate(0.75).window_calls(4).min_calls(4);
    assert_eq!(states(settings, "ssssssssssfff"), "cccccccccccco");
    assert_eq!(states(settings, "ffssff"), "cccccc", "of the last four, two failed");
}

#[test]
fn a_share_is_exact_at_the_boundary() {
    let of_25 = Settings::new().failure_rate(0.28).window_calls(25);
    assert_eq!(states(of_25, "ssssssssssssssssssfffffff").matches('o').count(), 1, "7 of 25 is 28 %");
    let of_3 = Settings::new().failure_rate(0.67).window_calls(3);
    assert_eq!(states(of_3, "sff"), "ccc", "2 of 3 is less than 67 %");
}

#[test]
fn a_rate_over_time_forgets_what_is_older_than_the_window() {
    let (breaker, clock) = breaker(Settings::new().failure_rate(0.5).window(10 * SECOND).min_calls(4));
    calls(&breaker, "fffs");
    assert_eq!(breaker.state(), State::Open);
    breaker.close();
    calls(&breaker, "fff");
    clock.advance(10 * SECOND);
    calls(&breaker, "sfsss");
    assert_eq!(breaker.state(), State::Closed, "the three are too old");
    assert_eq!(breaker.snapshot().window.map(|window| (window.calls, window.failed)), Some((5, 1)));
}

#[test]
fn a_success_trips_when_older_successes_have_left_the_window() {
    let (breaker, clock) = breaker(Settings::new().failure_rate(0.5).window(10 * SECOND).min_calls(4));
    calls(&breaker, "ssssss");
    clock.advance(5 * SECOND);
    calls(&breaker, "ffff");
    assert_eq!(breaker.state(), State::Closed, "four of ten");
    clock.advance(5 * SECOND);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Open, "four of five");
}

#[test]
fn a_window_of_time_is_one_minute_and_twenty_calls_unless_it_is_said() {
    let (breaker, _) = breaker(Settings::new().failure_rate(1.0));
    (0..19).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    let trip = breaker.snapshot().last_trip.unwrap();
    assert_eq!(trip.rule.to_string(), "20 of 20 calls within 60 s failed, 100 % (limit 100 %)");
}

#[test]
fn ignored_and_cancelled_calls_are_no_part_of_a_share() {
    let (breaker, _) = breaker(Settings::new().failure_rate(0.5).window_calls(10).min_calls(2));
    for _ in 0..10 {
        admitted(&breaker).ignore();
        cancel(&breaker);
    }
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed, "one call");
    assert_eq!(breaker.snapshot().window.map(|window| window.calls), Some(1));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn windows_start_empty_after_every_change() {
    let (breaker, clock) = breaker(Settings::new().failure_rate(0.5).window_calls(10).min_calls(2).reset(SECOND));
    calls(&breaker, "ff");
    clock.advance(SECOND);
    succeed(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().window.map(|window| window.calls)), (State::Closed, Some(0)));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn of_several_rules_the_report_names_the_one_that_held() {
    let settings = Settings::new().consecutive(3).failures(4).failure_rate(0.5).window_calls(20).min_calls(10);
    let rule = |ends: &str| {
        let (breaker, _) = breaker(settings);
        calls(&breaker, ends);
        breaker.snapshot().last_trip.map(|trip| trip.rule)
    };
    assert!(matches!(rule("fff"), Some(Rule::Consecutive { limit: 3, measured: 3, .. })));
    assert!(matches!(rule("fsfsfsf"), Some(Rule::Failures { limit: 4, measured: 4, window: Window::Calls(20), .. })));
    let rate = Settings::new().consecutive(9).failure_rate(0.3).window_calls(20).min_calls(10);
    let (breaker, _) = breaker(rate);
    calls(&breaker, "fsfsfsssss");
    match breaker.snapshot().last_trip.map(|trip| trip.rule) {
        Some(Rule::FailureRate { failed: 3, calls: 10, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_report_prints_the_window_in_lines() {
    let (breaker, clock) =
        breaker(Settings::new().failure_rate(0.5).window_calls(20).min_calls(3).timeout(SECOND).failure_samples(2));
    succeed(&breaker);
    fail(&breaker);
    clock.advance(20 * SECOND);
    let call = admitted(&breaker);
    clock.advance(SECOND / 4);
    call.failure_with(&"connection refused\nby 10.0.0.7");
    let report = breaker.snapshot().last_trip.unwrap();
    assert_eq!(report.to_string(), "2 of the last 3 calls failed, 66.7 % (limit 50 %); next probe after 60 s");
    let lines = format!("{report:#}");
    assert_eq!(
        lines,
        "circuit breaker `dependency` opened (epoch 1, settings revision 1)\n\
         \x20 why:        2 of the last 3 calls failed, 66.7 % (limit 50 %)\n\
         \x20 next probe: after 60 s\n\
         \x20 window:     3 calls, 2 failed, 0 slow\n\
         \x20 in flight:  0 calls\n\
         \x20 failed:     21 s before, after 0 ms: failure\n\
         \x20 failed:     0 ms before, after 250 ms: connection refused\\nby 10.0.0.7"
    );
}

#[test]
fn nothing_comes_back_after_any_number_of_changes_within_a_slice() {
    let (breaker, clock) = breaker(Settings::new().failure_rate(0.5).window(60 * MINUTE).min_calls(20));
    for changes in [1, 2, 255, 256, 1_023, 1_024, 2_048] {
        (0..19).for_each(|_| fail(&breaker));
        (0..changes).for_each(|_| breaker.close());
        assert_eq!(breaker.snapshot().window.map(|window| window.calls), Some(0), "{changes}");
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Closed, "{changes}");
        clock.advance(NANO);
    }
}

#[test]
fn nothing_comes_back_after_any_pause() {
    let slice = SECOND / 10;
    for pause in [10, 16, 1 << 20, 1 << 25, 1 << 26, 1 << 27] {
        let (breaker, clock) = breaker(Settings::new().failure_rate(0.9).window(SECOND).min_calls(3));
        (0..2).for_each(|_| fail(&breaker));
        clock.advance(slice * pause);
        assert_eq!(breaker.snapshot().window.map(|window| window.calls), Some(0), "{pause} slices");
        fail(&breaker);
        assert_eq!(breaker.state(), State::Closed, "{pause} slices");
    }
}

/// A breaker over 10 s that quotes five failures, after a thousand successes and then `failures`, when the successes leave
/// its window.
fn when_successes_leave(failures: usize) -> CircuitBreaker {
    let (breaker, clock) = breaker(Settings::new().failure_rate(0.5).window(10 * SECOND).min_calls(20));
    (0..1_000).for_each(|_| succeed(&breaker));
    clock.advance(10 * SECOND - SECOND / 2);
    (0..failures).for_each(|_| fail(&breaker));
    clock.advance(SECOND / 2);
    assert_eq!(breaker.state(), State::Closed);
    breaker
}

#[test]
fn a_report_quotes_failures_that_trip_when_successes_leave_the_window() {
    for end in [succeed, fail] {
        let breaker = when_successes_leave(30);
        end(&breaker);
        assert_eq!((breaker.state(), breaker.snapshot().last_trip.unwrap().failures.len()), (State::Open, 5));
    }
}

#[test]
fn what_failures_could_not_trip_by_older_settings_they_can_by_newer_ones() {
    for window in [Settings::new().window(10 * SECOND).min_calls(20), Settings::new().window_calls(2_000)] {
        let (strict, lax, other) = (window.failure_rate(0.1), window.failure_rate(0.9), window.failure_rate(0.8));
        for changes in [1, 256, 65_536] {
            let (breaker, _) = breaker(lax);
            (0..1_000).for_each(|_| succeed(&breaker));
            (0..95).for_each(|_| fail(&breaker));
            for change in 1..changes {
                breaker.set_settings(if change % 2 == 0 { lax } else { other }).unwrap();
            }
            breaker.set_settings(strict).unwrap();
            let due = (1..=1_000).find(|_| {
                fail(&breaker);
                breaker.state() == State::Open
            });
            assert_eq!(due, Some(17), "112 of 1,112 are a tenth; {changes} changes of {window:?}");
        }
    }
}
