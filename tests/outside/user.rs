//! A program whose only dependency is `breaker-runtime`.

#![forbid(unsafe_code)]
#![deny(warnings)]
#![warn(missing_docs, unreachable_pub)]

use std::cell::Cell;
use std::fmt;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Settings, State, circuit_breaker, registry};

#[derive(Debug)]
enum PriceError {
    NoProduct(String),
    Down,
    Unavailable(CircuitBreakerError),
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProduct(sku) => write!(f, "no product {sku}"),
            Self::Down => f.write_str("down"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl From<CircuitBreakerError> for PriceError {
    fn from(error: CircuitBreakerError) -> Self {
        Self::Unavailable(error)
    }
}

thread_local!(static UP: Cell<bool> = const { Cell::new(true) });

fn ask(sku: &str) -> Result<f64, PriceError> {
    match sku {
        "nothing" => Err(PriceError::NoProduct(sku.to_owned())),
        _ if UP.get() => Ok(9.99),
        _ => Err(PriceError::Down),
    }
}

async fn cached_price(_sku: &str) -> Result<f64, PriceError> {
    Ok(1.0)
}

#[circuit_breaker(threshold = 3, reset = "60s", ignore = PriceError::NoProduct(_), fallback = cached_price)]
async fn fetch_price(sku: &str) -> Result<f64, PriceError> {
    ask(sku)
}

#[circuit_breaker(threshold = 3, reset = "60s")]
fn fetch_price_sync(sku: &str) -> Result<f64, PriceError> {
    ask(sku)
}

static PRICING: CircuitBreaker =
    CircuitBreaker::new("pricing", Settings::new().consecutive(3).reset(Duration::from_secs(30)));

#[circuit_breaker(breaker = PRICING, fallback = cached_price)]
async fn shared_price(sku: &str) -> Result<f64, PriceError> {
    ask(sku)
}

#[circuit_breaker(breaker = PRICING)]
async fn shared_stock(sku: &str) -> Result<f64, PriceError> {
    ask(sku)
}

/// Runs a future that never waits.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn main() {
    assert_eq!(fetch_price_breaker().state(), State::Closed);
    assert!(matches!(now(fetch_price("apple")), Ok(9.99)));

    UP.set(false);
    for _ in 0..3 {
        assert!(matches!(now(fetch_price("nothing")), Err(PriceError::NoProduct(_))));
        assert!(matches!(now(fetch_price("apple")), Err(PriceError::Down)));
        assert!(matches!(fetch_price_sync("apple"), Err(PriceError::Down)));
        assert!(matches!(now(shared_stock("apple")), Err(PriceError::Down)));
    }
    assert_eq!(fetch_price_breaker().state(), State::Open);
    assert!(matches!(now(fetch_price("apple")), Ok(1.0)));

    let rejected = fetch_price_sync("apple").unwrap_err();
    assert!(matches!(&rejected, PriceError::Unavailable(error) if error.breaker() == "user::fetch_price_sync"));
    assert!(rejected.to_string().contains("is open: 3 failures in a row (limit 3); a retry can pass in"), "{rejected}");

    assert!(matches!(now(shared_price("apple")), Ok(1.0)));
    assert!(std::ptr::eq(shared_price_breaker(), &raw const PRICING));
    assert_eq!(PRICING.totals().rejected(), 1);

    let names: Vec<_> = registry::all().iter().map(|breaker| breaker.name()).collect();
    assert_eq!(names, ["pricing", "user::fetch_price", "user::fetch_price_sync"]);
    println!("as promised");
}
