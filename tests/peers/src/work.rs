//! The work that breakers protect here: one function, the same for all, never inlined.

use std::fmt;
use std::hint::{black_box, spin_loop};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The order that fails.
pub(crate) const FAILS: u64 = u64::MAX;

/// The error of the work, as small as errors get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SmallError(u32);

impl SmallError {
    pub(crate) const FAILED: Self = Self(1);
    /// What breakers answer that have no error of their own.
    pub(crate) const REJECTED: Self = Self(2);
}

impl fmt::Display for SmallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::FAILED { "failed" } else { "rejected" })
    }
}

impl std::error::Error for SmallError {}

/// The bare call.
#[inline(never)]
pub(crate) fn work(order: u64) -> Result<u64, SmallError> {
    match black_box(order) {
        FAILS => Err(SmallError::FAILED),
        order => Ok(order),
    }
}

/// The bare call as a future that is ready at once.
pub(crate) async fn work_async(order: u64) -> Result<u64, SmallError> {
    work(order)
}

/// Polls a future on this stack until it is ready, so that no executor is measured. All but one that waits for another
/// thread's lock are ready at the first poll.
#[inline]
pub(crate) fn poll<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        spin_loop();
    }
}

/// An error that says whether the call was made.
pub(crate) trait Rejection {
    fn is_rejection(&self) -> bool;
}

impl Rejection for SmallError {
    fn is_rejection(&self) -> bool {
        *self == Self::REJECTED
    }
}
