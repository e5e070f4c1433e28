//! When a breaker trips.

use breaker_runtime::{Rule, Settings, State};

use crate::support::*;

#[test]
fn five_failures_in_a_row_trip_where_no_rule_was_given() {
    let (breaker, _) = breaker(Settings::new());
    (0..4).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(life(&breaker), ["closed → open: 5 failures in a row (limit 5); next probe after 60 s"]);
}

#[test]
fn a_success_ends_a_streak() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    for _ in 0..10 {
        fail(&breaker);
        succeed(&breaker);
    }
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn ignored_and_cancelled_calls_neither_feed_nor_end_a_streak() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    fail(&breaker);
    admitted(&breaker).ignore();
    cancel(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_within_a_window_trip_whatever_succeeds_between_them() {
    let (breaker, clock) = breaker(Settings::new().failures(3).window(30 * SECOND));
    for _ in 0..3 {
        succeed(&breaker);
        fail(&breaker);
        clock.advance(SECOND);
    }
    assert_eq!(breaker.state(), State::Open);
    let trip = breaker.snapshot().last_trip.unwrap();
    assert_eq!(trip.rule.to_string(), "3 failures within 30 s (limit 3)");
}

#[test]
fn a_failure_as_old_as_the_window_is_out_of_it() {
    let (breaker, clock) = breaker(Settings::new().failures(2).window(30 * SECOND));
    fail(&breaker);
    clock.advance(30 * SECOND);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    clock.advance(30 * SECOND - NANO);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_days_apart_never_trip() {
    let (breaker, clock) = breaker(Settings::new().failures(3).window(30 * SECOND));
    for _ in 0..1_000 {
        fail(&breaker);
        clock.advance(86_400 * SECOND);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn of_two_rules_the_first_that_holds_trips() {
    let settings = Settings::new().consecutive(2).failures(3).window(30 * SECOND);
    let (streak, _) = breaker(settings);
    fail(&streak);
    fail(&streak);
    assert!(matches!(streak.snapshot().last_trip.unwrap().rule, Rule::Consecutive { limit: 2, measured: 2, .. }));
    let (scattered, _) = breaker(settings);
    for _ in 0..2 {
        fail(&scattered);
        succeed(&scattered);
    }
    fail(&scattered);
    assert!(matches!(scattered.snapshot().last_trip.unwrap().rule, Rule::Failures { limit: 3, .. }));
}

#[test]
fn counts_start_empty_after_every_change() {
    let (breaker, clock) = breaker(Settings::new().failures(2).window(MINUTE).reset(SECOND));
    fail(&breaker);
    fail(&breaker);
    clock.advance(SECOND);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed, "the failures before the trip are forgotten");
    breaker.close();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed, "closing by hand forgets too");
}

#[test]
fn the_report_shows_the_last_failures_in_order_and_no_more_than_asked_for() {
    let (breaker, _) = breaker(Settings::new().consecutive(4).failure_samples(2));
    for text in ["one", "two", "three", "four"] {
        admitted(&breaker).failure_with(&text);
    }
    let trip = breaker.snapshot().last_trip.unwrap();
    assert_eq!(trip.failures.iter().map(|failure| &*failure.text).collect::<Vec<_>>(), ["three", "four"]);
    assert_eq!((trip.in_flight, trip.epoch, trip.delay), (0, 1, MINUTE));
}

#[test]
fn every_rule_quotes_the_last_failures_however_many_came_before() {
    let rate = Settings::new().failure_rate(0.9).min_calls(150);
    for settings in [
        Settings::new().consecutive(200),
        Settings::new().failures(200).window(MINUTE),
        Settings::new().failures(200).window_calls(300),
        rate.window_calls(300),
        rate.window(MINUTE),
    ] {
        let (breaker, _) = breaker(settings.failure_samples(3));
        succeed(&breaker);
        let mut said = Vec::new();
        while breaker.state() == State::Closed {
            said.push(format!("failure {}", said.len()));
            admitted(&breaker).failure_with(said.last().unwrap());
        }
        let trip = breaker.snapshot().last_trip.unwrap();
        let quoted: Vec<_> = trip.failures.iter().map(|failure| failure.text.clone()).collect();
        assert!(said.len() >= 149, "{}", said.len());
        assert_eq!(quoted, said[said.len() - 3..], "{settings:?}");
    }
}
