//! Calls through the layer for tower's services.

use std::future::{Ready, pending, ready};

use ::tower::{Layer, Service, service_fn};
use breaker_runtime::clock::ManualClock;
use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{Breakers, Settings};

use super::{Error, RULES, SECOND, assert_allocates_nothing, breaker, poll_once};

type Answer = Result<u32, Error>;

fn answer(works: bool) -> Ready<Answer> {
    ready(if works { Ok(1) } else { Err(Error::Failed) })
}

#[test]
fn no_call_through_the_layer_allocates_by_any_rule() {
    for (rule, settings) in RULES {
        let breaker = breaker(rule, settings, &ManualClock::new());
        let layer = BreakerLayer::new(breaker)
            .ignore_if(|answer: &Answer| matches!(answer, Err(Error::NotFound)))
            .on_rejection(|rejected| Err(rejected.into()));
        let mut service = layer.layer(service_fn(answer));
        let mut hanging = layer.layer(service_fn(|()| pending::<Answer>()));
        assert_allocates_nothing(rule, || {
            assert!(poll_once(service.call(false)).is_ready());
            assert!(poll_once(hanging.call(())).is_pending());
            assert!(poll_once(service.call(true)).is_ready());
        });
    }
}

#[test]
fn no_rejection_by_the_layer_allocates_but_for_its_box() {
    let breaker = breaker("open", Settings::new().consecutive(1).reset(SECOND), &ManualClock::new());
    breaker.try_acquire().expect("closed").failure();
    let mut service =
        BreakerLayer::new(breaker).on_rejection(|rejected| Err(rejected.into())).layer(service_fn(answer));
    assert_allocates_nothing("open", || assert!(poll_once(service.call(true)).is_ready()));
}

#[test]
fn no_call_of_a_key_through_the_layer_allocates() {
    struct Request {
        host: String,
    }
    let family: &'static Breakers = Box::leak(Box::new(Breakers::new("hosts", Settings::new())));
    let mut service = BreakerLayer::keyed(family, |request: &Request| request.host.as_str())
        .on_rejection(|rejected| Err(rejected.into()))
        .layer(service_fn(|_: Request| answer(true)));
    // As many as are made: the requests themselves are not the layer's.
    let mut requests: Vec<_> = (0..1_000).map(|_| Request { host: "eu.example".into() }).collect();
    assert_allocates_nothing("key", || {
        assert!(poll_once(service.call(requests.pop().expect("enough"))).is_ready());
    });
}
