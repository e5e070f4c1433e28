//! What is allocated all the same, once and bounded: by the first call of a thread, by the first failure, by a change of
//! state.

use std::thread;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{Breakers, CircuitBreaker, CircuitBreakerError, Permit, Settings, State};

use super::{Error, SECOND, breaker, counted};

/// Bytes that doing this leaves behind.
fn kept(code: impl FnOnce()) -> i64 {
    counted(code).bytes_current
}

fn succeed(breaker: &'static CircuitBreaker) {
    breaker.try_acquire().expect("closed").success();
}

fn fail(breaker: &'static CircuitBreaker) {
    breaker.try_acquire().expect("closed").failure_with(&Error::Failed);
}

#[test]
fn what_stands_in_a_static_or_on_the_stack_is_small() {
    let sizes = [
        ("a breaker", size_of::<CircuitBreaker>(), 448),
        ("a family", size_of::<Breakers>(), 576),
        ("a permit", size_of::<Permit>(), 32),
        ("a rejection", size_of::<CircuitBreakerError>(), 64),
    ];
    for (what, bytes, most) in sizes {
        println!("{what}: {bytes} bytes");
        assert!(bytes <= most, "{what}: {bytes}");
    }
}

/// Each rule, and the most bytes that its breaker takes at the first call (places for the counters of all threads, and
/// those of this one; the same for each window, and for the times of slow calls), at the first failure (samples with room for their texts, and
/// times or places of failures), and at the first call of another thread.
const FIRST: [(&str, Settings, [i64; 3]); 5] = [
    ("streak", Settings::new(), [768, 1_600, 256]),
    ("failures in time", Settings::new().failures(100).window(SECOND), [768, 2_560, 256]),
    ("rate of calls", Settings::new().failure_rate(1.0).window_calls(100), [768, 2_560, 256]),
    ("rate in time", Settings::new().failure_rate(1.0).window(SECOND), [1_920, 1_600, 640]),
    (
        "slow calls in time",
        Settings::new().failure_rate(1.0).slow_rate(1.0).slow_call(SECOND).window(SECOND),
        [7_360, 1_600, 5_120],
    ),
];

#[test]
fn a_breaker_allocates_at_its_first_call_and_first_failure_and_each_threads_first_call() {
    for (rule, settings, most) in FIRST {
        let breaker = breaker(rule, settings, &ManualClock::new());
        let call = kept(|| succeed(breaker));
        let failure = kept(|| fail(breaker));
        let other_thread = thread::spawn(|| kept(|| succeed(breaker))).join().unwrap();
        let bytes = [call, failure, other_thread];
        println!("{rule}: {bytes:?} bytes for the first call, the first failure, another thread");
        assert!(bytes.iter().zip(most).all(|(bytes, most)| *bytes <= most), "{rule}: {bytes:?}, not {most:?}");
        assert_eq!(kept(|| [succeed, fail, succeed].into_iter().for_each(|call| call(breaker))), 0, "{rule}");
    }
}

#[test]
fn a_trip_allocates_its_report_and_a_life_of_trips_no_more_than_its_history() {
    let clock = ManualClock::new();
    let breaker = breaker("tripping", Settings::new().consecutive(1).reset(SECOND), &clock);
    let cycle = || {
        fail(breaker);
        clock.advance(SECOND);
        succeed(breaker);
        assert_eq!(breaker.state(), State::Closed);
    };
    (0..100).for_each(|_| cycle());
    let one = counted(cycle);
    println!("a trip and a recovery: {} allocations, {} bytes", one.count_total, one.bytes_total);
    assert!(one.count_total <= 30 && one.bytes_total <= 3_456, "{one:?}");
    let many = counted(|| (0..1_000).for_each(|_| cycle()));
    assert!(many.bytes_current <= 1_024, "{many:?}");
}
