//! When the service is asked whether it is ready, and what it reserves by that.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{ErrorKind, Settings, State};
use tower::{Layer, Service};

use crate::support::*;

#[test]
fn while_open_nothing_of_the_service_is_touched() {
    let (breaker, _) = open();
    let inner = Scripted::new();
    let mut service = BreakerLayer::new(breaker).layer(inner.clone());
    assert_eq!(kind(&now(service.call("a request")).unwrap_err()), ErrorKind::Open);
    assert_eq!(inner.asked(), (0, 0));
}

#[test]
fn no_rejection_waits_for_a_service_that_is_not_ready() {
    let (breaker, _) = open();
    let inner = Scripted::new();
    inner.script().readiness = Step::Hangs;
    let mut service = BreakerLayer::new(breaker).layer(inner);
    assert!(service_is_ready(&mut service));
    assert_eq!(kind(&now(service.call("a request")).unwrap_err()), ErrorKind::Open);
}

#[test]
fn being_ready_takes_no_probe_and_changes_no_state() {
    let (breaker, _) = due();
    let inner = Scripted::new();
    let mut service = BreakerLayer::new(breaker.clone()).layer(inner.clone());
    for _ in 0..100 {
        assert!(service_is_ready(&mut service));
    }
    assert_eq!((breaker.state(), inner.asked()), (State::Open, (0, 0)));
    assert_eq!(now(service.call("the probe")).unwrap(), "well");
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn an_admitted_call_waits_until_its_service_is_ready_and_calls_it_once() {
    let (breaker, _) = breaker(Settings::new());
    let inner = Scripted::new();
    inner.script().readiness = Step::Hangs;
    let mut service = BreakerLayer::new(breaker.clone()).layer(inner.clone());
    let mut call = pin!(service.call("a request"));
    for polls in 1..=3 {
        assert!(poll(call.as_mut()).is_pending());
        assert_eq!(inner.asked(), (polls, 0));
    }
    assert_eq!(breaker.totals().admitted, 1);
    inner.script().readiness = Step::Works;
    assert!(matches!(poll(call.as_mut()), Poll::Ready(Ok("well"))));
    assert_eq!((inner.asked(), breaker.totals().succeeded), ((4, 1), 1));
}

#[test]
fn a_service_that_is_ready_no_more_has_failed() {
    let (breaker, clock) = breaker(Settings::new().consecutive(2).reset(MINUTE));
    let inner = Scripted::new();
    inner.script().readiness = Step::Fails;
    let mut service = BreakerLayer::new(breaker.clone()).layer(inner.clone());
    for _ in 0..2 {
        let error = now(service.call("a request")).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Broken::Readiness));
    }
    assert_eq!((breaker.state(), inner.asked()), (State::Open, (2, 0)));
    // Each call has a clone of its own, so the next probe asks again.
    clock.advance(MINUTE);
    inner.script().readiness = Step::Works;
    assert_eq!(now(service.call("the probe")).unwrap(), "well");
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_future_that_is_never_polled_has_asked_nobody() {
    let (breaker, _) = due();
    let inner = Scripted::new();
    let mut service = BreakerLayer::new(breaker.clone()).layer(inner.clone());
    drop(service.call("a request"));
    let waiting = service.call("another");
    assert_eq!((breaker.state(), breaker.totals().admitted), (State::Open, 1));
    assert_eq!(now(service.call("the probe")).unwrap(), "well");
    assert_eq!(now(waiting).unwrap(), "well");
    assert_eq!((breaker.totals().admitted, breaker.totals().cancelled), (3, 0));
    assert_eq!(inner.asked(), (2, 2));
}

fn service_is_ready<S: Service<&'static str>>(service: &mut S) -> bool {
    matches!(service.poll_ready(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(())))
}
