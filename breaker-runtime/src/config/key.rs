//! The keys of a configuration: their names, what each accepts, and what a value does to settings.

use std::fmt;
use std::time::Duration;

use crate::mode::Mode;
use crate::policy::{OnCancel, Settings, Window};

/// One key. The order is that in which keys are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Threshold,
    Consecutive,
    Failures,
    FailureRate,
    SlowRate,
    SlowCall,
    Window,
    MinCalls,
    OnCancel,
    Reset,
    Backoff,
    MaxReset,
    Jitter,
    Probes,
    Successes,
    ProbeFailureRate,
    ProbeTimeout,
    Ramp,
    Timeout,
    MaxConcurrent,
    RateLimit,
    Burst,
    TotalTimeout,
    RetryAttempts,
    RetryBackoff,
    RetryFactor,
    RetryMax,
    RetryJitter,
    Latency,
    Span,
    FailureSamples,
    History,
    Mode,
    ExpectedRps,
    ExpectedError,
}

/// What a key is set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nothing, though something weaker says otherwise.
    None,
    Count(u32),
    Number(f64),
    Time(Duration),
    Window(Window),
    RateLimit(u32, Duration),
    OnCancel(OnCancel),
    Mode(Mode),
    Flag(bool),
}

/// What stands in a file or a variable.
#[derive(Clone, Debug)]
pub(crate) enum Written<'a> {
    /// As it stands there, and the number where it is not too large.
    Integer(&'a str, Option<i64>),
    Float(&'a str, Option<f64>),
    Text(&'a str),
    Flag(bool),
    /// Something that no key accepts.
    Other(&'static str),
}

/// Which values a key accepts.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// From the first to the second.
    Count(u32, u32),
    /// Above 0 and up to 1.
    Rate,
    /// From 0 to 1.
    Fraction,
    /// At least 1.
    Factor,
    /// From 1 to 655.
    Times,
    /// Above 0.
    Frequency,
    Time,
    Window,
    /// Calls within a time.
    RateLimit,
    OnCancel,
    Mode,
    Flag,
}

/// What stands for a value that is not set.
const NONE: &str = "none";
const COUNT: Kind = Kind::Count(1, 65_535);
const PROBES: Kind = Kind::Count(1, 255);

/// Every key with its name, what it accepts, and whether it can be taken back by `"none"`.
const KEYS: [(Key, &str, Kind, bool); 35] = [
    (Key::Threshold, "threshold", COUNT, false),
    (Key::Consecutive, "consecutive", COUNT, true),
    (Key::Failures, "failures", COUNT, true),
    (Key::FailureRate, "failure_rate", Kind::Rate, true),
    (Key::SlowRate, "slow_rate", Kind::Rate, true),
    (Key::SlowCall, "slow_call", Kind::Time, true),
    (Key::Window, "window", Kind::Window, true),
    (Key::MinCalls, "min_calls", COUNT, true),
    (Key::OnCancel, "on_cancel", Kind::OnCancel, false),
    (Key::Reset, "reset", Kind::Time, false),
    (Key::Backoff, "backoff", Kind::Factor, false),
    (Key::MaxReset, "max_reset", Kind::Time, true),
    (Key::Jitter, "jitter", Kind::Fraction, false),
    (Key::Probes, "probes", PROBES, false),
    (Key::Successes, "successes", PROBES, true),
    (Key::ProbeFailureRate, "probe_failure_rate", Kind::Rate, true),
    (Key::ProbeTimeout, "probe_timeout", Kind::Time, true),
    (Key::Ramp, "ramp", Kind::Time, true),
    (Key::Timeout, "timeout", Kind::Time, true),
    (Key::MaxConcurrent, "max_concurrent", COUNT, true),
    (Key::RateLimit, "rate_limit", Kind::RateLimit, true),
    (Key::Burst, "burst", Kind::Count(1, 1_000_000_000), true),
    (Key::TotalTimeout, "total_timeout", Kind::Time, true),
    (Key::RetryAttempts, "retry_attempts", Kind::Count(1, 100), false),
    (Key::RetryBackoff, "retry_backoff", Kind::Time, false),
    (Key::RetryFactor, "retry_factor", Kind::Times, false),
    (Key::RetryMax, "retry_max", Kind::Time, true),
    (Key::RetryJitter, "retry_jitter", Kind::Flag, false),
    (Key::Latency, "latency", Kind::Flag, false),
    (Key::Span, "span", Kind::Flag, false),
    (Key::FailureSamples, "failure_samples", Kind::Count(0, 100), false),
    (Key::History, "history", Kind::Count(0, 1_000), false),
    (Key::Mode, "mode", Kind::Mode, false),
    (Key::ExpectedRps, "expected_rps", Kind::Frequency, false),
    (Key::ExpectedError, "expected_error", Kind::Fraction, false),
];

impl Key {
    pub(crate) fn named(name: &str) -> Option<Self> {
        KEYS.iter().find(|(_, known, ..)| *known == name).map(|(key, ..)| *key)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        KEYS.iter().map(|(_, name, ..)| *name)
    }

    pub(crate) fn name(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> &'static (Self, &'static str, Kind, bool) {
        &KEYS[self as usize]
    }

    /// Completes the sentence "`key` accepts …".
    fn accepts(self) -> String {
        let (_, _, kind, or_none) = *self.row();
        let none = if or_none { ", or `\"none\"`" } else { "" };
        format!("{kind}{none}")
    }

    /// The value that is written.
    pub(crate) fn read(self, written: &Written<'_>) -> Result<Value, String> {
        let (_, name, kind, or_none) = *self.row();
        match *written {
            Written::Text(text) if or_none && text.trim() == NONE => return Ok(Value::None),
            _ => {}
        }
        kind.read(written).map_err(|hint| format!("`{name}` accepts {}, and not {written}{hint}", self.accepts()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Rate => f.write_str("a share above 0 and up to 1, such as `0.5` or `\"50%\"`"),
            Self::Fraction => f.write_str("a fraction from 0 to 1, such as `0.2` or `\"20%\"`"),
            Self::Factor => f.write_str("a number of at least 1, such as `2.0`"),
            Self::Times => f.write_str("a number from 1 to 655, such as `2.0`"),
            Self::Frequency => f.write_str("a number above 0, such as `50`"),
            Self::Time => f.write_str("a time as text, such as `\"250ms\"`, `\"60s\"` or `\"5m\"`"),
            Self::Window => f.write_str("a time as text, such as `\"30s\"`, or a number of calls from 1 to 65535"),
            Self::RateLimit => {
                f.write_str("calls in a time as text, such as `\"100/s\"`, `\"30/m\"` or `\"10/250ms\"`")
            }
            Self::OnCancel => f.write_str("`\"unanswered\"`, `\"failure\"` or `\"ignore\"`"),
            Self::Mode => f.write_str("`\"automatic\"`, `\"disabled\"`, `\"forced_open\"` or `\"metrics_only\"`"),
            Self::Flag => f.write_str("`true` or `false`"),
        }
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(text, _) | Self::Float(text, _) => write!(f, "`{}`", shortened(text)),
            Self::Text(text) => write!(f, "`\"{}\"`", shortened(text)),
            Self::Flag(flag) => write!(f, "`{flag}`"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// So much of a text as a message can show, on one line.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() { format!("{shown}…") } else { shown }
}

impl Kind {
    /// The value, or what to write instead.
    fn read(self, written: &Written<'_>) -> Result<Value, String> {
        match self {
            Self::Count(least, most) => match *written {
                Written::Integer(_, Some(number)) => count(number, least, most).map(Value::Count),
                Written::Text(text) => Err(without_quotes(text, |number: i64| count(number, least, most).is_ok())),
                _ => Err(String::new()),
            },
            Self::Rate => share(written, |share| share > 0.0 && share <= 1.0),
            Self::Fraction => share(written, |share| (0.0..=1.0).contains(&share)),
            Self::Factor => number(written, |number| number >= 1.0),
            Self::Times => number(written, |number| (1.0..=655.0).contains(&number)),
            Self::Frequency => number(written, |number| number > 0.0),
            Self::Time => time(written, false).map(Value::Time),
            Self::Window => match *written {
                Written::Integer(_, Some(calls)) => {
                    count(calls, 1, 65_535).map(|calls| Value::Window(Window::Calls(calls)))
                }
                Written::Integer(..) => Err(String::new()),
                _ => time(written, true).map(|time| Value::Window(Window::Time(time))),
            },
            Self::RateLimit => rate_limit(written),
            Self::OnCancel => word(written, |word| match word {
                "unanswered" => Some(Value::OnCancel(OnCancel::Unanswered)),
                "failure" => Some(Value::OnCancel(OnCancel::Failure)),
                "ignore" => Some(Value::OnCancel(OnCancel::Ignore)),
                _ => None,
            }),
            Self::Mode => word(written, |word| match word {
                "automatic" => Some(Value::Mode(Mode::Automatic)),
                "disabled" => Some(Value::Mode(Mode::Disabled)),
                "forced_open" => Some(Value::Mode(Mode::ForcedOpen)),
                "metrics_only" => Some(Value::Mode(Mode::MetricsOnly)),
                _ => None,
            }),
            Self::Flag => match *written {
                Written::Flag(flag) => Ok(Value::Flag(flag)),
                Written::Text(text) => Err(without_quotes(text, |_: bool| true)),
                _ => Err(String::new()),
            },
        }
    }
}

/// `100/s`: the time is a unit, or a number and a unit.
fn rate_limit(written: &Written<'_>) -> Result<Value, String> {
    let text = match *written {
        Written::Text(text) => text,
        Written::Integer(text, Some(1..)) => return Err(format!(": write `\"{text}/s\"`")),
        _ => return Err(String::new()),
    };
    let known = text.split_once('/').and_then(|(calls, time)| {
        let (calls, time) = (calls.trim().parse().ok()?, time.trim());
        let one = if time.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "1" };
        Some(Value::RateLimit(calls, humantime::parse_duration(&format!("{one}{time}")).ok()?))
    });
    known.ok_or_else(String::new)
}

fn count(number: i64, least: u32, most: u32) -> Result<u32, String> {
    u32::try_from(number).ok().filter(|number| (least..=most).contains(number)).ok_or_else(String::new)
}

fn word(written: &Written<'_>, known: impl Fn(&str) -> Option<Value>) -> Result<Value, String> {
    match *written {
        Written::Text(text) => known(text).ok_or_else(String::new),
        _ => Err(String::new()),
    }
}

fn plain(written: &Written<'_>) -> Option<f64> {
    match *written {
        // Those that are accepted are small enough to be exact.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        Written::Integer(_, number) => number.map(|number| number as f64),
        Written::Float(_, number) => number.filter(|number| number.is_finite()),
        _ => None,
    }
}

fn number(written: &Written<'_>, accepted: impl Fn(f64) -> bool) -> Result<Value, String> {
    match *written {
        Written::Text(text) => Err(without_quotes(text, accepted)),
        _ => plain(written).filter(|number| accepted(*number)).map(Value::Number).ok_or_else(String::new),
    }
}

fn share(written: &Written<'_>, accepted: impl Fn(f64) -> bool) -> Result<Value, String> {
    let Written::Text(text) = *written else {
        let known = plain(written);
        return known.filter(|share| accepted(*share)).map(Value::Number).ok_or_else(|| match known {
            Some(percent) if accepted(percent / 100.0) => format!(": write `\"{percent}%\"`"),
            _ => String::new(),
        });
    };
    let percent = text.trim().strip_suffix('%').and_then(|number| number.trim_end().parse::<f64>().ok());
    match percent.map(|percent| percent / 100.0) {
        Some(share) if accepted(share) => Ok(Value::Number(share)),
        Some(_) => Err(String::new()),
        None => match text.trim().parse::<f64>() {
            Ok(percent) if !accepted(percent) && accepted(percent / 100.0) => Err(format!(": write `\"{percent}%\"`")),
            _ => Err(without_quotes(text, accepted)),
        },
    }
}

/// A time; `calls` says that a number of calls would do as well.
fn time(written: &Written<'_>, calls: bool) -> Result<Duration, String> {
    match *written {
        Written::Text(text) => match humantime::parse_duration(text.trim()) {
            Ok(time) if time.is_zero() => Err(", and it must be longer than zero".to_owned()),
            Ok(time) => Ok(time),
            Err(_) if calls && text.trim().parse::<u16>().is_ok_and(|calls| calls > 0) => {
                Err(format!(": write `\"{0}s\"` for a time, or `{0}` for calls", text.trim()))
            }
            Err(_) if text.trim().parse::<f64>().is_ok_and(|seconds| seconds > 0.0) => {
                Err(format!(": write `\"{}s\"`", text.trim()))
            }
            Err(_) => Err(String::new()),
        },
        Written::Integer(text, Some(1..)) => Err(format!(": write `\"{text}s\"`")),
        _ => Err(String::new()),
    }
}

/// What to write instead of a text that only lacks not to be one.
fn without_quotes<T: Copy + std::str::FromStr>(text: &str, accepted: impl Fn(T) -> bool) -> String {
    match text.trim().parse() {
        Ok(value) if accepted(value) => format!(": write `{}`, without quotes", text.trim()),
        _ => String::new(),
    }
}

/// Puts a value where it belongs. A mode, what is expected, and `threshold`, whose meaning depends on the other keys,
/// have no place in settings.
pub(crate) fn put(settings: &mut Settings, key: Key, value: Value) {
    let old = *settings;
    *settings = match (key, value) {
        (_, Value::None) => return take_back(settings, key),
        (Key::Consecutive, Value::Count(n)) => old.consecutive(n),
        (Key::Failures, Value::Count(n)) => old.failures(n),
        (Key::FailureRate, Value::Number(rate)) => old.failure_rate(rate),
        (Key::SlowRate, Value::Number(rate)) => old.slow_rate(rate),
        (Key::SlowCall, Value::Time(time)) => old.slow_call(time),
        (Key::Window, Value::Window(Window::Time(time))) => old.window(time),
        (Key::Window, Value::Window(Window::Calls(calls))) => old.window_calls(calls),
        (Key::MinCalls, Value::Count(n)) => old.min_calls(n),
        (Key::OnCancel, Value::OnCancel(what)) => old.on_cancel(what),
        (Key::Reset, Value::Time(time)) => old.reset(time),
        (Key::Backoff, Value::Number(factor)) => old.backoff(factor),
        (Key::MaxReset, Value::Time(time)) => old.max_reset(time),
        (Key::Jitter, Value::Number(share)) => old.jitter(share),
        (Key::Probes, Value::Count(n)) => old.probes(n),
        (Key::Successes, Value::Count(n)) => old.successes(n),
        (Key::ProbeFailureRate, Value::Number(rate)) => old.probe_failure_rate(rate),
        (Key::ProbeTimeout, Value::Time(time)) => old.probe_timeout(time),
        (Key::Ramp, Value::Time(time)) => old.ramp(time),
        (Key::Timeout, Value::Time(time)) => old.timeout(time),
        (Key::MaxConcurrent, Value::Count(n)) => old.max_concurrent(n),
        (Key::RateLimit, Value::RateLimit(calls, time)) => old.rate_limit(calls, time),
        (Key::Burst, Value::Count(n)) => old.burst(n),
        (Key::TotalTimeout, Value::Time(time)) => old.total_timeout(time),
        (Key::RetryAttempts, Value::Count(n)) => old.retry_attempts(n),
        (Key::RetryBackoff, Value::Time(time)) => old.retry_backoff(time),
        (Key::RetryFactor, Value::Number(factor)) => old.retry_factor(factor),
        (Key::RetryMax, Value::Time(time)) => old.retry_max(time),
        (Key::RetryJitter, Value::Flag(on)) => old.retry_jitter(on),
        (Key::Latency, Value::Flag(on)) => old.latency(on),
        (Key::Span, Value::Flag(on)) => old.span(on),
        (Key::FailureSamples, Value::Count(n)) => old.failure_samples(n),
        (Key::History, Value::Count(n)) => old.history(n),
        _ => old,
    };
}

fn take_back(settings: &mut Settings, key: Key) {
    let none = Settings::new();
    match key {
        Key::Consecutive => settings.consecutive = none.consecutive,
        Key::Failures => settings.failures = none.failures,
        Key::FailureRate => settings.failure_rate = none.failure_rate,
        Key::SlowRate => settings.slow_rate = none.slow_rate,
        Key::SlowCall => settings.slow_call = none.slow_call,
        Key::Window => *settings = settings.windowless(),
        Key::MinCalls => settings.min_calls = none.min_calls,
        Key::MaxReset => settings.max_reset = none.max_reset,
        Key::Successes => settings.successes = none.successes,
        Key::ProbeFailureRate => settings.probe_failure_rate = none.probe_failure_rate,
        Key::ProbeTimeout => settings.probe_timeout = none.probe_timeout,
        Key::Ramp => settings.ramp = none.ramp,
        Key::Timeout => settings.timeout = none.timeout,
        Key::RateLimit => *settings = settings.unlimited(),
        Key::Burst => settings.burst = none.burst,
        Key::TotalTimeout => *settings = settings.without_total_timeout(),
        Key::RetryMax => *settings = settings.without_retry_max(),
        Key::MaxConcurrent => settings.max_concurrent = none.max_concurrent,
        _ => {}
    }
}
