//! What is set while the service runs.

use breaker_runtime::testing::{self, Dependency, Script};
use breaker_runtime::{CircuitBreaker, ErrorKind, Settings, circuit_breaker};

use super::support::{Error, Log, MS, SECOND, paused};

#[circuit_breaker(threshold = 100, retry(attempts = 4, backoff = "100ms", max = "1s"))]
fn again(dependency: &Dependency) -> Result<(), Error> {
    Ok(dependency.call()?)
}

#[test]
fn attempts_and_waits_are_those_in_force() {
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().fails(99));
        let made = again_breaker().settings();
        assert_eq!(made.to_string(), "consecutive 100, retry_attempts 4, retry_max 1s");
        let calls = |settings: Settings| {
            again_breaker().set_settings(settings).unwrap();
            let before = dependency.calls();
            assert!(again(&dependency).is_err());
            dependency.calls() - before
        };
        assert_eq!(calls(made), 4);
        assert_eq!(calls(made.retry_attempts(1)), 1, "a way to end all retries in an outage");
        assert_eq!(calls(made.retry_attempts(2).retry_jitter(true)), 2);
        assert_eq!(calls(Settings::new().consecutive(100)), 1, "nothing is said of attempts");
    });
}

#[circuit_breaker(threshold = 100, total_timeout = "5s", retry(backoff = "1s", factor = 1, attempts = 9), key = name)]
async fn within(name: &str, dependency: &Dependency, log: &Log) -> Result<(), Error> {
    log.note(name);
    Ok(dependency.call_async().await?)
}

#[tokio::test(start_paused = true)]
async fn a_family_has_one_limit_for_all_attempts_of_each_key() {
    paused(async |test| {
        let (dependency, log) = (test.dependency(Script::new().fails(7).hangs(1).fails(99)), Log::new());
        assert!(within("a", &dependency, &log).await.is_err());
        assert_eq!(log.times(), [0, 1_000, 2_000, 3_000, 4_000]);
        let family = within_breakers();
        family.set_settings(family.settings().total_timeout(2_500 * MS)).unwrap();
        assert_eq!(within("a", &dependency, &log).await.unwrap_err().kind(), ErrorKind::TotalTimedOut);
        assert_eq!(log.times(), [4_000, 5_000, 6_000]);
        family.set_settings(Settings::new().retry_attempts(3).retry_backoff(SECOND)).unwrap();
        assert!(within("b", &dependency, &log).await.is_err());
        assert_eq!(log.times(), [6_500, 7_500, 9_500], "without a limit");
    })
    .await;
}

static SHARED: CircuitBreaker = CircuitBreaker::new("shared by two", Settings::new().consecutive(100));

#[circuit_breaker(breaker = SHARED, retry(attempts = 2, backoff = "1ms"), accessor = false)]
fn twice(dependency: &Dependency) -> Result<(), Error> {
    Ok(dependency.call()?)
}

#[circuit_breaker(breaker = SHARED, total_timeout = "2s", retry(attempts = 5, backoff = "1s", factor = 1), accessor = false)]
async fn longer(dependency: &Dependency) -> Result<(), Error> {
    Ok(dependency.call_async().await?)
}

#[tokio::test(start_paused = true)]
async fn functions_that_share_a_breaker_have_attempts_of_their_own() {
    paused(async |test| {
        let dependency = test.dependency(Script::new().fails(99));
        assert!(longer(&dependency).await.is_err());
        assert_eq!(dependency.calls(), 2, "at 0 and 1 s");
    })
    .await;
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().fails(99));
        assert!(twice(&dependency).is_err());
        assert_eq!(dependency.calls(), 2);
    });
}
