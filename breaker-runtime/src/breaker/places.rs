//! How many calls may run at one moment (a bulkhead): so that a dependency which hangs, or which is slow, takes no more
//! than its part of the caller.
//!
//! A breaker without such a limit does not count them, and pays nothing. One that has ever had a limit counts from then on,
//! so that what began under the one ends under the next.
//!
//! *Orderings.* One number is all there is. It is changed by exchanges, which acquire and release: who finds a place has
//! seen all that was done by the call which had it before.

use super::permit::Ticket;
use super::{CircuitBreaker, Count};
use crate::error::{ErrorKind, Refusal};
use crate::mode::Mode;
use crate::sync::{AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Places(AtomicU64);

impl Places {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Takes one of so many; whether there was one. `over` takes one all the same.
    fn take(&self, limit: u32, over: bool) -> bool {
        let free = |taken: u64| (over || taken < limit.into()).then_some(taken + 1);
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, free);
        before.is_ok_and(|taken| taken < limit.into())
    }

    fn leave(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl CircuitBreaker {
    /// A call that the breaker lets through takes a place, or is turned away.
    #[cold]
    pub(super) fn take_place(&self, ticket: Ticket) -> Result<Ticket, Refusal> {
        let Some(limit) = self.in_force(|force| force.settings.max_concurrent.get()) else { return Ok(ticket) };
        match self.mode() {
            Mode::Automatic if self.places.take(limit, false) => Ok(ticket.in_place()),
            Mode::Automatic => {
                self.count(Count::RejectedFull);
                self.turned_away(ticket);
                Err(Refusal::new(ErrorKind::Full, self.number(self.cell.load().epoch()), limit.into()))
            }
            Mode::MetricsOnly => {
                if !self.places.take(limit, true) {
                    self.count(Count::WouldHaveRejected);
                }
                Ok(ticket.in_place())
            }
            Mode::Disabled | Mode::ForcedOpen => Ok(ticket),
        }
    }

    /// The call has ended, however it did.
    #[inline]
    pub(super) fn leave_place(&self, ticket: Ticket) {
        if ticket.has_place() {
            self.places.leave();
        }
    }
}
