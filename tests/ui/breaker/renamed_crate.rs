//! A path to the runtime that leads nowhere.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(crate = ::renamed)]
fn renamed() -> Result<u32> {
    Ok(1)
}

fn main() {}
