//! Constants out of range: the compiler finds them where they are named.

use std::io::Result;
use std::time::Duration;

use breaker_runtime::circuit_breaker;

mod limits {
    pub const NONE: u32 = 0;
    pub const FAR_TOO_MANY: u32 = 65_536;
}
const TOO_MANY: u32 = 300;
const NO_TIME: Duration = Duration::ZERO;
const HALF: f64 = 0.5;
const TWICE: f64 = 2.0;
const NO_SHARE: f64 = 0.0;

#[circuit_breaker(threshold = limits::NONE)]
fn no_failures() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(probes = TOO_MANY)]
fn too_many_probes() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = NO_TIME)]
fn no_time() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(backoff = HALF)]
fn less_and_less() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(jitter = TWICE)]
fn more_than_all() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(timeout = NO_TIME)]
async fn no_time_at_all() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = NO_SHARE)]
fn no_share() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(probe_failure_rate = TWICE)]
fn more_than_all_probes() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(slow_rate = HALF, slow_call = NO_TIME)]
fn always_slow() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 3, window = NO_TIME)]
fn no_window() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 3, window = limits::FAR_TOO_MANY)]
fn too_many_calls() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = HALF, min_calls = limits::FAR_TOO_MANY)]
fn too_many_to_wait_for() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(ramp = NO_TIME)]
fn no_ramp() -> Result<u32> {
    Ok(1)
}

fn main() {}
