//! The answer to a call that was not made, or that failed.

use std::thread;

use super::handle::Handle;
use crate::breaker::Count;
use crate::cause::Cause;
use crate::error::CircuitBreakerError;
use crate::outcome::Verdict;
#[cfg(feature = "tracing")]
use crate::traces;

/// An output that can say that there is no answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that the circuit breaker is open",
    label = "no answer for a rejected call",
    note = "add `fallback = path` to the attribute, or return a `Result` whose error implements `From<CircuitBreakerError>`"
)]
pub trait FromRejected: Sized {
    /// The error, in the place of an answer.
    fn from_rejected(error: CircuitBreakerError) -> Self;
}
#[diagnostic::do_not_recommend]
impl<T, E: From<CircuitBreakerError>> FromRejected for Result<T, E> {
    #[cold]
    fn from_rejected(error: CircuitBreakerError) -> Self {
        Err(E::from(error))
    }
}

/// The output of a call that nothing answers.
pub fn without_answer<R: FromRejected>(cause: Cause<R>) -> R {
    match cause {
        Cause::Rejected(error) | Cause::TimedOut(error) => R::from_rejected(error),
        Cause::Failed(output) => output,
    }
}

/// An output that can say that the call was stopped at its time limit, where the fallback answers
/// rejections only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that the call was stopped at its time limit",
    label = "no answer for a call that ran out of time",
    note = "add `fallback_on = \"failure\"` to the attribute, or return a `Result` whose error implements `From<CircuitBreakerError>`"
)]
pub trait FromTimedOut: Sized {
    /// The error, in the place of an answer.
    fn from_timed_out(error: CircuitBreakerError) -> Self;
}
#[diagnostic::do_not_recommend]
impl<T, E: From<CircuitBreakerError>> FromTimedOut for Result<T, E> {
    #[cold]
    fn from_timed_out(error: CircuitBreakerError) -> Self {
        Err(E::from(error))
    }
}

/// Counts one run of a fallback.
#[derive(Debug)]
#[must_use]
pub struct FallbackTicket<H: Handle> {
    breaker: H,
    answered: bool,
}

/// A fallback is about to run.
#[inline]
pub fn falling_back<H: Handle>(breaker: H) -> FallbackTicket<H> {
    breaker.count(Count::FallbackRan);
    #[cfg(feature = "tracing")]
    traces::call(|| (breaker.about(), breaker.state()), "fallback", "a fallback answers");
    FallbackTicket { breaker, answered: false }
}

impl<H: Handle> FallbackTicket<H> {
    /// The fallback has answered.
    #[inline]
    pub fn answered(mut self, verdict: Verdict<'_>) {
        self.answered = true;
        let failed = matches!(verdict, Verdict::Failure(_));
        self.breaker.count(if failed { Count::FallbackFailed } else { Count::FallbackAnswered });
    }
}

impl<H: Handle> Drop for FallbackTicket<H> {
    fn drop(&mut self) {
        // One that was cancelled has neither answered nor failed.
        if !self.answered && thread::panicking() {
            self.breaker.count(Count::FallbackFailed);
        }
    }
}

/// Tells the compiler the type of a fallback closure's argument.
#[inline]
pub fn fallback<R, F: FnOnce(Cause<R>) -> R>(closure: F) -> F {
    closure
}

/// The same for a closure that returns a future.
#[inline]
pub fn fallback_async<R, F, A>(closure: F) -> F
where
    F: FnOnce(Cause<R>) -> A,
    A: Future<Output = R>,
{
    closure
}

/// An argument that is needed twice: by the function, and by its fallback where it fails.
#[diagnostic::on_unimplemented(
    message = "`fallback_on = \"failure\"` needs arguments that are `Clone`",
    label = "the function has used this up when its fallback runs",
    note = "make `{Self}` `Clone`, pass it by shared reference, or write the fallback as a closure: `fallback = |cause| …`"
)]
pub trait Keep: Sized {
    /// A copy for the fallback.
    #[must_use]
    fn kept(&self) -> Self;
}
#[diagnostic::do_not_recommend]
impl<T: Clone> Keep for T {
    #[inline]
    fn kept(&self) -> Self {
        self.clone()
    }
}

/// A copy of an argument for the fallback.
#[inline]
pub fn keep<T: Keep>(argument: &T) -> T {
    argument.kept()
}
