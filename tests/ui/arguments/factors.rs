//! Shares and factors out of range.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(jitter = 1.5, backoff = 0.5)]
fn out_of_range() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(jitter = 20, backoff = "2x")]
fn other_scales() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(jitter = 20%, backoff = -2.0)]
fn without_quotes() -> Result<u32> {
    Ok(1)
}

fn main() {}
