//! Every shape of function that the attribute accepts, running: it rejects when it should, and otherwise changes nothing.

#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "shapes that users write, as they write them; what lints say of the attribute is tested in `silence`"
)]
#![allow(deprecated, reason = "one failure is enough to see a breaker open")]

mod asynchronous;
mod breakers;
mod editions;
mod fallbacks;
mod families;
mod generated;
mod hygiene;
mod keys;
mod labels;
mod lifetimes;
mod methods;
mod neighbours;
mod settings;
mod sizes;
mod sync;
mod traits;

use breaker_runtime::{CircuitBreakerError, ErrorKind};

/// What the protected functions of these tests fail with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The call was not made.
    Rejected,
    /// The call was stopped.
    TimedOut,
    /// The call was made, and failed.
    Failed,
    /// The call was made, and says nothing about the dependency.
    NotFound,
}

impl From<CircuitBreakerError> for Error {
    fn from(error: CircuitBreakerError) -> Self {
        match error.kind() {
            ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Rejected,
        }
    }
}

/// Asserts that a call with `threshold = 1` fails, and that the next one, which would succeed, is rejected.
macro_rules! assert_opens {
    ($failing:expr, $succeeding:expr, $breaker:expr) => {
        assert_eq!($failing.err(), Some($crate::Error::Failed));
        assert_eq!($breaker.state(), breaker_runtime::State::Open);
        assert_eq!($succeeding.err(), Some($crate::Error::Rejected));
    };
}
pub(crate) use assert_opens;
