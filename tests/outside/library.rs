//! A library with protected functions that nobody calls.

#![forbid(unsafe_code)]
#![deny(warnings)]

use std::io;

use breaker_runtime::{CircuitBreaker, Settings, circuit_breaker};

/// A breaker for two functions.
pub static SHARED: CircuitBreaker = CircuitBreaker::new("library::shared", Settings::new());

/// Reads.
#[circuit_breaker(breaker = SHARED)]
pub fn read() -> io::Result<()> {
    Ok(())
}

/// Writes.
#[circuit_breaker(breaker = SHARED)]
pub fn write() -> io::Result<()> {
    Ok(())
}

/// Something with a method.
pub struct Client<T>(pub T);

impl<T> Client<T> {
    /// Gets.
    #[circuit_breaker(threshold = 3)]
    pub fn get(&self) -> io::Result<&T> {
        Ok(&self.0)
    }
}

/// A module, for the same names as outside of it.
pub mod inner {
    use std::io;

    use breaker_runtime::circuit_breaker;

    /// Reads.
    #[circuit_breaker]
    pub fn read() -> io::Result<()> {
        Ok(())
    }

    #[allow(dead_code)]
    #[circuit_breaker]
    fn hidden() -> io::Result<()> {
        Ok(())
    }
}
