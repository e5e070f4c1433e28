use std::convert::Infallible;
use std::future::ready;

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{Breakers, CircuitBreaker, Settings};
use tower::util::BoxService;
use tower::{Layer, Service, service_fn};

static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());
static TENANTS: Breakers = Breakers::new("tenants", Settings::new());

struct Order {
    tenant: u32,
}

fn one_that_cannot_be_cloned() {
    let single = BoxService::new(service_fn(|_: u32| ready(Ok::<u32, Infallible>(1))));
    let prices = BreakerLayer::new(&PRICING).layer(single);
    serve::<u32>(prices);
}

fn other_requests() {
    let layer = BreakerLayer::keyed(&TENANTS, |order: &Order| &order.tenant);
    let prices = layer.layer(service_fn(|_: u32| ready(Ok::<u32, Infallible>(1))));
    serve::<u32>(prices);
}

fn serve<Request>(_: impl Service<Request>) {}

fn main() {}
