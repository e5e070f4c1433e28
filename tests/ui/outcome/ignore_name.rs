//! A name that is no constant and no variant in scope.

use breaker_runtime::{CircuitBreakerError, circuit_breaker};

enum ApiError {
    NotFound,
    Unavailable(CircuitBreakerError),
}

impl From<CircuitBreakerError> for ApiError {
    fn from(error: CircuitBreakerError) -> Self {
        Self::Unavailable(error)
    }
}

#[circuit_breaker(ignore = NotFound)]
fn not_imported() -> Result<u32, ApiError> {
    Err(ApiError::NotFound)
}

mod imported {
    use super::ApiError::{self, NotFound};

    #[breaker_runtime::circuit_breaker(ignore = NotFound)]
    pub fn right() -> Result<u32, ApiError> {
        Err(NotFound)
    }
}

fn main() {
    let _ = imported::right();
}
