//! Constants that contradict each other, which only the compiler can see.

use std::io::Result;
use std::time::Duration;

use breaker_runtime::circuit_breaker;

const THREE: u32 = 3;
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

#[circuit_breaker(probes = 2, successes = THREE)]
fn more_than_probes() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = MINUTE, backoff = 2, max_reset = SECOND)]
fn shorter_than_reset() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(timeout = MINUTE, probe_timeout = SECOND)]
async fn shorter_than_the_time_limit() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = THREE, window = 2)]
fn more_failures_than_calls() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 4, window = THREE)]
fn more_failures_than_a_constant() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, window = THREE, min_calls = 4)]
fn more_calls_than_the_window_holds() -> Result<u32> {
    Ok(1)
}

fn main() {}
