//! What happens to the place of a call that is given up, panics, or says nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use breaker_runtime::{CircuitBreaker, ErrorKind, Settings, State, circuit_breaker, testing};

use crate::support::*;

// A tutorial catches exceptions, which a cancellation is not; monix and arcly-http lose a cancelled
// attempt as well: half-open for ever.
#[test]
fn a_cancelled_probe_does_not_hold_half_open_for_good() {
    let (breaker, _) = due(Settings::new());
    cancel(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().probes_in_flight), (State::HalfOpen, 0));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// Polly counts a cancelled probe as a success.
#[test]
fn a_cancelled_probe_does_not_close_it() {
    let (breaker, _) = due(Settings::new());
    (0..10).for_each(|_| cancel(&breaker));
    assert_eq!(breaker.state(), State::HalfOpen);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

// davenverse's circuit stays open where callers cancel its probes.
#[test]
fn callers_that_cancel_do_not_keep_it_open() {
    let (breaker, clock) = due(Settings::new());
    for _ in 0..50 {
        cancel(&breaker);
        clock.advance(SECOND);
    }
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// nora, s3-orchestrator, gh-aw-mcpg, circuitbreaker-rs: the place of a probe was kept on an answer
// such as 404, on a panic, on a broken connection.
#[test]
fn no_way_out_of_a_probe_keeps_its_place() {
    let panics = |breaker: &CircuitBreaker| {
        let call = || breaker.call(|| -> Result<(), Error> { panic!("boom") });
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    };
    for end in [succeed, fail, ignore, cancel, panics] {
        let (breaker, clock) = due(Settings::new().probes(2).probe_failure_rate(1.0));
        end(&breaker);
        assert_eq!(breaker.snapshot().probes_in_flight, 0);
        clock.advance(2 * MINUTE);
        (0..2).for_each(|_| breaker.try_acquire().into_iter().for_each(breaker_runtime::Permit::success));
        assert_eq!(breaker.state(), State::Closed);
    }
}

// Resilience4j: a predicate that throws keeps the permit.
#[test]
fn a_predicate_that_panics_does_not_keep_the_permit() {
    #[circuit_breaker(threshold = 2, failure_if = |answer: &u32| { assert_ne!(*answer, 0); *answer > 9 },
        fallback = |_| 5)]
    fn ask(answer: u32) -> u32 {
        answer
    }
    testing::isolated(|test| {
        (0..2).for_each(|_| assert_eq!(ask(10), 10));
        test.advance(MINUTE);
        assert!(catch_unwind(AssertUnwindSafe(|| ask(0))).is_err());
        assert_eq!((ask_breaker().totals().in_flight(), ask_breaker().snapshot().probes_in_flight), (0, 0));
        test.advance(MINUTE);
        assert_eq!(ask(1), 1);
        assert_eq!(ask_breaker().state(), State::Closed);
    });
}

// zio-openfeature: another caller took over the lease of a probe that was still running;
// nv-redfish: a late neutral outcome freed the place of a newer probe.
#[test]
fn another_caller_does_not_take_the_place_of_a_running_probe() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    let (old, older) = (admitted(&breaker), admitted(&breaker));
    fail(&breaker);
    clock.advance(MINUTE);
    let probe = admitted(&breaker);
    old.ignore();
    drop(older);
    assert_eq!(rejected(&breaker).kind(), ErrorKind::Probing);
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

// cerberus, CockroachDB, rubyist's circuitbreaker: clients that went away tripped breakers over
// healthy servers.
#[test]
fn impatient_clients_do_not_trip_it_over_a_healthy_server() {
    let (breaker, clock) = breaker(Settings::new().consecutive(3));
    for _ in 0..1_000 {
        cancel(&breaker);
        cancel(&breaker);
        cancel(&breaker);
        succeed(&breaker);
        clock.advance(SECOND);
    }
    assert_eq!(breaker.state(), State::Closed);
}

// gobreaker knew success and failure only, until its users had a third outcome.
#[test]
fn an_outcome_that_says_nothing_is_neither_a_failure_nor_a_success() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    (0..10).for_each(|_| ignore(&breaker));
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    ignore(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

// agent-os: an error that was not to trip kept the place of its probe.
#[test]
fn an_error_that_does_not_count_does_not_use_its_probe_up() {
    let (breaker, _) = due(Settings::new().probes(2));
    (0..20).for_each(|_| ignore(&breaker));
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// fabfuel's breaker starts to count anew when a call is cancelled.
#[test]
fn a_cancelled_call_does_not_forget_the_failures_before_it() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    fail(&breaker);
    cancel(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

// recloser does not record a panic.
#[test]
fn a_panic_is_not_overlooked() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    for _ in 0..2 {
        let call = || breaker.call(|| -> Result<(), Error> { panic!("boom") });
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    }
    assert_eq!((breaker.state(), breaker.totals().failed), (State::Open, 2));
}

// seatbelt's lock is poisoned by a panic, and panics from then on.
#[test]
fn a_panic_does_not_poison_the_breaker() {
    let (breaker, _) = breaker(Settings::new());
    let call = || breaker.call(|| -> Result<(), Error> { panic!("boom") });
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    assert_eq!(breaker.call(|| Ok::<_, Error>(1)), Ok(1));
    assert_eq!(breaker.totals().in_flight(), 0);
}
