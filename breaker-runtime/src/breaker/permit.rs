//! The proof of admission, which settles exactly once, whatever happens to the call.

use std::fmt;
use std::mem;
use std::ops::Deref;
use std::thread;
#[cfg(feature = "tokio")]
use std::time::Duration;

use super::here::Holds;
use super::in_force::RUNNING_NUMBERS;
use super::word::Identity;
use super::{CircuitBreaker, fault_by_type};
use crate::clock::Time;
use crate::outcome::{Fault, Quote, Verdict};

/// Leave to make one call, with the duty to say how it ended.
///
/// A permit that is dropped unsettled counts as a cancelled call, or as a failed one where it is
/// dropped by a panic. Permits may be sent to other threads and settled there.
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Settings, State};
///
/// let breaker = CircuitBreaker::builder("printer").settings(Settings::new().consecutive(1)).build()?;
/// let permit = breaker.try_acquire()?;
/// // … talk to the printer …
/// permit.failure();
/// assert_eq!(breaker.state(), State::Open);
/// assert!(breaker.try_acquire().is_err());
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[must_use = "a permit that is dropped at once counts as a cancelled call"]
pub struct Permit<B = &'static CircuitBreaker>
where
    B: Deref<Target = CircuitBreaker>,
{
    breaker: B,
    ticket: Ticket,
}

/// What a permit knows of its call: two words, which are handed on in registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    /// The epoch, and in its evidence bits, which are free, whose the permit is, in which window of running calls the
    /// call was counted, and whether it has taken a place.
    tag: u64,
    /// When the call began; the end of time where nobody needs to know.
    pub(crate) began: Time,
}

/// The tag of a permit that has been settled.
const SETTLED: u64 = u64::MAX;

impl Ticket {
    #[inline]
    pub(crate) fn new(epoch: Identity, began: Time, whose: Whose) -> Self {
        Self { tag: epoch.bits() | whose as u64, began }
    }

    #[inline]
    pub(super) fn of_tag(tag: u64, began: Time) -> Self {
        Self { tag, began }
    }

    #[inline]
    pub(super) fn tag(&self) -> u64 {
        self.tag
    }

    #[inline]
    pub(crate) fn epoch(&self) -> Identity {
        Identity::from_bits(self.tag & !(WHOSE | RUNNING | IN_PLACE))
    }

    /// The same, of a call that was counted in this window of running calls.
    pub(crate) fn counted_in(mut self, number: u64) -> Self {
        self.tag |= number << RUNNING_AT;
        self
    }

    /// The window of running calls in which the call was counted; 0 where in none.
    pub(crate) fn running_number(&self) -> u64 {
        (self.tag & RUNNING) >> RUNNING_AT
    }

    /// The same, of a call that has taken a place.
    pub(super) fn in_place(mut self) -> Self {
        self.tag |= IN_PLACE;
        self
    }

    #[inline]
    pub(super) fn has_place(&self) -> bool {
        self.tag & IN_PLACE != 0
    }

    pub(crate) fn whose(&self) -> Whose {
        match self.tag & WHOSE {
            0 => Whose::Callers,
            1 => Whose::Waiting,
            2 => Whose::Running,
            3 => Whose::InTime,
            _ => Whose::Overdue,
        }
    }

    #[inline]
    fn set_whose(&mut self, whose: Whose) {
        self.tag = self.tag & !WHOSE | whose as u64;
    }

    /// A copy, which settles the permit: whoever takes it says what became of the call.
    #[inline]
    fn take(&mut self) -> Self {
        let taken = *self;
        self.tag = SETTLED;
        taken
    }
}

/// How a panic shows that drops a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Whose {
    /// The permit is in the hands of a caller: by its being dropped while the thread panics.
    Callers = 0,
    /// Ours, and the call is not running now: the panic is somebody else's.
    Waiting = 1,
    /// Ours, and the call is running: only its own panic can end it so.
    Running = 2,
    /// As waiting, and it was dropped before its time limit.
    InTime = 3,
    /// As waiting, and it was dropped when it had been running for its time limit.
    Overdue = 4,
}
const WHOSE: u64 = 0b111;
const RUNNING_AT: u32 = 3;
const RUNNING: u64 = RUNNING_NUMBERS << RUNNING_AT;
const IN_PLACE: u64 = 1 << 11;
/// How many bits of a tag say something beside the epoch.
pub(super) const TAG_BITS: u32 = 12;
const _: () = assert!(WHOSE + RUNNING + IN_PLACE == (1 << TAG_BITS) - 1, "each bit has one meaning");

