//! The limit of requests at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

/// How many requests a shop works at; the next ones wait for a place.
pub(crate) const PLACES: usize = 64;

#[derive(Debug)]
pub(crate) struct Desk {
    places: Semaphore,
    waiting: AtomicUsize,
    most_waiting: AtomicUsize,
}

impl Desk {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            places: Semaphore::new(PLACES),
            waiting: AtomicUsize::new(0),
            most_waiting: AtomicUsize::new(0),
        })
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let _waiting = Waiting::join(self);
        self.places.acquire().await
    }

    pub(crate) fn at_work(&self) -> usize {
        PLACES - self.places.available_permits()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn most_waiting(&self) -> usize {
        self.most_waiting.load(Ordering::Relaxed)
    }
}

/// The middleware. A customer who leaves closes the connection, which drops this future and so
/// gives the place back, or the place in the line.
pub(crate) async fn serve(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    match desk.place().await {
        Ok(_place) => next.run(request).await,
        Err(_closed) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

struct Waiting<'a>(&'a Desk);

impl<'a> Waiting<'a> {
    fn join(desk: &'a Desk) -> Self {
        let now = desk.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        desk.most_waiting.fetch_max(now, Ordering::Relaxed);
        Self(desk)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
