//! The service that the layer makes.

use std::fmt;
use std::task::{Context, Poll};

use tower_service::Service;

use super::BreakerLayer;
use super::admission::Admit;
use super::failures::{Ignore, Judge};
use super::future::BreakerFuture;
use super::rejection::Reject;

/// A service behind a breaker, made by [`BreakerLayer`]. It is always ready; why, the [module](super#readiness) says.
#[derive(Clone)]
pub struct BreakerService<S, W, I, F, R> {
    inner: S,
    layer: BreakerLayer<W, I, F, R>,
}

impl<S, W, I, F, R> BreakerService<S, W, I, F, R> {
    pub(super) const fn new(inner: S, layer: BreakerLayer<W, I, F, R>) -> Self {
        Self { inner, layer }
    }
}

impl<S, Q, W, I, F, R> Service<Q> for BreakerService<S, W, I, F, R>
where
    S: Service<Q> + Clone,
    W: Admit<Q> + Clone,
    I: Ignore<S::Response, S::Error> + Clone,
    F: Judge<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = R::Error;
    type Future = BreakerFuture<S, Q, W, I, F, R>;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), R::Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, request: Q) -> Self::Future {
        BreakerFuture::new(self.inner.clone(), request, self.layer.clone())
    }
}

impl<S: fmt::Debug, W, I, F, R> fmt::Debug for BreakerService<S, W, I, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
