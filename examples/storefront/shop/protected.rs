//! Prices with a circuit breaker: while the pricing service is sick, the last known price is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, circuit_breaker};

use super::{Quote, Source, known_product};
use crate::pricing::Price;

#[derive(Debug)]
struct Pricing {
    http: reqwest::Client,
    url: String,
    last_known: Mutex<HashMap<String, Price>>,
}

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("there is no product `{0}`")]
    NoProduct(String),
    #[error("no price of `{0}` is known yet")]
    NeverKnown(String),
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

impl PriceError {
    /// How failures are sorted in the report. A call that was stopped at its time limit is of the class
    /// `timeout`, which the breaker knows itself.
    fn class(&self) -> &'static str {
        match self {
            Self::Http(error) if error.status().is_some_and(|status| status.is_server_error()) => "http_5xx",
            Self::Http(error) if error.is_connect() => "no_connection",
            Self::Http(error) if error.is_decode() => "bad_answer",
            Self::Http(_) | Self::NoProduct(_) | Self::NeverKnown(_) | Self::Unavailable(_) => "other",
        }
    }
}

/// `/price/{sku}`, for a pricing service at `url`.
pub(crate) fn routes(url: String) -> reqwest::Result<Router> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let pricing = Pricing { http, url, last_known: Mutex::default() };
    Ok(Router::new().route("/price/{sku}", get(price)).with_state(Arc::new(pricing)))
}

/// The breaker in front of the pricing service.
pub(crate) fn breaker() -> &'static CircuitBreaker {
    fetch_price_breaker()
}

#[circuit_breaker(
    threshold = 3,
    reset = "2s",
    timeout = "1s",
    class = PriceError::class,
    fallback = cached_price,
    fallback_on = "failure",
    dependency = "pricing",
    note = "customers see the last known prices",
    latency = true
)]
async fn fetch_price(pricing: &Pricing, sku: &str) -> Result<Quote, PriceError> {
    let response = pricing.http.get(format!("{}/prices/{sku}", pricing.url)).send().await?;
    let price = response.error_for_status()?.json().await?;
    pricing.remember(sku, price);
    Ok(Quote { price, source: Source::Live })
}

#[expect(clippy::unused_async, reason = "a fallback has the signature of its function")]
async fn cached_price(pricing: &Pricing, sku: &str) -> Result<Quote, PriceError> {
    let price = pricing.recall(sku).ok_or_else(|| PriceError::NeverKnown(sku.to_owned()))?;
    Ok(Quote { price, source: Source::Cached })
}

impl Pricing {
    fn remember(&self, sku: &str, price: Price) {
        self.last_known.lock().unwrap_or_else(PoisonError::into_inner).insert(sku.to_owned(), price);
    }

    fn recall(&self, sku: &str) -> Option<Price> {
        self.last_known.lock().unwrap_or_else(PoisonError::into_inner).get(sku).copied()
    }
}

async fn price(State(pricing): State<Arc<Pricing>>, Path(sku): Path<String>) -> Result<Json<Quote>, PriceError> {
    let sku = known_product(&sku).ok_or(PriceError::NoProduct(sku))?;
    fetch_price(&pricing, sku).await.map(Json)
}

/// Customers hear that there is no price, not which address did not answer.
impl IntoResponse for PriceError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoProduct(_) => StatusCode::NOT_FOUND,
            Self::NeverKnown(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Http(_) => StatusCode::BAD_GATEWAY,
        };
        (status, "no price").into_response()
    }
}
