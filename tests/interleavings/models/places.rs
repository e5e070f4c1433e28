//! A limit to the calls that run at once: never more, and no place is lost.

use std::sync::Arc;

use loom::sync::atomic::{AtomicU32, Ordering};

use super::{at_rest, breaker, every_interleaving, permit, side_by_side};
use crate::breaker::CircuitBreaker;
use crate::error::ErrorKind;
use crate::policy::Settings;

/// Makes a call, in which the calls under way are counted.
fn call(breaker: &Arc<CircuitBreaker>, running: &Arc<AtomicU32>, most: u32) -> Box<dyn FnOnce() + Send> {
    let (breaker, running) = (Arc::clone(breaker), Arc::clone(running));
    Box::new(move || match breaker.try_acquire_owned() {
        Ok(permit) => {
            assert!(running.fetch_add(1, Ordering::AcqRel) < most);
            running.fetch_sub(1, Ordering::AcqRel);
            permit.success();
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Full),
    })
}

pub fn never_more_calls_than_places() {
    every_interleaving(2, || {
        let (breaker, _) = breaker(Settings::new().max_concurrent(2));
        let running = Arc::new(AtomicU32::new(0));
        side_by_side([(); 3].map(|()| call(&breaker, &running, 2)));
        at_rest(&breaker);
        let totals = breaker.totals();
        assert!(totals.succeeded >= 2 && totals.rejected_full <= 1, "{totals:?}");
        let both = [(); 2].map(|()| permit(&breaker));
        assert!(breaker.try_acquire().is_err());
        both.into_iter().for_each(crate::breaker::Permit::success);
    });
}

pub fn a_limit_that_comes_to_a_breaker_with_another_one_loses_no_place() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new());
        let rated = Settings::new().rate_limit(1_000, super::SECOND);
        breaker.set_settings(rated).unwrap();
        let running = Arc::new(AtomicU32::new(0));
        let changed = Arc::clone(&breaker);
        let change: Box<dyn FnOnce() + Send> = Box::new(move || {
            changed.set_settings(rated.max_concurrent(1)).unwrap();
        });
        side_by_side([call(&breaker, &running, 2), change]);
        permit(&breaker).success();
    });
}

pub fn settings_of_a_family_that_race_lose_no_place() {
    every_interleaving(2, || {
        let family = super::families::family(1);
        family.set_settings(Settings::new().max_concurrent(1)).unwrap();
        family.try_acquire("a").unwrap().success();
        let caller = Arc::clone(&family);
        let call: Box<dyn FnOnce() + Send> = Box::new(move || {
            if let Ok(permit) = caller.try_acquire("a") {
                permit.success();
            }
        });
        let changed = Arc::clone(&family);
        let change: Box<dyn FnOnce() + Send> = Box::new(move || {
            changed.set_settings(Settings::new()).unwrap();
            changed.set_settings(Settings::new().max_concurrent(1).probes(2)).unwrap();
        });
        side_by_side([call, change]);
        family.try_acquire("a").unwrap().success();
    });
}

pub fn a_limit_that_goes_while_calls_are_under_way_loses_no_place() {
    every_interleaving(3, || {
        let (breaker, _) = breaker(Settings::new().max_concurrent(1));
        let running = Arc::new(AtomicU32::new(0));
        let changed = Arc::clone(&breaker);
        let change: Box<dyn FnOnce() + Send> = Box::new(move || {
            changed.set_settings(Settings::new()).unwrap();
        });
        side_by_side([call(&breaker, &running, 2), change]);
        breaker.set_settings(Settings::new().max_concurrent(1)).unwrap();
        let one = permit(&breaker);
        assert!(breaker.try_acquire().is_err());
        one.success();
        permit(&breaker).success();
    });
}
