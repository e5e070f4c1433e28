//! The life of the breaker: its changes of state, in moments of the run.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, State, Transition};

use crate::clock::RunClock;
use crate::weather::HEALED;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at: Duration,
    pub(crate) to: State,
    /// What changed and why, in one sentence.
    pub(crate) sentence: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) changes: Vec<Change>,
    /// How often calls failed, by class: `12 timeout`.
    pub(crate) failures: Vec<String>,
}

/// A time in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) state: State,
    pub(crate) during: Range<Duration>,
}

impl Life {
    pub(crate) fn of(breaker: &CircuitBreaker, clock: RunClock) -> Self {
        let change = |transition: &Arc<Transition>| Change {
            at: clock.moment_of(transition.at),
            to: transition.to,
            sentence: transition.to_string(),
        };
        Self {
            changes: breaker.history().iter().map(change).collect(),
            failures: breaker.snapshot().failures_by_class.iter().map(ToString::to_string).collect(),
        }
    }

    /// The states one after the other, from the start of the run, where the breaker is closed, to `end`.
    pub(crate) fn stretches(&self, end: Duration) -> Vec<Stretch> {
        let states = [State::Closed].into_iter().chain(self.changes.iter().map(|change| change.to));
        let starts = [Duration::ZERO].into_iter().chain(self.changes.iter().map(|change| change.at));
        let ends = self.changes.iter().map(|change| change.at).chain([end]);
        states.zip(starts.zip(ends)).map(|(state, (from, until))| Stretch { state, during: from..until }).collect()
    }

    /// When it closed for good, if it is closed now.
    pub(crate) fn closed_at(&self) -> Option<Duration> {
        self.changes.last().filter(|change| change.to == State::Closed).map(|change| change.at)
    }

    pub(crate) fn healing_to_closed(&self) -> Option<Duration> {
        self.closed_at()?.checked_sub(HEALED)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn life(changes: &[(u64, State)]) -> Life {
        let change = |&(ms, to): &(u64, State)| Change {
            at: Duration::from_millis(ms),
            to,
            sentence: format!("to {to}: a < b & \"c\""),
        };
        Life { changes: changes.iter().map(change).collect(), failures: vec!["2 timeout".into(), "1 other".into()] }
    }

    #[test]
    fn stretches_cover_the_run() {
        let stretches = life(&[(1_000, State::Open), (3_000, State::HalfOpen)]).stretches(Duration::from_secs(9));
        let states: Vec<_> = stretches.iter().map(|stretch| stretch.state).collect();
        assert_eq!(states, [State::Closed, State::Open, State::HalfOpen]);
        assert_eq!(stretches[0].during.start, Duration::ZERO);
        assert_eq!(stretches[2].during, Duration::from_secs(3)..Duration::from_secs(9));
        assert_eq!(Life::default().stretches(Duration::from_secs(9)).len(), 1);
    }

    #[test]
    fn closed_means_closed_for_good() {
        assert_eq!(Life::default().closed_at(), None);
        assert_eq!(life(&[(1, State::Closed), (2, State::Open)]).closed_at(), None);
        assert_eq!(life(&[(1, State::Open), (2, State::Closed)]).closed_at(), Some(Duration::from_millis(2)));
    }
}
