//! Results of calls that began before a change of state.

use breaker_runtime::{Permit, Settings, State};

use crate::support::*;

// A tutorial notes the time of every failure, late ones too; openab's failing stream armed its timer
// again and again.
#[test]
fn a_straggler_does_not_lengthen_the_open_period() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    let straggler = admitted(&breaker);
    fail(&breaker);
    clock.advance(MINUTE / 2);
    straggler.failure();
    assert_eq!(rejected(&breaker).retry_after(), Some(MINUTE / 2));
    clock.advance(MINUTE / 2);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// Polly, Hystrix and opossum: calls begun before the trip announced it again.
#[test]
fn stragglers_do_not_report_the_trip_again() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let stragglers: Vec<_> = (0..20).map(|_| admitted(&breaker)).collect();
    fail(&breaker);
    stragglers.into_iter().for_each(Permit::failure);
    assert_eq!(breaker.history().len(), 1);
    assert_eq!(breaker.totals().late, 20);
}

// Sentinel lets any call that ends decide; failsafe, nobreak, tower-resilience and
// circuitbreaker-rs have no generations either.
#[test]
fn a_success_from_before_the_trip_does_not_close_half_open() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    let straggler = admitted(&breaker);
    fail(&breaker);
    clock.advance(MINUTE);
    let probe = admitted(&breaker);
    straggler.success();
    assert_eq!(breaker.state(), State::HalfOpen);
    probe.failure();
    assert_eq!(breaker.state(), State::Open);
}

// The other way round, in the same four crates.
#[test]
fn a_failure_from_before_the_trip_does_not_reopen_half_open() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    let straggler = admitted(&breaker);
    fail(&breaker);
    clock.advance(MINUTE);
    let probe = admitted(&breaker);
    straggler.failure();
    assert_eq!(breaker.state(), State::HalfOpen);
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

// OpenLiberty, SmallRye and ldbc: a success that came late cancelled a failure and its longer wait.
#[test]
fn a_late_success_does_not_cancel_a_failure_and_its_longer_wait() {
    let (breaker, clock) = due(Settings::new().probes(2).backoff(2.0));
    let (first, second) = (admitted(&breaker), admitted(&breaker));
    first.failure();
    second.success();
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(rejected(&breaker).retry_after(), Some(2 * MINUTE));
    clock.advance(2 * MINUTE);
    fail(&breaker);
    assert_eq!(rejected(&breaker).retry_after(), Some(4 * MINUTE));
}

// seatbelt, by reading: a slow call of an earlier closed period counts in a later one.
#[test]
fn a_call_of_an_earlier_closed_period_does_not_count_in_a_later_one() {
    let (breaker, clock) = breaker(Settings::new().consecutive(2));
    let stragglers = [admitted(&breaker), admitted(&breaker)];
    fail(&breaker);
    fail(&breaker);
    clock.advance(MINUTE);
    succeed(&breaker);
    stragglers.into_iter().for_each(Permit::failure);
    assert_eq!((breaker.state(), breaker.snapshot().consecutive_failures), (State::Closed, 0));
}

// nora: the probe of one half-open period decided the next one, as a model checker found.
#[test]
fn a_probe_of_an_earlier_half_open_period_does_not_decide_a_later_one() {
    let (breaker, clock) = due(Settings::new());
    let hung = admitted(&breaker);
    clock.advance(2 * MINUTE);
    let probe = admitted(&breaker);
    hung.success();
    assert_eq!((breaker.state(), breaker.snapshot().probes_in_flight), (State::HalfOpen, 1));
    probe.failure();
    assert_eq!(breaker.state(), State::Open);
}

// resilient records a rejection as a failure, which reopens half-open.
#[test]
fn a_rejection_is_not_recorded_as_a_failure() {
    let (breaker, _) = due(Settings::new());
    let probe = admitted(&breaker);
    (0..10).for_each(|_| assert_eq!(breaker.call(|| Ok::<_, Error>(())), Err(Error::Rejected)));
    assert_eq!((breaker.state(), breaker.totals().failed), (State::HalfOpen, 1));
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}
