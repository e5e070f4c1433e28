//! The call: admitted, run, settled.

use std::pin::Pin;
use std::time::Duration;

use super::handle::Handle;
use crate::breaker::{CircuitBreaker, Finish, Permit, Watch, Whose};
use crate::error::CircuitBreakerError;
#[cfg(feature = "tokio")]
use crate::error::{ErrorKind, Refusal};
use crate::key::Key;
use crate::keyed::Breakers;
use crate::outcome::Verdict;

/// Leave to make the call, or its rejection.
///
/// # Errors
///
/// The rejection.
#[inline]
pub fn admit<H: Handle>(breaker: &H, limit: Option<Duration>) -> Result<Permit<H>, CircuitBreakerError> {
    CircuitBreaker::admit(breaker, limit, Whose::Waiting)
}

/// The breaker of this key, and its leave or rejection.
#[inline]
pub fn admit_keyed<K: Key + ?Sized>(
    family: &'static Breakers,
    key: &K,
    limit: Option<Duration>,
) -> (&'static CircuitBreaker, Result<Permit<&'static CircuitBreaker>, CircuitBreakerError>) {
    family.admit(key, limit, Whose::Waiting)
}

/// What became of an admitted call.
#[derive(Debug)]
#[must_use]
pub enum Attempt<R> {
    /// It succeeded, or says nothing.
    Done(R),
    /// It failed.
    Failed(R),
}

/// Makes a sync call. A `FnOnce` argument, unlike a closure called in place, may return what it
/// borrows from `&mut self`.
#[inline]
pub fn run<H: Handle, R>(
    mut permit: Permit<H>,
    call: impl FnOnce() -> R,
    judge: impl FnOnce(&R) -> Verdict<'_>,
    settled: impl FnOnce(R, &mut Permit<H>) -> R,
) -> R {
    permit.run();
    let output = call();
    settle(permit, output, judge, settled)
}

/// The same, where it matters whether the call failed.
#[inline]
pub fn attempt<H: Handle, R>(
    mut permit: Permit<H>,
    call: impl FnOnce() -> R,
    judge: impl FnOnce(&R) -> Verdict<'_>,
) -> Attempt<R> {
    permit.run();
    let output = call();
    settle_attempt(permit, output, judge)
}

/// Awaits an async call in such a way that its own panic can be told from its being dropped.
#[inline]
pub fn watch<'a, H: Handle, F: Future>(permit: &'a mut Permit<H>, call: Pin<&'a mut F>) -> Watch<'a, H, F> {
    Watch::new(permit, call)
}

/// Settles a call by its output, which it gives on. A judge that panics makes it a failure.
#[inline]
pub fn settle<H: Handle, R>(
    mut permit: Permit<H>,
    output: R,
    judge: impl FnOnce(&R) -> Verdict<'_>,
    settled: impl FnOnce(R, &mut Permit<H>) -> R,
) -> R {
    permit.run();
    match judge(&output) {
        Verdict::Success => settled(output, &mut permit),
        other => {
            permit.settle(other);
            output
        }
    }
}

/// The same, where it matters whether the call failed.
#[inline]
pub fn settle_attempt<H: Handle, R>(
    mut permit: Permit<H>,
    output: R,
    judge: impl FnOnce(&R) -> Verdict<'_>,
) -> Attempt<R> {
    permit.run();
    if permit.settle(judge(&output)) { Attempt::Failed(output) } else { Attempt::Done(output) }
}

/// Awaits an async call and settles it by its output, as [`settle`] does.
#[inline]
pub fn finish<'a, H, F, J, S>(
    permit: &'a mut Permit<H>,
    call: Pin<&'a mut F>,
    judge: J,
    settled: S,
) -> Finish<'a, H, F, J, S>
where
    H: Handle,
    F: Future,
    J: FnOnce(&F::Output) -> Verdict<'_>,
    S: FnOnce(F::Output, &mut Permit<H>) -> F::Output,
{
    Finish::new(permit, call, judge, settled)
}

/// Stops a call at its time limit. Without a runtime that keeps time this panics, and the call has
/// failed.
#[cfg(feature = "tokio")]
#[inline]
pub fn limit<H: Handle, F: Future>(permit: &mut Permit<H>, limit: Duration, call: F) -> tokio::time::Timeout<F> {
    permit.run();
    tokio::time::timeout(limit, call)
}

/// Settles a call that was stopped at its time limit.
#[cfg(feature = "tokio")]
#[cold]
#[must_use]
pub fn timed_out<H: Handle>(permit: Permit<H>, limit: Duration) -> CircuitBreakerError {
    CircuitBreakerError::new(permit.timed_out(), None, Refusal::new(ErrorKind::TimedOut, 0, limit))
}
