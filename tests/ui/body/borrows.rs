//! Moves and borrows in the body are reported in the body.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
fn moved(sku: String) -> Result<String> {
    drop(sku);
    Ok(sku)
}

#[circuit_breaker]
async fn moved_async(sku: String) -> Result<String> {
    drop(sku);
    Ok(sku)
}

#[circuit_breaker]
fn dangling(sku: &str) -> Result<&str> {
    let text = sku.to_owned();
    Ok(&text)
}

#[circuit_breaker]
fn not_mut(count: u32) -> Result<u32> {
    count += 1;
    Ok(count)
}

fn main() {}
