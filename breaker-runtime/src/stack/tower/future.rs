//! A call of a service, from its admission to its answer.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::BreakerLayer;
use super::admission::Admit;
use super::failures::{Ignore, Judge};
use super::rejection::Reject;
use crate::breaker::{End, Permit};
use crate::outcome::Verdict;

pin_project! {
    /// The answer of a service behind a breaker. Dropping it cancels the call.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct BreakerFuture<S, Q, W, I, F, R>
    where
        S: Service<Q>,
        W: Admit<Q>,
    {
        // Before its permit: of a future that is dropped, what the destructors do belongs to the call. A call that has
        // ended is settled by its answer, before it is dropped.
        #[pin]
        call: Option<Call<S, Q>>,
        permit: Option<Permit<W::Handle>>,
        // None once it was asked.
        who: Option<W>,
        ignore: I,
        failure: F,
        rejection: R,
    }
}

impl<S, Q, W, I, F, R> BreakerFuture<S, Q, W, I, F, R>
where
    S: Service<Q>,
    W: Admit<Q>,
{
    #[inline]
    pub(super) fn new(service: S, request: Q, layer: BreakerLayer<W, I, F, R>) -> Self {
        let BreakerLayer { who, ignore, failure, rejection } = layer;
        let call = Call::Waiting { service, request: Some(request) };
        Self { call: Some(call), permit: None, who: Some(who), ignore, failure, rejection }
    }
}

impl<S, Q, W, I, F, R> Future for BreakerFuture<S, Q, W, I, F, R>
where
    S: Service<Q>,
    W: Admit<Q>,
    I: Ignore<S::Response, S::Error>,
    F: Judge<S::Response, S::Error>,
    R: Reject<S::Response, S::Error>,
{
    type Output = Result<S::Response, R::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut end = End { call: this.call, permit: this.permit };
        if let (Some(who), Some(request)) =
            (this.who.take(), end.call.as_ref().get_ref().as_ref().and_then(Call::request))
        {
            match who.admit(request) {
                Ok(permit) => *end.permit = Some(permit),
                Err(rejected) => return Poll::Ready(this.rejection.reject(rejected)),
            }
        }
        let (Some(call), Some(permit)) = (end.call.as_mut().as_pin_mut(), &mut *end.permit) else {
            panic!("a call was polled again when it had ended");
        };
        let Poll::Ready(answer) = permit.during(|| call.poll(context)) else {
            mem::forget(end);
            return Poll::Pending;
        };
        // Who judges belongs to the call.
        permit.run();
        permit.settle(match &answer {
            answer if this.ignore.ignores(answer) => Verdict::Ignored,
            answer => this.failure.fault(answer).map_or(Verdict::Success, Verdict::Failure),
        });
        Poll::Ready(answer.map_err(R::pass))
    }
}

impl<S, Q, W, I, F, R> fmt::Debug for BreakerFuture<S, Q, W, I, F, R>
where
    S: Service<Q>,
    W: Admit<Q>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// What is admitted.
    #[project = CallNow]
    enum Call<S, Q>
    where
        S: Service<Q>,
    {
        Waiting { service: S, request: Option<Q> },
        Called { #[pin] answer: S::Future },
    }
}

impl<S, Q> Call<S, Q>
where
    S: Service<Q>,
{
    fn request(&self) -> Option<&Q> {
        match self {
            Self::Waiting { request, .. } => request.as_ref(),
            Self::Called { .. } => None,
        }
    }
}

impl<S, Q> Future for Call<S, Q>
where
    S: Service<Q>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let answer = match self.as_mut().project() {
                CallNow::Called { answer } => return answer.poll(context),
                CallNow::Waiting { service, request } => {
                    ready!(service.poll_ready(context))?;
                    // It is there: nobody polls a call whose service has panicked.
                    let Some(request) = request.take() else { unreachable!() };
                    service.call(request)
                }
            };
            self.set(Self::Called { answer });
        }
    }
}
