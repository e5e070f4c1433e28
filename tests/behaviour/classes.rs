//! Failures sorted by class: counted for good, and in the report of the trip that they lead to.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};

use breaker_runtime::clock::Clock;
use breaker_runtime::{
    CircuitBreaker, CircuitBreakerError, ClassCount, Mode, OnCancel, Report, Settings, State, circuit_breaker, testing,
};

use crate::support::*;

type Answer = Result<(), CircuitBreakerError>;

fn fail_as(breaker: &CircuitBreaker, class: &'static str) {
    admitted(breaker).failure_as(class, &"an error");
}

fn fail_as_all(breaker: &CircuitBreaker, classes: &[&'static str]) {
    for class in classes {
        fail_as(breaker, class);
    }
}

fn pairs(counts: &[ClassCount]) -> Vec<(&'static str, u64)> {
    counts.iter().map(|one| (one.class, one.count)).collect()
}

/// All failures so far, which must be those of the totals.
fn all(breaker: &CircuitBreaker) -> Vec<(&'static str, u64)> {
    let snapshot = breaker.snapshot();
    let sum: u64 = snapshot.failures_by_class.iter().map(|one| one.count).sum();
    assert_eq!(sum, snapshot.totals.failed);
    pairs(&snapshot.failures_by_class)
}

fn last_trip(breaker: &CircuitBreaker) -> std::sync::Arc<Report> {
    breaker.snapshot().last_trip.expect("it has opened")
}

#[test]
fn a_report_says_how_the_failures_that_tripped_it_are_sorted() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    fail_as_all(&breaker, &["timeout", "http_5xx", "timeout"]);
    let report = last_trip(&breaker);
    assert_eq!(pairs(&report.classes), [("timeout", 2), ("http_5xx", 1)]);
    assert_eq!(report.to_string(), "3 failures in a row (limit 3): 2 timeout, 1 http_5xx; next probe after 60 s");
    assert_eq!(
        rejected(&breaker).to_string(),
        "circuit breaker `dependency` is open: 3 failures in a row (limit 3): 2 timeout, 1 http_5xx; a retry can pass in 60 s"
    );
    assert_eq!(life(&breaker), [format!("closed → open: {report}")]);
    assert_eq!(report.rule.to_string(), "3 failures in a row (limit 3)");
}

#[test]
fn the_lines_of_a_report_say_it_of_each_failure_too() {
    let (breaker, clock) = breaker(Settings::new().consecutive(3).timeout(MINUTE));
    fail_as(&breaker, "paper");
    clock.advance(SECOND);
    fail(&breaker);
    let call = admitted(&breaker);
    clock.advance(MINUTE);
    drop(call);
    let report = last_trip(&breaker);
    assert_eq!(report.failures.iter().map(|failure| failure.class).collect::<Vec<_>>(), ["paper", "other", "timeout"]);
    let text = format!("{report:#}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "  why:        3 failures in a row (limit 3): 1 paper, 1 timeout, 1 other");
    assert_eq!(
        lines[4..],
        [
            "  failed:     61 s before, after 0 ms, paper: an error",
            "  failed:     60 s before, after 0 ms: failure",
            "  failed:     0 ms before, after 60 s, timeout: cancelled after its time limit",
        ]
    );
}

#[test]
fn failures_of_which_nobody_says_more_change_no_text() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    fail(&breaker);
    fail_as(&breaker, "");
    let report = last_trip(&breaker);
    assert_eq!(pairs(&report.classes), [("other", 2)]);
    assert_eq!(report.to_string(), "2 failures in a row (limit 2); next probe after 60 s");
    assert_eq!(all(&breaker), [("other", 2)]);
}

#[test]
fn only_the_failures_since_the_last_success_are_those_in_a_row() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    fail_as_all(&breaker, &["dns", "dns"]);
    succeed(&breaker);
    fail_as_all(&breaker, &["http_5xx", "refused", "refused"]);
    assert_eq!(pairs(&last_trip(&breaker).classes), [("refused", 2), ("http_5xx", 1)]);
    assert_eq!(all(&breaker), [("dns", 2), ("refused", 2), ("http_5xx", 1)]);
}

#[test]
fn a_rate_counts_the_failures_of_its_window() {
    let (breaker, _) = breaker(Settings::new().failure_rate(0.75).window_calls(4).min_calls(4));
    fail_as(&breaker, "dns");
    (0..4).for_each(|_| succeed(&breaker));
    fail_as_all(&breaker, &["refused", "http_5xx", "refused"]);
    assert_eq!(
        last_trip(&breaker).to_string(),
        "3 of the last 4 calls failed, 75 % (limit 75 %): 2 refused, 1 http_5xx; next probe after 60 s"
    );
}

