//! What is no breaker, or none that outlives the call.

use std::io::Result;

use breaker_runtime::{CircuitBreaker, Settings, circuit_breaker};

static NUMBER: u32 = 3;

#[circuit_breaker(breaker = NUMBER)]
fn no_breaker() -> Result<u32> {
    Ok(1)
}

struct Client {
    breaker: CircuitBreaker,
}

impl Client {
    #[circuit_breaker(breaker = self.breaker)]
    fn held_by_value(&self) -> Result<u32> {
        Ok(1)
    }
}

#[circuit_breaker(breaker = CircuitBreaker::new("x", Settings::new()))]
fn made_for_each_call() -> Result<u32> {
    Ok(1)
}

fn main() {}
