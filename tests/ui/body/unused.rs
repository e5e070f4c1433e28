//! A protected function that nobody calls is reported; its accessor is no use of it, and needs no use itself.

#![deny(dead_code)]

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
fn unused() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = cached)]
async fn unused_too() -> Result<u32> {
    Ok(1)
}

async fn cached() -> Result<u32> {
    Ok(1)
}

struct Client;

impl Client {
    #[circuit_breaker]
    fn unused(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {
    let _ = Client;
}
