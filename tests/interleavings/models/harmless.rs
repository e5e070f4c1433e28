//! Failures that read no rule, for it is known that they cannot trip: of several that make a rule hold, one notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{every_interleaving, side_by_side};
use crate::per_thread::Sharing;
use crate::window::TimeWindow;

const EPOCH: u64 = 0;
const REVISION: u64 = 1;
const SLICE: u64 = 5;

/// Three failures after two, all of which trip.
const LIMIT: u64 = 5;

/// Whether a failure that is recorded now finds that the rule holds. One that does not `ask` knows of no harmless ones
/// but those that others have found.
fn fails(window: &TimeWindow, ask: bool) -> bool {
    window.add(EPOCH, SLICE, true, false);
    if window.is_harmless(EPOCH, SLICE, REVISION) {
        return false;
    }
    let before = window.before_counting(EPOCH, SLICE);
    let failed = window.counts(EPOCH, SLICE).failed;
    if let Some(before) = before.filter(|_| ask && failed < LIMIT) {
        window.remember(before, EPOCH, SLICE, REVISION, LIMIT - failed - 1);
    }
    failed >= LIMIT
}

fn one_of_three_notices(sharing: Sharing) {
    every_interleaving(2, move || {
        let (window, noticed) = (Arc::new(TimeWindow::new(60, sharing)), Arc::new(AtomicBool::new(false)));
        assert!(!fails(&window, false) && !fails(&window, false), "two of five");
        side_by_side([true, false, false].map(|ask| {
            let (window, noticed) = (Arc::clone(&window), Arc::clone(&noticed));
            Box::new(move || _ = noticed.fetch_or(fails(&window, ask), Ordering::Relaxed)) as Box<dyn FnOnce() + Send>
        }));
        assert!(noticed.load(Ordering::Relaxed));
    });
}

pub fn of_failures_within_a_time_one_notices() {
    one_of_three_notices(Sharing::PerThread);
}

pub fn of_failures_within_a_time_that_share_their_counts_one_notices() {
    one_of_three_notices(Sharing::OneForAll);
}
