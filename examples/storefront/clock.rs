//! Moments of the run, counted from its start.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The start of the run, by both clocks: instants measure, wall-clock times compare with what a
/// breaker's history says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunClock {
    instant: Instant,
    wall: SystemTime,
}

impl RunClock {
    pub(crate) fn start() -> Self {
        Self { instant: Instant::now(), wall: SystemTime::now() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.instant.elapsed()
    }

    pub(crate) fn at(&self, moment: Duration) -> Instant {
        self.instant + moment
    }

    pub(crate) fn moment_of(&self, wall: SystemTime) -> Duration {
        wall.duration_since(self.wall).unwrap_or_default()
    }
}
