//! Why a breaker tripped.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::text::{Counted, Plain};

/// The rule that opened a breaker, with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// So many failures within a window of time.
    #[non_exhaustive]
    Failures {
        /// What the settings allow.
        limit: u32,
        /// What was counted.
        measured: u32,
        /// The window.
        window: Duration,
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
    /// Too few probes were answered in time.
    #[non_exhaustive]
    ProbesOverdue {
        /// How long half-open lasted.
        after: Duration,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Consecutive { limit, measured } => {
                write!(f, "{} in a row (limit {limit})", Counted(measured.into(), "failure"))
            }
            Self::Failures { limit, measured, window } => {
                write!(f, "{} within {} (limit {limit})", Counted(measured.into(), "failure"), Plain(window))
            }
            Self::NoAnswer { limit, measured, over } => {
                let calls = Counted(measured.into(), "call");
                write!(f, "no answer: {calls} in a row given up on over {} (limit {limit})", Plain(over))
            }
            Self::ProbeFailed => f.write_str("a probe failed"),
            Self::ProbesOverdue { after } => write!(f, "too few answers to the probes within {}", Plain(after)),
        }
    }
}

/// One of the last failures before a trip.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailureSample {
    /// When it was recorded, by the wall clock.
    pub at: SystemTime,
    /// Of an annotated function, the text of the error: its `Display`, else its `Debug`, at most
    /// 200 bytes; the name of its type where it has neither, and for
    /// [`CircuitBreaker::call`](crate::CircuitBreaker::call), which knows no more of it. Otherwise
    /// what happened, such as `panicked`, `timed out` or `cancelled`.
    pub text: String,
}

/// Without the text, which logs of everything would carry along otherwise.
impl fmt::Debug for FailureSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureSample").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What was known when a breaker opened.
///
/// The texts in it are those of other callers' errors: show it to people who may see those, and
/// [`CircuitBreakerError`](crate::CircuitBreakerError)'s own line to everybody else.
///
/// Prints as one line without those texts, and so does its `Debug`; `{:#}` adds a line for each
/// failure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Which rule, with its numbers.
    pub rule: Rule,
    /// When it opened, by the wall clock.
    pub at: SystemTime,
    /// How long it stays open before the next probe.
    pub delay: Duration,
    /// Admitted calls that had not ended.
    pub in_flight: u64,
    /// The last failures, oldest first; at most as many as
    /// [`Settings::failure_samples`](crate::Settings::failure_samples) says.
    pub failures: Vec<FailureSample>,
    /// The number of the change of state.
    pub epoch: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; next probe after {}", self.rule, Plain(self.delay))?;
        if f.alternate() {
            write!(f, "; {} in flight", Counted(self.in_flight, "call"))?;
            for failure in &self.failures {
                write!(f, "\n  failed: {}", failure.text)?;
            }
        }
        Ok(())
    }
}
