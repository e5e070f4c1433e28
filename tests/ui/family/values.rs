//! Values of the keys that make a family.

#![allow(unused_variables)]

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(key = host, max_keys = 0)]
fn none(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = host, max_keys = 1_000_001, idle = 60, overflow = "other")]
fn several(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = "host", idle = "0s", overflow = shared)]
fn a_literal(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = |host| host, max_keys = "200")]
fn a_closure(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key, dependency = 3, note = "", class = kind())]
fn labels(host: &str) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = port, fallback = cached)]
fn out_of_a_pattern((host, port): (&str, u16)) -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(key = format!("{host}:{port}"), fallback = cached)]
fn in_a_text((host, port): (&str, u16)) -> Result<u32> {
    Ok(1)
}

fn cached(_: (&str, u16)) -> Result<u32> {
    Ok(1)
}

fn main() {}
