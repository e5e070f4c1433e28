//! Keys that do not exist, stand twice, or lack a value: all of one attribute are reported.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(treshold = 3, reset = "1s", colour = "red", reset = "2s", probes, fallback = )]
fn misspelt() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker("3", threshold(3), hedged = 3, time_out = "1s")]
fn other_shapes() -> Result<u32> {
    Ok(1)
}

fn main() {
    let _ = misspelt();
    let _ = other_shapes();
}
