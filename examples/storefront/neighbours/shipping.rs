//! Offers of carriers: a breaker for each of them, which opens where calls fail or are slow, and lets calls in again little
//! by little.

use breaker_runtime::circuit_breaker;

use super::{Missing, suffer};
use crate::weather::Weather;

const CARRIERS: [&str; 4] = ["north", "south", "express", "drone"];

pub(super) fn carrier(turn: usize) -> &'static str {
    CARRIERS[turn % CARRIERS.len()]
}

#[circuit_breaker(
    name = "shipping",
    key = carrier,
    max_keys = 50,
    failure_rate = 0.5,
    slow_rate = 0.5,
    slow_call = "300ms",
    window = "10s",
    min_calls = 5,
    reset = "3s",
    backoff = 2.0,
    max_reset = "20s",
    jitter = 0.2,
    probes = 2,
    ramp = "5s",
    latency = true,
    class = |_| "gone",
    dependency = "carriers",
    note = "offers of this carrier are left out"
)]
pub(super) async fn offer(carrier: &str, weather: Weather, second: u64) -> Result<u32, Missing> {
    let weather = match carrier {
        // Drones do not fly in the wind, which is up for 10 seconds of each 40.
        "drone" if second % 40 < 10 => Weather::Failing,
        "south" | "express" => weather,
        _ => Weather::Healthy,
    };
    suffer(weather, "the carrier").await?;
    Ok(490)
}
