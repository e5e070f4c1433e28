//! What the state word and the timeline say together, for readers.

use super::CircuitBreaker;
use super::timeline::OpenPeriod;
use crate::clock::Time;
use crate::state::State;

/// The state at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) now: Time,
    pub(crate) state: State,
    /// The number of the change that began it.
    pub(crate) number: u64,
    pub(crate) streak: u32,
    pub(crate) probes_in_flight: u32,
    /// When an open breaker lets a probe through.
    pub(crate) due: Option<Time>,
    /// When a half-open one is overdue.
    pub(crate) overdue_at: Option<Time>,
}

impl CircuitBreaker {
    pub(crate) fn view(&self) -> View {
        loop {
            let word = self.cell.load();
            let now = self.clock.now();
            let view = View {
                now,
                state: word.state(),
                number: self.number(word.epoch()),
                streak: word.streak(),
                probes_in_flight: word.probes_in_flight(),
                due: match word.state() {
                    // Not yet published: it has opened this very moment.
                    State::Open => Some(
                        self.timeline
                            .open_period(word.identity())
                            .map_or_else(|| now.after(self.delay(word)), OpenPeriod::due),
                    ),
                    _ => None,
                },
                overdue_at: self.timeline.half_open_period(word.identity()).map(|period| period.overdue_at),
            };
            // Another state since: the times may be that one's.
            if self.cell.load().identity() == word.identity() {
                return view;
            }
        }
    }
}
