//! Words, names and paths that are not accepted.

use std::io::Result;

use breaker_runtime::circuit_breaker;

#[circuit_breaker(on_cancel = "fail", fallback = |_| Ok(1), fallback_on = failure)]
fn words() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(name = 5, accessor = true)]
fn names() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(name = "", accessor = "prices")]
fn more_names() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(crate = breaker_runtime)]
fn relative_path() -> Result<u32> {
    Ok(1)
}

#[circuit_breaker(fallback = cached(), failure_if = Result::is_err(), ignore = 3 +)]
fn called() -> Result<u32> {
    Ok(1)
}

fn main() {}
