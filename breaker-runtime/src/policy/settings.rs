//! Everything that can be said about tripping and recovery, as data.

use std::fmt;
use std::time::Duration;

/// What a cancelled call says about the dependency.
///
/// A call is cancelled when its future, or its [`Permit`](crate::Permit), is dropped before it has
/// ended by itself. One that had already run for the time limit ([`Settings::timeout`]) is recorded
/// as a failure under every setting but `Ignore`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnCancel {
    /// The default. When as many calls in a row as the count rule says (5 without one) were
    /// cancelled, none ended by itself between them, and 10 s or more lie between the first and
    /// the last, the breaker trips: callers that give up on a hung dependency trip it, a busy
    /// user who cancels his own requests does not.
    #[default]
    Unanswered,
    /// Every cancelled call is a failure.
    Failure,
    /// Cancelled calls count in the totals and nowhere else.
    Ignore,
}

/// How a breaker trips and recovers.
///
/// `Settings::new()` holds the defaults; every method replaces one value, in constants too:
///
/// ```
/// use std::time::Duration;
/// use breaker_runtime::{CircuitBreaker, Settings};
///
/// static PRICING: CircuitBreaker = CircuitBreaker::new(
///     "pricing",
///     Settings::new().consecutive(3).reset(Duration::from_secs(30)),
/// );
/// # assert!(PRICING.settings().check().is_ok());
/// ```
///
/// Without any rule the breaker trips after 5 failures in a row. Values are checked when a breaker
/// is made of them: by [`CircuitBreaker::new`](crate::CircuitBreaker::new) when the code compiles,
/// by [`Builder::build`](crate::Builder::build) with an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    pub(crate) consecutive: Option<u32>,
    pub(crate) failures: Option<(u32, Duration)>,
    pub(crate) reset: Duration,
    pub(crate) backoff: f64,
    pub(crate) max_reset: Option<Duration>,
    pub(crate) jitter: f64,
    pub(crate) jitter_seed: Option<u64>,
    pub(crate) probes: u32,
    pub(crate) successes: Option<u32>,
    pub(crate) probe_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_cancel: OnCancel,
    pub(crate) failure_samples: u32,
}

/// Failures in a row that trip a breaker for which no rule was given.
pub(crate) const DEFAULT_CONSECUTIVE: u32 = 5;
/// The largest number that a counting rule can have.
pub(crate) const MAX_COUNT: u32 = 65_535;
/// The largest number of probes.
pub(crate) const MAX_PROBES: u32 = 255;
/// The largest number of failures that a report can show.
pub(crate) const MAX_FAILURE_SAMPLES: u32 = 100;

const MINUTE: Duration = Duration::from_secs(60);

