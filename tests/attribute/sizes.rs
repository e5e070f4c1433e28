//! What a breaker adds to a future: at most 64 bytes, and an argument that its key borrows from a second time.

use std::pin::pin;
use std::time::Duration;

use breaker_runtime::circuit_breaker;
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

/// What the time limit alone costs: tokio's timer.
async fn large_limited_by_hand(bytes: [u8; 1024]) -> Result<u32, Error> {
    let body = async move {
        yield_now().await;
        Ok(bytes.iter().map(|byte| u32::from(*byte)).sum())
    };
    tokio::time::timeout(Duration::from_secs(1), pin!(body)).await.unwrap_or(Err(Error::TimedOut))
}

#[test]
fn at_most_64_bytes() {
    let added = |protected: usize, plain: usize| protected - plain;
    let plain = size_of_val(&large([0; 1024]));
    assert!(added(size_of_val(&small_protected()), size_of_val(&small())) <= 64);
    assert!(added(size_of_val(&large_protected([0; 1024])), plain) <= 64);
    assert!(added(size_of_val(&large_with_a_fallback([0; 1024])), plain) <= 64);
    let keyless = size_of_val(&large_at("a", [0; 1024]));
    assert!(added(size_of_val(&large_keyed("a", [0; 1024])), keyless) <= 64 + size_of::<&str>());
    assert!(added(size_of_val(&large_keyed_with_a_fallback("a", [0; 1024])), keyless) <= 64);
    let limited = size_of_val(&large_limited_by_hand([0; 1024]));
    assert!(added(size_of_val(&large_with_a_time_limit([0; 1024])), limited) <= 64);
}
