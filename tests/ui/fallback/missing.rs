//! Fallbacks that do not exist.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(fallback = cached_prise)]
fn fetch(sku: &str) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

fn cached_price(_: &str) -> Result<u32> {
    Ok(1)
}

struct Client;

impl Client {
    #[circuit_breaker(fallback = Self::cached)]
    async fn fetch(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {
    let _ = cached_price("x");
}
