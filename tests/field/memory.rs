//! What stays in memory: nothing that grows with calls, changes or breakers that are gone.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use breaker_runtime::{CircuitBreaker, Settings, registry};

use crate::support::*;

fn all_rules() -> Settings {
    Settings::new()
        .consecutive(60_000)
        .failures(1_000)
        .failure_rate(0.9)
        .slow_rate(0.9)
        .slow_call(SECOND)
        .window(MINUTE)
        .reset(SECOND)
}

// resilient logs every call for ever, 24.8 MB for a million of them; Vert.x's array of metrics grew
// to gigabytes; tower-resilience keeps every call of a window of time.
#[test]
fn nothing_grows_with_calls() {
    for settings in [all_rules(), Settings::new().failure_rate(0.9).window_calls(100)] {
        let (breaker, clock) = breaker(settings);
        let calls = |count: u32| {
            for number in 0..count {
                call(&breaker, number % 100 == 0);
                ignore(&breaker);
                cancel(&breaker);
                clock.advance(SECOND / 10);
            }
        };
        calls(1_000);
        let more = measure(|| calls(20_000));
        assert_eq!((more.count_current, more.bytes_current), (0, 0));
    }
}

// tower-resilience allocates three times for each call.
#[test]
fn a_call_does_not_allocate() {
    let (breaker, _) = breaker(Settings::new());
    let call = || breaker.call(|| Ok::<_, Error>(1));
    assert_eq!(call(), Ok(1));
    let calls = measure(|| (0..100).for_each(|_| assert_eq!(call(), Ok(1))));
    assert_eq!(calls.count_total, 0);
}

#[test]
fn an_async_call_does_not_allocate() {
    let (breaker, _) = breaker(Settings::new());
    let call = || {
        let call = pin!(breaker.call_async(async { Ok::<_, Error>(1) }));
        call.poll(&mut Context::from_waker(Waker::noop()))
    };
    assert_eq!(call(), Poll::Ready(Ok(1)));
    let calls = measure(|| (0..100).for_each(|_| assert_eq!(call(), Poll::Ready(Ok(1)))));
    assert_eq!(calls.count_total, 0);
}

// recloser leaks the old state at every change: 302 bytes for each cycle with a ring of 100 calls.
#[test]
fn nothing_grows_with_changes_of_state() {
    for settings in [all_rules().consecutive(1), Settings::new().failures(1).window_calls(100).reset(SECOND)] {
        let (breaker, clock) = breaker(settings);
        let cycles = |count: u32| {
            for _ in 0..count {
                admitted(&breaker).failure_with(&"connection refused");
                clock.advance(SECOND);
                fail(&breaker);
                clock.advance(SECOND);
                succeed(&breaker);
            }
        };
        cycles(100);
        let more = measure(|| cycles(2_000));
        assert!(more.bytes_current < 2_000, "{} bytes", more.bytes_current);
    }
}

// opossum held all circuits in a global set: 80 to 300 MB a day; Resilience4j's buffers of events
// outlived the breakers that were removed.
#[test]
fn a_breaker_that_is_dropped_does_not_stay_in_memory() {
    let lives = |count: u32| {
        for _ in 0..count {
            let (breaker, clock) = due(all_rules());
            succeed(&breaker);
            clock.advance(MINUTE);
            fail(&breaker);
        }
    };
    lives(100);
    let more = measure(|| lives(2_000));
    assert!(more.bytes_current < 200_000, "{} bytes", more.bytes_current);
}

// Resilience4j: breakers made for each URL were never retired.
#[test]
fn a_breaker_that_is_dropped_does_not_stay_in_the_registry() {
    let before = registry::all().len();
    for _ in 0..10 {
        let breaker = CircuitBreaker::builder("memory::dropped").build().unwrap();
        succeed(&breaker);
    }
    assert_eq!(registry::all().len(), before);
    assert!(registry::get("memory::dropped").is_none());
}

// opossum's users counted one running timer for each breaker.
#[test]
fn an_open_breaker_does_not_need_a_timer_or_a_thread() {
    let (breaker, clock) = open(Settings::new());
    let waiting = measure(|| clock.advance(MINUTE));
    assert_eq!(waiting.count_total, 0);
    assert!(breaker.snapshot().probe_due);
}

// Users of Resilience4j found buffers of events that nobody had bounded or cleared.
#[test]
fn the_history_does_not_grow_without_an_end() {
    let (breaker, _) = breaker(Settings::new());
    (0..1_000).for_each(|_| breaker.close());
    let history = breaker.history();
    assert_eq!((history.len(), history[31].number), (32, 1_000));
}
