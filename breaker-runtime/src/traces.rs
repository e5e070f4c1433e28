//! What logs and traces are told (feature `tracing`).
//!
//! Everything is an event of [`tracing`], in the span in which it happens: so it is a line of a log, with fields that a
//! subscriber can make columns of, and an event of the caller's span in a trace. Where nobody listens, a look at the
//! place of the event is all that it costs.

use std::cell::Cell;

use tracing::{Level, debug, enabled, event};
#[cfg(feature = "config")]
use tracing::{info, warn};

use crate::about::About;
#[cfg(feature = "config")]
use crate::event::Event;
use crate::event::{Reason, Transition};
use crate::mode::Mode;
use crate::state::State;

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
    once(|| if is_urgent(change) { tell!(WARN, change) } else { tell!(INFO, change) });
}

/// A configuration was taken, or refused.
#[cfg(feature = "config")]
pub(crate) fn configured(what: &Event) {
    const TARGET: &str = "breaker_runtime::config";
    once(|| match what {
        Event::Configured(applied) if applied.unknown().is_empty() => info!(target: TARGET, "{what}"),
        _ => warn!(target: TARGET, "{what}"),
    });
}

/// A request to the routes that change breakers was refused. Loudly where that counts as an attempt, of which there are a few a
/// minute; anybody can have a browser send the others, as many as he likes.
#[cfg(feature = "controls")]
pub(crate) fn refused(peer: Option<std::net::SocketAddr>, status: u16, counts: bool) {
    macro_rules! refused {
        ($level:ident) => {
            event!(
                target: "breaker_runtime::control",
                Level::$level,
                peer = peer.map(tracing::field::display),
                status,
                "a request to change circuit breakers was refused",
            )
        };
    }
    once(|| if counts { refused!(WARN) } else { refused!(DEBUG) });
}

/// Somebody should look at a breaker that opens, and at a family that overflows.
fn is_urgent(change: &Transition) -> bool {
    match change.reason {
        Reason::Tripped(_) => change.mode != Mode::MetricsOnly,
        Reason::Overflowed { .. } => true,
        _ => false,
    }
}

/// Tells, unless this thread is telling already: what a subscriber itself does with breakers is not told, or one that
/// calls an open breaker would never come to an end.
fn once(tell: impl FnOnce()) {
    thread_local!(static TELLING: Cell<bool> = const { Cell::new(false) });
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            TELLING.set(false);
        }
    }
    if !TELLING.replace(true) {
        let _done = Done;
        tell();
    }
}

/// What became of a call, at a breaker that was in this state.
pub(crate) fn call(breaker: impl FnOnce() -> (About, State), outcome: &'static str, what: &str) {
    if enabled!(target: "breaker_runtime::call", Level::DEBUG) {
        once(|| {
            let (about, state) = breaker();
            debug!(
                target: "breaker_runtime::call",
                breaker = about.name,
                key = about.key.as_deref(),
                state = state.id(),
                outcome,
                "{what}",
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_is_not_told_of_what_he_does() {
        let told = Cell::new(0);
        let tell = || told.set(told.get() + 1);
        for _ in 0..2 {
            once(|| {
                tell();
                once(tell);
            });
        }
        assert_eq!(told.get(), 2);
        let panicked = std::panic::catch_unwind(|| once(|| panic!("a subscriber may")));
        assert!(panicked.is_err());
        once(tell);
        assert_eq!(told.get(), 3);
    }
}