impl Settings {
    /// The defaults: 5 failures in a row, 60 s, one probe.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            consecutive: None,
            failures: None,
            reset: MINUTE,
            backoff: 1.0,
            max_reset: None,
            jitter: 0.0,
            jitter_seed: None,
            probes: 1,
            successes: None,
            probe_timeout: None,
            timeout: None,
            on_cancel: OnCancel::Unanswered,
            failure_samples: 5,
        }
    }

    /// Trips after `n` failures in a row (1 to 65,535). A success sets the count to 0; ignored and
    /// cancelled calls leave it alone. Default: 5 where no other rule is given.
    #[must_use]
    pub const fn consecutive(mut self, n: u32) -> Self {
        self.consecutive = Some(n);
        self
    }

    /// Trips when the `n`-th most recent failure (`n` from 1 to 65,535) is younger than `window`,
    /// exactly. Successes do not reset it. Default: off.
    ///
    /// Takes 8 bytes for each of `n` failures, from the first failure on.
    #[must_use]
    pub const fn failures(mut self, n: u32, window: Duration) -> Self {
        self.failures = Some((n, window));
        self
    }

    /// How long the breaker stays open before it lets a probe through. Default: 60 s, long enough
    /// for a restart, short enough to be waited for.
    #[must_use]
    pub const fn reset(mut self, delay: Duration) -> Self {
        self.reset = delay;
        self
    }

    /// Multiplies the delay by `factor` (1 or more) for every failed attempt to close again.
    /// Default: 1, the same delay every time.
    #[must_use]
    pub const fn backoff(mut self, factor: f64) -> Self {
        self.backoff = factor;
        self
    }

    /// The longest delay that `backoff` and `jitter` may reach; at least `reset`.
    /// Default: 10 times `reset` where `backoff` is above 1, else no limit.
    #[must_use]
    pub const fn max_reset(mut self, delay: Duration) -> Self {
        self.max_reset = Some(delay);
        self
    }

    /// Spreads each delay evenly between `1 - share` and `1 + share` of itself (`share` from 0 to
    /// 1), so that a fleet does not probe at one moment. Drawn once for each trip. Default: 0.
    #[must_use]
    pub const fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// Makes the draws of `jitter` repeatable, for tests. Default: different in every process.
    #[must_use]
    pub const fn jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = Some(seed);
        self
    }

    /// How many calls may try the dependency while half-open (1 to 255). Default: 1, the least
    /// that a recovering dependency can be asked for.
    #[must_use]
    pub const fn probes(mut self, n: u32) -> Self {
        self.probes = n;
        self
    }

    /// How many probes must succeed before the breaker closes (1 to `probes`). Default: `probes`.
    #[must_use]
    pub const fn successes(mut self, n: u32) -> Self {
        self.successes = Some(n);
        self
    }

    /// How long half-open may last without a decision, counted from its first probe; at least
    /// `timeout`. The call that arrives after it decides by what has settled. Default: the largest
    /// of the reset delay, 60 s and `timeout`, so that a healthy but slow function can answer.
    #[must_use]
    pub const fn probe_timeout(mut self, limit: Duration) -> Self {
        self.probe_timeout = Some(limit);
        self
    }

    /// The time limit of the protected calls, as the breaker needs to know it: a call that is
    /// cancelled after it has run this long is recorded as a failure. Default: none.
    ///
    /// The attribute's key `timeout` sets this and stops the call as well. By hand, whoever calls
    /// stops the call, with `tokio::time::timeout` for example.
    #[must_use]
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// What cancelled calls say about the dependency. Default: [`OnCancel::Unanswered`].
    #[must_use]
    pub const fn on_cancel(mut self, rule: OnCancel) -> Self {
        self.on_cancel = rule;
        self
    }

    /// How many of the last failures are kept for the report of a trip (0 to 100; 0 keeps none).
    /// Default: 5.
    #[must_use]
    pub const fn failure_samples(mut self, n: u32) -> Self {
        self.failure_samples = n;
        self
    }

    /// Whether a breaker can be made of these settings.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range, or that contradicts another one.
    pub const fn check(&self) -> Result<(), SettingsError> {
        use SettingsError as E;
        if let Some(n) = self.consecutive {
            if n == 0 || n > MAX_COUNT {
                return Err(E("`consecutive` (or `threshold`) must be from 1 to 65535"));
            }
        }
        if let Some((n, window)) = self.failures {
            if n == 0 || n > MAX_COUNT {
                return Err(E("`failures` (or `threshold`) must be from 1 to 65535"));
            }
            if window.is_zero() {
                return Err(E("`window` must be longer than zero"));
            }
        }
        if self.reset.is_zero() {
            return Err(E("`reset` must be longer than zero"));
        }
        if !(self.backoff >= 1.0 && self.backoff < f64::INFINITY) {
            return Err(E("`backoff` must be a number of 1 or more"));
        }
        if !(self.jitter >= 0.0 && self.jitter <= 1.0) {
            return Err(E("`jitter` must be from 0 to 1"));
        }
        if let Some(max_reset) = self.max_reset {
            if shorter(max_reset, self.reset) {
                return Err(E("`max_reset` must not be shorter than `reset`"));
            }
        }
        if self.probes == 0 || self.probes > MAX_PROBES {
            return Err(E("`probes` must be from 1 to 255"));
        }
        if let Some(successes) = self.successes {
            if successes == 0 || successes > self.probes {
                return Err(E("`successes` must be from 1 to `probes`, which is 1 unless it is set"));
            }
        }
        if let Some(timeout) = self.timeout {
            if timeout.is_zero() {
                return Err(E("`timeout` must be longer than zero"));
            }
        }
        if let Some(probe_timeout) = self.probe_timeout {
            if probe_timeout.is_zero() {
                return Err(E("`probe_timeout` must be longer than zero"));
            }
            if let Some(timeout) = self.timeout {
                if shorter(probe_timeout, timeout) {
                    return Err(E("`probe_timeout` must not be shorter than `timeout`"));
                }
            }
        }
        if self.failure_samples > MAX_FAILURE_SAMPLES {
            return Err(E("`failure_samples` must be from 0 to 100"));
        }
        Ok(())
    }

    /// The streak that trips, where one does.
    pub(crate) fn streak_limit(&self) -> Option<u32> {
        match (self.consecutive, self.failures) {
            (None, None) => Some(DEFAULT_CONSECUTIVE),
            (consecutive, _) => consecutive,
        }
    }

    /// How many unanswered calls in a row are too many.
    pub(crate) fn unanswered_limit(&self) -> u32 {
        self.streak_limit().or(self.failures.map(|(n, _)| n)).unwrap_or(DEFAULT_CONSECUTIVE)
    }

    pub(crate) fn successes_needed(&self) -> u32 {
        self.successes.unwrap_or(self.probes)
    }

    /// How long half-open may last after an open period of `delay`, with a first probe that may
    /// itself take as long as `limit`.
    pub(crate) fn probe_patience(&self, delay: Duration, limit: Option<Duration>) -> Duration {
        let longest_call = limit.or(self.timeout).unwrap_or_default();
        self.probe_timeout.unwrap_or_else(|| delay.max(MINUTE).max(longest_call))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

/// `Duration` cannot be compared by operators in constants.
const fn shorter(a: Duration, b: Duration) -> bool {
    a.as_nanos() < b.as_nanos()
}

/// Settings of which no breaker can be made: says which value, and what it must be.
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Settings};
///
/// let refused = CircuitBreaker::builder("pricing").settings(Settings::new().probes(0)).build();
/// assert_eq!(refused.unwrap_err().to_string(), "`probes` must be from 1 to 255");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SettingsError(&'static str);

