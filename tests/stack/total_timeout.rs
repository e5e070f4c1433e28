//! One limit for all attempts.

use breaker_runtime::testing::{Dependency, Script};
use breaker_runtime::{ErrorKind, circuit_breaker};

use super::support::{Error, Log, SECOND, paused};

#[circuit_breaker(threshold = 100, total_timeout = "5s")]
async fn alone(dependency: &Dependency) -> Result<(), Error> {
    Ok(dependency.call_async().await?)
}

#[tokio::test(start_paused = true)]
async fn alone_it_is_a_time_limit() {
    paused(async |test| {
        let dependency = test.dependency(Script::new().works(1).fails(1).hangs(1));
        alone(&dependency).await.unwrap();
        assert!(matches!(alone(&dependency).await, Err(Error::Failed(_))));
        let error = alone(&dependency).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TotalTimedOut);
        let name = alone_breaker().name();
        let line = format!("circuit breaker `{name}`: there was no answer within 5 s, the limit for all attempts");
        assert_eq!(error.to_string(), line);
        let totals = alone_breaker().totals();
        assert_eq!((totals.failed, totals.timed_out, totals.total_timed_out), (2, 1, 1));
    })
    .await;
}

#[circuit_breaker(
    threshold = 100,
    timeout = "2s",
    total_timeout = "5500ms",
    retry(attempts = 9, backoff = "500ms", factor = 1)
)]
async fn all(dependency: &Dependency, log: &Log) -> Result<(), Error> {
    log.note("attempt");
    Ok(dependency.call_async().await?)
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_has_what_is_left() {
    paused(async |test| {
        let (dependency, log) = (test.dependency(Script::new().hangs(9)), Log::new());
        let error = all(&dependency, &log).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TotalTimedOut);
        assert!(error.to_string().ends_with("no answer within 5.5 s, the limit for all attempts"), "{error}");
        log.note("end");
        assert_eq!(log.times(), [0, 2_500, 5_000, 5_500]);
        let totals = all_breaker().totals();
        assert_eq!((totals.timed_out, totals.total_timed_out, totals.retried), (3, 1, 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_outlast_it_is_not_begun() {
    paused(async |test| {
        let script = Script::new().fails_after(4 * SECOND + SECOND / 2, 9);
        let (dependency, log) = (test.dependency(script), Log::new());
        let error = patient(&dependency, &log).await.unwrap_err();
        log.note("end");
        assert!(matches!(error, Error::Failed(_)), "the error of the last attempt: {error}");
        assert_eq!(log.times(), [0, 4_500]);
    })
    .await;
}

#[circuit_breaker(threshold = 2, total_timeout = "200ms", retry(backoff = "100ms"))]
async fn late(dependency: &Dependency) -> Result<(), Error> {
    Ok(dependency.call_async().await?)
}

#[tokio::test(start_paused = true)]
async fn who_comes_too_late_to_call_again_blames_nobody() {
    paused(async |test| {
        let dependency = test.dependency(Script::new().fails(1));
        // Something else keeps the thread busy while it waits.
        let busy = async {
            tokio::time::sleep(SECOND / 20).await;
            tokio::time::advance(SECOND).await;
        };
        let (answer, ()) = tokio::join!(late(&dependency), busy);
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), dependency.calls()), (ErrorKind::TotalTimedOut, 1));
        let totals = late_breaker().totals();
        assert_eq!((totals.failed, totals.timed_out, totals.total_timed_out), (1, 0, 0));
    })
    .await;
}

#[circuit_breaker(threshold = 100, total_timeout = "5s", retry(backoff = "500ms"))]
async fn patient(dependency: &Dependency, log: &Log) -> Result<(), Error> {
    log.note("attempt");
    Ok(dependency.call_async().await?)
}
