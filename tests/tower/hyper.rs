//! A client of hyper's, over a real socket.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{ErrorKind, Settings, State};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt};

use crate::support::*;

#[tokio::test]
async fn a_client_of_hypers_is_a_service_behind_the_layer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let pages = Router::new()
        .route("/price", get(async || "99 cents"))
        .route("/broken", get(async || StatusCode::SERVICE_UNAVAILABLE));
    tokio::spawn(async { axum::serve(listener, pages).await });

    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(MINUTE));
    let client = ServiceBuilder::new()
        .layer(BreakerLayer::new(Arc::clone(&breaker)).http_errors())
        .service(Client::builder(TokioExecutor::new()).build_http::<Body>());
    let ask = async |page: &str| {
        let request = Request::get(format!("http://{address}{page}")).body(Body::empty()).unwrap();
        client.clone().oneshot(request).await.map(|response| response.status())
    };
    assert_eq!(ask("/price").await.unwrap(), StatusCode::OK);
    assert_eq!(ask("/broken").await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(kind(&ask("/price").await.unwrap_err()), ErrorKind::Open);
    clock.advance(MINUTE);
    assert_eq!(ask("/price").await.unwrap(), StatusCode::OK);
    assert_eq!(breaker.state(), State::Closed);
}
