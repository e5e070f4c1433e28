//! The work that breakers protect here: one function, the same for all, never inlined.

use std::cell::Cell;
use std::fmt;
use std::future::ready;
use std::hint::{black_box, spin_loop};
use std::pin::{Pin, pin};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::scenario::ATTEMPTS;

/// The order that fails.
pub(crate) const FAILS: u64 = u64::MAX;
/// The one that stays inside while the door is shut.
pub(crate) const STAYS: u64 = u64::MAX - 1;
/// The one that hangs: far longer than a limit that is reached at once.
pub(crate) const HANGS: u64 = u64::MAX - 2;
/// The one that fails until the last of its attempts.
pub(crate) const NEEDS_RETRIES: u64 = u64::MAX - 3;

/// Shut by whoever writes.
pub(crate) static DOOR: RwLock<()> = RwLock::new(());
/// How many calls are behind it.
pub(crate) static INSIDE: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// How many attempts `NEEDS_RETRIES` has had.
    pub(crate) static ATTEMPT: Cell<u32> = const { Cell::new(0) };
}

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

/// The same, which contracts can make wait, for the parts that look at other calls or at time.
pub(crate) async fn work_of_parts(order: u64) -> Result<u64, SmallError> {
    match order {
        STAYS | HANGS | NEEDS_RETRIES => unusual(order).await,
        _ => work(order),
    }
}

/// Boxed, so that nobody moves a timer along with every call.
#[cold]
fn unusual(order: u64) -> Pin<Box<dyn Future<Output = Result<u64, SmallError>> + Send>> {
    match order {
        STAYS => {
            INSIDE.fetch_add(1, Ordering::Relaxed);
            drop(DOOR.read());
            INSIDE.fetch_sub(1, Ordering::Relaxed);
            Box::pin(ready(Ok(order)))
        }
        HANGS => Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(order)
        }),
        _ => {
            ATTEMPT.set(ATTEMPT.get() + 1);
            Box::pin(ready(if ATTEMPT.get() == ATTEMPTS { Ok(order) } else { Err(SmallError::FAILED) }))
        }
    }
}

/// Polls a future on this stack until it is ready, so that no executor is measured. All but those that wait for another
/// thread's lock, or in a contract for time, are ready at the first poll.
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
