//! Free async functions.

use std::cell::Cell;
use std::fmt::Display;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, Settings, State, circuit_breaker};
use tokio::task::yield_now;

use crate::{Error, assert_opens};

#[circuit_breaker(threshold = 1)]
async fn plain(ok: bool) -> Result<u32, Error> {
    yield_now().await;
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[tokio::test]
async fn a_plain_function() {
    assert_eq!(plain(true).await, Ok(1));
    assert_eq!(plain_breaker().state(), State::Closed);
    assert_opens!(plain(false).await, plain(true).await, plain_breaker());
}

#[circuit_breaker(threshold = 1)]
async fn early(ok: bool) -> Result<u32, Error> {
    if !ok {
        return Err(Error::Failed);
    }
    yield_now().await;
    let number = "1".parse::<u32>().map_err(|_| Error::NotFound)?;
    Ok(number)
}

#[tokio::test]
async fn early_returns_and_question_marks() {
    assert_eq!(early(true).await, Ok(1));
    assert_opens!(early(false).await, early(true).await, early_breaker());
}

#[circuit_breaker(threshold = 1)]
async fn coerced(ok: bool) -> Result<Box<dyn Display + Send>, Box<dyn std::error::Error + Send + Sync>> {
    if !ok {
        Err("failed")?;
    }
    yield_now().await;
    Ok(Box::new(1))
}

#[tokio::test]
async fn coercions_and_boxed_errors() {
    assert_eq!(coerced(true).await.unwrap().to_string(), "1");
    assert_eq!(coerced(false).await.err().unwrap().to_string(), "failed");
    assert!(coerced(true).await.err().unwrap().is::<breaker_runtime::CircuitBreakerError>());
}

#[circuit_breaker(threshold = 1)]
async fn generic<'a, T: Display + Sync + ?Sized, const N: usize>(item: &T, text: &'a str) -> Result<&'a str, Error> {
    yield_now().await;
    if item.to_string().len() == N { Err(Error::Failed) } else { Ok(text) }
}

#[tokio::test]
async fn all_instances_of_a_generic_function_share_one_breaker() {
    assert_eq!(generic::<u32, 3>(&1, "x").await, Ok("x"));
    assert_opens!(generic::<str, 1>("1", "x").await, generic::<u32, 3>(&1, "x").await, generic_breaker());
}

#[circuit_breaker(threshold = 1)]
async fn opaque(items: impl IntoIterator<Item = u32>) -> Result<impl Iterator<Item = u32>, Error> {
    let mut items = items.into_iter().peekable();
    yield_now().await;
    if items.peek().is_none() {
        return Err(Error::Failed);
    }
    Ok(items.map(|item| item * 2))
}

#[tokio::test]
async fn impl_trait_in_and_out() {
    assert_eq!(opaque([1, 2]).await.unwrap().collect::<Vec<_>>(), [2, 4]);
    assert_opens!(opaque([]).await, opaque([1]).await, opaque_breaker());
}

#[circuit_breaker(threshold = 1)]
async fn last(items: &mut Vec<u32>) -> Result<&mut u32, Error> {
    yield_now().await;
    items.last_mut().ok_or(Error::Failed)
}

#[tokio::test]
async fn a_result_that_borrows_mutably() {
    let mut items = vec![1, 2];
    *last(&mut items).await.unwrap() = 3;
    assert_eq!(items, [1, 3]);
    assert_opens!(last(&mut Vec::new()).await, last(&mut items).await, last_breaker());
}

#[circuit_breaker(threshold = 1)]
async fn patterns((a, b): (u32, u32), mut c: u32, _: u32) -> Result<u32, Error> {
    yield_now().await;
    c += a + b;
    if c == 0 { Err(Error::Failed) } else { Ok(c) }
}

#[tokio::test]
async fn patterns_without_a_fallback() {
    assert_eq!(patterns((1, 2), 3, 4).await, Ok(6));
    assert_opens!(patterns((0, 0), 0, 0).await, patterns((1, 2), 3, 4).await, patterns_breaker());
}

