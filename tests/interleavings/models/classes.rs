//! Failures sorted by class, side by side.

use std::sync::Arc;

use super::{at_rest, breaker, every_interleaving, permit, side_by_side};
use crate::breaker::CircuitBreaker;
use crate::class::ClassCount;
use crate::policy::Settings;
use crate::state::State;

type Classes = Vec<(&'static str, u64)>;

fn pairs(counts: &[ClassCount]) -> Classes {
    counts.iter().map(|one| (one.class, one.count)).collect()
}

fn last_trip(breaker: &CircuitBreaker) -> Classes {
    pairs(&breaker.snapshot().last_trip.expect("it has opened").classes)
}

/// Two calls fail side by side, which trips.
fn two_failures(classes: [&'static str; 2], expected: fn() -> Classes) {
    every_interleaving(3, move || {
        let (breaker, _) = breaker(Settings::new().consecutive(2));
        let [one, other] = [permit(&breaker), permit(&breaker)];
        side_by_side([
            Box::new(move || one.failure_as(classes[0], &"")),
            Box::new(move || other.failure_as(classes[1], &"")),
        ]);
        assert_eq!((last_trip(&breaker), pairs(&breaker.snapshot().failures_by_class)), (expected(), expected()));
        at_rest(&breaker);
    });
}

pub fn a_report_has_the_class_of_each_failure_that_the_rule_counted() {
    two_failures(["a", "b"], || vec![("a", 1), ("b", 1)]);
}

pub fn a_class_that_two_find_at_once_is_one() {
    two_failures(["a", "a"], || vec![("a", 2)]);
}

pub fn a_failure_that_races_with_the_end_of_its_epoch_stands_in_no_report_of_the_next_one() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().consecutive(2));
        permit(&breaker).failure_as("early", &"");
        let (late, other) = (permit(&breaker), Arc::clone(&breaker));
        side_by_side([Box::new(|| late.failure_as("late", &"")), Box::new(move || other.close())]);
        // The closing came first, and the failure is late, or it closed what the failure had opened.
        assert_eq!(breaker.state(), State::Closed);
        (0..2).for_each(|_| permit(&breaker).failure_as("next", &""));
        assert_eq!(last_trip(&breaker), [("next", 2)]);
        at_rest(&breaker);
    });
}
