//! Futures that are made by hand.

use std::future::Future;
use std::io::Result;
use std::pin::Pin;

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
fn opaque() -> impl Future<Output = Result<u32>> {
    async { Ok(1) }
}

#[circuit_breaker]
fn boxed() -> Pin<Box<dyn Future<Output = Result<u32>> + Send>> {
    let answer = 1;
    Box::pin(async move { Ok(answer) })
}

#[circuit_breaker]
fn boxed_elsewhere() -> futures::BoxFuture<'static, Result<u32>> {
    futures::boxed()
}

mod futures {
    use super::*;

    pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

    pub fn boxed() -> BoxFuture<'static, Result<u32>> {
        Box::pin(async { Ok(1) })
    }
}

fn main() {}
