use breaker_runtime::{CircuitBreakerError, circuit_breaker};

struct Price(f64);

static LIMIT: u32 = 3;

#[circuit_breaker(last_good(ttl = "1h"))]
fn not_clone() -> Result<Price, CircuitBreakerError> {
    Ok(Price(9.99))
}

#[circuit_breaker(last_good(ttl = "1h"), fallback = |_| 0)]
fn no_result() -> u32 {
    1
}

#[circuit_breaker(last_good(key = price, ttl = "1h"))]
fn bad_key(price: f64) -> Result<u32, CircuitBreakerError> {
    let _ = price;
    Ok(1)
}

#[circuit_breaker(last_good(ttl = "1h", store = LIMIT))]
fn bad_store() -> Result<u32, CircuitBreakerError> {
    Ok(1)
}

#[circuit_breaker(last_good(ttl = "1h"))]
async fn not_clone_async() -> Result<Price, CircuitBreakerError> {
    Ok(Price(9.99))
}

#[circuit_breaker(retry(when = |error| error))]
fn bad_when() -> Result<u32, CircuitBreakerError> {
    Ok(1)
}


fn main() {}
