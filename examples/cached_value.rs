//! A cached value as fallback: while a dependency is down, customers see the last good price, and how old it is.
//!
//! `cargo run --bin cached_value` runs on tokio's clock, paused: an hour passes at once.

use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use breaker_runtime::{CircuitBreakerError, State, circuit_breaker};
use tokio::time::{Instant, advance};

const MINUTE: Duration = Duration::from_secs(60);

static DOWN: AtomicBool = AtomicBool::new(false);

/// It says itself of when it is: `last_good` gives it as an `Ok`, and the caller could not tell it from a new one.
#[derive(Clone, Debug)]
struct Price {
    cents: u32,
    as_of: Instant,
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cents", self.cents)?;
        match self.as_of.elapsed() {
            Duration::ZERO => Ok(()),
            age => write!(f, ", as of {} minutes ago", age.as_secs() / 60),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("no product {0}")]
    NoProduct(String),
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

#[circuit_breaker(
    threshold = 3,
    reset = "60s",
    timeout = "1s",
    ignore = PriceError::NoProduct(_),
    last_good(key = sku, ttl = "1h", max = 1_000)
)]
async fn fetch_price(sku: &str) -> Result<Price, PriceError> {
    if DOWN.load(Ordering::Relaxed) {
        pending::<()>().await; // hangs, until `timeout` ends it
    }
    match sku {
        "apple" => Ok(Price { cents: 99, as_of: Instant::now() }),
        "melon" => Ok(Price { cents: 349, as_of: Instant::now() }),
        _ => Err(PriceError::NoProduct(sku.to_owned())),
    }
}

/// What the customer sees, and how long he waited for it.
async fn show(sku: &str) -> String {
    let asked = Instant::now();
    let seen = fetch_price(sku).await.map_or_else(|error| error.to_string(), |price| price.to_string());
    println!("  {sku}: {seen} (waited {:?})", asked.elapsed());
    seen
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    let breaker = fetch_price_breaker();

    println!("the dependency is well:");
    assert_eq!(show("apple").await, "99 cents");
    assert_eq!(show("kiwi").await, "no product kiwi");

    println!("ten minutes later it hangs; each of these runs into its time limit:");
    DOWN.store(true, Ordering::Relaxed);
    advance(10 * MINUTE).await;
    for _ in 0..3 {
        assert_eq!(show("apple").await, "99 cents, as of 10 minutes ago");
    }
    assert_eq!(breaker.state(), State::Open);

    println!("the breaker is open, and nobody waits:");
    let asked = Instant::now();
    assert_eq!(show("apple").await, "99 cents, as of 10 minutes ago");
    assert!(show("melon").await.contains("is open"), "nobody had asked for it");
    assert_eq!(asked.elapsed(), Duration::ZERO);

    println!("an hour later the probe hangs, too, and the answer is too old to be given:");
    advance(60 * MINUTE).await;
    assert!(show("apple").await.contains("stopped at its time limit"));

    println!("the dependency is back:");
    DOWN.store(false, Ordering::Relaxed);
    advance(MINUTE).await;
    assert_eq!(show("apple").await, "99 cents");
    assert_eq!(breaker.state(), State::Closed);

    let snapshot = breaker.snapshot();
    let (given, age) = (snapshot.totals.last_good_served, snapshot.last_good_age.expect("some were given"));
    println!("\n{given} earlier answers were given, the last one {} minutes old", age.as_secs() / 60);
    assert_eq!((given, age.as_secs() / 60), (4, 10));
}
