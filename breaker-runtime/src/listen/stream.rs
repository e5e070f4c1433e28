//! Events for async code, as a stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::inbox::{ROOM, Reader};
use super::listeners::Listeners;
use crate::event::Event;

/// What one breaker does, or all of them, as a stream: see
/// [`CircuitBreaker::events`](crate::CircuitBreaker::events) and
/// [`registry::events`](crate::registry::events).
///
/// It needs no thread, and works on every executor. It begins with what happens after it was made, and
/// ends when its breaker is gone; that of all breakers does not end. One who reads too slowly finds
/// [`Event::Lagged`] in the place of what is lost. Dropping it ends it.
pub struct Events(Reader);

impl Events {
    pub(crate) fn new(place: &Arc<Listeners>) -> Self {
        let reader = Reader::new(place, None, ROOM);
        place.add(reader.inbox());
        Self(reader)
    }

    /// The next event; `None` where the breaker is gone. Nothing is lost where this is dropped before it
    /// has answered, by `select!` or a time limit.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.0.poll(cx.waker())).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.get_mut().0.poll(cx.waker())
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
