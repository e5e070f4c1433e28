//! Half-open breakers: places are given and given back exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{SECOND, at_rest, breaker, every_interleaving, fail, permit, side_by_side};
use crate::breaker::{CircuitBreaker, Permit};
use crate::clock::ManualClock;
use crate::error::ErrorKind;
use crate::policy::Settings;
use crate::state::State;

/// A breaker whose delay has just passed.
fn due(settings: Settings) -> (Arc<CircuitBreaker>, ManualClock) {
    let (breaker, clock) = breaker(settings.consecutive(1).reset(SECOND));
    fail(&breaker);
    clock.advance(SECOND);
    (breaker, clock)
}

pub fn never_more_probes_than_places() {
    every_interleaving(3, || {
        let (breaker, _) = due(Settings::new().probes(2));
        let admitted = Arc::new(AtomicU32::new(0));
        let arrive = || -> Box<dyn FnOnce() + Send> {
            let (breaker, admitted) = (Arc::clone(&breaker), Arc::clone(&admitted));
            Box::new(move || match breaker.try_acquire_owned() {
                Ok(permit) => {
                    admitted.fetch_add(1, Ordering::Relaxed);
                    std::mem::forget(permit);
                }
                Err(error) => assert!(matches!(error.kind(), ErrorKind::Probing | ErrorKind::Open)),
            })
        };
        side_by_side([arrive(), arrive(), arrive()]);
        let admitted = admitted.load(Ordering::Relaxed);
        assert!((1..=2).contains(&admitted), "{admitted}");
        assert_eq!(breaker.snapshot().probes_in_flight, admitted);
    });
}

pub fn a_place_given_back_is_taken_once() {
    every_interleaving(3, || {
        let (breaker, _) = due(Settings::new());
        let first = permit(&breaker);
        let arrive = || -> Box<dyn FnOnce() + Send> {
            let breaker = Arc::clone(&breaker);
            Box::new(move || drop(breaker.try_acquire_owned().map(std::mem::forget)))
        };
        side_by_side([Box::new(|| first.ignore()), arrive(), arrive()]);
        assert!(breaker.snapshot().probes_in_flight <= 1);
        assert_eq!(breaker.state(), State::HalfOpen);
    });
}

pub fn of_a_successful_and_a_failed_probe_one_decides_and_the_other_counts_or_is_late() {
    every_interleaving(3, || {
        let (breaker, _) = due(Settings::new().probes(2).successes(1));
        let [first, second] = [permit(&breaker), permit(&breaker)];
        side_by_side([Box::new(|| first.success()), Box::new(|| second.failure())]);
        assert_ne!(breaker.state(), State::HalfOpen);
        assert_eq!((breaker.totals().late, breaker.history().len()), (1, 3));
        at_rest(&breaker);
    });
}

pub fn probes_that_decide_together_decide_once() {
    every_interleaving(3, || {
        let (breaker, _) = due(Settings::new().probes(2).probe_failure_rate(1.0));
        let [first, second] = [permit(&breaker), permit(&breaker)];
        side_by_side([Box::new(|| first.success()), Box::new(|| second.failure())]);
        assert_eq!((breaker.state(), breaker.totals().late), (State::Closed, 0));
        at_rest(&breaker);
    });
}

pub fn an_overdue_period_ends_once_although_its_probe_answers_at_that_moment() {
    every_interleaving(3, || {
        let (breaker, clock) = due(Settings::new().probe_timeout(SECOND));
        let hung = permit(&breaker);
        clock.advance(SECOND);
        let other = Arc::clone(&breaker);
        side_by_side([
            Box::new(|| hung.success()),
            Box::new(move || {
                // Where the probe was first, this call is let through.
                if let Ok(permit) = other.try_acquire_owned() {
                    permit.success();
                }
            }),
        ]);
        let changes = breaker.history();
        assert_eq!(changes.len(), 3, "{changes:?}");
        at_rest(&breaker);
    });
}

pub fn a_late_call_takes_no_place_and_gives_none() {
    let ends: [fn(Permit<Arc<CircuitBreaker>>); 4] = [Permit::success, Permit::failure, Permit::ignore, drop];
    for end in ends {
        every_interleaving(3, move || {
            let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(SECOND));
            let late = permit(&breaker);
            fail(&breaker);
            clock.advance(SECOND);
            let other = Arc::clone(&breaker);
            side_by_side([
                Box::new(move || end(late)),
                Box::new(move || std::mem::forget(other.try_acquire_owned().expect("the first probe"))),
            ]);
            assert_eq!((breaker.state(), breaker.snapshot().probes_in_flight), (State::HalfOpen, 1));
            assert_eq!(breaker.totals().late, 1);
            assert!(breaker.try_acquire().is_err());
        });
    }
}

pub fn a_ramp_lets_its_share_pass_and_no_more() {
    every_interleaving(3, || {
        let (breaker, _) = due(Settings::new().ramp(SECOND));
        permit(&breaker).success();
        let arrive = || -> Box<dyn FnOnce() + Send> {
            let breaker = Arc::clone(&breaker);
            Box::new(move || drop(breaker.try_acquire_owned().map(Permit::success)))
        };
        side_by_side([arrive(), arrive()]);
        let totals = breaker.totals();
        assert_eq!((totals.admitted, totals.rejected_recovering), (3, 1), "one of two, after a failure and a probe");
        at_rest(&breaker);
    });
}
