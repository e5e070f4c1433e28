//! Prices without a circuit breaker: each one is asked for, however the pricing service does.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};

use super::{Quote, Source, known_product};

#[derive(Debug)]
struct Pricing {
    http: reqwest::Client,
    url: String,
}

/// `/price/{sku}`, for a pricing service at `url` that is given `limit` for each answer.
pub(crate) fn routes(url: String, limit: Duration) -> reqwest::Result<Router> {
    let http = reqwest::Client::builder().no_proxy().timeout(limit).build()?;
    Ok(Router::new().route("/price/{sku}", get(price)).with_state(Arc::new(Pricing { http, url })))
}

async fn fetch_price(pricing: &Pricing, sku: &str) -> reqwest::Result<Quote> {
    let response = pricing.http.get(format!("{}/prices/{sku}", pricing.url)).send().await?;
    let price = response.error_for_status()?.json().await?;
    Ok(Quote { price, source: Source::Live })
}

async fn price(State(pricing): State<Arc<Pricing>>, Path(sku): Path<String>) -> Result<Json<Quote>, StatusCode> {
    let sku = known_product(&sku).ok_or(StatusCode::NOT_FOUND)?;
    fetch_price(&pricing, sku).await.map(Json).map_err(|_| StatusCode::BAD_GATEWAY)
}
