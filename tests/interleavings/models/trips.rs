//! Outcomes of closed breakers: each is counted once, and the one that makes a rule hold trips.

use std::time::Duration;

use super::{at_rest, breaker, every_interleaving, fail, permit, side_by_side};
use crate::policy::Settings;
use crate::state::State;
use crate::thread_slot;

/// Two calls fail side by side, which is what `settings` allow.
fn two_failures_trip_once(settings: Settings, share: bool) {
    every_interleaving(3, move || {
        if share {
            thread_slot::let_all_share();
        }
        let (breaker, _) = breaker(settings);
        let calls = [permit(&breaker), permit(&breaker)];
        side_by_side(calls.map(|call| Box::new(|| call.failure()) as Box<dyn FnOnce() + Send>));
        assert_eq!(breaker.state(), State::Open);
        assert_eq!((breaker.totals().failed, breaker.history().len()), (2, 1));
        at_rest(&breaker);
    });
}

const WINDOW: Duration = Duration::from_secs(60);

pub fn failures_in_a_row() {
    two_failures_trip_once(Settings::new().consecutive(2), false);
}

pub fn failures_within_a_time() {
    two_failures_trip_once(Settings::new().failures(2).window(WINDOW), false);
}

pub fn failures_among_calls() {
    two_failures_trip_once(Settings::new().failures(2).window_calls(4), false);
}

pub fn a_rate_of_calls() {
    two_failures_trip_once(Settings::new().failure_rate(1.0).window_calls(4).min_calls(2), false);
}

pub fn a_rate_of_time() {
    two_failures_trip_once(Settings::new().failure_rate(1.0).window(WINDOW).min_calls(2), false);
}

pub fn rates_of_threads_that_share_their_counts() {
    two_failures_trip_once(Settings::new().failure_rate(1.0).window_calls(4).min_calls(2), true);
    two_failures_trip_once(Settings::new().failure_rate(1.0).window(WINDOW).min_calls(2), true);
}

pub fn a_success_and_a_failure_come_in_either_order_but_both_count() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().failure_rate(0.5).window_calls(4).min_calls(3));
        let calls = [permit(&breaker), permit(&breaker)];
        let [first, second] = calls;
        side_by_side([Box::new(|| first.success()), Box::new(|| second.failure())]);
        assert_eq!(breaker.state(), State::Closed);
        let window = breaker.snapshot().window.unwrap();
        assert_eq!((window.calls, window.failed), (2, 1));
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open, "two of three");
        at_rest(&breaker);
    });
}

pub fn a_success_that_brings_enough_calls_is_noticed_by_itself_or_by_the_next_one() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().failure_rate(0.25).window_calls(4).min_calls(2));
        let [first, second] = [permit(&breaker), permit(&breaker)];
        side_by_side([Box::new(|| first.success()), Box::new(|| second.failure())]);
        if breaker.state() == State::Closed {
            permit(&breaker).success();
        }
        assert_eq!(breaker.state(), State::Open);
        at_rest(&breaker);
    });
}

/// A failure and a success, and then a success that brings the third call of which one failed.
fn the_third_call_trips(settings: Settings) {
    every_interleaving(3, move || {
        let (breaker, _) = breaker(settings.failure_rate(0.3).min_calls(3));
        let [first, second] = [permit(&breaker), permit(&breaker)];
        side_by_side([Box::new(|| first.success()), Box::new(|| second.failure())]);
        assert_eq!(breaker.state(), State::Closed, "too few calls");
        permit(&breaker).success();
        assert_eq!(breaker.state(), State::Open);
        at_rest(&breaker);
    });
}

pub fn a_failure_is_watched_although_a_success_has_just_seen_none() {
    // The first outcome in a slice reads the rule, and may find no failure yet.
    the_third_call_trips(Settings::new().window(WINDOW));
    the_third_call_trips(Settings::new().window_calls(10));
}

pub fn a_success_that_races_with_a_streak_ends_it_before_or_after() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().consecutive(2));
        fail(&breaker);
        let [first, second] = [permit(&breaker), permit(&breaker)];
        side_by_side([Box::new(|| first.success()), Box::new(|| second.failure())]);
        match breaker.state() {
            // The success came first, and one failure is left, or last, and none is.
            State::Closed => assert!(breaker.snapshot().consecutive_failures <= 1),
            State::Open => assert_eq!(breaker.history().len(), 1),
            State::HalfOpen => panic!("nobody probed"),
        }
        at_rest(&breaker);
    });
}

pub fn a_call_that_ends_after_the_trip_leaves_no_trace_in_the_next_window() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().failures(2).window_calls(10).consecutive(2));
        let late = permit(&breaker);
        fail(&breaker);
        let other = std::sync::Arc::clone(&breaker);
        side_by_side([Box::new(|| late.failure()), Box::new(move || other.close())]);
        // The streak of two may have tripped before the closing; if not, the late one counts nowhere.
        let last = breaker.history().last().map(|change| change.to);
        if breaker.state() == State::Closed && last == Some(State::Closed) {
            let counts = breaker.snapshot().window.unwrap();
            assert_eq!((counts.calls, breaker.snapshot().consecutive_failures), (0, 0));
        }
        at_rest(&breaker);
    });
}
