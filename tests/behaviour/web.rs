//! A hung dependency behind a web server whose clients go away.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use breaker_runtime::testing::Isolation;
use breaker_runtime::{CircuitBreakerError, Rule, State, circuit_breaker};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

static ASKED: AtomicUsize = AtomicUsize::new(0);

#[circuit_breaker(threshold = 3)]
async fn ask_hung_dependency() -> Result<String, CircuitBreakerError> {
    ASKED.fetch_add(1, Ordering::SeqCst);
    pending().await
}

async fn page() -> (StatusCode, String) {
    match ask_hung_dependency().await {
        Ok(answer) => (StatusCode::OK, answer),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

/// Waits for something that another task is about to do.
async fn until(condition: impl Fn() -> bool) {
    for _ in 0..50_000_000_u64 {
        if condition() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never happened");
}

#[tokio::test]
async fn clients_that_go_away_trip_it() {
    let test = Isolation::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let isolation = test.clone();
    let app = Router::new().route("/", get(move || isolation.within(page())));
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let breaker = test.run(ask_hung_dependency_breaker);
    for visit in 1..=3 {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
        until(|| ASKED.load(Ordering::SeqCst) == visit).await;
        drop(client);
        until(|| breaker.totals().cancelled == visit as u64).await;
        test.advance(Duration::from_secs(5));
    }
    assert_eq!(breaker.state(), State::Open);
    let rule = breaker.snapshot().last_trip.unwrap().rule;
    assert!(matches!(rule, Rule::NoAnswer { limit: 3, measured: 3, .. }));

    let answer = reqwest::get(format!("http://{address}/")).await.unwrap();
    assert_eq!(answer.status().as_u16(), 503);
    let line = answer.text().await.unwrap();
    assert!(line.contains("no answer: 3 calls in a row given up on over 10 s (limit 3)"), "{line}");
    server.abort();
}
