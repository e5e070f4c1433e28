//! Futures that only the compiler can see.

use std::future::{Future, Ready, ready};
use std::io::Result;
use std::pin::Pin;

use breaker_runtime::circuit_breaker;

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[circuit_breaker(fallback = |_| Box::pin(async { Ok(1) }))]
fn by_an_alias() -> Answer<Result<u32>> {
    Box::pin(async { Ok(1) })
}

#[circuit_breaker(fallback = |_| ready(Ok(1)))]
fn by_a_type() -> Ready<Result<u32>> {
    ready(Ok(1))
}

fn main() {}
