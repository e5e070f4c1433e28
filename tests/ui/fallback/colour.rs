//! A sync fallback for an async function, and the reverse.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(fallback = sync)]
async fn needs_async(sku: &str) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

fn sync(_: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = asynchronous)]
fn needs_sync(sku: &str) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

async fn asynchronous(_: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = |_| asynchronous(sku))]
async fn needs_an_async_closure(sku: &str) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

fn main() {}
