use breaker_runtime::{CircuitBreakerError, circuit_breaker};

type Result = std::result::Result<u32, CircuitBreakerError>;

#[circuit_breaker(retry(atempts = 3, backoff = 100, when = busy), last_good(ttl = "soon"))]
fn misspelt(_n: u32) -> Result {
    Ok(1)
}

#[circuit_breaker(retry = 3, last_good(key = _n))]
fn incomplete(_n: u32) -> Result {
    Ok(1)
}

#[circuit_breaker(total_timeout = "1s")]
fn sync() -> Result {
    Ok(1)
}

const NONE: u32 = 0;

#[circuit_breaker(retry(attempts = NONE), last_good(ttl = "1h", max = NONE))]
fn constants() -> Result {
    Ok(1)
}

#[circuit_breaker(retry(when = NotThere), last_good(ttl = "1h", store = 3))]
fn unknown() -> Result {
    Ok(1)
}

fn main() {}