impl<B: Deref<Target = CircuitBreaker>> Permit<B> {
    #[inline]
    pub(crate) fn new(breaker: B, ticket: Ticket) -> Self {
        Self { breaker, ticket }
    }

    /// The breaker that has admitted the call.
    pub(crate) fn handle(&self) -> B
    where
        B: Clone,
    {
        self.breaker.clone()
    }

    /// The call succeeded.
    #[expect(clippy::inline_always, reason = "out of line, the permit is written to memory first")]
    #[inline(always)]
    pub fn success(mut self) {
        self.succeeded();
    }

    /// The call failed.
    pub fn failure(mut self) {
        self.failed(Fault::new(Quote::Plain("failure")));
    }

    /// The call failed with an error, which the report of a trip may quote.
    ///
    /// ```
    /// use breaker_runtime::{CircuitBreaker, Settings};
    ///
    /// let breaker = CircuitBreaker::builder("printer").settings(Settings::new().consecutive(1)).build()?;
    /// breaker.try_acquire()?.failure_with(&"out of paper");
    /// let trip = breaker.snapshot().last_trip.expect("it has opened");
    /// assert_eq!(trip.failures[0].text, "out of paper");
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn failure_with(mut self, error: &dyn fmt::Display) {
        self.failed(Fault::new(Quote::Display(error)));
    }

    /// The same as [`failure_with`](Self::failure_with), with a word that sorts the failure: a class,
    /// by which snapshots and reports count failures ([`ClassCount`](crate::ClassCount)). Default: `other`.
    ///
    /// A breaker tells 16 classes apart beside `other`, three of which are its own: `timeout`, `panic` and
    /// `cancelled`. From the fourteenth of the program on, all count as `other`. An empty class is `other` too.
    ///
    /// ```
    /// use breaker_runtime::{CircuitBreaker, Settings};
    ///
    /// let breaker = CircuitBreaker::builder("printer").settings(Settings::new().consecutive(3)).build()?;
    /// breaker.try_acquire()?.failure_as("paper", &"out of paper");
    /// breaker.try_acquire()?.failure_as("network", &"connection refused");
    /// breaker.try_acquire()?.failure_as("paper", &"a jam in tray 2");
    /// let trip = breaker.snapshot().last_trip.expect("it has opened");
    /// assert_eq!(trip.to_string(), "3 failures in a row (limit 3): 2 paper, 1 network; next probe after 60 s");
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn failure_as(mut self, class: &'static str, error: &dyn fmt::Display) {
        self.failed(Fault::of(class, Quote::Display(error)));
    }

    /// The call ended in a way that says nothing about the dependency.
    pub fn ignore(mut self) {
        self.breaker.ignored(self.ticket.take());
    }

    #[cold]
    pub(crate) fn failed(&mut self, fault: Fault<'_>) {
        self.breaker.failed(self.ticket.take(), fault);
    }

    /// The call succeeded; the permit is settled.
    #[expect(clippy::inline_always, reason = "as `success`")]
    #[inline(always)]
    pub(crate) fn succeeded(&mut self) {
        self.breaker.succeeded(self.ticket.take(), None);
    }

    /// The call is judged; the permit is settled. Returns whether the verdict was a failure.
    #[expect(clippy::inline_always, reason = "out of line, copying its result costs more than all it does")]
    #[inline(always)]
    pub(crate) fn settle(&mut self, verdict: Verdict<'_>) -> bool {
        match verdict {
            Verdict::Success => self.succeeded(),
            Verdict::Ignored => self.breaker.ignored(self.ticket.take()),
            Verdict::Failure(fault) => {
                self.failed(fault);
                return true;
            }
        }
        false
    }

