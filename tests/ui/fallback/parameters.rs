//! Parameters that cannot be passed on.

use std::io::Result;
use std::pin::Pin;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(fallback = cached)]
fn conditional(sku: &str, #[cfg(unix)] uid: u32) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

#[circuit_breaker(fallback = cached, fallback_on = "failure")]
fn mutable(sku: &mut String) -> Result<u32> {
    sku.parse().map_err(std::io::Error::other)
}

struct Client;

impl Client {
    #[circuit_breaker(fallback = Self::cached, fallback_on = "failure")]
    fn method(&mut self) -> Result<u32> {
        Ok(1)
    }

    #[circuit_breaker(fallback = Self::cached, fallback_on = "failure")]
    async fn pinned(self: Pin<&mut Self>) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
