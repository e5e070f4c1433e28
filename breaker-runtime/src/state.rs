//! The three states.

use std::fmt;

/// Which state a breaker is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Calls pass; failures are counted.
    Closed,
    /// Calls are rejected until the reset delay has passed.
    Open,
    /// A few calls pass as probes, the rest is rejected.
    HalfOpen,
}

impl State {
    /// All of them.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(crate) const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The name for machines.
    #[cfg(any(feature = "serde", feature = "prometheus", feature = "opentelemetry", feature = "tracing"))]
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        })
    }
}
