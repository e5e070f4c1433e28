//! `ignore` and `failure_if` that do not fit the output.

use std::io::{Error, Result};

use breaker_runtime::circuit_breaker;

#[circuit_breaker(ignore = Error { .. }, fallback = |_| None)]
fn no_result() -> Option<u32> {
    None
}

#[circuit_breaker(ignore = Some(_))]
fn other_error() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_if = |output| output.status() == 503)]
fn other_output() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_if = |output| output.as_ref().ok())]
fn no_bool() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_if = is_bad)]
fn by_path() -> Result<u32> {
    Ok(1)
}

fn is_bad(_: &Option<u32>) -> bool {
    true
}

fn main() {}
