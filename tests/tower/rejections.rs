//! What a rejected caller gets.

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{ErrorKind, Settings, State};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::support::*;

#[test]
fn by_default_the_error_is_in_a_box_and_one_that_was_boxed_stays_as_it_was() {
    let (breaker, clock) = open();
    let boxed = service_fn(|(): ()| ready(Err::<(), BoxError>(Broken::Answer.into())));
    let mut service = BreakerLayer::new(breaker).layer(boxed);
    assert_eq!(kind(&now(service.call(())).unwrap_err()), ErrorKind::Open);
    clock.advance(MINUTE);
    assert_eq!(now(service.call(())).unwrap_err().downcast_ref(), Some(&Broken::Answer));
}

#[test]
fn an_error_that_is_made_from_the_rejection_stays_the_services_own() {
    let (breaker, clock) = open();
    let inner = Scripted::new();
    inner.script().answer = Step::Fails;
    let mut service = BreakerLayer::new(breaker).on_rejection(|rejected| Err(rejected.into())).layer(inner);
    assert_eq!(now(service.call("a request")), Err(Broken::Rejected(ErrorKind::Open)));
    clock.advance(MINUTE);
    assert_eq!(now(service.call("a request")), Err(Broken::Answer));
}

#[test]
fn an_error_of_another_crate_becomes_ones_own_below_the_layer() {
    let (breaker, _) = open();
    let mut service = ServiceBuilder::new()
        .layer(BreakerLayer::new(breaker).on_rejection(|rejected| Err(rejected.into())))
        .map_err(|_: std::io::Error| Broken::Answer)
        .service(service_fn(|(): ()| ready(Ok::<_, std::io::Error>(()))));
    assert_eq!(now(service.call(())), Err(Broken::Rejected(ErrorKind::Open)));
}

#[test]
fn a_service_that_cannot_fail_answers() {
    let (breaker, _) = open();
    let echo = service_fn(|text: &'static str| ready(Ok::<_, Infallible>(text.to_owned())));
    let mut service = BreakerLayer::new(breaker).on_rejection(|rejected| Ok(rejected.to_string())).layer(echo);
    let Ok(answer) = now(service.call("a request"));
    assert!(answer.contains("is open"), "{answer}");
}

#[test]
fn a_rejected_request_is_dropped_with_its_rejection() {
    let (breaker, _) = open();
    let request = Arc::new("a request");
    let echo = service_fn(|request: Arc<&'static str>| ready(Ok::<_, Infallible>(*request)));
    let mut call = pin!(BreakerLayer::new(breaker).layer(echo).call(Arc::clone(&request)));
    assert!(poll(call.as_mut()).is_ready());
    assert_eq!(Arc::strong_count(&request), 1, "the future is still there");
}

#[tokio::test]
async fn a_route_of_axum_answers_503_and_says_when_to_come_again() {
    let (breaker, _) = breaker(Settings::new().consecutive(1).reset(MINUTE));
    let layer = BreakerLayer::new(breaker.clone()).http_errors().on_rejection(|rejected| Ok(rejected.into_response()));
    let app = Router::new()
        .route("/price", get(async || StatusCode::BAD_GATEWAY).layer(layer.clone()))
        .route("/terms", get(async || "terms"))
        .route("/stock", get(async || "stock").route_layer(layer.clone()))
        .merge(Router::new().route("/size", get(async || "size")).layer(layer));
    let ask = async |path: &str| app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();

    assert_eq!(ask("/stock").await.status(), StatusCode::OK);
    assert_eq!(ask("/price").await.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(breaker.state(), State::Open);
    for path in ["/price", "/stock", "/size"] {
        let rejected = ask(path).await;
        assert_eq!(
            (rejected.status(), &rejected.headers()["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"60".parse().unwrap())
        );
    }
    assert_eq!(ask("/terms").await.status(), StatusCode::OK);
}
