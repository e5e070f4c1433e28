//! Tower's own layers, inside and outside.

use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, ErrorKind, OnCancel, Settings, State};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::error::Overloaded;
use tower::retry::{Policy, RetryLayer};
use tower::timeout::error::Elapsed;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};

use crate::support::*;

fn hanging() -> Scripted {
    let inner = Scripted::new();
    inner.script().answer = Step::Hangs;
    inner
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_inside_is_a_failure() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let service =
        ServiceBuilder::new().layer(BreakerLayer::new(Arc::clone(&breaker))).timeout(SECOND).service(hanging());
    assert!(service.clone().oneshot("a request").await.unwrap_err().is::<Elapsed>());
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(kind(&service.oneshot("a request").await.unwrap_err()), ErrorKind::Open);
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_outside_cancels_the_call() {
    let (breaker, _) = breaker(Settings::new().on_cancel(OnCancel::Ignore));
    let service =
        ServiceBuilder::new().timeout(SECOND).layer(BreakerLayer::new(Arc::clone(&breaker))).service(hanging());
    assert!(service.oneshot("a request").await.unwrap_err().is::<Elapsed>());
    assert_eq!((breaker.totals().admitted, breaker.totals().cancelled), (1, 1));
}

/// Ten attempts, and none after a rejection.
#[derive(Clone)]
struct UntilRejected(u32);

impl Policy<&'static str, &'static str, BoxError> for UntilRejected {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut &'static str, answer: &mut Result<&'static str, BoxError>) -> Option<Ready<()>> {
        let error = answer.as_ref().err()?;
        self.0 -= 1;
        (self.0 > 0 && !error.is::<CircuitBreakerError>()).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &&'static str) -> Option<&'static str> {
        Some(*request)
    }
}

#[test]
fn each_attempt_of_a_retry_outside_counts_and_a_rejection_ends_them() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    let inner = Scripted::new();
    inner.script().answer = Step::Fails;
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(UntilRejected(10)))
        .layer(BreakerLayer::new(Arc::clone(&breaker)))
        .service(inner.clone());
    assert_eq!(kind(&now(service.oneshot("a request")).unwrap_err()), ErrorKind::Open);
    let totals = breaker.totals();
    assert_eq!((inner.asked().1, totals.failed, totals.rejected_open), (3, 3, 1));
}

#[test]
fn an_outer_breaker_counts_what_an_inner_one_rejects_unless_it_ignores_that() {
    let is_rejection =
        |answer: &Result<&'static str, BoxError>| matches!(answer, Err(error) if error.is::<CircuitBreakerError>());
    let (inner, _) = open();
    let (counting, _) = breaker(Settings::new().consecutive(1));
    let (ignoring, _) = breaker(Settings::new().consecutive(1));
    let service = BreakerLayer::new(inner).layer(Scripted::new());
    let counts = BreakerLayer::new(Arc::clone(&counting)).layer(service.clone());
    let ignores = BreakerLayer::new(Arc::clone(&ignoring)).ignore_if(is_rejection).layer(service);
    assert_eq!(kind(&now(counts.oneshot("a request")).unwrap_err()), ErrorKind::Open);
    assert_eq!(kind(&now(ignores.oneshot("a request")).unwrap_err()), ErrorKind::Open);
    assert_eq!((counting.state(), ignoring.state()), (State::Open, State::Closed));
}

/// A limit of one, and a second service that shares it.
fn limited(breaker: &Arc<CircuitBreaker>) -> (impl Ask, impl Ask, Scripted) {
    let (inner, limit) = (Scripted::new(), GlobalConcurrencyLimitLayer::new(1));
    let layered =
        ServiceBuilder::new().layer(BreakerLayer::new(Arc::clone(breaker))).layer(limit.clone()).service(inner.clone());
    let bare = ServiceBuilder::new().map_err(BoxError::from).layer(limit).service(inner.clone());
    (layered, bare, inner)
}

trait Ask: Service<&'static str, Response = &'static str, Error = BoxError, Future: Send> + Clone {}
impl<S: Service<&'static str, Response = &'static str, Error = BoxError, Future: Send> + Clone> Ask for S {}

