use breaker_runtime::{CircuitBreakerError, circuit_breaker};

#[circuit_breaker(retry(when = NotThere))]
fn no_such_variant() -> Result<u32, CircuitBreakerError> {
    Ok(1)
}

#[circuit_breaker(retry(when = std::io::ErrorKind::TimedOut))]
fn other_type() -> Result<u32, CircuitBreakerError> {
    Ok(1)
}

#[circuit_breaker(retry(when = |error| error == 3))]
fn no_error() -> u32 {
    1
}

fn main() {}
