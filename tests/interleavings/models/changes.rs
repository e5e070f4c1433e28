//! People and trips that change a breaker at one moment.

use std::sync::Arc;

use super::{SECOND, at_rest, breaker, every_interleaving, fail, permit, side_by_side};
use crate::breaker::CircuitBreaker;
use crate::mode::Mode;
use crate::policy::Settings;
use crate::state::State;

/// A call trips a breaker while somebody does this to it.
fn while_it_trips(act: fn(&CircuitBreaker), afterwards: fn(&CircuitBreaker)) {
    every_interleaving(3, move || {
        let (breaker, _) = breaker(Settings::new().consecutive(2));
        fail(&breaker);
        let (call, other) = (permit(&breaker), Arc::clone(&breaker));
        side_by_side([Box::new(|| call.failure()), Box::new(move || act(&other))]);
        afterwards(&breaker);
        at_rest(&breaker);
    });
}

pub fn closing_comes_before_the_trip_which_is_late_then_or_after_it() {
    while_it_trips(CircuitBreaker::close, |breaker| {
        assert_eq!(breaker.state(), State::Closed);
        let tripped = breaker.snapshot().last_trip.is_some();
        assert_eq!(
            (u64::from(tripped), breaker.history().len()),
            (1 - breaker.totals().late, 1 + usize::from(tripped))
        );
    });
}

pub fn a_mode_is_set_once_whatever_trips() {
    for mode in [Mode::Disabled, Mode::ForcedOpen, Mode::MetricsOnly] {
        let act: fn(&CircuitBreaker) = match mode {
            Mode::Disabled => |breaker| breaker.set_mode(Mode::Disabled),
            Mode::ForcedOpen => |breaker| breaker.set_mode(Mode::ForcedOpen),
            _ => |breaker| breaker.set_mode(Mode::MetricsOnly),
        };
        while_it_trips(act, |breaker| {
            assert_ne!(breaker.mode(), Mode::Automatic);
            assert_eq!(breaker.history().iter().filter(|change| change.mode == breaker.mode()).count(), 1);
            let shown = if breaker.mode() == Mode::ForcedOpen { State::Open } else { State::Closed };
            assert_eq!(breaker.state(), shown);
        });
    }
}

pub fn of_two_people_both_are_heard() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new());
        let [one, other] = [Arc::clone(&breaker), Arc::clone(&breaker)];
        side_by_side([
            Box::new(move || one.set_mode(Mode::ForcedOpen)),
            Box::new(move || other.set_mode(Mode::Disabled)),
        ]);
        assert_eq!(breaker.history().len(), 2);
        at_rest(&breaker);
    });
}

pub fn a_forced_opening_that_ends_admits_one_probe() {
    every_interleaving(3, || {
        let (breaker, clock) = breaker(Settings::new().reset(SECOND));
        breaker.set_mode(Mode::ForcedOpen);
        clock.advance(SECOND);
        let [one, other] = [Arc::clone(&breaker), Arc::clone(&breaker)];
        side_by_side([
            Box::new(move || one.set_mode(Mode::Automatic)),
            Box::new(move || drop(other.try_acquire_owned().map(std::mem::forget))),
        ]);
        let in_flight = breaker.snapshot().probes_in_flight;
        assert!(in_flight <= 1);
        assert_eq!((breaker.state(), breaker.try_acquire().is_ok()), (State::HalfOpen, in_flight == 0));
    });
}
