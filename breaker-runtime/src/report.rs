//! Why a breaker tripped.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::about::About;
use crate::class::{ClassCount, OTHER, Sorted};
use crate::mode::Mode;
use crate::policy::{Window, share};
use crate::text::{Counted, Percent, Plain};
use crate::window::WindowCounts;

/// The rule that opened a breaker, with its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// So many failures in a row.
    #[non_exhaustive]
    Consecutive {
        /// What the settings allow.
        limit: u32,
        /// What was counted.
        measured: u32,
    },
    /// So many failures within a window.
    #[non_exhaustive]
    Failures {
        /// What the settings allow.
        limit: u32,
        /// What was counted.
        measured: u32,
        /// The window.
        window: Window,
    },
    /// So large a share of the calls failed.
    #[non_exhaustive]
    FailureRate {
        /// The share that the settings allow.
        limit: f64,
        /// The calls in the window that failed.
        failed: u64,
        /// All calls in the window.
        calls: u64,
        /// The window.
        window: Window,
    },
    /// So large a share of the calls was slow.
    #[non_exhaustive]
    SlowRate {
        /// The share that the settings allow.
        limit: f64,
        /// The calls in the window that were slow, or are still running and slow already.
        slow: u64,
        /// All calls in the window.
        calls: u64,
        /// The window.
        window: Window,
        /// From which time on a call is slow.
        slow_call: Duration,
    },
    /// So many calls in a row were cancelled, over so long a time, without one answer.
    #[non_exhaustive]
    NoAnswer {
        /// What the settings allow.
        limit: u32,
        /// What was counted.
        measured: u32,
        /// From the first of them to the last.
        over: Duration,
    },
    /// A probe failed.
    ProbeFailed,
    /// A probe was slow.
    #[non_exhaustive]
    ProbeSlow {
        /// From which time on a call is slow.
        slow_call: Duration,
    },
    /// So large a share of the probes failed.
    #[non_exhaustive]
    ProbeFailureRate {
        /// The share that the settings allow.
        limit: f64,
        /// The probes that failed.
        failed: u32,
        /// All probes.
        probes: u32,
    },
    /// So large a share of the probes was slow.
    #[non_exhaustive]
    ProbeSlowRate {
        /// The share that the settings allow.
        limit: f64,
        /// The probes that were slow.
        slow: u32,
        /// All probes.
        probes: u32,
    },
    /// Too few probes were answered in time.
    #[non_exhaustive]
    ProbesOverdue {
        /// How long half-open lasted.
        after: Duration,
    },
}

impl Rule {
    /// The name for machines.
    #[cfg(any(feature = "serde", feature = "tracing"))]
    pub(crate) const fn id(&self) -> &'static str {
        match self {
            Self::Consecutive { .. } => "consecutive",
            Self::Failures { .. } => "failures",
            Self::FailureRate { .. } => "failure_rate",
            Self::SlowRate { .. } => "slow_rate",
            Self::NoAnswer { .. } => "no_answer",
            Self::ProbeFailed => "probe_failed",
            Self::ProbeSlow { .. } => "probe_slow",
            Self::ProbeFailureRate { .. } => "probe_failure_rate",
            Self::ProbeSlowRate { .. } => "probe_slow_rate",
            Self::ProbesOverdue { .. } => "probes_overdue",
        }
    }

    /// How many failures made it hold; none where it looks at something else.
    pub(crate) fn failures_counted(&self) -> u64 {
        match *self {
            Self::Consecutive { measured, .. } | Self::Failures { measured, .. } => measured.into(),
            Self::FailureRate { failed, .. } => failed,
            Self::ProbeFailed => 1,
            Self::ProbeFailureRate { failed, .. } => failed.into(),
            Self::SlowRate { .. }
            | Self::NoAnswer { .. }
            | Self::ProbeSlow { .. }
            | Self::ProbeSlowRate { .. }
            | Self::ProbesOverdue { .. } => 0,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = |f: &mut fmt::Formatter<'_>, part: u64, whole: u64, limit: f64| {
            write!(f, "{} (limit {})", Percent(share(part, whole)), Percent(limit))
        };
        match *self {
            Self::Consecutive { limit, measured } => {
                write!(f, "{} in a row (limit {limit})", Counted(measured.into(), "failure"))
            }
            Self::Failures { limit, measured, window } => {
                write!(f, "{} within {window} (limit {limit})", Counted(measured.into(), "failure"))
            }
            Self::FailureRate { limit, failed, calls, window } => {
                write!(f, "{failed} of {} failed, ", Lookback(calls, window))?;
                rate(f, failed, calls, limit)
            }
            Self::SlowRate { limit, slow, calls, window, slow_call } => {
                write!(f, "{slow} of {} took {} or longer, ", Lookback(calls, window), Plain(slow_call))?;
                rate(f, slow, calls, limit)
            }
            Self::NoAnswer { limit, measured, over } => {
                let calls = Counted(measured.into(), "call");
                write!(f, "no answer: {calls} in a row given up on over {} (limit {limit})", Plain(over))
            }
            Self::ProbeFailed => f.write_str("a probe failed"),
            Self::ProbeSlow { slow_call } => write!(f, "a probe took {} or longer", Plain(slow_call)),
            Self::ProbeFailureRate { limit, failed, probes } => {
                write!(f, "{failed} of {} failed, ", Counted(probes.into(), "probe"))?;
                rate(f, failed.into(), probes.into(), limit)
            }
            Self::ProbeSlowRate { limit, slow, probes } => {
                write!(f, "{slow} of {} were slow, ", Counted(probes.into(), "probe"))?;
                rate(f, slow.into(), probes.into(), limit)
            }
            Self::ProbesOverdue { after } => write!(f, "too few answers to the probes within {}", Plain(after)),
        }
    }
}

