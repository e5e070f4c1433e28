//! Lints about the user's own code stay awake.

#![deny(warnings, missing_docs)]

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
pub fn undocumented() -> Result<u32> {
    Ok(1)
}

/// With an unused variable, and an argument.
#[circuit_breaker]
pub fn unused_variables(argument: u32) -> Result<u32> {
    let variable = 1;
    Ok(1)
}

/// With a needless `mut`.
#[circuit_breaker]
pub async fn unused_mut(mut sku: String) -> Result<String> {
    Ok(sku)
}

/// With a statement that is never reached.
#[circuit_breaker]
pub async fn unreachable() -> Result<u32> {
    return Ok(1);
    println!();
    Ok(2)
}

/// With an unused result.
#[circuit_breaker]
pub fn unused_result() -> Result<u32> {
    std::fs::remove_file("x");
    Ok(1)
}

fn main() {}
