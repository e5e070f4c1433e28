//! Modes: who decides.

use breaker_runtime::{ErrorKind, Mode, Reason, Settings, State};

use crate::support::*;

#[test]
fn a_disabled_breaker_lets_everything_through_and_only_counts() {
    let (breaker, _) = open(Settings::new());
    breaker.set_mode(Mode::Disabled);
    (0..10).for_each(|_| fail(&breaker));
    assert_eq!((breaker.state(), breaker.mode(), breaker.would_be()), (State::Closed, Mode::Disabled, None));
    assert_eq!((breaker.totals().failed, breaker.totals().late), (11, 0));
    breaker.set_mode(Mode::Automatic);
    assert_eq!((breaker.state(), breaker.snapshot().consecutive_failures), (State::Closed, 0));
}

#[test]
fn a_forced_open_breaker_rejects_everything_until_a_probe_succeeds() {
    let (breaker, clock) = breaker(Settings::new());
    breaker.set_mode(Mode::ForcedOpen);
    clock.advance(1_000 * MINUTE);
    let error = rejected(&breaker);
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::ForcedOpen, None));
    assert_eq!(error.to_string(), "circuit breaker `dependency` is forced open");
    assert_eq!((breaker.state(), breaker.totals().rejected_forced_open), (State::Open, 1));
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.retry_after, snapshot.probe_due), (None, false));
    breaker.set_mode(Mode::Automatic);
    assert_eq!(breaker.state(), State::HalfOpen);
    clock.advance(1_000 * MINUTE);
    let probe = admitted(&breaker);
    rejected_as(&breaker, ErrorKind::Probing);
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_failed_probe_after_a_forced_opening_is_a_first_trip() {
    let (breaker, clock) = breaker(Settings::new().backoff(2.0));
    breaker.set_mode(Mode::ForcedOpen);
    breaker.set_mode(Mode::Automatic);
    fail(&breaker);
    assert_eq!(breaker.snapshot().retry_after, Some(MINUTE));
    clock.advance(MINUTE);
    fail(&breaker);
    assert_eq!(breaker.snapshot().retry_after, Some(2 * MINUTE));
}

#[test]
fn a_hung_probe_after_a_forced_opening_is_overdue_in_its_time() {
    let (breaker, clock) = breaker(Settings::new());
    breaker.set_mode(Mode::ForcedOpen);
    breaker.set_mode(Mode::Automatic);
    clock.advance(10 * MINUTE);
    let hung = admitted(&breaker);
    clock.advance(MINUTE - NANO);
    assert!(!breaker.snapshot().probe_overdue);
    rejected_as(&breaker, ErrorKind::Probing);
    clock.advance(NANO);
    rejected_as(&breaker, ErrorKind::Open);
    drop(hung);
}

#[test]
fn metrics_only_rejects_nothing_and_tells_what_it_would_do() {
    let (breaker, clock) = breaker(Settings::new().consecutive(2));
    breaker.set_mode_by(Mode::MetricsOnly, "a person");
    (0..5).for_each(|_| fail(&breaker));
    assert_eq!((breaker.state(), breaker.would_be()), (State::Closed, Some(State::Open)));
    assert_eq!((breaker.totals().failed, breaker.totals().would_have_rejected, breaker.totals().rejected()), (5, 3, 0));
    clock.advance(MINUTE);
    let probe = admitted(&breaker);
    assert_eq!(breaker.would_be(), Some(State::HalfOpen));
    fail(&breaker);
    probe.success();
    assert_eq!((breaker.would_be(), breaker.totals().late), (Some(State::Closed), 0));
    assert_eq!(
        life(&breaker),
        [
            "closed → closed: mode set from automatic to metrics only by a person",
            "would be closed → open: 2 failures in a row (limit 2); next probe after 60 s",
            "would be open → half-open: the reset delay of 60 s has passed",
            "would be half-open → closed: 1 probe succeeded",
        ]
    );
}

#[test]
fn every_change_of_mode_is_one_change_and_the_present_mode_is_none() {
    let (breaker, _) = open(Settings::new());
    for mode in [Mode::Disabled, Mode::Disabled, Mode::MetricsOnly, Mode::ForcedOpen, Mode::Automatic, Mode::Automatic]
    {
        breaker.set_mode(mode);
    }
    let modes: Vec<_> = breaker
        .history()
        .iter()
        .filter_map(|change| match change.reason {
            Reason::ModeSet(ref set) => Some((change.number, set.from, set.to)),
            _ => None,
        })
        .collect();
    let expected = [
        (2, Mode::Automatic, Mode::Disabled),
        (3, Mode::Disabled, Mode::MetricsOnly),
        (4, Mode::MetricsOnly, Mode::ForcedOpen),
        (5, Mode::ForcedOpen, Mode::Automatic),
    ];
    assert_eq!(modes, expected);
}

#[test]
fn calls_under_way_when_a_mode_is_set_end_late() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let call = admitted(&breaker);
    breaker.set_mode(Mode::MetricsOnly);
    call.failure();
    assert_eq!((breaker.would_be(), breaker.totals().late), (Some(State::Closed), 1));
}

#[test]
fn closing_by_hand_closes_what_would_be_open_and_nothing_that_people_decided() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    breaker.set_mode(Mode::MetricsOnly);
    fail(&breaker);
    breaker.close();
    assert_eq!((breaker.mode(), breaker.would_be()), (Mode::MetricsOnly, Some(State::Closed)));
    breaker.set_mode(Mode::ForcedOpen);
    breaker.close();
    assert_eq!((breaker.mode(), breaker.state(), breaker.snapshot().epoch), (Mode::ForcedOpen, State::Open, 4));
}

#[test]
fn a_trip_that_only_would_have_been_is_told_as_such_and_is_not_the_last_trip_afterwards() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    breaker.set_mode(Mode::MetricsOnly);
    fail(&breaker);
    let report = breaker.snapshot().last_trip.expect("in this mode it is of interest");
    assert_eq!(report.mode, Mode::MetricsOnly);
    assert!(
        format!("{report:#}")
            .starts_with("circuit breaker `dependency` would have opened (epoch 2, settings revision 1)\n")
    );
    breaker.set_mode(Mode::Automatic);
    assert!(breaker.snapshot().last_trip.is_none(), "it has never opened");
}

#[test]
fn an_event_of_a_mode_tells_the_states_that_people_saw() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    breaker.set_mode(Mode::MetricsOnly);
    fail(&breaker);
    breaker.set_mode(Mode::ForcedOpen);
    breaker.set_mode(Mode::Automatic);
    let seen: Vec<_> = breaker.history().iter().map(|change| (change.from, change.to)).collect();
    assert_eq!(seen.last(), Some(&(State::Open, State::HalfOpen)));
    assert_eq!(seen[seen.len() - 2], (State::Closed, State::Open), "it would have been open");
}
