//! Constants of other types.

use std::io::Result;

use breaker_runtime::circuit_breaker;

const MANY: usize = 200;
const NOTE: char = 'n';

#[circuit_breaker(key = host, max_keys = MANY, idle = MANY)]
fn many(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(dependency = NOTE, note = NOTE)]
fn noted() -> Result<u32> {
    Ok(1)
}

fn main() {}
