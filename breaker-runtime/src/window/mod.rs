//! The records that the rules and the reports read.

mod calls;
mod class_totals;
mod classes;
mod latencies;
mod once;
mod recent_failures;
mod ring;
mod running;
mod samples;
mod slices;
mod slicing;
mod stamp;
mod time;

use once_cell::race::OnceBox;

pub(crate) use calls::{CallWindow, HELD_UP};
pub(crate) use class_totals::{Class, ClassTotals, others};
pub(crate) use classes::{KEPT, RecentClasses};
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
pub(crate) use latencies::Histogram;
pub(crate) use latencies::Latencies;
pub use latencies::Latency;
pub(crate) use recent_failures::RecentFailures;
pub(crate) use running::Running;
pub(crate) use samples::Samples;
pub(crate) use stamp::{EPOCH_AT, add as add_stamped, count as stamped, is_before, one_more, one_more_of_mine};
pub(crate) use time::TimeWindow;

use crate::clock::nanos;
use crate::per_thread::Sharing;
use crate::policy::{Settings, Window, share};

/// The windows of a breaker. Which of them are used, its settings say.
#[derive(Debug)]
pub(crate) struct Windows {
    pub(crate) recent_failures: OnceBox<RecentFailures>,
    pub(crate) calls: CallWindow,
    pub(crate) times: TimeWindow,
    pub(crate) running: Running,
    pub(crate) latencies: OnceBox<Latencies>,
}

impl Windows {
    /// For these settings.
    pub(crate) fn new(settings: &Settings, sharing: Sharing) -> Self {
        let time = match settings.window_or_default() {
            Window::Time(time) => nanos(time),
            Window::Calls(_) => 0,
        };
        Self {
            recent_failures: OnceBox::new(),
            calls: CallWindow::new(),
            times: TimeWindow::new(time, sharing),
            running: Running::new(settings.slow().map_or(0, |slow| nanos(slow.call)), sharing),
            latencies: OnceBox::new(),
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
    /// The share of the calls that failed, from 0 to 1; `None` where there were none.
    #[must_use]
    pub fn failure_rate(&self) -> Option<f64> {
        (self.calls > 0).then(|| share(self.failed, self.calls))
    }

    /// The share of the calls that were slow, from 0 to 1; `None` where there were none.
    #[must_use]
    pub fn slow_rate(&self) -> Option<f64> {
        (self.calls > 0).then(|| share(self.slow, self.calls))
    }

    /// The same with `running` calls more, which are slow already.
    pub(crate) const fn with_running(mut self, running: u64) -> Self {
        self.calls += running;
        self.slow += running;
        self
    }
}
