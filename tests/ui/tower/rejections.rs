use std::convert::Infallible;
use std::fmt;
use std::future::ready;

use axum::Router;
use breaker_runtime::tower::{BoxError, BreakerLayer};
use breaker_runtime::{CircuitBreaker, Settings};
use tower::{Layer, Service, service_fn};

static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());

/// No `Error`.
struct Text(&'static str);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

fn an_error_that_goes_into_no_box() {
    let prices = BreakerLayer::new(&PRICING).layer(service_fn(|_: u32| ready(Err::<u32, _>(Text("no price")))));
    serve::<u32>(prices);
}

fn another_error_than_the_services() {
    let layer = BreakerLayer::new(&PRICING).on_rejection(|rejected| Err(BoxError::from(rejected)));
    let prices = layer.layer(service_fn(|_: u32| ready(Ok::<u32, Infallible>(1))));
    serve::<u32>(prices);
}

fn a_router_that_must_not_fail() -> Router {
    Router::new().layer(BreakerLayer::new(&PRICING))
}

fn serve<Request>(_: impl Service<Request>) {}

fn main() {}
