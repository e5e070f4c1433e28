//! Functions that cannot be protected.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
const fn constant() -> u32 {
    1
}

#[circuit_breaker]
unsafe fn dangerous() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker]
fn endless() -> ! {
    loop {}
}

trait Api {
    #[circuit_breaker]
    fn get(&self) -> Result<u32>;
}

fn main() {}
