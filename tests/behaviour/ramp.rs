//! The way back: a growing share of the calls.

use breaker_runtime::{CircuitBreaker, ErrorKind, Settings, State};

use crate::support::*;

fn recovered(settings: Settings) -> (CircuitBreaker, breaker_runtime::clock::ManualClock) {
    let (breaker, clock) = open(settings.ramp(MINUTE));
    clock.advance(MINUTE);
    succeed(&breaker);
    (breaker, clock)
}

/// How many of so many calls pass, all of which succeed.
fn passing(breaker: &CircuitBreaker, calls: usize) -> usize {
    (0..calls).filter(|_| breaker.try_acquire().map(breaker_runtime::Permit::success).is_ok()).count()
}

#[test]
fn a_tenth_passes_at_first_and_all_at_the_end() {
    let (breaker, clock) = recovered(Settings::new());
    assert_eq!((breaker.state(), breaker.snapshot().share), (State::Closed, Some(0.1)));
    assert_eq!(passing(&breaker, 100), 10);
    clock.advance(MINUTE / 2);
    assert_eq!((passing(&breaker, 100), breaker.snapshot().share), (55, Some(0.55)));
    clock.advance(MINUTE / 2);
    assert_eq!((passing(&breaker, 100), breaker.snapshot().share), (100, None));
    assert_eq!(breaker.totals().rejected_recovering, 135);
    assert_eq!(breaker.snapshot().epoch, 3, "its end is no change of state");
}

#[test]
fn the_rest_is_told_so_without_a_time() {
    let (breaker, _) = recovered(Settings::new());
    succeed(&breaker);
    let error = rejected(&breaker);
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Recovering, None));
    assert_eq!(
        error.to_string(),
        "circuit breaker `dependency` is recovering and lets a part of the calls through; \
         it had opened: 1 failure in a row (limit 1)"
    );
}

#[test]
fn a_failure_opens_at_once() {
    let (breaker, _) = recovered(Settings::new());
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().share, None);
}

#[test]
fn closing_by_hand_lets_all_pass() {
    let (breaker, _) = recovered(Settings::new());
    breaker.close();
    assert_eq!((passing(&breaker, 10), breaker.snapshot().share), (10, None));
}