/// So many calls in a window: `the last 100 calls`, `20 calls within 60 s`.
struct Lookback(u64, Window);

impl fmt::Display for Lookback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = Counted(self.0, "call");
        match self.1 {
            Window::Time(time) => write!(f, "{calls} within {}", Plain(time)),
            Window::Calls(_) => write!(f, "the last {calls}"),
        }
    }
}

/// One of the last failures before a trip.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailureSample {
    /// When it was recorded, by the wall clock.
    pub at: SystemTime,
    /// How long the call took, where that is known: where it has a time limit, or a rule about slow
    /// calls.
    pub latency: Option<Duration>,
    /// How it is sorted; see [`ClassCount`]. `other` where nobody said.
    pub class: &'static str,
    /// Of an annotated function, the text of the error: its `Display`, else its `Debug`, at most
    /// 200 bytes; the name of its type where it has neither, and for
    /// [`CircuitBreaker::call`](crate::CircuitBreaker::call), which knows no more of it. Otherwise
    /// what happened, such as `panicked`, `timed out` or `cancelled`.
    pub text: String,
}

/// Without the text, which logs of everything would carry along otherwise.
impl fmt::Debug for FailureSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureSample")
            .field("at", &self.at)
            .field("latency", &self.latency)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

/// What was known when a breaker opened.
///
/// The texts in it are those of other callers' errors: show it to people who may see those, and
/// [`CircuitBreakerError`](crate::CircuitBreakerError)'s own line to everybody else.
///
/// Prints as one line without those texts, and so does its `Debug`. `{:#}` prints all of it, in
/// several lines for a terminal:
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Settings};
///
/// let breaker = CircuitBreaker::builder("pricing").settings(Settings::new().consecutive(2)).build()?;
/// breaker.try_acquire()?.failure_with(&"connection refused");
/// breaker.try_acquire()?.failure_with(&"no route to host");
/// let report = breaker.snapshot().last_trip.expect("it has opened");
/// let lines: Vec<String> = format!("{report:#}").lines().map(str::to_owned).collect();
/// assert_eq!(lines[0], "circuit breaker `pricing` opened (epoch 1, settings revision 1)");
/// assert_eq!(lines[1], "  why:        2 failures in a row (limit 2)");
/// assert_eq!(lines[2], "  next probe: after 60 s");
/// assert_eq!(lines[3], "  in flight:  0 calls");
/// assert!(lines[4].ends_with("before: connection refused"));
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Which breaker.
    pub breaker: About,
    /// The mode under which it happened: under [`Mode::MetricsOnly`] it only would have opened.
    pub mode: Mode,
    /// Which rule, with its numbers.
    pub rule: Rule,
    /// How the failures that the rule counted are sorted, the most frequent class first and `other`
    /// last: those of the last 256 at most. Empty where the rule counts no failures, but slow or cancelled
    /// calls.
    pub classes: Vec<ClassCount>,
    /// When it opened, by the wall clock.
    pub at: SystemTime,
    /// How long it stays open before the next probe.
    pub delay: Duration,
    /// What the window of the rules held, where there is one that counts all calls and the breaker
    /// was closed.
    pub window: Option<WindowCounts>,
    /// Admitted calls that had not ended.
    pub in_flight: u64,
    /// The last failures, oldest first; at most as many as
    /// [`Settings::failure_samples`](crate::Settings::failure_samples) says.
    pub failures: Vec<FailureSample>,
    /// The number of the epoch that began.
    pub epoch: u64,
    /// The revision of the settings that decided; 1 is what the breaker was made with.
    pub revision: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            self.fmt_lines(f)
        } else {
            write!(f, "{}; next probe after {}", self.why(), Plain(self.delay))
        }
    }
}

/// The rule, and how the failures that it counted are sorted.
pub(crate) struct Why<'a>(&'a Report);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { rule, classes, .. } = self.0;
        write!(f, "{rule}{}", Sorted { classes, counted: rule.failures_counted() })
    }
}

impl Report {
    /// Why it opened, for anyone to see: `3 failures in a row (limit 3): 2 timeout, 1 http_5xx`.
    pub(crate) fn why(&self) -> Why<'_> {
        Why(self)
    }

    fn fmt_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opened = if self.mode == Mode::MetricsOnly { "would have opened" } else { "opened" };
        writeln!(
            f,
            "circuit breaker `{}` {opened} (epoch {}, settings revision {})",
            self.breaker, self.epoch, self.revision
        )?;
        writeln!(f, "  why:        {}", self.why())?;
        if let Some(dependency) = self.breaker.dependency {
            writeln!(f, "  depends on: {}", dependency.escape_debug())?;
        }
        if let Some(note) = self.breaker.note {
            writeln!(f, "  note:       {}", note.escape_debug())?;
        }
        writeln!(f, "  next probe: after {}", Plain(self.delay))?;
        if let Some(WindowCounts { calls, failed, slow }) = self.window {
            writeln!(f, "  window:     {}, {failed} failed, {slow} slow", Counted(calls, "call"))?;
        }
        write!(f, "  in flight:  {}", Counted(self.in_flight, "call"))?;
        for failure in &self.failures {
            let before = self.at.duration_since(failure.at).unwrap_or_default();
            write!(f, "\n  failed:     {} before", Plain(before))?;
            if let Some(latency) = failure.latency {
                write!(f, ", after {}", Plain(latency))?;
            }
            if failure.class != OTHER {
                write!(f, ", {}", failure.class.escape_debug())?;
            }
            write!(f, ": {}", failure.text.escape_debug())?;
        }
        Ok(())
    }
}
