//! What both shops are: a catalog that needs nobody, prices, and 64 places for requests at work.

pub(crate) mod desk;
pub(crate) mod plain;
pub(crate) mod protected;

use std::sync::Arc;

use axum::response::Html;
use axum::routing::get;
use axum::{Router, middleware};
use serde::{Deserialize, Serialize};

use crate::pricing::Price;
use desk::Desk;

pub(crate) const PRODUCTS: [&str; 12] =
    ["apron", "bottle", "candle", "colander", "fork", "jug", "kettle", "ladle", "mortar", "napkin", "teapot", "whisk"];

/// What a customer is told when asking for a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quote {
    pub(crate) price: Price,
    pub(crate) source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Live,
    Cached,
}

/// A shop: `/catalog` and the given way to `/price/{sku}`, behind the desk.
pub(crate) fn routes(prices: Router, desk: Arc<Desk>) -> Router {
    Router::new().route("/catalog", get(catalog)).merge(prices).layer(middleware::from_fn_with_state(desk, desk::serve))
}

async fn catalog() -> Html<String> {
    let items = PRODUCTS.map(|sku| format!("<li><a href=\"/price/{sku}\">{sku}</a></li>")).concat();
    Html(format!("<!doctype html><title>Catalog</title><ul>{items}</ul>"))
}

/// The product, if the shop sells it: nobody's typing error shall reach the pricing service.
fn known_product(sku: &str) -> Option<&'static str> {
    PRODUCTS.into_iter().find(|known| *known == sku)
}
