//! Which settings a breaker can be made of.

use std::fmt;
use std::time::Duration;

use super::Settings;
use super::settings::Window;

/// The largest number that a counting rule, or a window of calls, can have.
const MAX_COUNT: u32 = 65_535;
/// The largest number of calls in a rate.
const MAX_RATE: u32 = 1_000_000_000;
/// The largest number of probes.
const MAX_PROBES: u32 = 255;
/// The largest number of failures that a report can show.
const MAX_FAILURE_SAMPLES: u32 = 100;
/// The largest number of attempts.
const MAX_ATTEMPTS: u32 = 100;
/// The largest number of changes that a breaker can keep.
const MAX_HISTORY: u32 = 1_000;

impl Settings {
    /// Whether a breaker can be made of these settings.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range, or that contradicts another one.
    pub const fn check(&self) -> Result<(), SettingsError> {
        use SettingsError as E;
        if let Some(n) = self.consecutive.get() {
            if n == 0 || n > MAX_COUNT {
                return Err(E("`consecutive` (or `threshold`) must be from 1 to 65535"));
            }
        }
        if let Err(refused) = self.check_window() {
            return Err(refused);
        }
        if let Err(refused) = self.check_rates() {
            return Err(refused);
        }
        if self.reset_delay().is_zero() {
            return Err(E("`reset` must be longer than zero"));
        }
        if !(self.backoff >= 1.0 && self.backoff < f64::INFINITY) {
            return Err(E("`backoff` must be a number of 1 or more"));
        }
        if !(self.jitter >= 0.0 && self.jitter <= 1.0) {
            return Err(E("`jitter` must be from 0 to 1"));
        }
        if let Some(max_reset) = self.max_reset.get() {
            if shorter(max_reset, self.reset_delay()) {
                return Err(E("`max_reset` must not be shorter than `reset`"));
            }
        }
        if self.probes.get() == 0 || self.probes.get() > MAX_PROBES {
            return Err(E("`probes` must be from 1 to 255"));
        }
        if let Some(successes) = self.successes.get() {
            if successes == 0 || successes > self.probes.get() {
                return Err(E("`successes` must be from 1 to `probes`, which is 1 unless it is set"));
            }
        }
        if self.successes.is_some() && self.probe_failure_rate.is_some() {
            return Err(E("`successes` has no place beside `probe_failure_rate`, which asks all `probes`"));
        }
        if let Some(ramp) = self.ramp.get() {
            if ramp.is_zero() {
                return Err(E("`ramp` must be longer than zero"));
            }
        }
        if let Some(timeout) = self.timeout.get() {
            if timeout.is_zero() {
                return Err(E("`timeout` must be longer than zero"));
            }
        }
        if let Some(calls) = self.max_concurrent.get() {
            if calls == 0 || calls > MAX_COUNT {
                return Err(E("`max_concurrent` must be from 1 to 65535"));
            }
        }
        if let Err(refused) = self.check_rate_limit() {
            return Err(refused);
        }
        if let Some(probe_timeout) = self.probe_timeout.get() {
            if probe_timeout.is_zero() {
                return Err(E("`probe_timeout` must be longer than zero"));
            }
            if let Some(timeout) = self.timeout.get() {
                if shorter(probe_timeout, timeout) {
                    return Err(E("`probe_timeout` must not be shorter than `timeout`"));
                }
            }
        }
        if let Err(refused) = self.check_around() {
            return Err(refused);
        }
        if self.failure_samples.get() > MAX_FAILURE_SAMPLES {
            return Err(E("`failure_samples` must be from 0 to 100"));
        }
        if self.history.get() > MAX_HISTORY {
            return Err(E("`history` must be from 0 to 1000"));
        }
        Ok(())
    }

