//! Mistakes in the body of a sync function are reported in the body.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
fn tail() -> Result<u32> {
    "tail"
}

#[circuit_breaker]
fn early(sku: &str) -> Result<u32> {
    if sku.is_empty() {
        return "early";
    }
    Ok(1)
}

#[circuit_breaker]
fn question_mark(sku: &str) -> Result<u32> {
    let price: u32 = sku.parse()?;
    Ok(price)
}

#[circuit_breaker]
fn semicolon() -> Result<u32> {
    Ok(1);
}

#[circuit_breaker(fallback = cached)]
fn with_a_fallback((a, b): (u32, u32)) -> Result<u32> {
    Ok(a + b.len())
}

fn cached(_: (u32, u32)) -> Result<u32> {
    Ok(1)
}

fn main() {}
