//! An async closure for a sync function.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(fallback = async |_| Ok(1))]
fn closure() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = |_| async { Ok(1) })]
fn block() -> Result<u32> {
    Ok(1)
}

fn main() {}
