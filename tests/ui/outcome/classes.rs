//! `class` that does not fit the error.

use std::io::{Error, Result};

use breaker_runtime::circuit_breaker;

#[circuit_breaker(class = |error| "any", fallback = |_| None)]
fn no_result() -> Option<u32> {
    None
}

#[circuit_breaker(class = |error| error.to_string())]
fn owned() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(class = |error| error.status())]
fn other_error() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(class = kind)]
fn by_path() -> Result<u32> {
    Ok(1)
}

fn kind(_: &std::fmt::Error) -> &'static str {
    "any"
}

#[circuit_breaker(class = owned_kind)]
async fn owned_by_path() -> Result<u32> {
    Ok(1)
}

fn owned_kind(error: &Error) -> String {
    error.to_string()
}

fn main() {}
