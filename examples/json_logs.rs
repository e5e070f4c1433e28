//! An outage as JSON lines on stdout: what a service logs that uses `tracing`.
//!
//! `cargo run --bin json_logs`

use breaker_runtime::{CircuitBreakerError, circuit_breaker};
use tracing::{Level, info_span};

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("the pricing service is down")]
    Down,
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

#[circuit_breaker(
    threshold = 3,
    class = |_| "down",
    dependency = "pricing_api",
    note = "prices are an hour old at most; nobody has to be woken",
    fallback = |_| Ok(9.99)
)]
fn fetch_price(sku: &str) -> Result<f64, PriceError> {
    if sku.is_empty() { Ok(0.0) } else { Err(PriceError::Down) }
}

fn main() {
    tracing_subscriber::fmt().json().flatten_event(true).with_max_level(Level::DEBUG).init();
    for number in 1..=5 {
        // A span of the service's own: what happens to its call is told in it.
        let _request = info_span!("request", number).entered();
        if let Err(error) = fetch_price("apple") {
            tracing::error!(%error, "no price");
        }
    }
}
