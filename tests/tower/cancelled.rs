//! Futures that are dropped, at each point at which they can wait.

use std::future::pending;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{CircuitBreaker, ErrorKind, OnCancel, Settings, State};
use tower::{Layer, Service, service_fn};

use crate::support::*;

/// The points at which a call can wait.
const WAITING: [fn(&mut Script); 2] = [|script| script.readiness = Step::Hangs, |script| script.answer = Step::Hangs];

/// Makes a call that waits there, and drops it after `meanwhile`.
fn cancelled(breaker: &Arc<CircuitBreaker>, wait: fn(&mut Script), meanwhile: impl FnOnce()) {
    let inner = Scripted::new();
    wait(&mut inner.script());
    let mut call = Box::pin(BreakerLayer::new(Arc::clone(breaker)).layer(inner).call("a request"));
    assert!(poll(call.as_mut()).is_pending());
    meanwhile();
}

#[test]
fn a_dropped_probe_gives_its_place_back_wherever_it_waits() {
    for wait in WAITING {
        let (breaker, _) = due();
        let mut others = BreakerLayer::new(Arc::clone(&breaker)).layer(Scripted::new());
        cancelled(&breaker, wait, || {
            assert_eq!(breaker.state(), State::HalfOpen);
            assert_eq!(kind(&now(others.call("a second probe")).unwrap_err()), ErrorKind::Probing);
        });
        assert_eq!((breaker.state(), breaker.totals().cancelled), (State::HalfOpen, 1));
        assert_eq!(now(others.call("the next probe")).unwrap(), "well");
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn a_dropped_call_counts_as_the_breaker_says() {
    for wait in WAITING {
        let (ignoring, _) = breaker(Settings::new().consecutive(1).on_cancel(OnCancel::Ignore));
        cancelled(&ignoring, wait, || {});
        assert_eq!((ignoring.state(), ignoring.totals().cancelled), (State::Closed, 1));

        let (failing, _) = breaker(Settings::new().consecutive(1).on_cancel(OnCancel::Failure));
        cancelled(&failing, wait, || {});
        assert_eq!(failing.state(), State::Open);
    }
}

#[test]
fn a_call_that_is_dropped_after_the_breakers_time_limit_is_a_failure() {
    for wait in WAITING {
        let (breaker, clock) = breaker(Settings::new().consecutive(1).timeout(SECOND));
        cancelled(&breaker, wait, || {});
        assert_eq!(breaker.state(), State::Closed);
        cancelled(&breaker, wait, || clock.advance(SECOND));
        assert_eq!(breaker.state(), State::Open);
    }
}

#[test]
fn a_dropped_call_leaves_its_place_in_the_bulkhead() {
    for wait in WAITING {
        let (breaker, _) = breaker(Settings::new().max_concurrent(1));
        let mut others = BreakerLayer::new(Arc::clone(&breaker)).layer(Scripted::new());
        cancelled(&breaker, wait, || {
            assert_eq!(kind(&now(others.call("one too many")).unwrap_err()), ErrorKind::Full);
        });
        assert_eq!(now(others.call("the next")).unwrap(), "well");
    }
}

#[test]
fn a_dropped_call_is_under_way_until_its_destructors_have_run() {
    struct Asks(Arc<CircuitBreaker>, Arc<Mutex<Option<ErrorKind>>>);
    impl Drop for Asks {
        fn drop(&mut self) {
            *self.1.lock().unwrap() = self.0.try_acquire().err().map(|rejected| rejected.kind());
        }
    }
    let (breaker, _) = breaker(Settings::new().max_concurrent(1));
    let heard = Arc::new(Mutex::new(None));
    let asks = Asks(Arc::clone(&breaker), Arc::clone(&heard));
    let mut service = BreakerLayer::new(breaker).layer(service_fn(|asks: Asks| async move {
        pending::<()>().await;
        drop(asks);
        Ok::<_, Broken>(())
    }));
    let mut call = Box::pin(service.call(asks));
    assert!(poll(call.as_mut()).is_pending());
    drop(call);
    assert_eq!(*heard.lock().unwrap(), Some(ErrorKind::Full));
}

#[test]
fn an_answer_that_comes_after_the_trip_is_late() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let (slow, broken) = (Scripted::new(), Scripted::new());
    slow.script().answer = Step::Hangs;
    broken.script().answer = Step::Fails;
    let layer = BreakerLayer::new(Arc::clone(&breaker));
    let mut waiting = pin!(layer.layer(slow.clone()).call("a request"));
    assert!(poll(waiting.as_mut()).is_pending());
    assert!(now(layer.layer(broken).call("another")).is_err());
    assert_eq!(breaker.state(), State::Open);

    slow.script().answer = Step::Works;
    assert!(matches!(poll(waiting.as_mut()), Poll::Ready(Ok("well"))));
    assert_eq!((breaker.state(), breaker.totals().late), (State::Open, 1));
}