#[test]
fn a_rule_over_a_time_counts_the_failures_within_it() {
    let (breaker, clock) = breaker(Settings::new().failures(2).window(10 * SECOND));
    fail_as(&breaker, "dns");
    clock.advance(10 * SECOND);
    fail_as_all(&breaker, &["refused", "timeout"]);
    assert_eq!(
        last_trip(&breaker).to_string(),
        "2 failures within 10 s (limit 2): 1 refused, 1 timeout; next probe after 60 s"
    );
}

#[test]
fn a_rule_that_counts_no_failures_says_nothing_of_them() {
    let (breaker, clock) = breaker(Settings::new().slow_rate(0.5).slow_call(SECOND).window_calls(2).min_calls(2));
    fail_as(&breaker, "refused");
    let slow = admitted(&breaker);
    clock.advance(SECOND);
    slow.success();
    let report = last_trip(&breaker);
    assert_eq!(report.classes, []);
    assert!(report.to_string().starts_with("1 of the last 2 calls took 1 s or longer, 50 % (limit 50 %); next"));
}

#[test]
fn a_probe_that_fails_is_sorted_and_those_before_the_trip_are_not_counted_again() {
    let (breaker, clock) = breaker(Settings::new().consecutive(2));
    fail_as_all(&breaker, &["dns", "dns"]);
    clock.advance(MINUTE);
    fail_as(&breaker, "timeout");
    assert_eq!(last_trip(&breaker).to_string(), "a probe failed: 1 timeout; next probe after 60 s");
}

#[test]
fn probes_that_decide_together_are_sorted_together() {
    let settings = Settings::new().consecutive(1).probes(3).probe_failure_rate(0.5);
    let (breaker, clock) = breaker(settings);
    fail_as(&breaker, "dns");
    clock.advance(MINUTE);
    fail_as(&breaker, "refused");
    succeed(&breaker);
    fail_as(&breaker, "timeout");
    assert!(
        last_trip(&breaker).to_string().contains("2 of 3 probes failed, 66.7 % (limit 50 %): 1 refused, 1 timeout;"),
        "{}",
        last_trip(&breaker)
    );
}

