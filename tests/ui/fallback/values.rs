//! A value where a fallback is wanted.

use breaker_runtime::circuit_breaker;
use std::io::Result;

#[circuit_breaker(fallback = Ok(vec![]))]
fn a_value() -> Result<Vec<u32>> {
    Ok(vec![1])
}

#[circuit_breaker(fallback = vec![])]
fn a_macro() -> Vec<u32> {
    vec![1]
}

#[circuit_breaker(fallback = "none")]
fn a_literal() -> &'static str {
    "one"
}

fn main() {}
