//! What a rejected caller gets.

use std::fmt;

use super::BoxError;
use crate::error::CircuitBreakerError;

/// How a rejection is told, and what the service's errors become beside it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot answer a rejected call of a service that gives `Result<{T}, {E}>`",
    label = "no answer for a rejected call",
    note = "by default the service's error goes into a box: it must be `Into<BoxError>`",
    note = "else add `.on_rejection(..)`, whose closure gives a `Result<{T}, {E}>`"
)]
pub trait Reject<T, E> {
    /// What the caller's errors are.
    type Error;

    /// The answer to a rejected call.
    fn reject(&self, rejected: CircuitBreakerError) -> Result<T, Self::Error>;

    /// The error of an admitted one.
    fn pass(error: E) -> Self::Error;
}

/// The rejection, or the service's error, in a box: the default.
#[derive(Clone, Copy, Debug)]
pub struct Boxed;

#[diagnostic::do_not_recommend]
impl<T, E: Into<BoxError>> Reject<T, E> for Boxed {
    type Error = BoxError;

    fn reject(&self, rejected: CircuitBreakerError) -> Result<T, BoxError> {
        Err(rejected.into())
    }

    fn pass(error: E) -> BoxError {
        error.into()
    }
}

/// What [`BreakerLayer::on_rejection`](super::BreakerLayer::on_rejection) says.
#[derive(Clone, Copy)]
pub struct OnRejection<P>(pub(super) P);

impl<T, E, P> Reject<T, E> for OnRejection<P>
where
    P: Fn(CircuitBreakerError) -> Result<T, E>,
{
    type Error = E;

    fn reject(&self, rejected: CircuitBreakerError) -> Result<T, E> {
        (self.0)(rejected)
    }

    #[inline]
    fn pass(error: E) -> E {
        error
    }
}

impl<P> fmt::Debug for OnRejection<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRejection(..)")
    }
}
