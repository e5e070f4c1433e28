//! A breaker for each key of the requests.

use std::future::ready;

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{Breakers, ErrorKind, Settings, State};
use http::Request;
use http::uri::Authority;
use tower::{BoxError, Layer, Service, service_fn};

use crate::support::*;

static HOSTS: Breakers = Breakers::new("hosts", Settings::new().consecutive(2));

#[test]
fn each_host_has_a_breaker() {
    let inner = service_fn(|request: Request<()>| {
        let is_up = request.uri().host() == Some("up.example");
        ready(if is_up { Ok("well") } else { Err(BoxError::from("connection refused")) })
    });
    let layer =
        BreakerLayer::keyed(&HOSTS, |request: &Request<()>| request.uri().authority().map_or("", Authority::as_str));
    let mut service = layer.layer(inner);
    let mut ask = |uri: &str| now(service.call(Request::get(uri).body(()).unwrap()));

    for _ in 0..2 {
        assert_eq!(ask("http://down.example:8080/").unwrap_err().to_string(), "connection refused");
    }
    assert_eq!(kind(&ask("http://down.example:8080/prices").unwrap_err()), ErrorKind::Open);
    assert_eq!(ask("http://up.example/").unwrap(), "well");
    assert!(ask("/no-host").is_err());
    assert_eq!(HOSTS.get("down.example:8080").unwrap().state(), State::Open);
    assert_eq!((HOSTS.get("up.example").unwrap().state(), HOSTS.len()), (State::Closed, 3));
}

#[test]
fn a_key_of_any_type_is_taken_by_reference() {
    struct Order {
        tenant: u32,
    }
    let family: &'static Breakers = Box::leak(Box::new(Breakers::new("tenants", Settings::new())));
    let inner = service_fn(|_: Order| ready(Ok::<_, BoxError>("well")));
    let mut service = BreakerLayer::keyed(family, |order: &Order| &order.tenant).layer(inner);
    assert_eq!(now(service.call(Order { tenant: 7 })).unwrap(), "well");
    assert_eq!(family.get(&7_u32).unwrap().totals().succeeded, 1);
}
