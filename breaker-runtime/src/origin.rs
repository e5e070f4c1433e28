//! Who changed something.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::text::Line;

/// Where the settings of a breaker, its mode, or its closing by hand come from.
///
/// Prints as one line: characters that nobody sees, such as line ends and those that turn the direction of a text, as escapes
/// (`\n`, `\u{202e}`), and all others as they are.
///
/// ```
/// use breaker_runtime::Origin;
///
/// assert_eq!(Origin::from("breakers.toml").to_string(), "breakers.toml");
/// assert_eq!(Origin::from("ann: it's \"x\"\n").to_string(), r#"ann: it's "x"\n"#);
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
            Self::Named(name) => Line(name).fmt(f),
        }
    }
}
