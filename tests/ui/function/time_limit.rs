//! A sync call cannot be stopped.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(timeout = "1s")]
fn sync() -> Result<u32> {
    Ok(1)
}

fn main() {}
