//! What a caller gets in the place of an answer.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::event::Transition;
use crate::history::History;
use crate::report::Report;
use crate::text::{Counted, Plain};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The breaker is open; the call was not made.
    Open,
    /// The breaker is half-open and all its probes are under way; the call was not made.
    Probing,
    /// The breaker has just closed and lets a growing share of the calls through
    /// ([`Settings::ramp`](crate::Settings::ramp)); this call was not made.
    Recovering,
    /// Somebody has forced the breaker open; the call was not made.
    ForcedOpen,
    /// The call ran for as long as its time limit allows, and was dropped.
    TimedOut,
    /// As many calls were under way as may be ([`Settings::max_concurrent`](crate::Settings::max_concurrent)); this one was
    /// not made.
    Full,
    /// As many calls were made within a time as may be ([`Settings::rate_limit`](crate::Settings::rate_limit)); this one
    /// was not.
    Limited,
    /// The time for all attempts was over (the attribute's `total_timeout`), and the one under way was dropped.
    TotalTimedOut,
}

impl ErrorKind {
    /// The name for machines.
    #[cfg(feature = "tracing")]
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Open => "rejected_open",
            Self::Probing => "rejected_probing",
            Self::Recovering => "rejected_recovering",
            Self::ForcedOpen => "rejected_forced_open",
            Self::TimedOut => "timed_out",
            Self::Full => "rejected_full",
            Self::Limited => "rejected_limited",
            Self::TotalTimedOut => "total_timed_out",
        }
    }
}

/// A call that was rejected, or that ran out of time.
///
/// One `#[from]` in your own error is enough for a protected function to return it:
///
/// ```
/// use breaker_runtime::CircuitBreakerError;
///
/// #[derive(Debug, thiserror::Error)]
/// enum PriceError {
///     #[error("no product {0}")]
///     NoProduct(String),
///     #[error(transparent)]
///     Unavailable(#[from] CircuitBreakerError),
/// }
/// ```
///
/// It prints as one line that may be shown to anyone: the breaker's name, its state, the rule that
/// opened it with its numbers, the classes of the failures that it counted, and when a retry can pass. What
/// other callers' errors said is in [`report`](Self::report) alone.
///
/// It is made without an allocation; its text is made when it is printed.
#[derive(Clone)]
pub struct CircuitBreakerError {
    breaker: &'static str,
    /// Where the report of a trip is to be found, and in which lease of that place.
    history: Option<&'static History>,
    lease: u64,
    refusal: Refusal,
}

/// What an error tells beside whose it is. Small, for it is handed on by every rejected call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    /// The number of the epoch that it is about, and in the lowest three bits the kind.
    pub(crate) epoch_and_kind: u64,
    /// In nanoseconds: of an open breaker what is left of the delay, of a time-out the limit, of a rate the time until a
    /// call can be made. Of a full one: how many calls may run.
    pub(crate) time: u64,
}

impl Refusal {
    /// With its time in nanoseconds.
    #[inline]
    pub(crate) fn new(kind: ErrorKind, epoch: u64, time: u64) -> Self {
        Self { epoch_and_kind: epoch << 3 | kind as u64, time }
    }

    pub(crate) fn kind(self) -> ErrorKind {
        match self.epoch_and_kind & 0b111 {
            0 => ErrorKind::Open,
            1 => ErrorKind::Probing,
            2 => ErrorKind::Recovering,
            3 => ErrorKind::ForcedOpen,
            4 => ErrorKind::TimedOut,
            5 => ErrorKind::Full,
            6 => ErrorKind::Limited,
            _ => ErrorKind::TotalTimedOut,
        }
    }
}

impl CircuitBreakerError {
    #[inline]
    pub(crate) fn new(breaker: &'static str, history: Option<&'static History>, refusal: Refusal) -> Self {
        Self { breaker, history, lease: history.map_or(0, History::lease), refusal }
    }

