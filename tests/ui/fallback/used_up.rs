//! After a failure the body has used the arguments up.

use std::io::Result;

use breaker_runtime::circuit_breaker;

struct Order;

#[circuit_breaker(fallback = by_path, fallback_on = "failure")]
fn not_clone(order: Order) -> Result<u32> {
    let _ = order;
    Ok(1)
}

fn by_path(_: Order) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = |_| later(sku), fallback_on = "failure")]
fn moved(sku: String) -> Result<u32> {
    later(sku)
}

#[circuit_breaker(fallback = |_| later(sku.clone()), fallback_on = "failure")]
fn borrowed(sku: String) -> Result<u32> {
    later(sku)
}

fn later(_: String) -> Result<u32> {
    Ok(1)
}

fn main() {}
