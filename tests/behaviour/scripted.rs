//! Tests of users, with a dependency that follows a script.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;

use breaker_runtime::clock::{Clock, ManualClock};
use breaker_runtime::testing::{self, Dependency, Isolation, Script};
use breaker_runtime::{CircuitBreaker, Rule, Settings, State, circuit_breaker};

use crate::support::*;

static SLOW: Settings = Settings::new().slow_rate(0.5).slow_call(SECOND).window_calls(10).min_calls(4);
static PRICING: CircuitBreaker = CircuitBreaker::new("scripted::pricing", SLOW);

#[circuit_breaker(breaker = PRICING)]
fn price(pricing: &Dependency) -> io::Result<()> {
    Ok(pricing.call()?)
}

#[circuit_breaker(threshold = 2)]
fn in_a_row(dependency: &Dependency) -> io::Result<()> {
    Ok(dependency.call()?)
}

#[circuit_breaker(threshold = 3, window = "60s")]
fn within_a_minute(dependency: &Dependency) -> io::Result<()> {
    Ok(dependency.call()?)
}

#[circuit_breaker(threshold = 2, timeout = "1s")]
async fn fetch(dependency: &Dependency) -> io::Result<()> {
    Ok(dependency.call_async().await?)
}

#[test]
fn slow_calls_take_their_time_by_the_clock_of_the_test_and_trip() {
    testing::isolated(|test| {
        let pricing = test.dependency(Script::new().works(2).takes(SECOND, 2));
        (0..4).for_each(|_| price(&pricing).unwrap());
        assert_eq!(price_breaker().state(), State::Open);
        assert!(matches!(price_breaker().snapshot().last_trip.unwrap().rule, Rule::SlowRate { slow: 2, calls: 4, .. }));
        assert!(price(&pricing).is_err());
        assert_eq!(pricing.calls(), 4, "a rejected call does not reach it");
        test.advance(MINUTE);
        price(&pricing).unwrap();
        assert_eq!(price_breaker().state(), State::Closed);
    });
}

#[test]
fn a_clock_that_the_test_brought_along_is_turned_too() {
    let clock = ManualClock::new();
    let test = Isolation::on(&clock);
    test.dependency(Script::new().takes(MINUTE, 1)).call().unwrap();
    test.advance(SECOND);
    assert_eq!(clock.elapsed(), MINUTE + SECOND);
}

#[test]
fn failing_now_and_then_trips_the_rule_that_looks_back_and_not_the_one_about_a_row() {
    testing::isolated(|test| {
        let unsteady = Script::new().works(2).fails(1).repeated(3);
        let (one, other) = (test.dependency(unsteady.clone()), test.dependency(unsteady));
        let outcomes: String = (0..12).map(|_| if in_a_row(&one).is_ok() { 'w' } else { 'f' }).collect();
        assert_eq!((&*outcomes, in_a_row_breaker().state()), ("wwfwwfwwfwww", State::Closed));
        (0..9).for_each(|_| drop(within_a_minute(&other)));
        assert_eq!(within_a_minute_breaker().state(), State::Open);
    });
}

#[test]
fn what_failed_is_in_the_report() {
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().works(1).fails(2));
        (0..3).for_each(|_| drop(in_a_row(&dependency)));
        let report = in_a_row_breaker().snapshot().last_trip.unwrap();
        let texts: Vec<_> = report.failures.iter().map(|failure| &*failure.text).collect();
        assert_eq!(texts, [2, 3].map(|call| format!("the dependency failed at call {call}, as its script says")));
    });
}

#[test]
fn each_call_of_many_threads_takes_one_step() {
    const THREADS: usize = 4;
    let dependency = Isolation::new().dependency(Script::new().works(100).fails(200));
    let all_there = Barrier::new(THREADS);
    let failed: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (dependency, all_there) = (dependency.clone(), &all_there);
                scope.spawn(move || {
                    all_there.wait();
                    (0..100).filter(|_| dependency.call().is_err()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((failed, dependency.calls()), (200, 400));
}

#[test]
fn a_sync_call_that_would_hang_says_so_and_does_not() {
    let dependency = Isolation::new().dependency(Script::new().hangs(1));
    let panic = catch_unwind(AssertUnwindSafe(|| dependency.call())).unwrap_err();
    assert!(panic.downcast_ref::<&str>().unwrap().contains("for async code"));
}

#[test]
fn a_slow_sync_call_on_a_clock_that_nobody_can_turn_says_so() {
    let dependency = Isolation::on(Clock::monotonic()).dependency(Script::new().takes(SECOND, 1));
    let panic = catch_unwind(AssertUnwindSafe(|| dependency.call())).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("turned by hand"));
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_strikes_in_the_middle_of_a_slow_call() {
    let test = Isolation::on(Clock::monotonic());
    let dependency = test.dependency(Script::new().takes(SECOND / 2, 1).takes(3 * SECOND, 1).hangs(1));
    test.within(async {
        fetch(&dependency).await.unwrap();
        for _ in 0..2 {
            let began = tokio::time::Instant::now();
            assert_eq!(fetch(&dependency).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
            // Paused time stops where the limit is, give or take the millisecond of tokio's timers.
            assert_eq!(began.elapsed().as_secs(), 1);
        }
        assert_eq!((fetch_breaker().state(), fetch_breaker().totals().timed_out), (State::Open, 2));
        tokio::time::advance(MINUTE).await;
        fetch(&dependency).await.unwrap();
        assert_eq!((fetch_breaker().state(), dependency.calls()), (State::Closed, 4));
    })
    .await;
}

#[tokio::test]
async fn a_slow_async_call_turns_a_clock_that_is_turned_by_hand_and_returns() {
    let clock = ManualClock::new();
    let test = Isolation::on(&clock);
    let dependency = test.dependency(Script::new().takes(MINUTE, 1));
    test.within(fetch(&dependency)).await.unwrap();
    assert_eq!(clock.elapsed(), MINUTE);
}

#[tokio::test]
async fn a_call_that_is_given_up_has_taken_its_step_and_one_never_begun_has_not() {
    let dependency = Isolation::new().dependency(Script::new().hangs(1).fails(1));
    drop(dependency.call_async());
    assert_eq!(dependency.calls(), 0);
    tokio::select! {
        biased;
        _ = dependency.call_async() => unreachable!(),
        () = std::future::ready(()) => {}
    }
    assert!(dependency.call_async().await.is_err());
    assert!(dependency.call_async().await.is_ok());
}

#[test]
fn a_slow_failure_is_both() {
    let clock = ManualClock::new();
    let pricing = Isolation::on(&clock).dependency(Script::new().fails_after(SECOND, 2));
    assert!(pricing.call().is_err() && pricing.call().is_err() && pricing.call().is_ok());
    assert_eq!(clock.elapsed(), 2 * SECOND);
}
