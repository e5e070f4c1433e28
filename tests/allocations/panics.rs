//! A panic allocates by itself; a breaker adds nothing to that.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use breaker_runtime::circuit_breaker;
use breaker_runtime::clock::ManualClock;

use super::{Error, RULES, breaker, counted};

fn panics() -> Result<u32, Error> {
    resume_unwind(Box::new(()))
}

#[circuit_breaker(threshold = 60_000)]
fn annotated() -> Result<u32, Error> {
    panics()
}

/// How often this allocates, which panics, in its second thousand of times.
fn allocations_of(mut call: impl FnMut() -> Result<u32, Error>) -> u64 {
    let mut calls = || {
        for _ in 0..1_000 {
            assert!(catch_unwind(AssertUnwindSafe(&mut call)).is_err());
        }
    };
    calls();
    counted(calls).count_total
}

#[test]
fn a_call_that_panics_allocates_what_it_would_without_a_breaker() {
    let bare = allocations_of(panics);
    assert_eq!(allocations_of(annotated), bare);
    for (rule, settings) in RULES {
        let breaker = breaker(rule, settings, &ManualClock::new());
        // A rate is not reached as long as there are others.
        let call = || {
            let _ = breaker.call(|| Ok::<_, Error>(1));
            breaker.call(panics)
        };
        assert_eq!(allocations_of(call), bare, "{rule}");
    }
}
