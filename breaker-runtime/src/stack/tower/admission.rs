//! Whose leave a request needs.

use std::fmt;
use std::ops::Deref;

use crate::breaker::{CircuitBreaker, Permit, Whose};
use crate::error::CircuitBreakerError;
use crate::key::Key;
use crate::keyed::Breakers;

/// Who admits requests of this type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not admit requests of the type `{Q}`",
    label = "no breaker for these requests",
    note = "the closure of `keyed` takes a `&{Q}`, and gives a reference to a part of it"
)]
pub trait Admit<Q> {
    /// What a permit holds on to.
    type Handle: Deref<Target = CircuitBreaker>;

    /// Leave to make the call.
    fn admit(self, request: &Q) -> Result<Permit<Self::Handle>, CircuitBreakerError>;
}

impl<B, Q> Admit<Q> for B
where
    B: Deref<Target = CircuitBreaker>,
{
    type Handle = B;

    #[inline]
    fn admit(self, _: &Q) -> Result<Permit<B>, CircuitBreakerError> {
        CircuitBreaker::admit(self, None, Whose::Waiting).map_err(|(_, rejected)| rejected)
    }
}

/// The breaker of the key that the closure finds; see [`BreakerLayer::keyed`](super::BreakerLayer::keyed).
#[derive(Clone, Copy)]
pub struct Keyed<P> {
    pub(super) family: &'static Breakers,
    pub(super) key: P,
}

impl<P, Q, K> Admit<Q> for Keyed<P>
where
    P: Fn(&Q) -> &K,
    K: Key + ?Sized,
{
    type Handle = &'static CircuitBreaker;

    #[inline]
    fn admit(self, request: &Q) -> Result<Permit<Self::Handle>, CircuitBreakerError> {
        self.family.admit((self.key)(request), None, Whose::Waiting).map_err(|(_, rejected)| rejected)
    }
}

impl<P> fmt::Debug for Keyed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("family", &self.family).finish_non_exhaustive()
    }
}
