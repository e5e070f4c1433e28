//! What is left in the warehouse, whose old system bears few calls at once and few in a second.

use breaker_runtime::circuit_breaker;

use super::{Missing, suffer};
use crate::weather::Weather;

#[circuit_breaker(
    name = "stock",
    failures = 10,
    window = "10s",
    timeout = "500ms",
    reset = "5s",
    max_concurrent = 6,
    rate_limit = "25/s",
    class = |_| "gone",
    fallback = assumed,
    dependency = "warehouse",
    note = "the shop takes orders as if all were in stock"
)]
pub(super) async fn left(sku: &str, weather: Weather) -> Result<u32, Missing> {
    suffer(weather, "the warehouse").await?;
    Ok(u32::try_from(sku.len()).unwrap_or(0))
}

#[expect(clippy::unused_async, reason = "a fallback has the signature of its function")]
async fn assumed(_: &str, _: Weather) -> Result<u32, Missing> {
    Ok(1)
}
