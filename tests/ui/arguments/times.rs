//! Times without a unit, without a length, or without sense.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(reset = 60, probe_timeout = 1.5)]
fn numbers() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = 60s, threshold = 3, window = 5m)]
fn without_quotes() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = "60")]
fn without_a_unit() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = "0s", probe_timeout = "soon")]
fn without_sense() -> Result<u32> {
    Ok(1)
}

fn main() {}
