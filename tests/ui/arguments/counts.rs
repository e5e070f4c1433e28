//! Numbers of calls that cannot be.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(threshold = 0, probes = 256)]
fn out_of_range() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(consecutive = 70_000, failures = -1, window = "1m")]
fn too_many() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = "3", probes = 1.5, successes = true)]
fn other_types() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 3usize)]
fn other_suffix() -> Result<u32> {
    Ok(1)
}

fn main() {}
