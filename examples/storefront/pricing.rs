//! The pricing service: prices change every second, and the weather decides what a call gets.

use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::weather::{SLOW, Sky, Weather};

/// A price says by its version which second it belongs to, so that an old one can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Price {
    pub(crate) cents: u32,
    pub(crate) version: u64,
}

pub(crate) fn version_at(moment: Duration) -> u64 {
    moment.as_secs()
}

/// What an answer of the healthy service costs: a look into its database, say.
const WORK: Duration = Duration::from_millis(4);

#[derive(Debug)]
pub(crate) struct PricingService {
    sky: Arc<Sky>,
    calls_while_sick: AtomicU32,
}

impl PricingService {
    pub(crate) fn new(sky: Arc<Sky>) -> Arc<Self> {
        Arc::new(Self { sky, calls_while_sick: AtomicU32::new(0) })
    }

    pub(crate) fn calls_while_sick(&self) -> u32 {
        self.calls_while_sick.load(Ordering::Relaxed)
    }

    pub(crate) fn routes(self: Arc<Self>) -> Router {
        Router::new().route("/prices/{sku}", get(price)).route("/weather/{word}", put(make_weather)).with_state(self)
    }

    fn price_now(&self, sku: &str) -> Price {
        let version = version_at(self.sky.clock().elapsed());
        let base = sku.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let drift = u32::try_from(version % 50).unwrap_or(0);
        Price { cents: 500 + base % 2_000 + drift, version }
    }
}

async fn price(State(service): State<Arc<PricingService>>, Path(sku): Path<String>) -> Result<Json<Price>, StatusCode> {
    let weather = service.sky.now();
    if weather != Weather::Healthy {
        service.calls_while_sick.fetch_add(1, Ordering::Relaxed);
    }
    match weather {
        Weather::Healthy => sleep(WORK).await,
        Weather::Failing => return Err(StatusCode::INTERNAL_SERVER_ERROR),
        Weather::Hanging => future::pending().await,
        Weather::Slow => sleep(SLOW).await,
    }
    Ok(Json(service.price_now(&sku)))
}

async fn make_weather(State(service): State<Arc<PricingService>>, Path(word): Path<String>) -> (StatusCode, String) {
    let Some(weather) = Weather::ALL.into_iter().find(|weather| weather.word() == word) else {
        let words = Weather::ALL.map(Weather::word).join(", ");
        return (StatusCode::NOT_FOUND, format!("no weather `{word}`; there are {words}\n"));
    };
    service.sky.set(weather);
    (StatusCode::OK, format!("both pricing services: {weather}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RunClock;

    #[test]
    fn versions_grow_by_one_a_second() {
        assert_eq!(version_at(Duration::from_millis(999)), 0);
        assert_eq!(version_at(Duration::from_secs(1)), 1);
    }

    #[test]
    fn products_have_prices_of_their_own() {
        let service = PricingService::new(Arc::new(Sky::new(RunClock::start())));
        assert_eq!(service.price_now("teapot"), service.price_now("teapot"));
        assert_ne!(service.price_now("teapot").cents, service.price_now("kettle").cents);
    }
}
