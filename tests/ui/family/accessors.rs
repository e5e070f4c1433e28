//! A family is reached by another name than a single breaker.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(key = host)]
fn fetch(host: &str) -> Result<u32> {
    Ok(1)
}

trait Api {
    fn get(&self, host: &str) -> Result<u32>;
}

impl Api for u32 {
    #[circuit_breaker(key = host)]
    fn get(&self, host: &str) -> Result<u32> {
        Ok(1)
    }
}

fn main() {
    let _ = fetch_breaker();
}
