//! A step of a future is no call.

use breaker_runtime::circuit_breaker;
use std::io::Result;
use std::task::Poll;

#[circuit_breaker(fallback = |_| Poll::Pending)]
fn poll_ready() -> Poll<Result<()>> {
    Poll::Ready(Ok(()))
}

fn main() {}
