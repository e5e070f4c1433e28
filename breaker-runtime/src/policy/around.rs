//! What stands around a breaker's calls: attempts that are made again, and a limit for all of them.

use std::time::Duration;

use super::Settings;
use super::compact::{Factor, Few, Millis};

/// The values for functions that have these parts. Small, for every breaker holds them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Around {
    pub(super) total_timeout: Millis,
    pub(super) backoff: Millis,
    pub(super) max: Millis,
    pub(super) factor: Factor,
    pub(super) attempts: Few,
    pub(super) jitter: bool,
}

const BACKOFF: Duration = Duration::from_millis(100);
/// The longest wait, where nothing else is said.
const MAX: Duration = Duration::from_secs(2);

impl Around {
    pub(super) const NONE: Self = Self {
        total_timeout: Millis::NONE,
        backoff: Millis::new(BACKOFF),
        max: Millis::NONE,
        factor: Factor::new(2.0),
        attempts: Few::new(1),
        jitter: false,
    };
}

/// How often a failed call is made again, and after which waits.
#[cfg(feature = "retry")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Retry {
    pub(crate) attempts: u32,
    pub(crate) backoff: Duration,
    pub(crate) factor: f64,
    pub(crate) max: Duration,
    pub(crate) jitter: bool,
}

impl Settings {
    /// How long a caller waits at most, for all attempts of a call and the waits between them. It is for functions whose
    /// attribute has `total_timeout`, and no `breaker = …`: nothing else is stopped by it.
    ///
    /// - Limits: longer than zero, and not shorter than [`timeout`](Self::timeout); to the millisecond, up to 49 days.
    /// - Default: no limit.
    #[must_use]
    pub const fn total_timeout(mut self, limit: Duration) -> Self {
        self.around.total_timeout = Millis::new(limit);
        self
    }

    /// How often a call is made at most, the first time included. This and the next four are for functions whose attribute
    /// has `retry`, and no `breaker = …`: of several functions on one breaker each has attempts of its own.
    ///
    /// - Limits: 1 to 100.
    /// - Default: 1, so nothing is made again. The attribute's `retry` says 3.
    #[must_use]
    pub const fn retry_attempts(mut self, n: u32) -> Self {
        self.around.attempts = Few::new(n);
        self
    }

    /// How long to wait before the second attempt.
    ///
    /// - Limits: longer than zero; to the millisecond, up to 49 days.
    /// - Default: 100 ms.
    #[must_use]
    pub const fn retry_backoff(mut self, wait: Duration) -> Self {
        self.around.backoff = Millis::new(wait);
        self
    }

    /// Each further wait is so many times longer.
    ///
    /// - Limits: 1 to 655, to a hundredth.
    /// - Default: 2.
    #[must_use]
    pub const fn retry_factor(mut self, factor: f64) -> Self {
        self.around.factor = Factor::new(factor);
        self
    }

    /// The longest wait, before [`retry_jitter`](Self::retry_jitter).
    ///
    /// - Limits: not shorter than [`retry_backoff`](Self::retry_backoff); to the millisecond, up to 49 days.
    /// - Default: 2 s, or `retry_backoff` where that is longer.
    #[must_use]
    pub const fn retry_max(mut self, wait: Duration) -> Self {
        self.around.max = Millis::new(wait);
        self
    }

    /// Makes each wait longer by a random part, up to twice as long, so that callers who failed together do not come again
    /// together.
    ///
    /// - Default: off.
    #[must_use]
    pub const fn retry_jitter(mut self, on: bool) -> Self {
        self.around.jitter = on;
        self
    }

    pub(crate) const fn total_limit(&self) -> Option<Duration> {
        self.around.total_timeout.get()
    }

    /// The longest wait between attempts.
    pub(super) fn retry_max_in_force(&self) -> Duration {
        self.around.max.get().unwrap_or_else(|| MAX.max(self.around.backoff.get().unwrap_or(BACKOFF)))
    }

    #[cfg(feature = "retry")]
    pub(crate) fn retry(&self) -> Retry {
        let Around { backoff, factor, attempts, jitter, .. } = self.around;
        Retry {
            attempts: attempts.get(),
            backoff: backoff.get().unwrap_or(BACKOFF),
            factor: factor.get(),
            max: self.retry_max_in_force(),
            jitter,
        }
    }

    /// Whether anything is made again.
    #[cfg(feature = "config")]
    pub(crate) const fn retries(&self) -> bool {
        self.around.attempts.get() > 1
    }

    /// The longest wait that was set.
    #[cfg(feature = "config")]
    pub(crate) const fn retry_max_set(&self) -> Option<Duration> {
        self.around.max.get()
    }

    /// With the first wait of other settings.
    #[cfg(feature = "config")]
    pub(crate) const fn with_backoff_of(mut self, other: &Self) -> Self {
        self.around.backoff = other.around.backoff;
        self
    }

    /// Without the limit for all attempts.
    #[cfg(feature = "config")]
    pub(crate) const fn without_total_timeout(mut self) -> Self {
        self.around.total_timeout = Millis::NONE;
        self
    }

    /// Without the longest wait that was set.
    #[cfg(feature = "config")]
    pub(crate) const fn without_retry_max(mut self) -> Self {
        self.around.max = Millis::NONE;
        self
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_setting_is_described_with_its_default_and_its_limits() {
        let (code, _tests) = include_str!("around.rs").split_once("mod tests").unwrap();
        let setters = code.split("pub const fn ").collect::<Vec<_>>();
        for pair in setters.windows(2).filter(|pair| pair[1].contains("(mut self, ")) {
            let name = pair[1].split('(').next().unwrap_or_default();
            let docs = pair[0].rsplit("}\n").next().unwrap_or_default();
            assert!(docs.contains("/// - Default: "), "{name} has no default");
            assert!(docs.contains("/// - Limits: ") || name == "retry_jitter", "{name} has no limits");
        }
    }
}
