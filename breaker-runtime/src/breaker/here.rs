//! A call that begins and ends on one thread finds that thread's counters once.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use super::CircuitBreaker;
use super::totals::Part;

/// What the permit of a call holds on to.
pub trait Holds: Deref<Target = CircuitBreaker> {
    /// Counts a call that begins.
    #[inline]
    fn begin(&mut self) {
        self.count_beginning();
    }

    /// Whose counters count the end of the call.
    #[inline]
    fn counters(&self) -> Counters<'_> {
        Counters::Unknown
    }
}

impl Holds for &CircuitBreaker {}
impl Holds for Arc<CircuitBreaker> {}

/// The counters that the present thread alone may change.
#[derive(Clone, Copy, Debug)]
pub enum Counters<'a> {
    /// They are to be found.
    Unknown,
    /// They are these, or there were none when the call began.
    Of(ThisThread<'a>),
}

/// The counters of the thread on which this was made.
#[derive(Clone, Copy, Debug)]
pub struct ThisThread<'a>(pub(super) Option<&'a Part>);

/// A breaker on the thread on which this was made, which it never leaves.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    breaker: &'a CircuitBreaker,
    counters: ThisThread<'a>,
    stays: PhantomData<*const ()>,
}

impl<'a> Here<'a> {
    /// The breaker, here.
    #[inline]
    pub(crate) fn new(breaker: &'a CircuitBreaker) -> Self {
        Self { breaker, counters: ThisThread(None), stays: PhantomData }
    }
}

impl Holds for Here<'_> {
    #[inline]
    fn begin(&mut self) {
        self.counters = self.breaker.count_beginning();
    }

    #[inline]
    fn counters(&self) -> Counters<'_> {
        Counters::Of(self.counters)
    }
}

impl Deref for Here<'_> {
    type Target = CircuitBreaker;

    #[inline]
    fn deref(&self) -> &CircuitBreaker {
        self.breaker
    }
}

impl fmt::Debug for Here<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Here").field(&self.breaker.name()).finish()
    }
}
