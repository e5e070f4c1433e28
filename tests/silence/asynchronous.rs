//! Async functions.

use core::time::Duration;
use std::io::{Error, Result};

use breaker_runtime::circuit_breaker;

const LIMIT: Duration = Duration::from_secs(1);

#[circuit_breaker]
pub(crate) async fn plain(sku: &str) -> Result<u32> {
    wait().await;
    sku.parse().map_err(Error::other)
}

#[circuit_breaker(timeout = "1s")]
pub(crate) async fn limited(sku: String) -> Result<String> {
    wait().await;
    if sku.is_empty() {
        return Err(Error::other("empty"));
    }
    Ok(sku)
}

#[circuit_breaker(timeout = LIMIT, fallback = cached)]
pub(crate) async fn with_fallback((sku, pieces): (&str, u32)) -> Result<u32> {
    wait().await;
    sku.parse::<u32>().map(|price| price.saturating_mul(pieces)).map_err(Error::other)
}

#[circuit_breaker(timeout = LIMIT, fallback = cached, fallback_on = "failure")]
pub(crate) async fn after_failures((sku, pieces): (&str, u32)) -> Result<u32> {
    wait().await;
    sku.parse::<u32>().map(|price| price.saturating_mul(pieces)).map_err(Error::other)
}

async fn cached(order: (&str, u32)) -> Result<u32> {
    wait().await;
    Ok(order.1)
}

#[circuit_breaker(timeout = "2m", threshold = 1)]
#[expect(deprecated, reason = "such calls do not burden the dependency")]
pub(crate) async fn long(sku: &str) -> Result<u32> {
    wait().await;
    sku.parse().map_err(Error::other)
}

#[circuit_breaker(fallback = async |_| cached((sku, 1)).await)]
pub(crate) async fn closure(sku: &str) -> Result<u32> {
    wait().await;
    sku.parse().map_err(Error::other)
}

#[circuit_breaker(
    fallback = { let kept = sku.to_owned(); async move |_| cached((&kept, 1)).await },
    fallback_on = "failure",
    failure_if = |output| output.as_ref().is_ok_and(|price| *price == 0),
    ignore = _
)]
pub(crate) async fn block(sku: &str) -> Result<u32> {
    wait().await;
    sku.parse().map_err(Error::other)
}

#[circuit_breaker(fallback = |_| None)]
pub(crate) async fn optional(sku: &str) -> Option<u32> {
    wait().await;
    sku.parse().ok()
}

#[circuit_breaker]
pub(crate) async fn opaque(count: u32) -> Result<impl Iterator<Item = u32>> {
    wait().await;
    Ok(0..count)
}

#[circuit_breaker]
pub(crate) async fn generic<T: Clone + Send + Sync, const N: usize>(items: &[T; N]) -> Result<Vec<T>> {
    wait().await;
    Ok(items.to_vec())
}

async fn wait() {
    core::future::ready(()).await;
}