#[test]
fn a_rejected_call_holds_no_slot_of_a_limit_inside() {
    let (breaker, _) = open();
    let (mut layered, bare, _) = limited(&breaker);
    // Ready, and rejected: the slot is free for who comes after, while the service lives.
    assert!(now(layered.ready()).is_ok());
    assert_eq!(kind(&now(layered.call("a request")).unwrap_err()), ErrorKind::Open);
    assert!(now(layered.ready()).is_ok());
    assert_eq!(now(bare.oneshot("another")).unwrap(), "well");
}

#[test]
fn a_call_that_waits_for_a_slot_inside_gives_all_back_when_it_is_dropped() {
    let (breaker, _) = due();
    let (mut layered, mut bare, inner) = limited(&breaker);
    inner.script().answer = Step::Hangs;
    assert!(now(bare.ready()).is_ok());
    let mut in_the_slot = Box::pin(bare.call("a request"));
    assert!(poll(in_the_slot.as_mut()).is_pending());

    let mut probe = Box::pin(layered.call("the probe"));
    assert!(poll(probe.as_mut()).is_pending());
    assert_eq!((breaker.state(), inner.asked().1), (State::HalfOpen, 1));
    drop(probe);
    drop(in_the_slot);

    inner.script().answer = Step::Works;
    assert_eq!(now(layered.call("the next probe")).unwrap(), "well");
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_limit_outside_counts_rejected_calls_for_as_long_as_they_live() {
    let (breaker, _) = open();
    let mut service =
        ServiceBuilder::new().concurrency_limit(1).layer(BreakerLayer::new(breaker)).service(Scripted::new());
    for _ in 0..3 {
        assert!(now(service.ready()).is_ok());
        assert_eq!(kind(&now(service.call("a request")).unwrap_err()), ErrorKind::Open);
    }
}

#[test]
fn what_is_shed_inside_can_be_ignored() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let inner = Scripted::new();
    inner.script().readiness = Step::Hangs;
    let shed = |answer: &Result<&'static str, BoxError>| matches!(answer, Err(error) if error.is::<Overloaded>());
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(Arc::clone(&breaker)).ignore_if(shed))
        .load_shed()
        .service(inner.clone());
    assert!(now(service.call("a request")).unwrap_err().is::<Overloaded>());
    assert_eq!((breaker.state(), breaker.totals().ignored), (State::Closed, 1));
    inner.script().readiness = Step::Works;
    assert_eq!(now(service.call("a request")).unwrap(), "well");
}

#[test]
fn what_sheds_load_outside_never_finds_the_layer_busy() {
    let (breaker, _) = breaker(Settings::new());
    let inner = Scripted::new();
    inner.script().readiness = Step::Hangs;
    let mut service = ServiceBuilder::new().load_shed().layer(BreakerLayer::new(breaker)).service(inner);
    assert!(now(service.ready()).is_ok());
    assert!(poll(pin!(service.call("a request"))).is_pending());
}

#[tokio::test]
async fn a_buffer_inside_and_outside() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let inner = Scripted::new();
    let service =
        ServiceBuilder::new().buffer(4).layer(BreakerLayer::new(Arc::clone(&breaker))).buffer(4).service(inner.clone());
    assert_eq!(service.clone().oneshot("a request").await.unwrap(), "well");
    inner.script().answer = Step::Fails;
    assert_eq!(service.clone().oneshot("a request").await.unwrap_err().downcast_ref(), Some(&Broken::Answer));
    assert_eq!(kind(&service.oneshot("a request").await.unwrap_err()), ErrorKind::Open);
    assert_eq!(inner.asked().1, 2);
}

#[tokio::test]
async fn a_buffer_makes_a_service_one_that_can_be_cloned() {
    struct Single(Scripted);
    impl Service<&'static str> for Single {
        type Response = &'static str;
        type Error = Broken;
        type Future = Answer;
        fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
            self.0.poll_ready(context)
        }
        fn call(&mut self, request: &'static str) -> Answer {
            self.0.call(request)
        }
    }
    let (breaker, _) = breaker(Settings::new());
    let service = ServiceBuilder::new().layer(BreakerLayer::new(breaker)).buffer(1).service(Single(Scripted::new()));
    assert_eq!(service.oneshot("a request").await.unwrap(), "well");
}
