//! The proof of admission, which settles exactly once, whatever happens to the call.

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use super::in_force::RUNNING_NUMBERS;
use super::word::Identity;
use super::{CircuitBreaker, by_type, fault_by_type};
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
    /// When the call will have run for its time limit; the end of time without one.
    deadline: Time,
}

/// What a permit knows of its call, but for its time limit: two words, which are handed on in registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    /// The epoch, and in its evidence bits, which are free, whose the permit is, and in which window of
    /// running calls the call was counted.
    tag: u64,
    /// When the call began; the end of time where nobody needs to know.
    pub(crate) began: Time,
}

/// A ticket, and the deadline of its call.
pub(crate) type Admitted = (Ticket, Time);

/// The tag of a permit that has been settled.
const SETTLED: u64 = u64::MAX;

impl Ticket {
    #[inline]
    pub(crate) fn new(epoch: Identity, began: Time, whose: Whose) -> Self {
        Self { tag: epoch.bits() | whose as u64, began }
    }

    #[inline]
    pub(crate) fn epoch(&self) -> Identity {
        Identity::from_bits(self.tag & !(WHOSE | RUNNING))
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

    pub(crate) fn whose(&self) -> Whose {
        match self.tag & WHOSE {
            0 => Whose::Callers,
            1 => Whose::Waiting,
            _ => Whose::Running,
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
}
const WHOSE: u64 = 0b11;
const RUNNING_AT: u32 = 2;
const RUNNING: u64 = RUNNING_NUMBERS << RUNNING_AT;

impl<B: Deref<Target = CircuitBreaker>> Permit<B> {
    #[inline]
    pub(crate) fn new(breaker: B, (ticket, deadline): Admitted) -> Self {
        Self { breaker, ticket, deadline }
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
        self.breaker.succeeded(self.ticket.take());
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

    /// Makes the call.
    #[inline]
    pub(crate) fn call<T, E>(mut self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.run();
        match call() {
            Ok(value) => {
                self.success();
                Ok(value)
            }
            Err(error) => {
                self.failed(fault_by_type::<E>());
                Err(error)
            }
        }
    }

    /// Awaits the call, and settles it by its output.
    pub(crate) fn finish<'a, T, E, F>(&'a mut self, call: Pin<&'a mut F>) -> impl Future<Output = F::Output>
    where
        F: Future<Output = Result<T, E>>,
    {
        // By pieces, as in `call`.
        let settled = |output: F::Output, permit: &mut Self| {
            let value = output?;
            permit.succeeded();
            Ok(value)
        };
        Finish::new(self, call, |output| by_type(output), settled)
    }

    /// From here on, what drops this permit is the call itself.
    #[inline]
    pub(crate) fn run(&mut self) {
        self.ticket.set_whose(Whose::Running);
    }

    /// The call runs again, if it did not.
    #[inline]
    pub(crate) fn go_on(&mut self) {
        // Most calls are polled once: a look costs less than a change of what was written just now.
        if self.ticket.tag & WHOSE != Whose::Running as u64 {
            self.run();
        }
    }

    /// The call is not running any more, until it goes on.
    #[inline]
    pub(crate) fn wait(&mut self) {
        self.ticket.set_whose(Whose::Waiting);
    }
}

impl<B: Deref<Target = CircuitBreaker>> Drop for Permit<B> {
    fn drop(&mut self) {
        if self.ticket.tag != SETTLED {
            self.breaker.dropped(self.ticket, self.deadline);
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

/// A call under way: tells its permit when it runs, so that its own panic can be told from being
/// dropped in the course of another one.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Watch<'a, B, F>
where
    B: Deref<Target = CircuitBreaker>,
{
    permit: &'a mut Permit<B>,
    call: Pin<&'a mut F>,
}

impl<'a, B, F> Watch<'a, B, F>
where
    B: Deref<Target = CircuitBreaker>,
{
    pub(crate) fn new(permit: &'a mut Permit<B>, call: Pin<&'a mut F>) -> Self {
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
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        this.permit.run();
        let polled = this.call.as_mut().poll(cx);
        if polled.is_pending() {
            this.permit.wait();
        }
        polled
    }
}

/// An async call, up to its settling: where its output first is seen, it has not been moved yet.
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Finish<'a, B, F, J, S>
where
    B: Deref<Target = CircuitBreaker>,
{
    call: Pin<&'a mut F>,
    // Together, so that having been used up takes no room.
    end: Option<(&'a mut Permit<B>, J, S)>,
}

impl<'a, B, F, J, S> Finish<'a, B, F, J, S>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future,
    J: FnOnce(&F::Output) -> Verdict<'_>,
    S: FnOnce(F::Output, &mut Permit<B>) -> F::Output,
{
    #[inline]
    pub(crate) fn new(permit: &'a mut Permit<B>, call: Pin<&'a mut F>, judge: J, settled: S) -> Self {
        // It is polled at once, and there the permit is at hand.
        permit.run();
        Self { call, end: Some((permit, judge, settled)) }
    }
}

// Nothing is pinned here but what is behind a pin of its own.
impl<B: Deref<Target = CircuitBreaker>, F, J, S> Unpin for Finish<'_, B, F, J, S> {}

impl<B, F, J, S> Future for Finish<'_, B, F, J, S>
where
    B: Deref<Target = CircuitBreaker>,
    F: Future,
    J: FnOnce(&F::Output) -> Verdict<'_>,
    S: FnOnce(F::Output, &mut Permit<B>) -> F::Output,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { call, end } = self.get_mut();
        if let Some((permit, ..)) = end {
            permit.go_on();
        }
        let polled = call.as_mut().poll(context);
        let Poll::Ready(output) = &polled else {
            if let Some((permit, ..)) = end {
                permit.wait();
            }
            return polled;
        };
        // It has ended before: then this is never reached, for polling the call panics.
        let Some((permit, judge, settled)) = end.take() else { return polled };
        match judge(output) {
            Verdict::Success => polled.map(|output| settled(output, permit)),
            other => {
                permit.settle(other);
                polled
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::word::Word;
    use super::*;

    #[test]
    fn a_ticket_keeps_its_epoch_its_owner_and_its_window_apart() {
        let epoch = Word::FIRST.open(0).close().identity();
        for whose in [Whose::Callers, Whose::Waiting, Whose::Running] {
            let ticket = Ticket::new(epoch, Time::END, whose);
            assert_eq!((ticket.epoch(), ticket.whose(), ticket.running_number()), (epoch, whose, 0));
            for number in 1..=RUNNING_NUMBERS {
                let mut ticket = ticket.counted_in(number);
                assert_eq!((ticket.epoch(), ticket.whose(), ticket.running_number()), (epoch, whose, number));
                ticket.set_whose(Whose::Running);
                assert_eq!((ticket.epoch(), ticket.whose(), ticket.running_number()), (epoch, Whose::Running, number));
            }
        }
    }
}
