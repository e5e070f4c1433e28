//! A breaker for each key of the requests.

use std::future::ready;

use breaker_runtime::tower::{BreakerLayer, host_of};
use breaker_runtime::{Breakers, ErrorKind, Settings, State};
use http::Request;
use tower::{BoxError, Layer, Service, service_fn};

use crate::support::*;

static HOSTS: Breakers = Breakers::new("hosts", Settings::new().consecutive(2));

#[test]
fn each_host_has_a_breaker() {
    let inner = service_fn(|request: Request<()>| {
        let is_up = request.uri().host() == Some("up.example");
        ready(if is_up { Ok("well") } else { Err(BoxError::from("connection refused")) })
    });
    let layer = BreakerLayer::keyed(&HOSTS, |request: &Request<()>| {
        request.uri().authority().map_or("", |authority| host_of(authority.as_str()))
    });
    let mut service = layer.layer(inner);
    let mut ask = |uri: &str| now(service.call(Request::get(uri).body(()).unwrap()));

    for _ in 0..2 {
        assert_eq!(ask("http://down.example:8080/").unwrap_err().to_string(), "connection refused");
    }
    for same_host in ["http://down.example:8080/prices", "http://ann:secret@down.example:8080/"] {
        let rejected = ask(same_host).unwrap_err();
        assert_eq!(kind(&rejected), ErrorKind::Open);
        assert!(!rejected.to_string().contains("secret"), "{rejected}");
    }
    assert_eq!(ask("http://up.example/").unwrap(), "well");
    assert!(ask("/no-host").is_err());
    assert_eq!(HOSTS.get("down.example:8080").unwrap().state(), State::Open);
    assert_eq!((HOSTS.get("up.example").unwrap().state(), HOSTS.len()), (State::Closed, 3));
}

#[test]
fn a_host_is_what_stands_behind_user_and_password() {
    let addresses = ["http://h.example:81/", "http://ann@h.example:81/", "http://ann:p%40ss@h.example:81/a@b"];
    for address in addresses {
        assert_eq!(host_of(reqwest::Url::parse(address).unwrap().authority()), "h.example:81");
        assert_eq!(host_of(address.parse::<http::Uri>().unwrap().authority().unwrap().as_str()), "h.example:81");
    }
    assert_eq!(host_of("ann:a@b@[::1]:81"), "[::1]:81");
    assert_eq!(host_of(""), "");
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
