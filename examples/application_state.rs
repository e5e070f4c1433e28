//! A breaker in an axum application's state, for handlers that want it there, and not in an attribute: one that the
//! program makes at its start, from what it is configured with.
//!
//! `cargo run --bin application_state`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Settings};
use tokio::net::TcpListener;

#[derive(Clone, Debug)]
struct Shop {
    pricing: Arc<CircuitBreaker>,
}

#[derive(Debug, thiserror::Error)]
enum PriceError {
    #[error("no product {0}")]
    NoProduct(String),
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

impl axum::response::IntoResponse for PriceError {
    fn into_response(self) -> axum::response::Response {
        match self {
            Self::NoProduct(_) => (axum::http::StatusCode::NOT_FOUND, self.to_string()).into_response(),
            // 503, with `Retry-After` and a problem that says why.
            Self::Unavailable(rejected) => rejected.into_response(),
        }
    }
}

async fn price(State(shop): State<Shop>, Path(sku): Path<String>) -> Result<String, PriceError> {
    let ask = async { if sku == "apple" { Ok("9.99".to_owned()) } else { Err(PriceError::NoProduct(sku)) } };
    shop.pricing.call_async(ask).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::new().consecutive(2).reset(Duration::from_secs(30));
    let pricing = Arc::new(CircuitBreaker::builder("pricing").settings(settings).build()?);
    let app = Router::new().route("/price/{sku}", get(price)).with_state(Shop { pricing });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });

    for sku in ["apple", "unicorn", "unicorn", "apple"] {
        let answer = reqwest::get(format!("http://{address}/price/{sku}")).await?;
        let retry = answer.headers().get("retry-after").and_then(|seconds| seconds.to_str().ok()).map(str::to_owned);
        println!("{sku}: {}, retry after {retry:?}: {}", answer.status(), answer.text().await?);
    }
    Ok(())
}
