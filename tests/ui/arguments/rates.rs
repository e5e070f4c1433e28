//! Shares, and what belongs to them: out of range, incomplete, or more than can ever be.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(failure_rate = 0, probe_failure_rate = 0.0)]
fn nothing() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 50, slow_rate = "0.5", slow_call = 2, probe_failure_rate = 120%)]
fn other_scales() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 5, failure_rate = 0.5)]
fn unclear() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 5, window = "1m", slow_rate = 0.5, slow_call = "2s")]
fn as_unclear() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(slow_rate = 0.5)]
fn slower_than_what() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(slow_call = "2s")]
fn how_many_slow_ones() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 5, min_calls = 20)]
fn calls_for_no_rate() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 25, failure_rate = 0.5, window = 20, min_calls = 30)]
fn more_than_the_window_holds() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(threshold = 25, window = 20)]
fn the_short_word_as_well() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 3, failure_rate = 0.5)]
fn failures_in_what() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, window = 70_000, min_calls = 0)]
fn beyond_the_limits() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 3, window = "20")]
fn time_or_calls() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(failures = 3, window = 0, ramp = 30)]
fn nothing_to_look_back_on() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(probes = 5, successes = 3, probe_failure_rate = 0.5)]
fn two_ways_to_close() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(slow_rate = 0.5, slow_call = "5s", timeout = "1s")]
async fn stopped_before_it_is_slow() -> Result<u32> {
    Ok(1)
}

fn main() {}
