//! What keeps a future from being sent is named by the user's own words.

use std::io::Result;
use std::rc::Rc;

use breaker_runtime::circuit_breaker;

#[circuit_breaker]
async fn local(sku: &str) -> Result<usize> {
    let counter = Rc::new(sku.len());
    std::future::ready(()).await;
    Ok(*counter)
}

fn send(_: impl Send) {}

fn main() {
    send(local("x"));
}
