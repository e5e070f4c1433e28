//! A call that begins and ends on one thread finds that thread's counters once.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use super::CircuitBreaker;
use super::totals::ThisThread;

/// What the permit of a call holds on to.
pub trait Holds: Deref<Target = CircuitBreaker> {
    /// Counts a call that begins.
    #[inline]
    fn begin(&mut self) {
        self.count_beginning();
    }

    /// The counters that count the end of the call, where it is known to end on the thread on which it began.
    #[inline]
    fn counters(&self) -> Option<ThisThread<'_>> {
        None
    }
}

impl Holds for &CircuitBreaker {}
impl Holds for Arc<CircuitBreaker> {}

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
        Self { breaker, counters: ThisThread::NONE, stays: PhantomData }
    }
}

impl Holds for Here<'_> {
    #[inline]
    fn begin(&mut self) {
        self.counters = self.breaker.count_beginning();
    }

    #[inline]
    fn counters(&self) -> Option<ThisThread<'_>> {
        Some(self.counters)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_that_is_here_cannot_be_sent_elsewhere() {
        trait IsSend<Answer> {
            fn answer() {}
        }
        struct Yes;
        impl<T> IsSend<()> for T {}
        impl<T: Send> IsSend<Yes> for T {}
        // If it could, both would be meant, and this would not compile.
        <Here<'static> as IsSend<_>>::answer();
    }
}
