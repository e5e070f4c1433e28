//! A pricing service with a capacity, which stands still for a while.
//!
//! It works at one call after the other, in the order in which they come, and has room for some that wait; the next ones
//! are refused at once. A caller who has given up keeps his turn: the service does not know that nobody waits for that
//! answer. That is how a storm outlives its cause. All the work goes into answers that come too late, and each of them
//! brings the next attempt.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep_until;

use crate::clock::RunClock;
use crate::pricing::{Price, version_at};

/// What an answer costs: 250 a second at most.
pub(super) const WORK: Duration = Duration::from_millis(4);
/// How many calls may wait. Whoever finds 250 before him has his answer after a second.
pub(super) const ROOM: u32 = 250;
/// While it stands still, as behind a lock in its database.
pub(super) const OUTAGE: Range<Duration> = Duration::from_secs(2)..Duration::from_secs(6);

#[derive(Debug)]
pub(super) struct Service {
    clock: RunClock,
    state: Mutex<(Line, Traffic)>,
}

/// The service has no room for this call.
#[derive(Debug, thiserror::Error)]
#[error("the pricing service has too many calls")]
pub(super) struct Refused;

/// What reached the service.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    /// When each call came.
    pub(super) calls: Vec<Duration>,
    /// The calls whose callers wait.
    pub(super) in_flight: usize,
    pub(super) most_in_flight: usize,
}

impl Service {
    pub(super) fn new(clock: RunClock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    pub(super) async fn price(&self) -> Result<Price, Refused> {
        let (_waiting, answered) = self.receive();
        let answered = answered.ok_or(Refused)?;
        sleep_until(self.clock.at(answered)).await;
        Ok(Price { cents: 999, version: version_at(answered) })
    }

    fn receive(&self) -> (Waiting<'_>, Option<Duration>) {
        let (line, traffic) = &mut *self.state();
        let now = self.clock.elapsed();
        traffic.calls.push(now);
        traffic.in_flight += 1;
        traffic.most_in_flight = traffic.most_in_flight.max(traffic.in_flight);
        (Waiting(self), line.join(now))
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.state().1.clone()
    }

    fn state(&self) -> MutexGuard<'_, (Line, Traffic)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The line before the service. It is reckoned, not worked off, so that the capacity is the same on a busy machine.
#[derive(Debug, Default)]
struct Line {
    /// When all that has joined is done.
    free: Duration,
}

impl Line {
    /// When the answer to a call that comes now is ready; `None` if there is no room for it.
    fn join(&mut self, now: Duration) -> Option<Duration> {
        let works = |moment| if OUTAGE.contains(&moment) { OUTAGE.end } else { moment };
        let begins = works(self.free.max(now));
        let before_it = begins.saturating_sub(works(now));
        if before_it >= WORK * ROOM {
            return None;
        }
        self.free = begins + WORK;
        Some(self.free)
    }
}

/// A caller who waits, until he has an answer or gives up.
struct Waiting<'a>(&'a Service);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().1.in_flight -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn one_call_is_answered_after_the_other() {
        let mut line = Line::default();
        assert_eq!(line.join(SECOND), Some(SECOND + WORK));
        assert_eq!(line.join(SECOND), Some(SECOND + WORK * 2));
        assert_eq!(line.join(SECOND * 10), Some(SECOND * 10 + WORK));
    }

    #[test]
    fn a_full_line_takes_nobody_until_there_is_room() {
        let mut line = Line::default();
        assert_eq!((0..ROOM).filter_map(|_| line.join(SECOND * 7)).count(), 250);
        assert_eq!(line.join(SECOND * 7), None);
        assert_eq!(line.join(SECOND * 7 + WORK), Some(SECOND * 8 + WORK));
    }

    #[test]
    fn nothing_is_answered_during_the_outage() {
        let mut line = Line::default();
        assert_eq!(line.join(SECOND * 3), Some(OUTAGE.end + WORK));
        let joined = 1 + (0..ROOM * 2).filter_map(|_| line.join(SECOND * 4)).count();
        assert_eq!(joined, 250);
        assert_eq!(line.join(OUTAGE.end), None);
    }
}