    /// Why there is no answer.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.refusal.kind()
    }

    /// The name of the breaker.
    #[must_use]
    pub fn breaker(&self) -> &str {
        self.breaker
    }

    /// The key of the breaker, where it belongs to a [family](crate::Breakers) and the call was rejected.
    /// Looked up now, like [`report`](Self::report).
    #[must_use]
    pub fn key(&self) -> Option<Arc<str>> {
        self.change()?.breaker.key.clone()
    }

    fn time(&self) -> Duration {
        Duration::from_nanos(self.refusal.time)
    }

    /// The change that began the state that rejected the call, or the one before that.
    fn change(&self) -> Option<Arc<Transition>> {
        self.history?.find(self.lease, self.refusal.epoch_and_kind >> 3)
    }

    /// What is left of the reset delay, where the breaker is open: a call after that may be the
    /// probe. Where the rate is limited, the time after which it has room for a call. `None` where nobody knows when a
    /// retry can pass.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        matches!(self.kind(), ErrorKind::Open | ErrorKind::Limited).then(|| self.time())
    }

    /// Why the breaker had opened, with the texts of the errors before. Looked up now: `None`
    /// where the breaker has changed too often since (it keeps as many changes as
    /// [`Settings::history`](crate::Settings::history) says), or is gone, and for a call that timed out.
    #[must_use]
    pub fn report(&self) -> Option<Arc<Report>> {
        let is_of_state = !matches!(self.kind(), ErrorKind::Full | ErrorKind::Limited);
        self.change().filter(|_| is_of_state)?.report().cloned()
    }
}

impl fmt::Display for CircuitBreakerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let change = self.change();
        let name = change
            .as_ref()
            .map_or_else(|| self.breaker.escape_debug().to_string(), |change| change.breaker.to_string());
        let report = change.as_ref().and_then(|change| change.report());
        let opened_by = |f: &mut fmt::Formatter<'_>| report.map_or(Ok(()), |report| write!(f, ": {}", report.why()));
        match self.kind() {
            ErrorKind::Open => {
                write!(f, "circuit breaker `{name}` is open")?;
                opened_by(f)?;
                if self.time().is_zero() {
                    f.write_str("; a retry can pass now")
                } else {
                    write!(f, "; a retry can pass in {}", Plain(self.time()))
                }
            }
            ErrorKind::Probing => {
                write!(f, "circuit breaker `{name}` is half-open and waits for its probes; it had opened")?;
                if report.is_none() { f.write_str(" before") } else { opened_by(f) }
            }
            ErrorKind::Recovering => {
                write!(
                    f,
                    "circuit breaker `{name}` is recovering and lets a part of the calls through; it had opened"
                )?;
                if report.is_none() { f.write_str(" before") } else { opened_by(f) }
            }
            ErrorKind::ForcedOpen => write!(f, "circuit breaker `{name}` is forced open"),
            ErrorKind::Full => {
                let calls = Counted(self.refusal.time, "call");
                write!(f, "circuit breaker `{name}`: {calls} may run at once, and no place is free")
            }
            ErrorKind::Limited => {
                let wait = Plain(self.time());
                write!(f, "circuit breaker `{name}`: no more calls may be made now; a retry can pass in {wait}")
            }
            ErrorKind::TimedOut => {
                write!(f, "circuit breaker `{name}`: the call was stopped at its time limit of {}", Plain(self.time()))
            }
            ErrorKind::TotalTimedOut => {
                let limit = Plain(self.time());
                write!(f, "circuit breaker `{name}`: there was no answer within {limit}, the limit for all attempts")
            }
        }
    }
}

/// Like `Display`, without what other callers' errors said.
impl fmt::Debug for CircuitBreakerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerError")
            .field("breaker", &self.breaker)
            .field("kind", &self.kind())
            .field("retry_after", &self.retry_after())
            .finish_non_exhaustive()
    }
}

impl Error for CircuitBreakerError {}

impl From<CircuitBreakerError> for io::Error {
    fn from(error: CircuitBreakerError) -> Self {
        let kind = match error.kind() {
            ErrorKind::TimedOut | ErrorKind::TotalTimedOut => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
