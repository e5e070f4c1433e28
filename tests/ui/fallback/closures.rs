//! Closures that do not fit.

use std::io::Result;

use breaker_runtime::{Cause, circuit_breaker};

#[circuit_breaker(fallback = || Ok(1))]
fn no_argument() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = |_| 1)]
fn other_answer() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = async |_| "x")]
async fn other_future() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = |cause| match cause { Cause::Rejected(_) => Ok(1) })]
fn one_cause() -> Result<u32> {
    Ok(1)
}

fn main() {}
