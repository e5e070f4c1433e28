use std::convert::Infallible;
use std::future::ready;

use breaker_runtime::tower::BreakerLayer;
use breaker_runtime::{CircuitBreaker, Settings};
use reqwest::{Client, Request};
use tower::{Layer, Service, service_fn};

static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());

struct Silent;

fn errors_that_nobody_can_read() {
    let layer = BreakerLayer::new(&PRICING).on_rejection(|_| Err(Silent));
    let prices = layer.layer(service_fn(|_: u32| ready(Err::<u32, _>(Silent))));
    serve::<u32>(prices);
}

fn http_errors_of_another_type_of_response() {
    let client = BreakerLayer::new(&PRICING).http_errors().layer(Client::new());
    serve::<Request>(client);
}

fn grpc_errors_of_something_else() {
    let prices = BreakerLayer::new(&PRICING).grpc_errors().layer(service_fn(|_: u32| ready(Ok::<_, Infallible>(1))));
    serve::<u32>(prices);
}

fn failure_if_of_other_answers() {
    let layer = BreakerLayer::new(&PRICING).failure_if(|answer: &Result<String, Infallible>| answer.is_err());
    let prices = layer.layer(service_fn(|_: u32| ready(Ok::<_, Infallible>(1))));
    serve::<u32>(prices);
}

fn ignore_if_of_other_answers() {
    let layer = BreakerLayer::new(&PRICING).ignore_if(|answer: &Result<String, Infallible>| answer.is_err());
    let prices = layer.layer(service_fn(|_: u32| ready(Ok::<_, Infallible>(1))));
    serve::<u32>(prices);
}

fn serve<Request>(_: impl Service<Request>) {}

fn main() {}