    /// The call was stopped at its time limit. Returns the name of the breaker.
    #[cfg(feature = "tokio")]
    pub(crate) fn timed_out(mut self) -> &'static str {
        self.breaker.timed_out(self.ticket.take());
        self.breaker.lasting_name()
    }

    /// From here on, what drops this permit is the call itself.
    #[inline]
    pub(crate) fn run(&mut self) {
        self.ticket.set_whose(Whose::Running);
    }

    /// The call runs for as long as `step` does: a panic that ends it is the call's own.
    #[inline]
    pub(crate) fn during<R>(&mut self, step: impl FnOnce() -> R) -> R {
        let own = self.own_panic();
        let done = step();
        // Only a panic drops it.
        mem::forget(own);
        done
    }

    /// Makes the call's own a panic that drops what this gives.
    #[inline]
    pub(super) fn own_panic(&mut self) -> OwnPanic<'_> {
        OwnPanic(&mut self.ticket)
    }

    /// The call, which is waiting, will not go on: notes whether it has run for its own time limit.
    #[cfg(feature = "tokio")]
    #[cold]
    pub(super) fn leave(&mut self, limit: Duration) {
        if self.ticket.whose() == Whose::Waiting {
            let overdue = self.breaker.has_run_for(self.ticket, limit);
            self.ticket.set_whose(if overdue { Whose::Overdue } else { Whose::InTime });
        }
    }
}

impl<B: Holds> Permit<B> {
    /// The call succeeded, and is counted by the counters that its handle knows, if it knows them; the permit is settled.
    #[expect(clippy::inline_always, reason = "as `success`")]
    #[inline(always)]
    pub(crate) fn succeeded_by_handle(&mut self) {
        let ticket = self.ticket.take();
        self.breaker.succeeded(ticket, self.breaker.counters());
    }

    /// Makes the call.
    #[inline]
    pub(crate) fn call<T, E>(mut self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.run();
        match call() {
            Ok(value) => {
                self.succeeded_by_handle();
                Ok(value)
            }
            Err(error) => {
                self.failed(fault_by_type::<E>());
                Err(error)
            }
        }
    }
}

/// Whoever drops this says that it is the call that panics.
pub(super) struct OwnPanic<'a>(&'a mut Ticket);

impl Drop for OwnPanic<'_> {
    fn drop(&mut self) {
        if self.0.tag != SETTLED {
            self.0.set_whose(Whose::Running);
        }
    }
}

impl<B: Deref<Target = CircuitBreaker>> Drop for Permit<B> {
    fn drop(&mut self) {
        if self.ticket.tag != SETTLED {
            self.breaker.dropped(self.ticket);
        }
    }
}

impl<B: Deref<Target = CircuitBreaker>> fmt::Debug for Permit<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("breaker", &self.breaker.name()).finish_non_exhaustive()
    }
}

impl Whose {
    /// For a permit in the hands of a caller. In the course of a panic, being dropped by it says
    /// nothing about the call.
    pub(crate) fn of_caller() -> Self {
        if thread::panicking() { Self::Waiting } else { Self::Callers }
    }
}

#[cfg(test)]
mod tests {
    use super::super::word::Word;
    use super::*;

    #[test]
    fn a_ticket_keeps_its_epoch_its_owner_and_its_window_apart() {
        let epoch = Word::FIRST.open(0).close().identity();
        for whose in [Whose::Callers, Whose::Waiting, Whose::Running, Whose::InTime, Whose::Overdue] {
            let ticket = Ticket::new(epoch, Time::END, whose);
            assert_eq!((ticket.epoch(), ticket.whose(), ticket.running_number()), (epoch, whose, 0));
            for number in 1..=RUNNING_NUMBERS {
                let mut ticket = ticket.counted_in(number);
                assert_eq!((ticket.epoch(), ticket.whose(), ticket.running_number()), (epoch, whose, number));
                let placed = ticket.in_place();
                assert!(placed.has_place() && !ticket.has_place());
                assert_eq!((placed.epoch(), placed.whose(), placed.running_number()), (epoch, whose, number));
                ticket.set_whose(Whose::Running);
                assert_eq!((ticket.epoch(), ticket.whose(), ticket.running_number()), (epoch, Whose::Running, number));
            }
        }
    }
}
