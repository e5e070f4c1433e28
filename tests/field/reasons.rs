//! What can be seen of a breaker, why it opened, and what it would have done.

use breaker_runtime::{CircuitBreaker, Mode, Rule, Settings, State, circuit_breaker, registry, testing};

use crate::support::*;

// Hystrix, Akka.NET, fabfuel, pyfailsafe and more: the error that opened it was gone.
#[test]
fn the_errors_that_opened_it_are_not_lost() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    admitted(&breaker).failure_with(&"connection refused");
    admitted(&breaker).failure_with(&"no route to host");
    let report = rejected(&breaker).report().unwrap();
    let texts: Vec<_> = report.failures.iter().map(|failure| &*failure.text).collect();
    assert_eq!(texts, ["connection refused", "no route to host"]);
}

// The same for a function that never sees its breaker.
#[test]
fn the_errors_of_an_annotated_function_are_not_lost() {
    #[circuit_breaker(threshold = 2)]
    fn ask(answer: Result<(), Error>) -> Result<(), Error> {
        answer
    }
    testing::isolated(|_| {
        (0..2).for_each(|_| assert_eq!(ask(Err(Error::Down)), Err(Error::Down)));
        assert_eq!(ask_breaker().snapshot().last_trip.unwrap().failures[0].text, "down");
    });
}

// Mjolnir: which threshold held at the moment of the trip, nobody could tell afterwards.
#[test]
fn the_thresholds_are_not_missing_from_the_report() {
    let (breaker, _) = breaker(Settings::new().failure_rate(0.5).window(MINUTE).min_calls(4));
    (0..2).for_each(|_| succeed(&breaker));
    (0..2).for_each(|_| fail(&breaker));
    let report = breaker.snapshot().last_trip.unwrap();
    assert!(matches!(report.rule, Rule::FailureRate { limit: 0.5, failed: 2, calls: 4, .. }));
    assert_eq!(report.rule.to_string(), "2 of 4 calls within 60 s failed, 50 % (limit 50 %)");
    assert_eq!(report.window.unwrap().calls, 4);
}

// Polly and SmallRye: the state looked stale, since half-open begins with a call.
#[test]
fn the_state_does_not_look_stale_once_the_delay_has_passed() {
    let (breaker, clock) = open(Settings::new());
    assert_eq!((breaker.state(), breaker.snapshot().probe_due), (State::Open, false));
    clock.advance(MINUTE);
    assert_eq!((breaker.state(), breaker.snapshot().probe_due), (State::Open, true));
    let _probe = admitted(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().probe_overdue), (State::HalfOpen, false));
    clock.advance(MINUTE);
    assert_eq!((breaker.state(), breaker.snapshot().probe_overdue), (State::HalfOpen, true));
}

// A registry of a tutorial gives the first breaker of a name, and ignores the second configuration.
#[test]
fn a_second_breaker_of_the_same_name_does_not_go_unnoticed() {
    static FIRST: CircuitBreaker = CircuitBreaker::new("reasons::twice", Settings::new());
    static AGAIN: CircuitBreaker = CircuitBreaker::new("reasons::twice", Settings::new().consecutive(9));
    registry::add(&FIRST);
    registry::add(&AGAIN);
    let shared = registry::check();
    let twice = shared.iter().find(|shared| shared.name == "reasons::twice").unwrap();
    assert_eq!(twice.locations.len(), 2);
}

// Polly, failsafe for Java and Resilience4j: users wanted a breaker without teeth, first of all.
#[test]
fn a_dry_run_does_not_reject() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    breaker.set_mode(Mode::MetricsOnly);
    (0..100).for_each(|_| fail(&breaker));
    assert_eq!((breaker.state(), breaker.totals().rejected()), (State::Closed, 0));
}

// The same users: and it has to log what it would have done.
#[test]
fn a_dry_run_does_not_hide_what_it_would_have_done() {
    let (breaker, clock) = breaker(Settings::new().consecutive(2));
    breaker.set_mode(Mode::MetricsOnly);
    (0..5).for_each(|_| fail(&breaker));
    assert_eq!((breaker.would_be(), breaker.totals().would_have_rejected), (Some(State::Open), 3));
    clock.advance(MINUTE);
    succeed(&breaker);
    assert_eq!(breaker.would_be(), Some(State::Closed));
    let changes = breaker.history();
    assert!(changes[1].to_string().starts_with("would be closed → open: 2 failures in a row (limit 2)"));
    assert_eq!(changes.len(), 4);
}

// rssafecircuit panics at its first trip where nobody listens.
#[test]
fn the_first_trip_does_not_panic_where_nobody_listens() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

// Keeping the error, as those users ask, must not show one customer's error to the next.
#[test]
fn a_rejection_does_not_show_what_other_callers_errors_said() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    admitted(&breaker).failure_with(&"password hunter2 refused");
    let error = rejected(&breaker);
    assert!(!format!("{error} {error:?} {:?}", std::error::Error::source(&error)).contains("hunter2"));
}
