//! Constants of another type, and values that are no constants.

use std::io::Result;

use breaker_runtime::circuit_breaker;

const LIMIT: usize = 3;
const RESET: u64 = 60;
const NAME: u8 = 5;
const TEXT: &str = "30s";

#[circuit_breaker(threshold = LIMIT)]
fn other_number() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = RESET)]
fn seconds() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(name = NAME)]
fn no_text() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 3, window = RESET)]
fn window_of_what() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 3, window = self::TEXT)]
fn text_of_a_time() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = LIMIT)]
fn no_share() -> Result<u32> {
    Ok(1)
}

fn main() {}
