//! Calls that were given up before they ended.

use std::future::{pending, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use breaker_runtime::clock::Clock;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Mode, OnCancel, Rule, Settings, State, circuit_breaker};

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

/// What a poll of a future gives; nothing where it panics.
fn poll<F: Future>(future: Pin<&mut F>) -> Option<Poll<F::Output>> {
    let mut context = Context::from_waker(Waker::noop());
    catch_unwind(AssertUnwindSafe(|| future.poll(&mut context))).ok()
}

#[test]
fn a_future_that_has_ended_is_no_call_any_more() {
    let (breaker, _) = breaker(Settings::new());
    // This one would go on for ever.
    let mut succeeded = pin!(breaker.call_async(poll_fn(|_| Poll::Ready(Answer::Ok(())))));
    assert!(matches!(poll(succeeded.as_mut()), Some(Poll::Ready(Ok(())))));
    assert!(poll(succeeded.as_mut()).is_none() && poll(succeeded.as_mut()).is_none());
    let totals = breaker.totals();
    assert_eq!((totals.admitted, totals.succeeded, totals.in_flight()), (1, 1, 0));
    breaker.set_mode(Mode::ForcedOpen);
    let mut rejected = pin!(breaker.call_async(poll_fn(|_| Poll::Ready(Answer::Ok(())))));
    assert!(matches!(poll(rejected.as_mut()), Some(Poll::Ready(Err(_)))));
    breaker.set_mode(Mode::Automatic);
    assert!(poll(rejected.as_mut()).is_none());
    assert_eq!(breaker.totals().admitted, 1);
}

#[test]
fn a_call_by_hand_is_dropped_when_it_has_ended_or_will_not_begin() {
    let (breaker, _) = breaker(Settings::new());
    let held = Arc::new(());
    let call = || {
        let held = Arc::clone(&held);
        poll_fn(move |_| {
            drop(Arc::clone(&held));
            Poll::Ready(Answer::Ok(()))
        })
    };
    let mut ended = pin!(breaker.call_async(call()));
    assert_eq!(Arc::strong_count(&held), 2);
    assert!(poll(ended.as_mut()).is_some());
    assert_eq!(Arc::strong_count(&held), 1);
    breaker.set_mode(Mode::ForcedOpen);
    let mut rejected = pin!(breaker.call_async(call()));
    assert!(poll(rejected.as_mut()).is_some());
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_call_by_hand_that_panics_has_failed_at_once() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let mut panics = true;
    let mut call = pin!(breaker.call_async(poll_fn(|_| {
        assert!(!mem::take(&mut panics), "as asked");
        Poll::Ready(Answer::Ok(()))
    })));
    assert!(poll(call.as_mut()).is_none());
    assert_eq!((breaker.state(), breaker.totals().failed), (State::Open, 1));
    assert!(poll(call).is_none());
    assert_eq!((breaker.totals().succeeded, breaker.totals().in_flight()), (0, 0));
}

static TORN_DOWN: CircuitBreaker = CircuitBreaker::new("torn down", Settings::new());

/// Calls that the breaker takes for cancelled, when this is dropped.
struct Watching<'a>(&'a mut Vec<u64>);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.push(TORN_DOWN.totals().cancelled);
    }
}

#[circuit_breaker(breaker = TORN_DOWN)]
async fn watched(seen: &mut Vec<u64>) -> Answer {
    let _watching = Watching(seen);
    pending().await
}

#[circuit_breaker(breaker = TORN_DOWN, failure_if = |_| false)]
async fn watched_and_judged(seen: &mut Vec<u64>) -> Answer {
    let _watching = Watching(seen);
    pending().await
}

#[circuit_breaker(breaker = TORN_DOWN, timeout = "1m")]
async fn watched_and_limited(seen: &mut Vec<u64>) -> Answer {
    let _watching = Watching(seen);
    pending().await
}

#[tokio::test]
async fn a_cancelled_call_is_under_way_until_all_of_it_is_dropped() {
    async fn cancel(call: impl Future<Output = Answer>) {
        tokio::select! {
            biased;
            _ = call => unreachable!(),
            () = std::future::ready(()) => {}
        }
    }
    let mut seen = Vec::new();
    cancel(watched(&mut seen)).await;
    cancel(watched_and_judged(&mut seen)).await;
    cancel(watched_and_limited(&mut seen)).await;
    cancel(TORN_DOWN.call_async(async {
        let _watching = Watching(&mut seen);
        pending().await
    }))
    .await;
    assert_eq!(seen, [0, 1, 2, 3]);
    assert_eq!(TORN_DOWN.totals().cancelled, 4);
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
