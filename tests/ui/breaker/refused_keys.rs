//! A shared breaker has its rules where it is made.

use std::io::Result;

use breaker_runtime::{CircuitBreaker, Settings, circuit_breaker};

static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());

#[circuit_breaker(breaker = PRICING, name = "prices", threshold = 3, reset = "1s", on_cancel = "ignore", ignore = _)]
fn shared() -> Result<u32> {
    Ok(1)
}

struct Client {
    breaker: std::sync::Arc<CircuitBreaker>,
}

impl Client {
    #[circuit_breaker(breaker = self.breaker, accessor = breaker_of_this)]
    fn held(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
