//! Rules that are incomplete, or say one thing twice.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(window = "30s")]
fn window_alone() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 3)]
fn failures_alone() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 3, consecutive = 3)]
fn the_same_twice() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 3, failures = 3, window = "30s")]
fn the_other_twice() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 3, consecutive = 3, window = "30s")]
fn short_beside_long() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback_on = "failure")]
fn no_fallback() -> Result<u32> {
    Ok(1)
}

fn main() {}
