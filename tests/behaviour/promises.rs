//! What must hold under many threads.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use breaker_runtime::{CircuitBreaker, Settings, State};

use crate::support::*;

const THREADS: usize = 8;

fn at_once(work: impl Fn(usize) + Sync) {
    let all_there = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (all_there, work) = (&all_there, &work);
            scope.spawn(move || {
                all_there.wait();
                work(number);
            });
        }
    });
}

#[test]
fn never_more_probes_in_flight_than_allowed() {
    for _ in 0..300 {
        let (breaker, clock) = open(Settings::new().probes(2));
        clock.advance(MINUTE);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let admitted_at_first = AtomicUsize::new(0);
        let all_tried = Barrier::new(THREADS);
        at_once(|_| {
            let permit = breaker.try_acquire();
            if permit.is_ok() {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                admitted_at_first.fetch_add(1, Ordering::SeqCst);
            }
            all_tried.wait();
            if let Ok(permit) = permit {
                now.fetch_sub(1, Ordering::SeqCst);
                permit.ignore();
            }
        });
        assert_eq!(admitted_at_first.into_inner(), 2);
        assert_eq!(most.into_inner(), 2);
    }
}

#[test]
fn places_that_are_given_back_are_not_given_out_twice() {
    let (breaker, clock) = open(Settings::new().probes(2));
    clock.advance(MINUTE);
    let (now, ran) = (AtomicUsize::new(0), AtomicUsize::new(0));
    at_once(|thread| {
        for call in 0..20_000 {
            if let Ok(permit) = breaker.try_acquire() {
                assert!(now.fetch_add(1, Ordering::SeqCst) < 2, "a third probe");
                ran.fetch_add(1, Ordering::SeqCst);
                now.fetch_sub(1, Ordering::SeqCst);
                if (thread + call) % 2 == 0 { permit.ignore() } else { drop(permit) }
            }
        }
    });
    assert!(ran.into_inner() > 2, "places must have been given back");
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(breaker.snapshot().probes_in_flight, 0);
}

#[test]
fn one_trip_however_many_failures_arrive_at_once() {
    for _ in 0..300 {
        let (breaker, _) = breaker(Settings::new().consecutive(u32::try_from(THREADS).unwrap()));
        let permits: Vec<_> = (0..THREADS).map(|_| std::sync::Mutex::new(Some(admitted(&breaker)))).collect();
        at_once(|number| permits[number].lock().unwrap().take().unwrap().failure());
        assert_eq!(breaker.state(), State::Open);
        assert_eq!(breaker.history().len(), 1);
        assert_eq!(breaker.totals().failed, THREADS as u64);
    }
}

#[test]
fn failures_at_once_trip_a_window_too() {
    for _ in 0..300 {
        let limit = u32::try_from(THREADS).unwrap();
        let (breaker, _) = breaker(Settings::new().failures(limit).window(MINUTE));
        at_once(|_| fail(&breaker));
        assert_eq!(breaker.state(), State::Open);
    }
}

/// A number that looks random, from a number that does not.
fn mixed(seed: u64) -> u64 {
    let z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11
}

fn random_end(breaker: &CircuitBreaker, dice: u64) {
    let Ok(permit) = breaker.try_acquire() else { return };
    match dice % 5 {
        0 | 1 => permit.success(),
        2 => permit.failure(),
        3 => permit.ignore(),
        _ => drop(permit),
    }
}

#[test]
fn totals_add_up_exactly_after_any_mixture_of_calls_and_changes() {
    const CALLS: u64 = 3_000;
    let settings = Settings::new().consecutive(3).failures(10).window(SECOND).reset(SECOND).probes(2).backoff(2.0);
    let (breaker, clock) = breaker(settings);
    at_once(|thread| {
        for call in 0..CALLS {
            let dice = mixed(thread as u64 * CALLS + call);
            random_end(&breaker, dice);
            match dice % 41 {
                0 => clock.advance(SECOND),
                1 => breaker.close(),
                _ => {}
            }
            let totals = breaker.totals();
            let ended = totals.succeeded + totals.failed + totals.ignored + totals.cancelled;
            assert!(ended <= totals.admitted, "{totals:?}");
        }
    });
    let totals = breaker.totals();
    assert_eq!(totals.in_flight(), 0);
    assert_eq!(totals.admitted + totals.rejected(), THREADS as u64 * CALLS);
    let numbers: Vec<u64> = breaker.history().iter().map(|change| change.number).collect();
    assert_eq!(numbers.len(), 32);
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "every change is in the history: {numbers:?}");
    assert_eq!(breaker.snapshot().epoch, *numbers.last().unwrap());

    breaker.close();
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Open, "it can still open");
    clock.advance(SECOND);
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed, "and close");
}
