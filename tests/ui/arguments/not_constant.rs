//! Values that are only known when the function runs.

use std::io::Result;

use breaker_runtime::circuit_breaker;

struct Client {
    limit: u32,
}

impl Client {
    #[circuit_breaker(threshold = self.limit)]
    fn by_field(&self) -> Result<u32> {
        Ok(1)
    }
}

#[circuit_breaker(threshold = limit)]
fn by_argument(limit: u32) -> Result<u32> {
    Ok(limit)
}

#[circuit_breaker(threshold = LIMIT)]
fn unknown() -> Result<u32> {
    Ok(1)
}

fn main() {}
