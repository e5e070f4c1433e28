//! What is allowed, and seldom meant: warned of at the value, unless the function allows it.

use std::io::Result;
use std::time::Duration;

use breaker_runtime::circuit_breaker;

const MINUTE: Duration = Duration::from_secs(60);

#[circuit_breaker(threshold = 1)]
fn one_in_a_row() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(consecutive = 1, failures = 1, window = 20)]
async fn one_by_every_rule() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = "10s", timeout = "30s")]
async fn short_reset() -> Result<u32> {
    Ok(1)
}

struct Client;

impl Client {
    #[circuit_breaker(timeout = "90s")]
    async fn shorter_by_default(&self) -> Result<u32> {
        Ok(1)
    }
}

#[circuit_breaker(threshold = 1, timeout = "90s")]
#[allow(deprecated)]
async fn meant() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset = MINUTE, timeout = "90s")]
async fn only_the_compiler_knows() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(on_cancel = "ignore")]
async fn nobody_counts() -> Result<u32> {
    Ok(1)
}

#[deny(deprecated)]
#[circuit_breaker(threshold = 1, window = "30s")]
fn denied() -> Result<u32> {
    Ok(1)
}

fn main() {}