    const fn check_around(&self) -> Result<(), SettingsError> {
        use SettingsError as E;
        if let Some(total) = self.total_limit() {
            if total.is_zero() {
                return Err(E("`total_timeout` must be longer than zero"));
            }
            if let Some(timeout) = self.timeout.get() {
                // Of which the shorter of the two is kept to the nanosecond.
                if total.as_millis() < timeout.as_millis() {
                    return Err(E("`total_timeout` must not be shorter than `timeout`"));
                }
            }
        }
        if self.around.attempts.get() == 0 || self.around.attempts.get() > MAX_ATTEMPTS {
            return Err(E("`retry_attempts` must be from 1 to 100"));
        }
        if self.around.factor.get() < 1.0 {
            return Err(E("`retry_factor` must be a number of 1 or more"));
        }
        let Some(backoff) = self.around.backoff.get() else { return Ok(()) };
        if backoff.is_zero() {
            return Err(E("`retry_backoff` must be longer than zero"));
        }
        match self.around.max.get() {
            Some(max) if shorter(max, backoff) => Err(E("`retry_max` must not be shorter than `retry_backoff`")),
            _ => Ok(()),
        }
    }

    const fn check_rate_limit(&self) -> Result<(), SettingsError> {
        use SettingsError as E;
        if let Some((calls, time)) = self.rate_limit_set() {
            if calls == 0 || calls > MAX_RATE {
                return Err(E("`rate_limit` must be from 1 to 1000000000 calls"));
            }
            if time.is_zero() || time.as_nanos() < calls as u128 {
                return Err(E("`rate_limit` must have a time of a nanosecond or more for each call"));
            }
        }
        match self.burst.get() {
            Some(0) => Err(E("`burst` must be from 1 to 1000000000")),
            Some(calls) if calls > MAX_RATE => Err(E("`burst` must be from 1 to 1000000000")),
            Some(_) if self.rate_limit_set().is_none() => Err(E("`burst` needs `rate_limit`")),
            _ => Ok(()),
        }
    }

    const fn check_window(&self) -> Result<(), SettingsError> {
        use SettingsError as E;
        if let Some(n) = self.failures.get() {
            if n == 0 || n > MAX_COUNT {
                return Err(E("`failures` (or `threshold`) must be from 1 to 65535"));
            }
            match self.window_set() {
                None => return Err(E("`failures` needs a `window`")),
                Some(Window::Calls(calls)) if n > calls => {
                    return Err(E("`failures` (or `threshold`) must not be more than the `window` holds"));
                }
                Some(_) => {}
            }
        }
        match self.window_set() {
            Some(Window::Time(time)) if time.is_zero() => return Err(E("`window` must be longer than zero")),
            Some(Window::Calls(calls)) if calls == 0 || calls > MAX_COUNT => {
                return Err(E("a `window` of calls must be from 1 to 65535"));
            }
            Some(_) if !self.failures.is_some() && !self.has_rate() => {
                return Err(E("`window` needs `failures`, `failure_rate` or `slow_rate`"));
            }
            _ => {}
        }
        Ok(())
    }

