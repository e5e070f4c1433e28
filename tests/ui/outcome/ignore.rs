//! What `ignore` would otherwise take for "all errors", and closures in its place.

use breaker_runtime::circuit_breaker;
use std::io::{Error, Result};

const KNOWN: Option<i32> = Some(2);

#[circuit_breaker(ignore = error)]
fn a_binding() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(ignore = |error| error.raw_os_error() == KNOWN, reset = "1s", probes = 0)]
fn a_closure() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(ignore = error if error.raw_os_error() == KNOWN)]
fn a_guard() -> Result<u32> {
    Err(Error::from_raw_os_error(2))
}

fn main() {}
