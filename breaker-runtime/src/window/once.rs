//! Whether something has been done in this slice of time already.
//!
//! *Orderings.* Nothing is published by it: two who race both do what should be done once, which
//! does no harm, and one who comes late puts back an older slice, so that it is done once more. So it
//! is relaxed.

use super::stamp;
use crate::sync::{AtomicU64, Ordering};

const NEVER: u64 = u64::MAX;

#[derive(Debug)]
pub(crate) struct OncePerSlice(AtomicU64);

impl OncePerSlice {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    /// The slice in which somebody asked last, unless nobody has.
    pub(crate) fn last(&self) -> Option<u64> {
        let last = self.0.load(Ordering::Relaxed);
        (last != NEVER).then_some(last & stamp::COUNT)
    }

    /// Where nobody has asked in this slice of this epoch, the slice in which somebody did last.
    #[inline]
    pub(crate) fn first(&self, epoch: u64, slice: u64) -> Option<u64> {
        let now = epoch << stamp::EPOCH_AT | slice & stamp::COUNT;
        let last = self.0.load(Ordering::Relaxed);
        if last == now {
            return None;
        }
        self.0.store(now, Ordering::Relaxed);
        Some(last & stamp::COUNT)
    }
}
