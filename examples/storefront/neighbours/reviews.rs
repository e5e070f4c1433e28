//! Reviews: asked again a little later where they fail, within a limit for all attempts; and otherwise the last ones known.

use breaker_runtime::circuit_breaker;

use super::{Missing, suffer};
use crate::weather::Weather;

#[circuit_breaker(
    name = "reviews",
    failure_rate = 0.5,
    window = 40,
    min_calls = 20,
    reset = "4s",
    total_timeout = "400ms",
    retry(attempts = 3, backoff = "20ms", jitter = true),
    last_good(key = sku.to_owned(), ttl = "10m"),
    latency = true,
    class = |_| "gone",
    dependency = "reviews_api",
    note = "customers see reviews that are minutes old"
)]
pub(super) async fn stars(sku: &str, turn: usize, weather: Weather) -> Result<u8, Missing> {
    // One of ten fails on the best of days.
    let weather = if turn % 10 == 0 { Weather::Failing } else { weather };
    suffer(weather, "the reviews").await?;
    Ok(u8::try_from(sku.len() % 5).unwrap_or(0) + 1)
}
