//! When and how a breaker tries again.

use std::time::Duration;

use breaker_runtime::{ErrorKind, Rule, Settings, State};

use crate::support::*;

#[test]
fn the_first_call_at_the_end_of_the_delay_is_the_probe() {
    let (breaker, clock) = open(Settings::new());
    assert!(!breaker.snapshot().probe_due);
    clock.advance(MINUTE - NANO);
    assert_eq!(rejected(&breaker).retry_after(), Some(NANO));
    clock.advance(NANO);
    assert_eq!(breaker.state(), State::Open, "reading changes nothing");
    assert!(breaker.snapshot().probe_due);
    assert_eq!(breaker.snapshot().retry_after, Some(Duration::ZERO));
    assert_eq!(breaker.snapshot().in_state_for, Some(MINUTE));
    let probe = admitted(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
    rejected_as(&breaker, ErrorKind::Probing);
    assert_eq!(rejected(&breaker).retry_after(), None);
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
    succeed(&breaker);
    let after = breaker.snapshot();
    assert!(!after.probe_due && !after.probe_overdue && after.retry_after.is_none());
}

#[test]
fn a_failed_probe_opens_again_for_a_whole_delay() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(MINUTE);
    let probe = admitted(&breaker);
    clock.advance(10 * SECOND);
    probe.failure();
    assert_eq!(rejected(&breaker).retry_after(), Some(MINUTE));
    assert_eq!(breaker.snapshot().last_trip.unwrap().rule, Rule::ProbeFailed);
}

#[test]
fn the_delay_grows_with_every_failed_attempt_and_starts_over_after_closing() {
    let (breaker, clock) = open(Settings::new().reset(SECOND).backoff(2.0).max_reset(5 * SECOND));
    for delay in [1, 2, 4, 5, 5] {
        assert_eq!(rejected(&breaker).retry_after(), Some(delay * SECOND));
        clock.advance(delay * SECOND);
        fail(&breaker);
    }
    clock.advance(5 * SECOND);
    succeed(&breaker);
    fail(&breaker);
    assert_eq!(rejected(&breaker).retry_after(), Some(SECOND));
}

#[test]
fn a_retry_at_the_announced_time_passes_whatever_jitter_drew() {
    for seed in 0..200 {
        let (breaker, clock) = open(Settings::new().jitter(0.5).jitter_seed(seed));
        let wait = rejected(&breaker).retry_after().unwrap();
        assert!((30 * SECOND..=90 * SECOND).contains(&wait), "{wait:?}");
        clock.advance(wait - NANO);
        rejected_as(&breaker, ErrorKind::Open);
        clock.advance(NANO);
        succeed(&breaker);
    }
}

#[test]
fn a_seed_makes_jitter_repeatable_and_trips_draw_anew() {
    let delays = || {
        let (breaker, clock) = open(Settings::new().jitter(1.0).jitter_seed(42));
        (0..5)
            .map(|_| {
                let wait = rejected(&breaker).retry_after().unwrap();
                clock.advance(wait);
                fail(&breaker);
                wait
            })
            .collect::<Vec<_>>()
    };
    let first = delays();
    assert_eq!(first, delays());
    assert!(first.windows(2).all(|pair| pair[0] != pair[1]), "{first:?}");
}

#[test]
fn exactly_as_many_probes_pass_as_are_allowed() {
    let (breaker, clock) = open(Settings::new().probes(3).successes(2));
    clock.advance(MINUTE);
    let probes: Vec<_> = (0..3).map(|_| admitted(&breaker)).collect();
    rejected_as(&breaker, ErrorKind::Probing);
    let mut probes = probes.into_iter();
    probes.next().unwrap().success();
    rejected_as(&breaker, ErrorKind::Probing);
    probes.next().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
    probes.next().unwrap().failure();
    assert_eq!(breaker.state(), State::Closed, "the third one is late");
    assert_eq!(breaker.totals().late, 1);
}

#[test]
fn an_ignored_or_cancelled_probe_gives_its_place_back() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(MINUTE);
    for _ in 0..1_000 {
        admitted(&breaker).ignore();
        cancel(&breaker);
    }
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_hung_probe_does_not_hold_it_half_open_for_good() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(MINUTE);
    let hung = admitted(&breaker);
    clock.advance(MINUTE - NANO);
    rejected_as(&breaker, ErrorKind::Probing);
    assert!(!breaker.snapshot().probe_overdue);
    clock.advance(NANO);
    assert!(breaker.snapshot().probe_overdue);
    assert_eq!(breaker.state(), State::HalfOpen, "reading changes nothing");
    assert_eq!(rejected(&breaker).retry_after(), Some(MINUTE));
    assert!(matches!(breaker.snapshot().last_trip.unwrap().rule, Rule::ProbesOverdue { after: MINUTE, .. }));
    clock.advance(MINUTE);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    hung.failure();
    assert_eq!(breaker.state(), State::Closed, "it belongs to an epoch that has ended");
}

#[test]
fn a_reopening_counts_from_the_moment_the_limit_was_reached() {
    let (breaker, clock) = open(Settings::new().probe_timeout(10 * SECOND));
    clock.advance(MINUTE);
    let _hung = admitted(&breaker);
    clock.advance(30 * SECOND);
    assert_eq!(rejected(&breaker).retry_after(), Some(40 * SECOND));
}

