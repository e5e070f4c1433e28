//! Async calls under way: futures that await a call together with its permit.
//!
//! They hold the call itself, not a pointer to it: so the compiler knows, at the first poll, in which state the call is,
//! and most calls need no other. The call stands before its permit, so that it is dropped first: where both are dropped,
//! what its destructors do belongs to it. A call that has ended is settled by its output, before it is dropped.

use std::mem;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};
#[cfg(feature = "tokio")]
use std::time::Duration;

use pin_project_lite::pin_project;

use super::admission::Rejected;
use super::permit::Permit;
use super::{CircuitBreaker, by_type};
use crate::error::CircuitBreakerError;
use crate::outcome::Verdict;

pin_project! {
    /// An admitted call, up to its settling: where its output first is seen, it has not been moved yet.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Finish<B, F, J, S>
    where
        B: Deref<Target = CircuitBreaker>,
    {
        #[pin]
        call: F,
        permit: Permit<B>,
        judge: J,
        settled: S,
    }
}

impl<B, F, J, S> Finish<B, F, J, S>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future,
    J: Fn(&F::Output) -> Verdict<'_>,
    S: Fn(F::Output, &mut Permit<B>) -> F::Output,
{
    #[inline]
    pub(crate) fn new(permit: Permit<B>, call: F, judge: J, settled: S) -> Self {
        Self { call, permit, judge, settled }
    }
}

impl<B, F, J, S> Future for Finish<B, F, J, S>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future,
    J: Fn(&F::Output) -> Verdict<'_>,
    S: Fn(F::Output, &mut Permit<B>) -> F::Output,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.permit.during(|| this.call.poll(context));
        let Poll::Ready(output) = &polled else { return polled };
        match (this.judge)(output) {
            Verdict::Success => polled.map(|output| (this.settled)(output, this.permit)),
            other => {
                this.permit.settle(other);
                polled
            }
        }
    }
}

pin_project! {
    /// An admitted call whose output is judged elsewhere.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Watch<'a, B, F>
    where
        B: Deref<Target = CircuitBreaker>,
    {
        permit: &'a mut Permit<B>,
        #[pin]
        call: F,
    }
}

impl<'a, B, F> Watch<'a, B, F>
where
    B: Deref<Target = CircuitBreaker>,
{
    #[inline]
    pub(crate) fn new(permit: &'a mut Permit<B>, call: F) -> Self {
        Self { permit, call }
    }
}

impl<B, F> Future for Watch<'_, B, F>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.permit.during(|| this.call.poll(context))
    }
}

#[cfg(feature = "tokio")]
pin_project! {
    /// The same with a time limit. Dropped before its end, it tells its permit whether the time was up.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Limited<'a, B, F>
    where
        B: Deref<Target = CircuitBreaker>,
    {
        permit: &'a mut Permit<B>,
        #[pin]
        call: tokio::time::Timeout<F>,
        // None once the call has ended.
        limit: Option<Duration>,
    }

    impl<B, F> PinnedDrop for Limited<'_, B, F>
    where
        B: Deref<Target = CircuitBreaker>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(limit) = *this.limit {
                this.permit.leave(limit);
            }
        }
    }
}

#[cfg(feature = "tokio")]
impl<'a, B, F> Limited<'a, B, F>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future,
{
    #[inline]
    pub(crate) fn new(permit: &'a mut Permit<B>, limit: Duration, call: F) -> Self {
        let own = permit.own_panic();
        let call = tokio::time::timeout(limit, call);
        // Only a panic drops it.
        mem::forget(own);
        Self { permit, call, limit: Some(limit) }
    }
}

#[cfg(feature = "tokio")]
impl<B, F> Future for Limited<'_, B, F>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future,
{
    type Output = Result<F::Output, tokio::time::error::Elapsed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = this.permit.during(|| this.call.poll(context));
        if polled.is_ready() {
            *this.limit = None;
        }
        polled
    }
}

pin_project! {
    /// A call that is admitted, or rejected, at its first poll. It is dropped as soon as it has ended, or will not begin.
    #[must_use = "futures do nothing unless they are awaited"]
    pub(crate) struct Asking<A, B, F>
    where
        B: Deref<Target = CircuitBreaker>,
    {
        #[pin]
        call: Option<F>,
        permit: Option<Permit<B>>,
        ask: Option<A>,
    }
}

impl<A, B, F> Asking<A, B, F>
where
    B: Deref<Target = CircuitBreaker>,
    A: FnOnce() -> Result<Permit<B>, Rejected<B>>,
{
    #[inline]
    pub(crate) fn new(ask: A, call: F) -> Self {
        Self { call: Some(call), permit: None, ask: Some(ask) }
    }
}

impl<A, B, F, T, E> Future for Asking<A, B, F>
where
    A: FnOnce() -> Result<Permit<B>, Rejected<B>>,
    B: Deref<Target = CircuitBreaker>,
    F: Future<Output = Result<T, E>>,
    E: From<CircuitBreakerError>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut end = End { call: this.call, permit: this.permit };
        if let Some(ask) = this.ask.take() {
            match ask() {
                Ok(permit) => *end.permit = Some(permit),
                Err((_, rejected)) => return Poll::Ready(Err(rejected.into())),
            }
        }
        let (Some(call), Some(permit)) = (end.call.as_mut().as_pin_mut(), &mut *end.permit) else {
            panic!("a call was polled again when it had ended");
        };
        let polled = permit.during(|| call.poll(context));
        match polled {
            Poll::Pending => {
                mem::forget(end);
                Poll::Pending
            }
            Poll::Ready(Ok(value)) => {
                permit.succeeded();
                Poll::Ready(Ok(value))
            }
            Poll::Ready(output) => {
                permit.settle(by_type(&output));
                Poll::Ready(output)
            }
        }
    }
}

/// Drops a call, and then its permit: where it has ended, will not begin, or panics.
pub(crate) struct End<'a, B, F>
where
    B: Deref<Target = CircuitBreaker>,
{
    pub(crate) call: Pin<&'a mut Option<F>>,
    pub(crate) permit: &'a mut Option<Permit<B>>,
}

impl<B, F> Drop for End<'_, B, F>
where
    B: Deref<Target = CircuitBreaker>,
{
    #[inline]
    fn drop(&mut self) {
        self.call.set(None);
        *self.permit = None;
    }
}
