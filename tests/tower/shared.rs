//! Breakers of all kinds, shared by clones; what the types allow.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, ErrorKind, Mode, Settings, circuit_breaker, testing};
use tower::{Layer, Service, service_fn};

use crate::support::*;

static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());
static STOCK: CircuitBreaker = CircuitBreaker::new("stock", Settings::new());

#[circuit_breaker(threshold = 5)]
fn fetch_price() -> Result<u32, CircuitBreakerError> {
    Ok(99)
}

#[test]
fn clones_and_services_of_one_layer_share_the_breaker() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    let broken = Scripted::new();
    broken.script().answer = Step::Fails;
    let layer = BreakerLayer::new(Arc::clone(&breaker));
    let mut one = layer.layer(broken.clone());
    let mut two = one.clone();
    let mut three = layer.clone().layer(broken);
    assert!(now(one.call("a request")).is_err());
    assert!(now(two.call("a request")).is_err());
    assert!(now(three.call("a request")).is_err());
    for service in [&mut one, &mut two, &mut three] {
        assert_eq!(kind(&now(service.call("a request")).unwrap_err()), ErrorKind::Open);
    }
    assert_eq!(breaker.totals().failed, 3);
}

#[test]
fn a_static_an_arc_and_an_annotated_functions_breaker_will_do() {
    assert!(now(BreakerLayer::new(&STOCK).layer(Scripted::new()).call("a request")).is_ok());
    assert_eq!(STOCK.totals().succeeded, 1);
    testing::isolated(|_| {
        assert!(now(BreakerLayer::new(fetch_price_breaker()).layer(Scripted::new()).call("a request")).is_ok());
        assert_eq!(fetch_price().unwrap(), 99);
        assert_eq!(fetch_price_breaker().totals().succeeded, 2);
    });
}

#[test]
fn limits_and_modes_act_as_for_every_call() {
    let (breaker, clock) = breaker(Settings::new().rate_limit(1, SECOND));
    let mut service = BreakerLayer::new(Arc::clone(&breaker)).layer(Scripted::new());
    assert!(now(service.call("a request")).is_ok());
    assert_eq!(kind(&now(service.call("too soon")).unwrap_err()), ErrorKind::Limited);
    clock.advance(SECOND);
    breaker.set_mode(Mode::ForcedOpen);
    assert_eq!(kind(&now(service.call("a request")).unwrap_err()), ErrorKind::ForcedOpen);
    breaker.set_mode(Mode::Disabled);
    assert!(now(service.call("a request")).is_ok());
}

#[test]
fn services_and_futures_go_where_the_inner_ones_do() {
    fn goes<T: Send + Sync + 'static>(it: T) -> T {
        it
    }
    let layer = goes(
        BreakerLayer::new(&PRICING)
            .ignore_if(|answer: &Result<&str, Broken>| answer.is_ok())
            .failure_if(|answer: &Result<&str, Broken>| answer.is_err())
            .on_rejection(|rejected| Err(rejected.into())),
    );
    let mut service = goes(goes(layer).layer(Scripted::new()));
    drop(goes(service.call("a request")));
}

#[test]
fn a_service_that_stays_on_its_thread_will_do() {
    let here = std::rc::Rc::new(7);
    let mut service = BreakerLayer::new(&PRICING).layer(service_fn(move |(): ()| {
        let here = std::rc::Rc::clone(&here);
        ready(Ok::<_, Infallible>(*here))
    }));
    assert_eq!(now(service.call(())).unwrap(), 7);
}
