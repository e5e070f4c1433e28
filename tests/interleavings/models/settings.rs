//! Settings that change while calls trip, succeed and close.

use std::sync::{Arc, Mutex};

use super::{SECOND, at_rest, breaker, every_interleaving, fail, permit, side_by_side};
use crate::policy::Settings;
use crate::state::State;

pub fn a_change_and_a_trip_have_one_order() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().consecutive(2));
        fail(&breaker);
        let (call, other) = (permit(&breaker), Arc::clone(&breaker));
        side_by_side([
            Box::new(|| call.failure()),
            Box::new(move || assert_eq!(other.set_settings(Settings::new().consecutive(9)), Ok(2))),
        ]);
        // The failure was judged by the one limit or by the other.
        let tripped = breaker.snapshot().last_trip;
        assert_eq!(tripped.is_some(), breaker.state() == State::Open);
        assert!(tripped.is_none_or(|report| report.revision == 1));
        assert_eq!(breaker.settings(), Settings::new().consecutive(9));
        at_rest(&breaker);
    });
}

pub fn a_trip_by_new_settings_comes_after_their_change() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().consecutive(9));
        fail(&breaker);
        let (call, other) = (permit(&breaker), Arc::clone(&breaker));
        side_by_side([
            Box::new(|| call.failure()),
            Box::new(move || assert_eq!(other.set_settings(Settings::new().consecutive(2)), Ok(2))),
        ]);
        let changes = breaker.history();
        let number = |epoch: u64| changes.iter().find(|change| change.epoch == epoch).map(|change| change.number);
        match number(1) {
            Some(trip) => assert_eq!((number(0), trip), (Some(1), 2)),
            None => assert_eq!((breaker.state(), breaker.snapshot().consecutive_failures), (State::Closed, 2)),
        }
        at_rest(&breaker);
    });
}

pub fn a_change_between_a_trip_and_a_closing_has_a_number_of_its_own() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().consecutive(1));
        let (call, other) = (permit(&breaker), Arc::clone(&breaker));
        side_by_side([
            Box::new(|| call.failure()),
            Box::new(move || {
                other.close();
                assert_eq!(other.set_settings(Settings::new().reset(SECOND)), Ok(2));
            }),
        ]);
        assert_eq!((breaker.revision(), breaker.settings().to_string().as_str()), (2, "reset 1s"));
        at_rest(&breaker);
    });
}

pub fn of_two_changes_both_are_made_and_one_can_be_taken_back() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new());
        let [one, other] = [Arc::clone(&breaker), Arc::clone(&breaker)];
        side_by_side([
            Box::new(move || assert!(one.set_settings(Settings::new().consecutive(2)).is_ok())),
            Box::new(move || assert!(other.set_settings(Settings::new().consecutive(3)).is_ok())),
        ]);
        assert_eq!((breaker.revision(), breaker.history().len()), (3, 2));
        let last = breaker.settings();
        assert_eq!(breaker.rollback(), Some(4));
        assert!(breaker.settings() != last && breaker.settings() != Settings::new());
        at_rest(&breaker);
    });
}

/// Failures that ended before the change are in the new window, whatever ends meanwhile.
pub fn a_window_that_grows_loses_no_failure_from_before() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().failures(3).window_calls(4));
        (0..2).for_each(|_| fail(&breaker));
        let (call, other) = (permit(&breaker), Arc::clone(&breaker));
        side_by_side([
            Box::new(|| call.success()),
            Box::new(move || assert!(other.set_settings(Settings::new().failures(3).window_calls(8)).is_ok())),
        ]);
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open);
        at_rest(&breaker);
    });
}

pub fn a_success_that_is_held_up_until_slow_calls_count_takes_no_call_for_a_slow_one() {
    every_interleaving(3, || {
        let first = Settings::new().failure_rate(0.5).window_calls(4).min_calls(2);
        let (breaker, clock) = breaker(first);
        clock.advance(100 * SECOND);
        let (call, other) = (permit(&breaker), Arc::clone(&breaker));
        let begun = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&begun);
        side_by_side([
            Box::new(|| call.success()),
            Box::new(move || {
                other.set_settings(first.slow_rate(0.5).slow_call(2 * SECOND)).unwrap();
                kept.lock().unwrap().extend([permit(&other), permit(&other)]);
            }),
        ]);
        assert_eq!(breaker.state(), State::Closed);
        for permit in begun.lock().unwrap().drain(..) {
            permit.ignore();
        }
        at_rest(&breaker);
    });
}
