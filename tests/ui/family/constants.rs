//! Constants of the keys that make a family, and of what people read.

use std::io::Result;
use std::time::Duration;

use breaker_runtime::circuit_breaker;

const NONE: u32 = 0;
const NEVER: Duration = Duration::ZERO;

#[circuit_breaker(key = host, max_keys = NONE)]
fn none(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = host, idle = NEVER)]
fn never(host: &str) -> Result<u32> {
    Ok(1)
}

fn main() {}
