//! Constants out of range: the compiler finds them where they are named.

use std::io::Result;
use std::time::Duration;

use breaker_runtime::circuit_breaker;

mod limits {
    pub const NONE: u32 = 0;
}
const TOO_MANY: u32 = 300;
const NO_TIME: Duration = Duration::ZERO;
const HALF: f64 = 0.5;
const TWICE: f64 = 2.0;

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

fn main() {}