#[circuit_breaker(threshold = 1, fallback = |_| None, failure_if = Option::is_none)]
async fn optional(text: &str) -> Option<u32> {
    yield_now().await;
    text.parse().ok()
}

#[tokio::test]
async fn any_other_return_type() {
    assert_eq!(optional("1").await, Some(1));
    assert_eq!(optional("x").await, None);
    assert_eq!(optional("1").await, None);
    assert_eq!(optional_breaker().state(), State::Open);
}

#[circuit_breaker(threshold = 1, timeout = "1s")]
async fn hanging(ok: bool) -> Result<u32, Error> {
    if ok {
        return Ok(1);
    }
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn a_time_limit() {
    assert_eq!(hanging(true).await, Ok(1));
    assert_eq!(hanging(false).await, Err(Error::TimedOut));
    assert_eq!(hanging(true).await, Err(Error::Rejected));
}

#[circuit_breaker(threshold = 1)]
async fn recursive(depth: u32) -> Result<u32, Error> {
    if depth == 0 { Err(Error::Failed) } else { Box::pin(recursive(depth - 1)).await }
}

#[tokio::test]
async fn recursion() {
    assert_opens!(recursive(3).await, recursive(0).await, recursive_breaker());
}

#[circuit_breaker(threshold = 1)]
async fn panicking(ok: bool) -> Result<u32, Error> {
    yield_now().await;
    assert!(ok, "as asked");
    Ok(1)
}

#[tokio::test]
async fn a_panic_goes_on_and_counts() {
    assert!(tokio::spawn(panicking(false)).await.is_err());
    assert_eq!(panicking(true).await, Err(Error::Rejected));
}

#[tokio::test]
async fn a_future_that_is_dropped_before_its_first_step_makes_no_call() {
    drop(plain_unused(false));
    assert_eq!(plain_unused_breaker().state(), State::Closed);
    assert_eq!(plain_unused(true).await, Ok(1));
}

#[circuit_breaker(threshold = 1, reset = RESET, on_cancel = "failure")]
async fn plain_unused(ok: bool) -> Result<u32, Error> {
    yield_now().await;
    if ok { Ok(1) } else { Err(Error::Failed) }
}

const RESET: Duration = Duration::from_secs(60);

fn send<T: Send>(future: T) -> T {
    future
}

#[tokio::test]
async fn futures_can_be_sent_where_the_body_can() {
    assert_eq!(tokio::spawn(send(plain_unused(true))).await.unwrap(), Ok(1));
}

#[circuit_breaker(threshold = 3, failure_if = |_| strict.get())]
async fn judged_by_a_cell(strict: Cell<bool>) -> Result<u32, Error> {
    yield_now().await;
    Ok(7)
}

#[tokio::test]
async fn a_future_may_be_sent_though_what_judges_it_cannot_be_shared() {
    assert_eq!(tokio::spawn(judged_by_a_cell(Cell::new(true))).await.unwrap(), Ok(7));
    assert_eq!(judged_by_a_cell_breaker().totals().failed, 1);
}

static LIMITED: CircuitBreaker =
    CircuitBreaker::new("limited", Settings::new().consecutive(1).timeout(Duration::from_secs(5)));

#[circuit_breaker(breaker = LIMITED, timeout = "10s")]
async fn limited() -> Result<u32, Error> {
    pending().await
}

/// Lets a call of `limited` begin, and drops it after this time.
async fn given_up_after(time: Duration) {
    let mut call = pin!(limited());
    poll_fn(|context| Poll::Ready(assert!(call.as_mut().poll(context).is_pending()))).await;
    tokio::time::advance(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_is_overdue_by_the_limit_of_its_own_function() {
    given_up_after(Duration::from_millis(9_999)).await;
    assert_eq!((LIMITED.state(), LIMITED.totals().cancelled), (State::Closed, 1));
    given_up_after(Duration::from_secs(10)).await;
    assert_eq!((LIMITED.state(), LIMITED.totals().failed), (State::Open, 1));
    assert_eq!(LIMITED.snapshot().last_trip.unwrap().failures[0].text, "cancelled after its time limit");
}
