//! Calls that were given up before they ended.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use breaker_runtime::clock::Clock;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, OnCancel, Rule, Settings, State};

use crate::support::*;

type Answer = Result<(), CircuitBreakerError>;

#[test]
fn callers_that_give_up_for_ten_seconds_without_one_answer_trip() {
    let (breaker, clock) = breaker(Settings::new().consecutive(3));
    cancel(&breaker);
    clock.advance(10 * SECOND - NANO);
    cancel(&breaker);
    cancel(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    clock.advance(NANO);
    cancel(&breaker);
    assert_eq!(breaker.state(), State::Open);
    let rule = breaker.snapshot().last_trip.unwrap().rule;
    assert_eq!(rule.to_string(), "no answer: 4 calls in a row given up on over 10 s (limit 3)");
}

#[test]
fn a_busy_user_who_cancels_does_not_trip() {
    let (breaker, _) = breaker(Settings::new());
    (0..10_000).for_each(|_| cancel(&breaker));
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.totals().cancelled, 10_000);
}

#[test]
fn one_answer_of_any_kind_ends_a_row_of_unanswered_calls() {
    let answers: [fn(&CircuitBreaker); 3] = [succeed, fail, |breaker| admitted(breaker).ignore()];
    for answer in answers {
        let (breaker, clock) = breaker(Settings::new().consecutive(2));
        cancel(&breaker);
        clock.advance(9 * SECOND);
        answer(&breaker);
        cancel(&breaker);
        clock.advance(9 * SECOND);
        cancel(&breaker);
        assert_eq!(breaker.state(), State::Closed);
        clock.advance(SECOND);
        cancel(&breaker);
        assert_eq!(breaker.state(), State::Open, "a new row counts from its own beginning");
    }
}

#[test]
fn a_cancelled_call_that_ran_for_its_limit_is_a_failure() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).timeout(SECOND));
    let call = admitted(&breaker);
    clock.advance(SECOND - NANO);
    drop(call);
    assert_eq!(breaker.state(), State::Closed);
    let call = admitted(&breaker);
    clock.advance(SECOND);
    drop(call);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().last_trip.unwrap().failures[0].text, "cancelled after its time limit");
}

#[test]
fn cancelled_calls_are_failures_where_that_is_the_rule() {
    let (breaker, _) = breaker(Settings::new().consecutive(2).on_cancel(OnCancel::Failure));
    cancel(&breaker);
    cancel(&breaker);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.totals().failed, 2);
}

#[test]
fn cancelled_calls_never_count_where_that_is_the_rule() {
    let settings = Settings::new().consecutive(1).on_cancel(OnCancel::Ignore).timeout(SECOND);
    let (breaker, clock) = breaker(settings);
    for _ in 0..10 {
        let call = admitted(&breaker);
        clock.advance(MINUTE);
        drop(call);
    }
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    clock.advance(MINUTE);
    cancel(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed, "a cancelled probe gives its place back");
}

#[tokio::test]
async fn a_future_dropped_by_select_is_cancelled() {
    let (breaker, _) = breaker(Settings::new());
    tokio::select! {
        biased;
        _ = breaker.call_async(pending::<Answer>()) => unreachable!(),
        () = std::future::ready(()) => {}
    }
    let totals = breaker.totals();
    assert_eq!((totals.admitted, totals.cancelled, totals.in_flight()), (1, 1, 0));
}

#[tokio::test]
async fn a_future_that_is_never_polled_is_no_call() {
    let (breaker, _) = breaker(Settings::new());
    drop(breaker.call_async(pending::<Answer>()));
    assert_eq!(breaker.totals().admitted, 0);
}

#[tokio::test]
#[should_panic = "polled again when it has ended"]
async fn a_future_that_was_rejected_makes_no_call_when_it_is_polled_again() {
    let (breaker, _) = open(Settings::new());
    let mut call = pin!(breaker.call_async(pending::<Answer>()));
    assert!(call.as_mut().await.is_err());
    let _ = call.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_task_settles_its_permit() {
    let (breaker, _) = breaker(Settings::new());
    let breaker = Arc::new(breaker);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let breaker = Arc::clone(&breaker);
            tokio::spawn(async move { breaker.call_async(pending::<Answer>()).await })
        })
        .collect();
    for task in tasks {
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    let totals = breaker.totals();
    assert_eq!(totals.in_flight(), 0);
    assert_eq!(totals.admitted, totals.cancelled);
}

#[tokio::test(start_paused = true)]
async fn an_outer_time_limit_trips_over_a_hung_dependency() {
    let breaker = CircuitBreaker::builder("hung").clock(Clock::monotonic()).build().unwrap();
    let mut given_up = 0;
    while breaker.state() == State::Closed {
        let answer = tokio::time::timeout(3 * SECOND, breaker.call_async(pending::<Answer>())).await;
        assert!(answer.is_err());
        given_up += 1;
    }
    assert_eq!(given_up, 5, "the first ended at 3 s, the fifth at 15 s");
    assert!(matches!(breaker.snapshot().last_trip.unwrap().rule, Rule::NoAnswer { limit: 5, measured: 5, .. }));
}

#[tokio::test(start_paused = true)]
async fn breakers_follow_paused_tokio_time() {
    let breaker = CircuitBreaker::builder("paused").settings(Settings::new().consecutive(3)).build().unwrap();
    (0..3).for_each(|_| fail(&breaker));
    tokio::time::advance(MINUTE - NANO).await;
    assert_eq!(rejected(&breaker).retry_after(), Some(NANO));
    tokio::time::advance(NANO).await;
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}
