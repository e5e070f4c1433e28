//! A return type that only the body can make.

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
fn opaque() -> impl Iterator<Item = u32> {
    0..3
}

#[circuit_breaker(timeout = "1s", fallback = |_| 0..3)]
async fn late() -> impl Iterator<Item = u32> {
    0..3
}

fn main() {}
