//! A class that is a part of the error, which is gone when the class is read.

use std::fmt;

use breaker_runtime::{CircuitBreakerError, circuit_breaker};

#[derive(Debug)]
struct Error {
    code: String,
}

impl From<CircuitBreakerError> for Error {
    fn from(error: CircuitBreakerError) -> Self {
        Self { code: error.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

#[circuit_breaker(class = |error| &error.code)]
fn by_field() -> Result<u32, Error> {
    Ok(1)
}

#[circuit_breaker(class = |error| code(error))]
async fn by_function() -> Result<u32, Error> {
    Ok(1)
}

fn code(error: &Error) -> &str {
    &error.code
}

fn main() {}
