//! The call: admitted, run, settled.

use std::time::Duration;

use super::handle::Handle;
use crate::breaker::{CircuitBreaker, Finish, Permit, Watch, Whose};
#[cfg(feature = "tokio")]
use crate::breaker::{Count, Limited};
#[cfg(feature = "tokio")]
use crate::clock::nanos;
use crate::error::CircuitBreakerError;
#[cfg(feature = "tokio")]
use crate::error::{ErrorKind, Refusal};
use crate::key::Key;
use crate::keyed::Breakers;
use crate::outcome::Verdict;
#[cfg(feature = "tokio")]
use crate::stack::AttemptLimit;

/// Leave to make the call.
///
/// # Errors
///
/// The rejection, with the handle, for the fallback.
#[expect(clippy::inline_always, reason = "where a program has many protected functions, it would be a call of its own")]
#[inline(always)]
pub fn admit<H: Handle>(breaker: H, limit: Option<Duration>) -> Result<Permit<H>, (H, CircuitBreakerError)> {
    CircuitBreaker::admit_by_handle(breaker, limit, Whose::Waiting)
}

/// Leave of the breaker of this key.
///
/// # Errors
///
/// As [`admit`], with the breaker whose fallback it is.
#[inline]
pub fn admit_keyed<K: Key + ?Sized>(
    family: &'static Breakers,
    key: &K,
    limit: Option<Duration>,
) -> Result<Permit<&'static CircuitBreaker>, (&'static CircuitBreaker, CircuitBreakerError)> {
    family.admit(key, limit, Whose::Waiting)
}

/// What became of an admitted call.
#[derive(Debug)]
#[must_use]
pub enum Attempt<H, R> {
    /// It succeeded, or says nothing.
    Done(R),
    /// It failed, at this breaker.
    Failed(H, R),
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
) -> Attempt<H, R> {
    permit.run();
    let output = call();
    settle_attempt(permit, output, judge)
}

/// Awaits an async call in such a way that its own panic can be told from its being dropped.
#[inline]
pub fn watch<H: Handle, F: Future>(permit: &mut Permit<H>, call: F) -> Watch<'_, H, F> {
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
) -> Attempt<H, R> {
    permit.run();
    let failed = match judge(&output) {
        Verdict::Success => {
            permit.succeeded_by_handle();
            false
        }
        other => permit.settle(other),
    };
    if failed { Attempt::Failed(permit.handle(), output) } else { Attempt::Done(output) }
}

/// Awaits an async call and settles it by its output, as [`settle`] does.
#[inline]
pub fn finish<H, F, J, S>(permit: Permit<H>, call: F, judge: J, settled: S) -> Finish<H, F, J, S>
where
    H: Handle,
    F: Future,
    J: Fn(&F::Output) -> Verdict<'_>,
    S: Fn(F::Output, &mut Permit<H>) -> F::Output,
{
    Finish::new(permit, call, judge, settled)
}

/// The same as [`watch`] of a call that is stopped at its time limit. Without a runtime that keeps time this panics, and
/// the call has failed.
#[cfg(feature = "tokio")]
#[inline]
pub fn watch_limited<H: Handle, F: Future>(permit: &mut Permit<H>, limit: Duration, call: F) -> Limited<'_, H, F> {
    Limited::new(permit, limit, call)
}

/// Settles a call that was stopped at its time limit, or because the time for all attempts was over.
#[cfg(feature = "tokio")]
#[cold]
#[must_use]
pub fn timed_out<H: Handle>(permit: Permit<H>, limit: impl Into<AttemptLimit>) -> (H, CircuitBreakerError) {
    let (breaker, limit) = (permit.handle(), limit.into());
    let (kind, time) = match limit.of_all {
        None => (ErrorKind::TimedOut, limit.time),
        Some(of_all) => (ErrorKind::TotalTimedOut, of_all),
    };
    let name = permit.timed_out();
    // A part is counted after the whole, as it is read before.
    if limit.of_all.is_some() {
        breaker.count(Count::TotalTimedOut);
    }
    (breaker, CircuitBreakerError::new(name, None, Refusal::new(kind, 0, nanos(time))))
}
