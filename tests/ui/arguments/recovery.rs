//! Keys of recovery that contradict each other, or a default.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(successes = 2)]
fn more_than_the_default() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(probes = 2, successes = 3)]
fn more_than_probes() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = "1m", backoff = 2, max_reset = "30s")]
fn shorter_than_reset() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(backoff = 2, max_reset = "30s")]
fn shorter_than_the_default() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(max_reset = "5m")]
fn without_backoff() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(timeout = "1m", probe_timeout = "10s")]
async fn shorter_than_the_time_limit() -> Result<u32> {
    Ok(1)
}

fn main() {}
