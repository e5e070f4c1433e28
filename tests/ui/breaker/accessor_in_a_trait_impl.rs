//! The impl of a trait has no room for an accessor.

use std::io::Result;

use breaker_runtime::circuit_breaker;

trait Api {
    fn get(&self) -> Result<u32>;
}

struct Client;

impl Api for Client {
    #[circuit_breaker(threshold = 3)]
    fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