#[test]
fn a_breaker_knows_panics_and_cancelled_calls_itself() {
    let (breaker, clock) = breaker(Settings::new().consecutive(4).on_cancel(OnCancel::Failure).timeout(SECOND));
    let _ = catch_unwind(AssertUnwindSafe(|| breaker.call(|| -> Answer { panic!("boom") })));
    cancel(&breaker);
    let call = admitted(&breaker);
    clock.advance(SECOND);
    drop(call);
    fail(&breaker);
    assert_eq!(
        last_trip(&breaker).to_string(),
        "4 failures in a row (limit 4): 1 cancelled, 1 panic, 1 timeout, 1 other; next probe after 60 s"
    );
    assert_eq!(all(&breaker), [("cancelled", 1), ("panic", 1), ("timeout", 1), ("other", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_stopped_at_its_time_limit_is_a_timeout() {
    #[circuit_breaker(threshold = 2, timeout = "1s")]
    async fn hung() -> Answer {
        pending().await
    }
    testing::Isolation::on(Clock::monotonic())
        .within(async {
            for _ in 0..2 {
                assert!(hung().await.is_err());
            }
            let report = last_trip(hung_breaker());
            assert_eq!(report.to_string(), "2 failures in a row (limit 2): 2 timeout; next probe after 60 s");
            assert_eq!(all(hung_breaker()), [("timeout", 2)]);
        })
        .await;
}

#[test]
fn classes_are_told_apart_up_to_a_bound_and_the_breakers_own_always() {
    let (breaker, _) = breaker(Settings::new().consecutive(1_000));
    let many: Vec<&'static str> = (10..60).map(|number| &*format!("class {number}").leak()).collect();
    (0..3).for_each(|_| fail_as_all(&breaker, &many));
    let _ = catch_unwind(AssertUnwindSafe(|| breaker.call(|| -> Answer { panic!("boom") })));
    let all = all(&breaker);
    let named: Vec<_> = many[..13].iter().map(|class| (*class, 3)).collect();
    assert_eq!(all[..13], named);
    assert_eq!(all[13..], [("panic", 1), ("other", 3 * 37)]);
}

#[test]
fn of_many_failures_the_classes_of_the_last_256_are_told() {
    let (breaker, _) = breaker(Settings::new().consecutive(300));
    (0..50).for_each(|_| fail_as(&breaker, "dns"));
    (0..100).for_each(|_| fail(&breaker));
    (0..150).for_each(|_| fail_as(&breaker, "refused"));
    assert_eq!(
        last_trip(&breaker).to_string(),
        "300 failures in a row (limit 300): of the last 256, 150 refused, 6 dns, 100 other; next probe after 60 s"
    );
}

#[test]
fn late_failures_are_counted_but_stand_in_no_later_report() {
    let (breaker, clock) = breaker(Settings::new().consecutive(2));
    let late = [admitted(&breaker), admitted(&breaker), admitted(&breaker)];
    fail_as_all(&breaker, &["dns", "dns"]);
    let [while_open, while_half_open, while_closed] = late;
    while_open.failure_as("late", &"an error");
    assert_eq!(pairs(&last_trip(&breaker).classes), [("dns", 2)]);
    clock.advance(MINUTE);
    let probe = admitted(&breaker);
    while_half_open.failure_as("late", &"an error");
    probe.success();
    fail_as(&breaker, "refused");
    while_closed.failure_as("late", &"an error");
    fail_as(&breaker, "refused");
    assert_eq!(pairs(&last_trip(&breaker).classes), [("refused", 2)]);
    assert_eq!(all(&breaker), [("late", 3), ("dns", 2), ("refused", 2)]);
}

#[test]
fn every_failure_is_counted_whatever_the_mode() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    breaker.set_mode(Mode::MetricsOnly);
    fail_as_all(&breaker, &["dns", "dns", "refused"]);
    assert_eq!(pairs(&last_trip(&breaker).classes), [("dns", 2)]);
    breaker.set_mode(Mode::Disabled);
    fail_as(&breaker, "refused");
    breaker.set_mode(Mode::Automatic);
    fail_as_all(&breaker, &["timeout", "refused"]);
    assert_eq!(pairs(&last_trip(&breaker).classes), [("refused", 1), ("timeout", 1)]);
    assert_eq!(all(&breaker), [("refused", 3), ("dns", 2), ("timeout", 1)]);
}

#[test]
fn after_the_first_failure_of_a_disabled_breaker_reports_are_whole() {
    // More than half of the epochs there are, so that those of 0 would be taken for later ones.
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    (0..600_000).for_each(|_| breaker.close());
    breaker.set_mode(Mode::Disabled);
    fail_as(&breaker, "dns");
    breaker.set_mode(Mode::Automatic);
    fail_as(&breaker, "refused");
    assert_eq!(pairs(&last_trip(&breaker).classes), [("refused", 1)]);
}

#[test]
fn failures_of_many_threads_add_up() {
    let (breaker, _) = breaker(Settings::new().consecutive(60_000));
    std::thread::scope(|scope| {
        for own in ["a", "b", "c", "d"] {
            let breaker = &breaker;
            scope.spawn(move || {
                for _ in 0..1_000 {
                    fail_as_all(breaker, &[own, "shared"]);
                    fail(breaker);
                }
            });
        }
    });
    let expected = [("shared", 4_000), ("a", 1_000), ("b", 1_000), ("c", 1_000), ("d", 1_000), ("other", 4_000)];
    assert_eq!(all(&breaker), expected);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_reader_never_finds_more_failures_by_class_than_failures() {
    let (breaker, _) = breaker(Settings::new().consecutive(60_000));
    std::thread::scope(|scope| {
        for class in ["a", "b"] {
            let breaker = &breaker;
            scope.spawn(move || (0..5_000).for_each(|_| fail_as(breaker, class)));
        }
        for _ in 0..500 {
            let snapshot = breaker.snapshot();
            let sum: u64 = snapshot.failures_by_class.iter().map(|one| one.count).sum();
            assert!(sum <= snapshot.totals.failed, "{snapshot:?}");
        }
    });
}

#[test]
fn a_class_of_two_lines_stays_on_one() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    fail_as(&breaker, "two\nlines");
    let error = rejected(&breaker);
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    assert_eq!(format!("{:#}", last_trip(&breaker)).lines().count(), 5);
}

#[test]
fn failures_without_a_class_are_other_ones_from_the_first_on() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    assert_eq!(all(&breaker), []);
    fail(&breaker);
    fail(&breaker);
    assert_eq!(all(&breaker), [("other", 2)]);
    fail(&breaker);
    assert_eq!(pairs(&last_trip(&breaker).classes), [("other", 3)]);
}