#[test]
fn long_after_both_limits_one_call_reopens_and_probes() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(MINUTE);
    let _hung = admitted(&breaker);
    clock.advance(3_600 * SECOND);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(
        life(&breaker)[2..],
        [
            "half-open → open: too few answers to the probes within 60 s; next probe after 60 s",
            "open → half-open: the reset delay of 60 s has passed",
            "half-open → closed: 1 probe succeeded",
        ]
    );
}

#[test]
fn a_stream_of_ignored_probes_closes_when_half_open_is_overdue() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(MINUTE);
    admitted(&breaker).ignore();
    clock.advance(MINUTE);
    admitted(&breaker).ignore();
    assert_eq!(breaker.state(), State::Closed, "the dependency answers");
}

#[test]
fn a_probe_that_settles_late_but_before_anyone_decided_still_counts() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(MINUTE);
    let slow = admitted(&breaker);
    clock.advance(3_600 * SECOND);
    slow.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_healthy_but_slow_function_can_answer_its_probe() {
    let (breaker, clock) = open(Settings::new().reset(SECOND).timeout(300 * SECOND));
    clock.advance(SECOND);
    let slow = admitted(&breaker);
    clock.advance(300 * SECOND - NANO);
    rejected_as(&breaker, ErrorKind::Probing);
    slow.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn late_outcomes_change_nothing_but_the_totals() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(SECOND));
    let stragglers: Vec<_> = (0..4).map(|_| admitted(&breaker)).collect();
    let mut stragglers = stragglers.into_iter();
    fail(&breaker);
    stragglers.next().unwrap().failure();
    assert_eq!(rejected(&breaker).retry_after(), Some(SECOND), "a straggler does not lengthen the delay");
    stragglers.next().unwrap().success();
    assert_eq!(breaker.state(), State::Open);
    clock.advance(SECOND);
    let probe = admitted(&breaker);
    stragglers.next().unwrap().success();
    assert_eq!(breaker.state(), State::HalfOpen);
    drop(stragglers);
    assert_eq!(breaker.snapshot().probes_in_flight, 1, "a straggler frees no place");
    probe.success();
    let totals = breaker.totals();
    assert_eq!((totals.late, totals.admitted, totals.in_flight()), (4, 6, 0));
    assert_eq!((totals.succeeded, totals.failed, totals.cancelled), (3, 2, 1));
}

#[test]
fn closing_by_hand_works_from_every_state_and_makes_calls_under_way_late() {
    let (breaker, clock) = open(Settings::new());
    breaker.close();
    let before = admitted(&breaker);
    breaker.close();
    before.failure();
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    clock.advance(MINUTE);
    let probe = admitted(&breaker);
    breaker.close();
    probe.failure();
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.history().iter().map(|change| change.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_call_inside_a_call_takes_a_second_permit() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(MINUTE);
    let _outer = admitted(&breaker);
    rejected_as(&breaker, ErrorKind::Probing);
}

#[test]
fn a_fresh_breaker_is_neither_due_nor_overdue() {
    let (breaker, _) = breaker(Settings::new());
    let fresh = breaker.snapshot();
    assert!(!fresh.probe_due && !fresh.probe_overdue);
    assert_eq!((fresh.epoch, fresh.in_state_for, fresh.retry_after), (0, None, None));
    assert!(fresh.last_trip.is_none() && breaker.history().is_empty());
}

#[test]
fn an_overdue_half_open_period_weighs_all_that_was_ignored_against_all_that_was_cancelled() {
    for (ignored_first, last, expected) in [(false, 129, State::Open), (true, 1_000, State::Closed)] {
        let (breaker, clock) = open(Settings::new());
        clock.advance(MINUTE);
        let cancelled = || (0..300).for_each(|_| cancel(&breaker));
        let ignored = |n| (0..n).for_each(|_| admitted(&breaker).ignore());
        if ignored_first {
            ignored(last);
            cancelled();
        } else {
            cancelled();
            ignored(last);
        }
        clock.advance(MINUTE);
        let _ = breaker.try_acquire();
        assert_eq!(breaker.state(), expected);
    }
}

#[test]
fn after_an_outage_of_weeks_every_rule_still_holds() {
    let settings = Settings::new().failures(3).window(MINUTE).reset(SECOND).failure_samples(0);
    let (breaker, clock) = breaker(settings);
    (0..3).for_each(|_| fail(&breaker));
    for _ in 0..270_000 {
        clock.advance(SECOND);
        fail(&breaker);
    }
    assert!(breaker.snapshot().epoch > 1 << 19);
    clock.advance(SECOND);
    succeed(&breaker);
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_reopening_that_is_noticed_late_is_reported_with_the_times_at_which_things_happened() {
    let (breaker, clock) = open(Settings::new().probes(3).probe_failure_rate(1.0));
    clock.advance(MINUTE);
    let _hung = (admitted(&breaker), admitted(&breaker));
    fail(&breaker);
    clock.advance(60 * MINUTE);
    let _probe = admitted(&breaker);
    let report = breaker.snapshot().last_trip.unwrap();
    assert!(matches!(report.rule, Rule::ProbesOverdue { .. }), "{report}");
    let failure = report.failures.last().unwrap();
    assert_eq!(report.at.duration_since(failure.at).unwrap(), MINUTE, "the limit was reached a minute after the probe");
    assert!(report.at.elapsed().unwrap() >= 59 * MINUTE);
}
