//! Return types that cannot say that the breaker is open.

use breaker_runtime::circuit_breaker;

#[derive(Debug)]
struct PriceError;

#[circuit_breaker]
fn sync(sku: &str) -> Result<u32, PriceError> {
    sku.parse().map_err(|_| PriceError)
}

#[circuit_breaker]
async fn asynchronous(sku: &str) -> Result<u32, PriceError> {
    sku.parse().map_err(|_| PriceError)
}

#[circuit_breaker]
fn plain() -> u32 {
    1
}

#[circuit_breaker]
fn nothing() {}

#[circuit_breaker]
async fn optional() -> Option<u32> {
    None
}

#[circuit_breaker]
fn inside(sku: &str) -> Result<impl Iterator<Item = u32>, PriceError> {
    Ok(sku.parse().into_iter())
}

#[circuit_breaker(timeout = "1s", fallback = late_price)]
async fn late(sku: &str) -> Result<u32, PriceError> {
    sku.parse().map_err(|_| PriceError)
}

async fn late_price(_: &str) -> Result<u32, PriceError> {
    Ok(1)
}

fn main() {}
