//! Calls under way as evidence of slowness: late perhaps, but never early, and never twice.

use std::sync::Arc;

use super::{SECOND, at_rest, breaker, every_interleaving, permit, side_by_side};
use crate::per_thread::Sharing;
use crate::policy::Settings;
use crate::state::State;
use crate::window::Running;

pub fn quick_calls_are_never_taken_for_overdue_ones() {
    every_interleaving(3, || {
        let running = Arc::new(Running::new(10, Sharing::PerThread));
        running.begin(0, 5);
        let [one, other, reader] = [Arc::clone(&running), Arc::clone(&running), Arc::clone(&running)];
        side_by_side([
            Box::new(move || one.end(0, 5, 6)),
            Box::new(move || other.begin(0, 6)),
            Box::new(move || assert_eq!(reader.overdue(0, 6), 0)),
        ]);
        assert_eq!(running.overdue(0, 40), 1);
    });
}

pub fn an_overdue_call_is_counted_once_until_it_ends() {
    every_interleaving(3, || {
        let running = Arc::new(Running::new(10, Sharing::PerThread));
        running.begin(0, 5);
        let [one, reader] = [Arc::clone(&running), Arc::clone(&running)];
        side_by_side([Box::new(move || one.end(0, 5, 40)), Box::new(move || assert!(reader.overdue(0, 40) <= 1))]);
        assert_eq!(running.overdue(0, 40), 0);
    });
}

/// Three calls, of which one is slow: a share that is half is reached only by counting it twice.
fn a_slow_call_that_ends_while_another_arrives(settings: Settings) {
    every_interleaving(3, move || {
        let (breaker, clock) = breaker(settings.slow_rate(0.5).slow_call(SECOND).min_calls(2));
        permit(&breaker).success();
        permit(&breaker).success();
        let slow = permit(&breaker);
        clock.advance(2 * SECOND);
        let other = Arc::clone(&breaker);
        side_by_side([Box::new(|| slow.success()), Box::new(move || permit(&other).success())]);
        assert_eq!(breaker.state(), State::Closed);
        assert_eq!(breaker.snapshot().window.map(|window| (window.calls, window.slow)), Some((4, 1)));
        at_rest(&breaker);
    });
}

pub fn a_slow_call_is_not_counted_twice_among_calls() {
    a_slow_call_that_ends_while_another_arrives(Settings::new().window_calls(10));
}

pub fn a_slow_call_is_not_counted_twice_within_a_time() {
    a_slow_call_that_ends_while_another_arrives(Settings::new().window(60 * SECOND));
}
