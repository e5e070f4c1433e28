//! What logs and traces are told (feature `tracing`).
//!
//! Everything is an event of [`tracing`], in the span in which it happens: so it is a line of a log, with fields that a
//! subscriber can make columns of, and an event of the caller's span in a trace. Where nobody listens, a look at the
//! place of the event is all that it costs.

use tracing::{Level, debug, event};

use crate::breaker::CircuitBreaker;
use crate::error::ErrorKind;
use crate::event::{Reason, Transition};
use crate::mode::Mode;

/// The level of an event is a constant of its place.
macro_rules! tell {
    ($level:ident, $change:expr) => {{
        let change: &Transition = $change;
        let report = change.report();
        event!(
            target: "breaker_runtime::change",
            Level::$level,
            breaker = change.breaker.name,
            key = change.breaker.key.as_deref(),
            dependency = change.breaker.dependency,
            note = change.breaker.note,
            from = change.from.id(),
            to = change.to.id(),
            mode = change.mode.id(),
            reason = change.reason.id(),
            rule = report.map(|report| report.rule.id()),
            delay_seconds = report.map(|report| report.delay.as_secs_f64()),
            number = change.number,
            epoch = change.epoch,
            "{}: {change}",
            change.breaker,
        );
    }};
}

/// A change of state, mode or settings.
pub(crate) fn changed(change: &Transition) {
    if is_urgent(change) { tell!(WARN, change) } else { tell!(INFO, change) }
}

/// Somebody should look at a breaker that opens, and at a family that overflows.
fn is_urgent(change: &Transition) -> bool {
    match change.reason {
        Reason::Tripped(_) => change.mode != Mode::MetricsOnly,
        Reason::Overflowed { .. } => true,
        _ => false,
    }
}

/// A call that was not let through.
pub(crate) fn rejected(breaker: &CircuitBreaker, kind: ErrorKind) {
    debug!(
        target: "breaker_runtime::call",
        breaker = breaker.name(),
        state = breaker.state().id(),
        outcome = kind.id(),
        "rejected",
    );
}

/// A fallback is about to run.
pub(crate) fn falling_back(breaker: &CircuitBreaker) {
    debug!(
        target: "breaker_runtime::call",
        breaker = breaker.name(),
        state = breaker.state().id(),
        outcome = "fallback",
        "a fallback answers",
    );
}

/// A call has ended that was a probe, or of a breaker that tells of each call.
pub(crate) fn ended(breaker: &CircuitBreaker, probe: bool, outcome: &'static str) {
    let (name, state) = (breaker.name(), breaker.state().id());
    if probe {
        debug!(target: "breaker_runtime::call", breaker = name, state, outcome, "a probe has ended");
    } else {
        debug!(target: "breaker_runtime::call", breaker = name, state, outcome, "ended");
    }
}
