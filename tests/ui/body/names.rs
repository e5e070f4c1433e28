//! The macro's own names cannot be used.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
fn hidden() -> Result<u32> {
    drop(breaker);
    drop(permit);
    drop(__BREAKER);
    Ok(1)
}

fn main() {}
