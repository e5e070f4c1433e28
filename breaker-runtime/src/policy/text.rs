//! Settings as text, in the words of the attribute, and what differs between two of them.

use std::fmt::{self, Write};
use std::time::Duration;

use super::rate::PerTime;
use super::{OnCancel, Settings, Window};

/// What stands for a value that is not set.
const NONE: &str = "none";

impl Settings {
    /// All values, by their names in the attribute. One that is not set shows what holds in its place,
    /// in parentheses.
    fn values(&self) -> Vec<(&'static str, String)> {
        let new = Self::new();
        // Exactly: two that differ must read so.
        let time = |time: Duration| format!("{time:?}");
        let known = |value: Option<String>, instead: &str| value.unwrap_or_else(|| format!("({instead})"));
        let number = |number: Option<u32>, instead: &str| known(number.map(|number| number.to_string()), instead);
        let rate = |rate: Option<f64>| known(rate.map(|rate| rate.to_string()), NONE);
        let plain = |value: String, is_set: bool| if is_set { value } else { format!("({value})") };
        let default = |limit: Option<u32>| limit.map_or_else(|| NONE.to_owned(), |limit| limit.to_string());
        let window = self.window_set().map(|window| match window {
            Window::Time(length) => time(length),
            Window::Calls(calls) => calls.to_string(),
        });
        let no_window = if self.has_rate() { "60s" } else { NONE };
        let no_max_reset = if self.backoff > 1.0 { time(self.reset_delay() * 10) } else { NONE.to_owned() };
        let min_calls = if self.has_rate() { self.min_calls_needed().to_string() } else { NONE.to_owned() };
        let (rate_limit, around) = (self.rate_limit_set(), self.around);
        let on_cancel = match self.on_cancel {
            OnCancel::Unanswered => "unanswered",
            OnCancel::Failure => "failure",
            OnCancel::Ignore => "ignore",
        };
        vec![
            ("consecutive", number(self.consecutive.get(), &default(self.streak_limit()))),
            ("failures", number(self.failures.get(), NONE)),
            ("failure_rate", rate(self.failure_rate.get())),
            ("slow_rate", rate(self.slow_rate.get())),
            ("slow_call", known(self.slow_call.get().map(time), NONE)),
            ("window", known(window, no_window)),
            ("min_calls", number(self.min_calls.get(), &min_calls)),
            ("on_cancel", plain(on_cancel.to_owned(), self.on_cancel != new.on_cancel)),
            ("reset", plain(time(self.reset_delay()), self.reset != new.reset)),
            ("backoff", plain(self.backoff.to_string(), self.backoff > 1.0)),
            ("max_reset", known(self.max_reset.get().map(time), &no_max_reset)),
            ("jitter", plain(self.jitter.to_string(), self.jitter > 0.0)),
            ("jitter_seed", known(self.seed().map(|seed| seed.to_string()), NONE)),
            ("probes", plain(self.probes.get().to_string(), self.probes != new.probes)),
            ("successes", number(self.successes.get(), &self.probes.get().to_string())),
            ("probe_failure_rate", rate(self.probe_failure_rate.get())),
            ("probe_timeout", known(self.probe_timeout.get().map(time), "default")),
            ("ramp", known(self.ramp.get().map(time), NONE)),
            ("timeout", known(self.timeout.get().map(time), NONE)),
            ("max_concurrent", number(self.max_concurrent.get(), NONE)),
            ("rate_limit", known(rate_limit.map(|(calls, time)| PerTime(calls, time).to_string()), NONE)),
            ("burst", number(self.burst.get(), &default(rate_limit.map(|(calls, _)| calls)))),
            ("total_timeout", known(self.total_limit().map(time), NONE)),
            ("retry_attempts", plain(around.attempts.get().to_string(), around.attempts != new.around.attempts)),
            (
                "retry_backoff",
                plain(around.backoff.get().map_or_else(String::new, time), around.backoff != new.around.backoff),
            ),
            ("retry_factor", plain(around.factor.get().to_string(), around.factor != new.around.factor)),
            ("retry_max", known(around.max.get().map(time), &time(self.retry_max_in_force()))),
            ("retry_jitter", plain(around.jitter.to_string(), around.jitter)),
            ("latency", plain(self.latency.to_string(), self.latency)),
            ("span", plain(self.span.to_string(), self.span)),
            (
                "failure_samples",
                plain(self.failure_samples.get().to_string(), self.failure_samples != new.failure_samples),
            ),
            ("history", plain(self.history.get().to_string(), self.history != new.history)),
        ]
    }

    /// All values that hold, by their names in the attribute; no matter whether they were set.
    #[cfg(feature = "serde")]
    pub(crate) fn in_force(&self) -> impl Iterator<Item = (&'static str, String)> {
        let bare = |value: String| value.trim_matches(['(', ')']).to_owned();
        self.values().into_iter().map(move |(name, value)| (name, bare(value)))
    }

    /// The values of `other` that differ, each with the one before it.
    pub(crate) fn changes_to(&self, other: &Self) -> impl fmt::Display + use<> {
        let mut text = String::new();
        for ((name, before), (_, after)) in self.values().into_iter().zip(other.values()) {
            if before != after {
                let comma = if text.is_empty() { "" } else { ", " };
                // Writing to a text does not fail.
                let _ = write!(text, "{comma}{name} {before} → {after}");
            }
        }
        text
    }
}

/// All that was set, in the words of the attribute; `the defaults` where nothing was.
///
/// ```
/// use std::time::Duration;
/// use breaker_runtime::Settings;
///
/// let settings = Settings::new().failure_rate(0.5).window(Duration::from_secs(300)).jitter(0.2);
/// assert_eq!(settings.to_string(), "failure_rate 0.5, window 300s, jitter 0.2");
/// assert_eq!(Settings::new().to_string(), "the defaults");
/// ```
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (name, value) in self.values().into_iter().filter(|(_, value)| !value.starts_with('(')) {
            write!(f, "{}{name} {value}", if first { "" } else { ", " })?;
            first = false;
        }
        if first { f.write_str("the defaults") } else { Ok(()) }
    }
}
