//! Those who hear of changes: how often, and whom they may harm.

use std::sync::{Arc, Mutex, mpsc};

use allocation_counter::measure;
use breaker_runtime::{CircuitBreaker, Event, Permit, Settings, State};

use crate::support::*;

/// The numbers of the changes that a new listener has heard, once its breaker is gone.
fn numbers(breaker: &CircuitBreaker) -> mpsc::Receiver<u64> {
    let (told, heard) = mpsc::channel();
    let listener = move |event: &Event| match event {
        Event::Changed(change) => told.send(change.number).unwrap(),
        other => panic!("{other}"),
    };
    breaker.listen(Arc::new(listener)).unwrap();
    heard
}

// failsafe for Rust calls its listener under the lock that a call takes; gobreaker's users met the same
// deadlock in their callbacks.
#[test]
fn a_listener_that_calls_its_breaker_does_not_wait_for_itself() {
    let breaker = Arc::new(open(Settings::new()).0);
    let ((told, heard), weak) = (mpsc::channel(), Arc::downgrade(&breaker));
    let listener = move |event: &Event| {
        let breaker = weak.upgrade().unwrap();
        let was_let_in = breaker.try_acquire().is_ok();
        told.send((event.to_string(), was_let_in, breaker.state())).unwrap();
    };
    breaker.listen(Arc::new(listener)).unwrap();
    breaker.close_by("Ann");
    let line = "dependency: open → closed: closed by hand by Ann";
    assert_eq!(heard.recv().unwrap(), (line.into(), true, State::Closed));
}

// The same, where the one who makes the change holds a lock that the listener takes.
#[test]
fn a_change_does_not_wait_for_a_listener_that_waits_for_it() {
    let (breaker, _) = breaker(Settings::new());
    let (lock, (told, heard)) = (Arc::new(Mutex::new(())), mpsc::channel());
    let theirs = Arc::clone(&lock);
    let listener = move |_: &Event| {
        drop(theirs.lock());
        told.send(()).unwrap();
    };
    breaker.listen(Arc::new(listener)).unwrap();
    let held = lock.lock().unwrap();
    breaker.close();
    drop(held);
    heard.recv().unwrap();
}

// Resilience4j and spring-cloud-circuitbreaker: whoever asked for a breaker again registered its
// listeners again.
#[test]
fn listeners_that_are_registered_again_do_not_multiply() {
    let (breaker, _) = breaker(Settings::new());
    let (told, heard) = mpsc::channel();
    let listener = Arc::new(move |_: &Event| told.send(()).unwrap());
    breaker.listen(Arc::clone(&listener)).unwrap();
    let again = measure(|| {
        for _ in 0..1_000 {
            breaker.listen(Arc::clone(&listener)).unwrap();
        }
    });
    assert_eq!(again.bytes_current, 0);
    breaker.close();
    drop((breaker, listener));
    assert_eq!(heard.iter().count(), 1);
}

// Resilience4j: one change came as two events, or three.
#[test]
fn a_change_is_not_heard_twice_although_many_calls_make_it() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    let heard = numbers(&breaker);
    for _ in 0..20 {
        at_once(4, || breaker.try_acquire().map(Permit::failure));
        clock.advance(MINUTE);
        at_once(4, || breaker.try_acquire().map(Permit::success));
        breaker.close();
    }
    let last = breaker.history().last().unwrap().number;
    drop(breaker);
    assert_eq!(heard.iter().collect::<Vec<_>>(), (1..=last).collect::<Vec<_>>());
}

// rssafecircuit panics at its first trip where nobody listens.
#[test]
fn a_trip_that_nobody_hears_does_no_harm() {
    let (breaker, _) = open(Settings::new());
    assert_eq!((breaker.state(), breaker.history().len()), (State::Open, 1));
}

// The other way round: there is a listener, and it panics.
#[test]
fn a_listener_that_panics_does_not_harm_the_call_or_another_listener() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let subscription = breaker.listen(Arc::new(|_: &Event| panic!("this listener panics"))).unwrap();
    let heard = numbers(&breaker);
    fail(&breaker);
    breaker.close();
    drop(breaker);
    assert_eq!(heard.iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(subscription.missed(), 0);
}

// Resilience4j: buffers of events stayed when their breakers had been removed.
#[test]
fn events_that_nobody_takes_do_not_pile_up() {
    let (breaker, _) = breaker(Settings::new());
    let events = breaker.events();
    (0..2_000).for_each(|_| breaker.close());
    let more = measure(|| (0..5_000).for_each(|_| breaker.close()));
    assert!(more.bytes_current < 2_000, "{} bytes", more.bytes_current);
    let less = measure(|| drop(events));
    assert!(less.bytes_current < -200_000, "{} bytes", less.bytes_current);
}
