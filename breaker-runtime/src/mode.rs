//! Who decides: the breaker, or a person.

use std::fmt;

/// How a breaker takes part in its calls. Set by
/// [`CircuitBreaker::set_mode`](crate::CircuitBreaker::set_mode), at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The default: the rules decide.
    #[default]
    Automatic,
    /// Every call is let through, and only counted; the state reads closed.
    Disabled,
    /// Every call is rejected; the state reads open.
    ForcedOpen,
    /// Every call is let through and the state reads closed, but the rules run beside the calls: what
    /// they would have done is told by [`would_be`](crate::CircuitBreaker::would_be), by changes
    /// marked so, and by [`Totals::would_have_rejected`](crate::Totals).
    MetricsOnly,
}

impl Mode {
    /// All of them.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(crate) const ALL: [Self; 4] = [Self::Automatic, Self::Disabled, Self::ForcedOpen, Self::MetricsOnly];

    /// The name for machines.
    #[cfg(any(feature = "serde", feature = "prometheus", feature = "opentelemetry", feature = "tracing"))]
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Disabled => "disabled",
            Self::ForcedOpen => "forced_open",
            Self::MetricsOnly => "metrics_only",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Automatic => "automatic",
            Self::Disabled => "disabled",
            Self::ForcedOpen => "forced open",
            Self::MetricsOnly => "metrics only",
        })
    }
}
