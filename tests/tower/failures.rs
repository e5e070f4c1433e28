//! Which answers are failures, and what the report of a trip says of them.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{CircuitBreaker, Settings, State};
use http::{Response, StatusCode};
use tower::{BoxError, Layer, Service, service_fn};

use crate::support::*;

type Answer = Result<&'static str, Broken>;

/// The class and the text of the failure that has opened a breaker.
fn told(breaker: &CircuitBreaker) -> (&'static str, String) {
    assert_eq!(breaker.state(), State::Open);
    let trip = breaker.snapshot().last_trip.unwrap();
    (trip.failures[0].class, trip.failures[0].text.clone())
}

fn sensitive() -> Arc<CircuitBreaker> {
    breaker(Settings::new().consecutive(1)).0
}

#[test]
fn an_error_is_a_failure_which_the_report_quotes() {
    let breaker = sensitive();
    let inner = Scripted::new();
    inner.script().answer = Step::Fails;
    let error = now(BreakerLayer::new(Arc::clone(&breaker)).layer(inner).call("a request")).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Broken::Answer));
    assert_eq!(told(&breaker), ("other", "broken: Answer".into()));
}

#[test]
fn an_answer_can_be_a_failure_and_an_error_a_success() {
    let breaker = sensitive();
    let inner = Scripted::new();
    let layer = BreakerLayer::new(Arc::clone(&breaker)).failure_if(|answer: &Answer| answer.is_ok());
    inner.script().answer = Step::Fails;
    assert!(now(layer.layer(inner.clone()).call("a request")).is_err());
    assert_eq!((breaker.state(), breaker.totals().succeeded), (State::Closed, 1));
    inner.script().answer = Step::Works;
    assert_eq!(now(layer.layer(inner).call("a request")).unwrap(), "well");
    assert_eq!(told(&breaker), ("other", "failed by `failure_if`".into()));
}

#[test]
fn what_is_ignored_is_asked_first_in_whichever_order_it_was_said() {
    let breaker = sensitive();
    let inner = Scripted::new();
    inner.script().answer = Step::Fails;
    let layer = BreakerLayer::new(Arc::clone(&breaker));
    let all = |_: &Answer| true;
    assert!(now(layer.clone().ignore_if(all).failure_if(all).layer(inner.clone()).call("a request")).is_err());
    assert!(now(layer.failure_if(all).ignore_if(all).layer(inner).call("a request")).is_err());
    assert_eq!((breaker.state(), breaker.totals().ignored), (State::Closed, 2));
}

/// A service that answers with this head.
fn answering(
    status: StatusCode,
    grpc_status: Option<&'static str>,
) -> impl Service<(), Response = Response<()>, Error = Infallible, Future: Send> + Clone {
    service_fn(move |()| {
        let response = Response::builder().status(status);
        let response = grpc_status.into_iter().fold(response, |response, code| response.header("grpc-status", code));
        ready(Ok(response.body(()).expect("a good response")))
    })
}

#[test]
fn http_errors_are_5xx_and_429() {
    let cases = [(200, None), (404, None), (429, Some("http_4xx")), (503, Some("http_5xx"))];
    for (status, class) in cases {
        let (breaker, by) = (sensitive(), sensitive());
        let inner = answering(StatusCode::from_u16(status).unwrap(), None);
        let answer = now(BreakerLayer::new(Arc::clone(&breaker)).http_errors().layer(inner.clone()).call(())).unwrap();
        assert_eq!(answer.status(), status, "the caller gets it untouched");
        let layer = BreakerLayer::new(Arc::clone(&by)).http_errors_by(Response::<()>::status);
        assert!(now(layer.layer(inner).call(())).is_ok());
        for breaker in [breaker, by] {
            match class {
                None => assert_eq!(breaker.totals().succeeded, 1, "{status}"),
                Some(class) => assert_eq!(told(&breaker), (class, format!("HTTP status {status}"))),
            }
        }
    }
}

#[test]
fn no_response_is_an_http_error_too() {
    let breaker = sensitive();
    let refused = service_fn(|()| ready(Err::<Response<()>, BoxError>("connection refused".into())));
    assert!(now(BreakerLayer::new(Arc::clone(&breaker)).http_errors().layer(refused).call(())).is_err());
    assert_eq!(told(&breaker).1, "connection refused");
}

#[test]
fn grpc_errors_are_those_of_the_server() {
    let failures = [
        ("2", "UNKNOWN"),
        ("4", "DEADLINE_EXCEEDED"),
        ("8", "RESOURCE_EXHAUSTED"),
        ("12", "UNIMPLEMENTED"),
        ("13", "INTERNAL"),
        ("14", "UNAVAILABLE"),
        ("15", "DATA_LOSS"),
    ];
    for code in 0..=17 {
        let code: &'static str = code.to_string().leak();
        let breaker = sensitive();
        let layer = BreakerLayer::new(Arc::clone(&breaker)).grpc_errors();
        assert!(now(layer.layer(answering(StatusCode::OK, Some(code))).call(())).is_ok());
        match failures.iter().find(|(failure, _)| *failure == code) {
            None => assert_eq!(breaker.totals().succeeded, 1, "{code}"),
            Some((_, name)) => {
                let class = format!("grpc_{}", name.to_lowercase());
                assert_eq!(told(&breaker), (&*class.leak(), format!("gRPC status {name}")));
            }
        }
    }
}

#[test]
fn a_proxy_without_a_grpc_status_fails_by_its_http_status() {
    let breaker = sensitive();
    let layer = BreakerLayer::new(Arc::clone(&breaker)).grpc_errors();
    assert!(now(layer.layer(answering(StatusCode::OK, None)).call(())).is_ok());
    assert_eq!(breaker.totals().succeeded, 1, "its status is in the trailers");
    assert!(now(layer.layer(answering(StatusCode::BAD_GATEWAY, None)).call(())).is_ok());
    assert_eq!(told(&breaker), ("http_5xx", "HTTP status 502".into()));
}