    const fn check_rates(&self) -> Result<(), SettingsError> {
        use SettingsError as E;
        if outside(self.failure_rate.get()) {
            return Err(E("`failure_rate` must be above 0 and at most 1"));
        }
        if outside(self.slow_rate.get()) {
            return Err(E("`slow_rate` must be above 0 and at most 1"));
        }
        if outside(self.probe_failure_rate.get()) {
            return Err(E("`probe_failure_rate` must be above 0 and at most 1"));
        }
        match (self.slow_rate.get(), self.slow_call.get()) {
            (Some(_), None) => return Err(E("`slow_rate` needs `slow_call`, the time from which on a call is slow")),
            (None, Some(_)) => return Err(E("`slow_call` needs `slow_rate`, the share of slow calls that trips")),
            (_, Some(time)) if time.is_zero() => return Err(E("`slow_call` must be longer than zero")),
            _ => {}
        }
        if let (Some(limit), Some(slow_call)) = (self.timeout.get(), self.slow_call.get()) {
            if shorter(limit, slow_call) {
                return Err(E("`timeout` must not be shorter than `slow_call`: no call could be that slow"));
            }
        }
        if let Some(calls) = self.min_calls.get() {
            if calls == 0 || calls > MAX_COUNT {
                return Err(E("`min_calls` must be from 1 to 65535"));
            }
            if !self.has_rate() {
                return Err(E("`min_calls` needs `failure_rate` or `slow_rate`"));
            }
            match self.window_set() {
                Some(Window::Calls(window)) if calls > window => {
                    return Err(E("`min_calls` must not be more than the `window` holds"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a rate is none.
const fn outside(rate: Option<f64>) -> bool {
    match rate {
        Some(rate) => !(rate > 0.0 && rate <= 1.0),
        None => false,
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
    /// Settings for one breaker of a family.
    pub(crate) const OF_FAMILY: Self = Self("a breaker of a family has the settings of the family: set those");

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

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn every_value_has_its_range() {
        let new = Settings::new;
        let rate = || new().failure_rate(0.5);
        for settings in [
            new().consecutive(0),
            new().consecutive(65_536),
            new().failures(0).window(SECOND),
            new().failures(65_536).window(SECOND),
            new().failures(3).window(Duration::ZERO),
            new().failures(3),
            new().failures(3).window_calls(2),
            new().failures(3).window_calls(65_536),
            new().window(SECOND),
            new().window_calls(20),
            new().consecutive(3).window_calls(20),
            rate().window_calls(0),
            rate().window(Duration::ZERO),
            rate().min_calls(0),
            rate().min_calls(65_536),
            rate().window_calls(19).min_calls(20),
            new().min_calls(3),
            new().failures(3).window_calls(20).min_calls(3),
            new().failure_rate(0.0),
            new().failure_rate(1.1),
            new().failure_rate(f64::NAN),
            new().slow_rate(0.5),
            new().slow_call(SECOND),
            new().slow_rate(0.0).slow_call(SECOND),
            new().slow_rate(0.5).slow_call(Duration::ZERO),
            new().slow_rate(0.5).slow_call(2 * SECOND).timeout(SECOND),
            new().probe_failure_rate(-0.5),
            new().probe_failure_rate(0.5).successes(1),
            new().ramp(Duration::ZERO),
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
            new().probe_timeout(SECOND).timeout(2 * SECOND),
            new().total_timeout(Duration::ZERO),
            new().total_timeout(SECOND).timeout(2 * SECOND),
            new().retry_attempts(0),
            new().retry_attempts(101),
            new().retry_backoff(Duration::ZERO),
            new().retry_factor(0.9),
            new().retry_factor(f64::NAN),
            new().retry_max(Duration::from_millis(99)),
            new().retry_backoff(SECOND).retry_max(SECOND / 2),
            new().failure_samples(101),
            new().history(1_001),
        ] {
            assert!(settings.check().is_err(), "{settings:?}");
        }
        let full = new().consecutive(65_535).failures(65_535).window_calls(65_535).failure_rate(1.0).min_calls(65_535);
        let full = full.slow_rate(1.0).slow_call(SECOND).probes(255).successes(255).jitter(1.0).ramp(SECOND);
        assert_eq!(full.check(), Ok(()));
        for settings in [
            new(),
            new().failures(3).window(SECOND),
            new().failures(3).window_calls(3),
            rate().window(SECOND),
            rate().window_calls(20).min_calls(20),
            new().slow_rate(0.5).slow_call(SECOND).timeout(SECOND),
            new().reset(SECOND).max_reset(SECOND),
            new().probe_timeout(SECOND).timeout(SECOND),
            new().total_timeout(SECOND).timeout(SECOND),
            new().retry_attempts(100).retry_backoff(SECOND).retry_factor(1.0).retry_max(SECOND),
            new().retry_backoff(60 * SECOND),
            new().failure_samples(0),
            new().failure_samples(100),
            new().history(1),
            new().history(1_000),
        ] {
            assert_eq!(settings.check(), Ok(()), "{settings:?}");
        }
        assert_eq!(new().probes(255).probe_failure_rate(1.0).check(), Ok(()));
    }

    #[test]
    fn a_refusal_names_the_value_and_what_is_accepted() {
        assert_eq!(Settings::new().probes(256).check().unwrap_err().text(), "`probes` must be from 1 to 255");
    }
}
