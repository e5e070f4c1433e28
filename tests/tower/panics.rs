//! Panics, wherever they come from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{Breakers, CircuitBreakerError, OnCancel, Settings, State, Totals};
use tower::{Layer, Service};

use crate::support::*;

type Answer = Result<&'static str, Broken>;

#[test]
fn a_panic_of_the_service_is_a_failure_of_the_call_and_goes_on() {
    let panics: [fn(&mut Script); 3] = [
        |script| script.readiness = Step::Panics,
        |script| script.call = Step::Panics,
        |script| script.answer = Step::Panics,
    ];
    for panic in panics {
        let (breaker, _) = breaker(Settings::new().consecutive(1));
        let inner = Scripted::new();
        panic(&mut inner.script());
        let mut call = Box::pin(BreakerLayer::new(Arc::clone(&breaker)).layer(inner).call("a request"));
        assert!(catch_unwind(AssertUnwindSafe(|| poll(call.as_mut()))).is_err());
        assert_eq!((breaker.state(), breaker.totals().failed), (State::Open, 1));
        let trip = breaker.snapshot().last_trip.unwrap();
        assert_eq!((trip.failures[0].class, &*trip.failures[0].text), ("panic", "panicked"));
        // The call has ended with the panic.
        drop(call);
        assert_eq!(breaker.totals().cancelled, 0);
    }
}

/// What becomes of a call that waits for its answer, and is dropped because its caller panics.
fn dropped_by_a_panic(call: impl Future) {
    let caller = || {
        let mut call = pin!(call);
        assert!(poll(call.as_mut()).is_pending());
        panic!("the caller panics");
    };
    assert!(catch_unwind(AssertUnwindSafe(caller)).is_err());
}

#[test]
fn a_panic_of_somebody_else_that_drops_a_waiting_call_has_cancelled_it() {
    let settings = Settings::new().consecutive(1).on_cancel(OnCancel::Ignore);
    let inner = Scripted::new();
    inner.script().answer = Step::Hangs;
    let ends = |totals: Totals| (totals.cancelled, totals.failed);

    let (breaker, _) = breaker(settings);
    dropped_by_a_panic(BreakerLayer::new(Arc::clone(&breaker)).layer(inner.clone()).call("a request"));
    assert_eq!(ends(breaker.totals()), (1, 0));

    let family: &'static Breakers = Box::leak(Box::new(Breakers::new("family", settings)));
    dropped_by_a_panic(BreakerLayer::keyed(family, |request: &&'static str| *request).layer(inner).call("a key"));
    assert_eq!(ends(family.get("a key").unwrap().totals()), (1, 0));
}

#[test]
fn a_panic_of_who_judges_is_a_failure_of_the_call() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    let layer = BreakerLayer::new(Arc::clone(&breaker));
    let failing = layer.clone().failure_if(|_: &Answer| panic!("failure_if"));
    let ignoring = layer.ignore_if(|_: &Answer| panic!("ignore_if"));
    let calls: [Box<dyn FnOnce()>; 2] = [
        Box::new(move || _ = now(failing.layer(Scripted::new()).call("a request"))),
        Box::new(move || _ = now(ignoring.layer(Scripted::new()).call("a request"))),
    ];
    for call in calls {
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    }
    assert_eq!((breaker.state(), breaker.totals().failed), (State::Open, 2));
}

#[test]
fn a_panic_before_admission_or_after_rejection_counts_for_nothing() {
    let family: &'static Breakers = Box::leak(Box::new(Breakers::new("family", Settings::new())));
    let keyed = BreakerLayer::keyed(family, |_: &&'static str| -> &str { panic!("no key") });
    let mut keyed = keyed.layer(Scripted::new());
    assert!(catch_unwind(AssertUnwindSafe(|| now(keyed.call("a request")))).is_err());
    assert!(family.is_empty());

    let (breaker, _) = open();
    let refusing = BreakerLayer::new(Arc::clone(&breaker))
        .on_rejection(|_: CircuitBreakerError| -> Answer { panic!("on_rejection") });
    let mut refusing = refusing.layer(Scripted::new());
    let before = breaker.totals();
    assert!(catch_unwind(AssertUnwindSafe(|| now(refusing.call("a request")))).is_err());
    let after = breaker.totals();
    assert_eq!((after.rejected_open, after.failed), (before.rejected_open + 1, before.failed));
}

#[test]
#[should_panic(expected = "polled again when it had ended")]
fn a_call_that_has_ended_has_no_second_answer() {
    let (breaker, _) = breaker(Settings::new());
    let mut call = pin!(BreakerLayer::new(breaker).layer(Scripted::new()).call("a request"));
    assert!(poll(call.as_mut()).is_ready());
    let _ = poll(call.as_mut());
}
