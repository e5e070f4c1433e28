//! How many calls may run at one moment (a bulkhead): so that a dependency which hangs, or which is slow, takes no more
//! than its part of the caller.
//!
//! A breaker without such a limit does not count them, and pays nothing. Once a call has taken a place, the ends of all are
//! looked at, also when the limit is gone: so each place that was taken is given back.
//!
//! *Orderings.* One number is all there is. It is changed by exchanges, which acquire and release: who finds a place has
//! seen all that was done by the call which had it before.

use super::CircuitBreaker;
use super::permit::Ticket;
use crate::sync::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Places(AtomicU64);

impl Places {
    /// Takes one of so many; whether there was one. `over` takes one all the same.
    fn take(&self, limit: u32, over: bool) -> bool {
        let free = |taken: u64| (over || taken < limit.into()).then_some(taken + 1);
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, free);
        before.is_ok_and(|taken| taken < limit.into())
    }

    fn is_full(&self, limit: u32) -> bool {
        self.0.load(Ordering::Acquire) >= limit.into()
    }

    fn leave(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl CircuitBreaker {
    /// Takes one of so many places; whether there was one.
    pub(super) fn take_place(&self, limit: u32) -> bool {
        self.limits().places.take(limit, false)
    }

    /// Whether there is none.
    pub(super) fn has_no_place(&self, limit: u32) -> bool {
        self.limits_if_any().is_some_and(|limits| limits.places.is_full(limit))
    }

    /// Takes one all the same, where nothing is rejected.
    pub(super) fn take_place_at_all(&self, limit: u32) -> bool {
        self.limits().places.take(limit, true)
    }

    /// The call has ended, however it did.
    #[inline]
    pub(super) fn leave_place(&self, ticket: Ticket) {
        if ticket.has_place() {
            self.limits().places.leave();
        }
    }
}