impl SettingsError {
    pub(crate) const fn text(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SettingsError({:?})", self.0)
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(settings: Settings) -> &'static str {
        settings.check().expect_err("must be refused").text()
    }

    #[test]
    fn every_value_has_its_range() {
        let second = Duration::from_secs(1);
        let new = Settings::new;
        for settings in [
            new().consecutive(0),
            new().consecutive(65_536),
            new().failures(0, second),
            new().failures(65_536, second),
            new().failures(3, Duration::ZERO),
            new().reset(Duration::ZERO),
            new().backoff(0.9),
            new().backoff(f64::NAN),
            new().backoff(f64::INFINITY),
            new().jitter(-0.1),
            new().jitter(1.1),
            new().jitter(f64::NAN),
            new().max_reset(Duration::from_secs(59)),
            new().probes(0),
            new().probes(256),
            new().successes(0),
            new().successes(2),
            new().timeout(Duration::ZERO),
            new().probe_timeout(Duration::ZERO),
            new().probe_timeout(second).timeout(2 * second),
            new().failure_samples(101),
        ] {
            assert!(settings.check().is_err(), "{settings:?}");
        }
        let full = new().consecutive(65_535).failures(65_535, second).probes(255).successes(255).jitter(1.0);
        assert_eq!(full.check(), Ok(()));
        assert_eq!(new().check(), Ok(()));
    }

    #[test]
    fn a_refusal_names_the_value_and_what_is_accepted() {
        assert_eq!(refused(Settings::new().probes(256)), "`probes` must be from 1 to 255");
    }

    #[test]
    fn the_streak_rule_is_the_default_only_where_there_is_no_rule() {
        let window = Duration::from_secs(1);
        assert_eq!(Settings::new().streak_limit(), Some(5));
        assert_eq!(Settings::new().failures(3, window).streak_limit(), None);
        assert_eq!(Settings::new().failures(3, window).consecutive(2).streak_limit(), Some(2));
        assert_eq!(Settings::new().failures(3, window).unanswered_limit(), 3);
    }
}
