//! The records that the rules and the reports read.

mod calls;
mod class_totals;
mod classes;
mod once;
mod recent_failures;
mod ring;
mod running;
mod samples;
mod slices;
mod stamp;
mod time;

use once_cell::race::OnceBox;

pub(crate) use calls::CallWindow;
pub(crate) use class_totals::{Class, ClassTotals};
pub(crate) use classes::RecentClasses;
pub(crate) use recent_failures::RecentFailures;
pub(crate) use running::Running;
pub(crate) use samples::Samples;
pub(crate) use stamp::{EPOCH_AT, count as stamped, is_before};
pub(crate) use time::TimeWindow;

use crate::per_thread::Sharing;

/// The windows of a breaker. Which of them are used, its settings say.
#[derive(Debug)]
pub(crate) struct Windows {
    pub(crate) recent_failures: OnceBox<RecentFailures>,
    pub(crate) calls: CallWindow,
    pub(crate) times: TimeWindow,
    pub(crate) running: Running,
}

impl Windows {
    pub(crate) const fn new(sharing: Sharing) -> Self {
        Self {
            recent_failures: OnceBox::new(),
            calls: CallWindow::new(sharing),
            times: TimeWindow::new(sharing),
            running: Running::new(sharing),
        }
    }
}

/// What a window of calls, or of time, holds: calls that succeeded or failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowCounts {
    /// All of them.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were slow, whatever their outcome; calls that are still running among them.
    pub slow: u64,
}

impl WindowCounts {
    /// The same with `running` calls more, which are slow already.
    pub(crate) const fn with_running(mut self, running: u64) -> Self {
        self.calls += running;
        self.slow += running;
        self
    }
}
