//! Who changed something.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Where the settings of a breaker, its mode, or its closing by hand come from.
///
/// ```
/// use breaker_runtime::Origin;
///
/// assert_eq!(Origin::from("breakers.toml").to_string(), "breakers.toml");
/// assert!(Origin::here().to_string().contains(".rs:"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The code that made the breaker: the attribute, for an annotated function.
    Made(&'static Location<'static>),
    /// Code that called [`CircuitBreaker::set_settings`](crate::CircuitBreaker::set_settings),
    /// [`rollback`](crate::CircuitBreaker::rollback), [`set_mode`](crate::CircuitBreaker::set_mode) or
    /// [`close`](crate::CircuitBreaker::close).
    Code(&'static Location<'static>),
    /// Whoever says so: a file, a person, a service.
    Named(Arc<str>),
}

impl Origin {
    /// The line of code that calls this.
    #[must_use]
    #[track_caller]
    pub fn here() -> Self {
        Self::Code(Location::caller())
    }
}

impl From<&str> for Origin {
    fn from(name: &str) -> Self {
        Self::Named(name.into())
    }
}

impl From<String> for Origin {
    fn from(name: String) -> Self {
        Self::Named(name.into())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(at) | Self::Code(at) => write!(f, "{at}"),
            Self::Named(name) => write!(f, "{}", name.escape_debug()),
        }
    }
}
