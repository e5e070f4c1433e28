//! Settings that change while annotated functions run.

use std::time::Duration;

use breaker_runtime::{circuit_breaker, testing};
use tokio::time::sleep;

use crate::Error;

#[circuit_breaker(threshold = 9, timeout = "1s")]
async fn limited(takes: Duration) -> Result<u32, Error> {
    sleep(takes).await;
    Ok(1)
}

#[circuit_breaker(threshold = 9, timeout = "1s", key = host)]
async fn keyed(host: &str, takes: Duration) -> Result<usize, Error> {
    sleep(takes).await;
    Ok(host.len())
}

fn stopped<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::TimedOut))
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_goes_by_the_settings_in_force() {
    const TWO: Duration = Duration::from_secs(2);
    testing::isolated_async(async |_| {
        assert!(stopped(&limited(TWO).await) && stopped(&keyed("eu", TWO).await));
        let settings = limited_breaker().settings().timeout(Duration::from_secs(3));
        limited_breaker().set_settings(settings).unwrap();
        keyed_breakers().set_settings(settings).unwrap();
        assert!(limited(TWO).await.is_ok() && keyed("eu", TWO).await.is_ok() && keyed("us", TWO).await.is_ok());
        assert!(stopped(&limited(2 * TWO).await) && stopped(&keyed("us", 2 * TWO).await));
        let without = breaker_runtime::Settings::new().consecutive(9);
        limited_breaker().set_settings(without).unwrap();
        keyed_breakers().set_settings(without).unwrap();
        assert!(limited(1_000 * TWO).await.is_ok() && keyed("us", 1_000 * TWO).await.is_ok());
    })
    .await;
}
