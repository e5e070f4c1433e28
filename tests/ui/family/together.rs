//! What needs `key`, and what `key` excludes.

#![allow(unused_variables)]

use std::io::Result;

use breaker_runtime::{CircuitBreaker, Settings, circuit_breaker};

static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());

#[circuit_breaker(max_keys = 200)]
fn no_key(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(idle = "5m", overflow = "shared", threshold = 3)]
fn no_key_either(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = host, breaker = PRICING)]
fn one_or_many(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(breaker = PRICING, note = "orders wait", dependency = "prices", max_keys = 200)]
fn of_the_breaker(host: &str) -> Result<u32> {
    Ok(1)
}

fn main() {}
