//! Other attributes, above and below.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use breaker_runtime::{State, circuit_breaker};
use tokio::task::yield_now;
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber, instrument};

use crate::Error;

#[instrument]
#[circuit_breaker(threshold = 1)]
fn instrument_above(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(threshold = 1)]
#[instrument]
fn instrument_below(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[instrument(err(Debug))]
#[circuit_breaker(threshold = 1)]
async fn instrument_above_async(ok: bool) -> Result<u32, Error> {
    yield_now().await;
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(threshold = 1, fallback = cached)]
#[instrument(err(Debug))]
async fn instrument_below_async(ok: bool) -> Result<u32, Error> {
    yield_now().await;
    if ok { Ok(1) } else { Err(Error::Failed) }
}

async fn cached(_: bool) -> Result<u32, Error> {
    Ok(100)
}

/// Counts spans.
#[derive(Clone, Default)]
struct Spans(Arc<AtomicU32>);

impl Subscriber for Spans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.0.fetch_add(1, Ordering::Relaxed);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn instrument_below_sees_rejections_and_above_does_not() {
    let spans = Spans::default();
    let counted = || spans.0.swap(0, Ordering::Relaxed);
    let _guard = tracing::subscriber::set_default(spans.clone());
    assert_eq!(instrument_above(false), Err(Error::Failed));
    assert_eq!(instrument_above(true), Err(Error::Rejected));
    assert_eq!(counted(), 1);
    assert_eq!(instrument_below(false), Err(Error::Failed));
    assert_eq!(instrument_below(true), Err(Error::Rejected));
    assert_eq!(counted(), 2);
}

#[tokio::test]
async fn instrument_on_async_functions() {
    assert_eq!(instrument_above_async(false).await, Err(Error::Failed));
    assert_eq!(instrument_above_async(true).await, Err(Error::Rejected));
    assert_eq!(instrument_below_async(false).await, Err(Error::Failed));
    assert_eq!(instrument_below_async(true).await, Ok(100));
}

#[tokio::main(flavor = "current_thread")]
#[circuit_breaker(threshold = 1)]
async fn main_above() -> Result<u32, Error> {
    yield_now().await;
    Err(Error::Failed)
}

#[circuit_breaker(threshold = 1)]
#[tokio::main(flavor = "current_thread")]
async fn main_below() -> Result<u32, Error> {
    yield_now().await;
    Err(Error::Failed)
}

#[test]
fn tokio_main_above_and_below() {
    for main in [main_above, main_below] {
        assert_eq!(main(), Err(Error::Failed));
        assert_eq!(main(), Err(Error::Rejected));
    }
}

#[circuit_breaker(threshold = 1, accessor = inner_breaker)]
#[circuit_breaker(threshold = 3, accessor = outer_breaker)]
fn twice(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[test]
fn two_breakers_on_one_function() {
    assert_eq!(twice(false), Err(Error::Failed));
    assert_eq!(twice(true), Err(Error::Rejected));
    assert_eq!((inner_breaker().state(), outer_breaker().state()), (State::Open, State::Closed));
    assert_eq!(twice(true), Err(Error::Rejected));
    assert_eq!(outer_breaker().state(), State::Open);
}
