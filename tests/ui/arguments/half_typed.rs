//! What stands there while somebody is typing; the function itself is still known.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(threshold =)]
fn no_value_yet() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(thr)]
fn no_key_yet() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 3 reset = "60s")]
fn no_comma() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = |cause|, reset = 60)]
fn no_body() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 3, fallback = Self::)]
fn half_a_path() -> Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (no_value_yet(), no_key_yet(), no_comma(), no_body(), half_a_path());
}
