//! What a breaker adds to a future: at most 64 bytes, and an argument that its key borrows from a second time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, Settings, circuit_breaker};
use tokio::task::yield_now;

use crate::Error;

async fn small() -> Result<u32, Error> {
    yield_now().await;
    Ok(1)
}

async fn large(bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

#[circuit_breaker]
async fn small_protected() -> Result<u32, Error> {
    yield_now().await;
    Ok(1)
}

#[circuit_breaker]
async fn large_protected(bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

#[circuit_breaker(fallback = |_| Ok(2))]
async fn large_with_a_fallback(bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

#[circuit_breaker(timeout = "1s")]
async fn large_with_a_time_limit(bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

async fn large_at(host: &str, bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() + u32::from(host.is_empty()))
}

#[circuit_breaker(key = host)]
async fn large_keyed(host: &str, bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() + u32::from(host.is_empty()))
}

#[circuit_breaker(key = host.to_owned(), fallback = |_| Ok(2), class = |_| "any")]
async fn large_keyed_with_a_fallback(host: &str, bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() + u32::from(host.is_empty()))
}

#[circuit_breaker(
    failure_rate = 0.5,
    slow_rate = 0.5,
    slow_call = "1s",
    window = "1m",
    failure_if = |output| output.is_err(),
    ignore = Error::NotFound,
    class = |_| "any"
)]
async fn large_by_rates(bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

#[circuit_breaker(fallback = waits)]
async fn large_with_a_fallback_that_waits(bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

async fn waits(_: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(2)
}

#[circuit_breaker(fallback = |_| Ok(2), fallback_on = "failure")]
async fn large_with_a_fallback_for_failures(bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

#[circuit_breaker(timeout = "1s", fallback = |_| Ok(2))]
async fn large_with_a_time_limit_and_a_fallback(bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
}

#[circuit_breaker(timeout = "1s", key = host)]
async fn large_keyed_with_a_time_limit(host: &str, bytes: [u8; 1024]) -> Result<u32, Error> {
    yield_now().await;
    Ok(bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() + u32::from(host.is_empty()))
}

struct Client(Arc<CircuitBreaker>);

impl Client {
    async fn large(&self, bytes: [u8; 1024]) -> Result<u32, Error> {
        yield_now().await;
        Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
    }

    #[circuit_breaker(breaker = self.0, accessor = false)]
    async fn large_protected(&self, bytes: [u8; 1024]) -> Result<u32, Error> {
        yield_now().await;
        Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
    }
}

/// What the time limit alone costs: tokio's timer.
async fn large_limited_by_hand(bytes: [u8; 1024]) -> Result<u32, Error> {
    let body = async move {
        yield_now().await;
        Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
    };
    tokio::time::timeout(Duration::from_secs(1), pin!(body)).await.unwrap_or(Err(Error::TimedOut))
}

static BY_HAND: CircuitBreaker = CircuitBreaker::new("by hand", Settings::new());

#[test]
fn at_most_64_bytes() {
    fn size<F: Future>(future: F) -> usize {
        size_of_val(&future)
    }
    let large_one = [0; 1024];
    let (plain, keyless) = (size(large(large_one)), size(large_at("a", large_one)));
    let limited = size(large_limited_by_hand(large_one));
    let client = Client(Arc::new(CircuitBreaker::builder("client").build().unwrap()));
    let borrowed = size_of::<&str>();
    for (what, protected, without, most) in [
        ("small", size(small_protected()), size(small()), 64),
        ("large", size(large_protected(large_one)), plain, 64),
        ("by rates", size(large_by_rates(large_one)), plain, 64),
        ("held elsewhere", size(client.large_protected(large_one)), size(client.large(large_one)), 64),
        ("by hand", size(BY_HAND.call_async(large(large_one))), plain, 64),
        ("fallback", size(large_with_a_fallback(large_one)), plain, 64),
        ("fallback that waits", size(large_with_a_fallback_that_waits(large_one)), plain, 64),
        ("fallback for failures", size(large_with_a_fallback_for_failures(large_one)), plain, 64),
        ("keyed", size(large_keyed("a", large_one)), keyless, 64 + borrowed),
        ("keyed, fallback", size(large_keyed_with_a_fallback("a", large_one)), keyless, 64),
        ("time limit", size(large_with_a_time_limit(large_one)), limited, 64),
        ("time limit, fallback", size(large_with_a_time_limit_and_a_fallback(large_one)), limited, 64),
        (
            "time limit, keyed",
            size(large_keyed_with_a_time_limit("a", large_one)),
            limited + (keyless - plain),
            64 + borrowed,
        ),
    ] {
        let added = protected - without;
        println!("{what}: {added} bytes added to {without}");
        assert!(added <= most, "{what}: {added} bytes, not {most}");
    }
}
