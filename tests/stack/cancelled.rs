//! A caller who goes away, at every point at which a call waits.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{LazyLock, Mutex};
use std::task::Poll;
use std::time::Duration;

use breaker_runtime::last_good::{AsyncStore, Kept};
use breaker_runtime::testing::{Dependency, Script};
use breaker_runtime::{CircuitBreaker, Totals, circuit_breaker};
use tokio::task::yield_now;

use super::support::{Error, SECOND, paused};

/// A store that waits in both ways.
#[derive(Default)]
struct Slow(Mutex<HashMap<u32, u64>>);

impl AsyncStore<u32, u64> for Slow {
    async fn get(&self, key: &u32, _ttl: Duration) -> Option<Kept<u64>> {
        yield_now().await;
        let answer = *self.0.lock().unwrap().get(key)?;
        yield_now().await;
        Some(Kept { answer, age: SECOND })
    }

    async fn put(&self, key: u32, answer: u64, _ttl: Duration) {
        yield_now().await;
        self.0.lock().unwrap().insert(key, answer);
        yield_now().await;
    }
}

static ANSWERS: LazyLock<Slow> = LazyLock::new(Slow::default);

#[circuit_breaker(
    threshold = 1_000,
    max_concurrent = 1,
    timeout = "1s",
    total_timeout = "5s",
    retry(attempts = 3, backoff = "100ms"),
    last_good(key = key, ttl = "1h", store = *ANSWERS),
    fallback = nothing,
    fallback_on = "failure"
)]
async fn all(key: u32, dependency: &Dependency) -> Result<u64, Error> {
    yield_now().await;
    dependency.call_async().await?;
    yield_now().await;
    Ok(dependency.calls())
}

async fn nothing(_: u32, _: &Dependency) -> Result<u64, Error> {
    yield_now().await;
    Ok(0)
}

/// What comes of a future that is dropped before its poll number `polls`.
async fn given_up_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// That nothing is left of calls which are over.
#[track_caller]
fn at_rest(breaker: &CircuitBreaker, attempts: u64) -> Totals {
    let totals = breaker.totals();
    let ended = totals.succeeded + totals.failed + totals.ignored + totals.cancelled;
    assert_eq!((totals.in_flight(), totals.admitted, ended), (0, attempts, attempts), "{totals:?}");
    assert!(totals.fallbacks_answered + totals.fallbacks_failed <= totals.fallbacks_run, "{totals:?}");
    totals
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_anywhere_leaves_nothing_behind() {
    let scripts = [
        ("works", Script::new().works(9)),
        ("fails once", Script::new().fails(1)),
        ("slow, then hangs", Script::new().takes(SECOND / 2, 1).hangs(3).works(1)),
        ("hangs", Script::new().hangs(9)),
        ("fails", Script::new().fails(9)),
    ];
    for (name, script) in scripts {
        for known in [false, true] {
            let mut polls = 0;
            let mut done = false;
            while !done {
                done = paused(async |test| {
                    ANSWERS.0.lock().unwrap().clear();
                    if known {
                        ANSWERS.0.lock().unwrap().insert(7, 1_000);
                    }
                    let dependency = test.dependency(script.clone());
                    let output = given_up_after(polls, all(7, &dependency)).await;
                    // The body waits once before it comes to the dependency.
                    let admitted = all_breaker().totals().admitted;
                    assert!((dependency.calls()..=dependency.calls() + 1).contains(&admitted), "{name}, {polls}");
                    let totals = at_rest(all_breaker(), admitted);
                    assert!(totals.cancelled <= u64::from(output.is_none()), "{name}, {polls}: {totals:?}");
                    assert!(totals.retried <= admitted && admitted <= 3, "{name}, {polls}: {totals:?}");
                    // Its place is free again, and so is everything else.
                    let works = test.dependency(Script::new());
                    assert_eq!(all(7, &works).await.unwrap(), 1, "{name}, {polls}");
                    at_rest(all_breaker(), admitted + 1);
                    output.is_some()
                })
                .await;
                polls += 1;
            }
            assert!(polls > 4, "{name} waits {polls} times");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_while_attempts_are_waited_for_is_no_cancelled_call() {
    paused(async |test| {
        let dependency = test.dependency(Script::new().fails(10_000));
        // Attempts are made at 0, 100 and 300 ms, or a millisecond later, and end at once; between them it waits.
        for millis in (2..400).filter(|millis| millis % 100 > 1) {
            let call = all(1, &dependency);
            let _ = tokio::time::timeout(Duration::from_millis(millis), call).await;
        }
        assert_eq!(at_rest(all_breaker(), dependency.calls()).cancelled, 0);
    })
    .await;
}
