//! What stands around the breaker.

use std::io::{Error, Result};

use breaker_runtime::circuit_breaker;

#[circuit_breaker(retry)]
pub(crate) fn again(sku: &str) -> Result<u32> {
    sku.parse().map_err(Error::other)
}

#[circuit_breaker(retry(attempts = 2, jitter, when = error if error.kind() == std::io::ErrorKind::TimedOut), fallback = zero)]
pub(crate) fn with_fallback((sku, pieces): (&str, u32), mut more: Vec<u32>) -> Result<u32> {
    more.push(pieces);
    sku.parse().map_err(Error::other)
}

fn zero((_, pieces): (&str, u32), more: Vec<u32>) -> Result<u32> {
    drop(more);
    Ok(pieces)
}

#[circuit_breaker(last_good(key = sku, ttl = "1h"))]
pub(crate) fn remembered(sku: &str) -> Result<u32> {
    sku.parse().map_err(Error::other)
}

#[circuit_breaker(timeout = "1s", total_timeout = "3s", retry(when = |error| error.kind() == std::io::ErrorKind::TimedOut),
    last_good(key = (sku.clone(), pieces), ttl = "1h"), fallback = |_| Ok(0), fallback_on = "failure")]
pub(crate) async fn all(sku: String, pieces: u32, _unused: Vec<u8>) -> Result<u32> {
    tokio::task::yield_now().await;
    sku.parse::<u32>().map(|price| price.saturating_mul(pieces)).map_err(Error::other)
}

#[circuit_breaker(total_timeout = "3s", fallback = nothing)]
pub(crate) async fn in_all(sku: String) -> Result<u32> {
    tokio::task::yield_now().await;
    sku.parse().map_err(Error::other)
}

#[circuit_breaker(total_timeout = "3s", last_good(key = sku, ttl = "1h"), fallback = nothing)]
pub(crate) async fn kept(sku: String) -> Result<u32> {
    tokio::task::yield_now().await;
    sku.parse().map_err(Error::other)
}

async fn nothing(sku: String) -> Result<u32> {
    drop(sku);
    tokio::task::yield_now().await;
    Ok(0)
}

#[circuit_breaker(key = host, total_timeout = "3s", retry)]
pub(crate) async fn by_host(host: String) -> Result<u32> {
    tokio::task::yield_now().await;
    host.parse().map_err(Error::other)
}
