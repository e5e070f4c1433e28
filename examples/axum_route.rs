//! A route of axum behind a breaker: while what it needs is down, it answers 503 at once, and says when to come again.
//!
//! `cargo run --bin axum_route` serves it on this machine, asks it, and takes its database through an outage.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use axum::routing::get;
use breaker_runtime::clock::ManualClock;
use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{CircuitBreaker, Settings, State};
use tokio::net::TcpListener;
use tower::BoxError;

const RESET: Duration = Duration::from_secs(30);

static IS_DOWN: AtomicBool = AtomicBool::new(false);
/// How often the database was asked.
static ASKED: AtomicU32 = AtomicU32::new(0);

// On a clock turned by hand, so that nobody has to wait here. A program without it has
// `static PRICES: CircuitBreaker = CircuitBreaker::new(…)`.
static CLOCK: LazyLock<ManualClock> = LazyLock::new(ManualClock::new);
static PRICES: LazyLock<CircuitBreaker> = LazyLock::new(|| {
    let settings = Settings::new().consecutive(3).reset(RESET);
    CircuitBreaker::builder("prices").settings(settings).clock(&*CLOCK).build().expect("good settings")
});

async fn price() -> Result<&'static str, StatusCode> {
    ASKED.fetch_add(1, Ordering::Relaxed);
    if IS_DOWN.load(Ordering::Relaxed) { Err(StatusCode::BAD_GATEWAY) } else { Ok("99 cents") }
}

fn router() -> Router {
    // A route cannot fail, so a rejection is a response.
    let breaker = BreakerLayer::new(&*PRICES).http_errors().on_rejection(|rejected| Ok(rejected.into_response()));
    Router::new().route("/price", get(price).layer(breaker)).route("/terms", get(async || "terms"))
}

/// What a customer gets: the status, when to come again, and the page.
async fn ask(url: String) -> Result<(u16, Option<String>), BoxError> {
    let response = reqwest::Client::builder().no_proxy().build()?.get(&url).send().await?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).map(|wait| wait.to_str().map(str::to_owned)).transpose()?;
    let wait = retry_after.as_ref().map(|wait| format!(" (come again in {wait} s)")).unwrap_or_default();
    println!("  {url}: {status}{wait} {}", response.text().await?);
    Ok((status, retry_after))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let shop = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, router()).await });

    println!("all is well:");
    assert_eq!(ask(format!("{shop}/price")).await?, (200, None));

    println!("the database goes down:");
    IS_DOWN.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        assert_eq!(ask(format!("{shop}/price")).await?, (502, None));
    }
    assert_eq!(PRICES.state(), State::Open);

    println!("the breaker is open: nobody asks the database, and the other route is as it was:");
    CLOCK.advance(Duration::from_secs(10));
    assert_eq!(ask(format!("{shop}/price")).await?, (503, Some("20".to_owned())));
    assert_eq!(ASKED.load(Ordering::Relaxed), 4);
    assert_eq!(ask(format!("{shop}/terms")).await?, (200, None));

    println!("the database is back, and the probe finds out:");
    IS_DOWN.store(false, Ordering::Relaxed);
    CLOCK.advance(RESET);
    assert_eq!(ask(format!("{shop}/price")).await?, (200, None));
    assert_eq!(PRICES.state(), State::Closed);
    Ok(())
}
