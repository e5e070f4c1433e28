//! Responses that are failures, from a real server.

use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use breaker_runtime::testing::Isolation;
use breaker_runtime::{CircuitBreakerError, ErrorKind, State, circuit_breaker, http as failures};
use http::Response;
use tokio::net::TcpListener;

#[derive(Debug)]
enum Error {
    Client(#[expect(dead_code, reason = "for people")] reqwest::Error),
    Unavailable(CircuitBreakerError),
}

impl From<CircuitBreakerError> for Error {
    fn from(error: CircuitBreakerError) -> Self {
        Self::Unavailable(error)
    }
}

#[circuit_breaker(threshold = 2, failure_if = failures::server_error)]
async fn fetch(url: &str) -> Result<Response<reqwest::Body>, Error> {
    reqwest::get(url).await.map(Response::from).map_err(Error::Client)
}

#[circuit_breaker(threshold = 2, failure_if = |output| match output {
    Ok(response) => failures::is_failure(response.status()),
    Err(_) => true,
})]
async fn fetch_with_a_closure(url: &str) -> Result<reqwest::Response, Error> {
    reqwest::get(url).await.map_err(Error::Client)
}

#[circuit_breaker(threshold = 2, failure_if = failures::server_error, fallback = unavailable)]
fn render(status: StatusCode) -> Response<&'static str> {
    let mut response = Response::new("a page");
    *response.status_mut() = status;
    response
}

fn unavailable(_: StatusCode) -> Response<&'static str> {
    Response::new("a cached page")
}

#[circuit_breaker(threshold = 2, failure_if = Option::is_none, fallback = |_| Some(0))]
fn stock(known: bool) -> Option<u32> {
    known.then_some(3)
}

static STATUS: AtomicU16 = AtomicU16::new(200);

async fn answer() -> StatusCode {
    StatusCode::from_u16(STATUS.load(Ordering::SeqCst)).unwrap()
}

#[tokio::test]
async fn a_server_that_answers_503_or_429_trips_and_one_that_answers_404_does_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server =
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(answer))).await.unwrap() });
    for (status, trips) in [(200, false), (404, false), (500, true), (503, true), (429, true)] {
        STATUS.store(status, Ordering::SeqCst);
        Isolation::new()
            .within(async {
                for _ in 0..2 {
                    assert_eq!(fetch(&url).await.unwrap().status(), status, "failures reach the caller");
                    assert_eq!(fetch_with_a_closure(&url).await.unwrap().status(), status);
                }
                let expected = if trips { State::Open } else { State::Closed };
                assert_eq!(
                    (fetch_breaker().state(), fetch_with_a_closure_breaker().state()),
                    (expected, expected),
                    "{status}"
                );
            })
            .await;
    }
    server.abort();
}

#[tokio::test]
async fn no_response_at_all_is_a_failure_too() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}/");
    Isolation::new()
        .within(async {
            assert!(matches!(fetch(&url).await, Err(Error::Client(_))));
            assert!(matches!(fetch(&url).await, Err(Error::Client(_))));
            match fetch(&url).await {
                Err(Error::Unavailable(error)) => assert_eq!(error.kind(), ErrorKind::Open),
                other => panic!("{other:?}"),
            }
        })
        .await;
}

#[test]
fn a_sync_function_that_returns_a_response_is_judged_by_it() {
    Isolation::new().run(|| {
        for _ in 0..2 {
            assert_eq!(render(StatusCode::BAD_GATEWAY).status(), StatusCode::BAD_GATEWAY);
        }
        assert_eq!(*render(StatusCode::OK).body(), "a cached page");
    });
}

#[test]
fn the_report_quotes_and_sorts_by_the_status() {
    #[circuit_breaker(threshold = 3, failure_if = failures::server_error)]
    fn page(answer: Result<Response<()>, Error>) -> Result<Response<()>, Error> {
        answer
    }
    let answer = |status: u16| Ok(Response::builder().status(status).body(()).unwrap());
    Isolation::new().run(|| {
        assert!([503, 429, 500].into_iter().all(|status| page(answer(status)).is_ok()));
        let report = page_breaker().snapshot().last_trip.unwrap();
        assert_eq!(report.to_string(), "3 failures in a row (limit 3): 2 http_5xx, 1 http_4xx; next probe after 60 s");
        let texts: Vec<_> = report.failures.iter().map(|failure| &*failure.text).collect();
        assert_eq!(texts, ["HTTP status 503", "HTTP status 429", "HTTP status 500"]);
    });
}

#[test]
fn a_response_that_fails_for_another_reason_than_its_status_is_not_sorted_by_it() {
    #[circuit_breaker(threshold = 1, failure_if = |page: &Response<&str>| page.body().is_empty(), fallback = |_| Response::new("cached"))]
    fn page() -> Response<&'static str> {
        Response::new("")
    }
    Isolation::new().run(|| {
        page();
        let failure = page_breaker().snapshot().last_trip.unwrap().failures[0].clone();
        assert_eq!((failure.class, &*failure.text), ("other", "failed by `failure_if`"));
    });
}

#[test]
fn an_option_is_judged_by_a_function_of_its_own() {
    Isolation::new().run(|| {
        assert_eq!([stock(false), stock(false), stock(true)], [None, None, Some(0)]);
        assert_eq!(stock_breaker().state(), State::Open);
    });
}
