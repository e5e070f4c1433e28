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

    /// How many slices ago somebody asked last, unless nobody has.
    pub(crate) fn since_last(&self, slice: u64) -> Option<u64> {
        let last = self.0.load(Ordering::Relaxed);
        (last != NEVER).then_some(from(last, slice))
    }

    /// Where nobody has asked in this slice of this epoch, how many slices ago somebody did last.
    #[inline]
    pub(crate) fn first(&self, epoch: u64, slice: u64) -> Option<u64> {
        let (now, last) = (stamp::of(epoch, slice), self.0.load(Ordering::Relaxed));
        if last == now {
            return None;
        }
        self.0.store(now, Ordering::Relaxed);
        Some(if last == NEVER { 0 } else { from(last, slice) })
    }

    /// Whether nobody has asked for the first in this slice of this epoch.
    #[inline]
    pub(crate) fn is_first(&self, epoch: u64, slice: u64) -> bool {
        self.0.load(Ordering::Relaxed) != stamp::of(epoch, slice)
    }
}

/// How many slices lie between the last one and this one, which may be of one who comes late: then none.
fn from(last: u64, slice: u64) -> u64 {
    let ahead = slice.wrapping_sub(last) & stamp::COUNT;
    if ahead > stamp::COUNT / 2 { 0 } else { ahead }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_comes_late_finds_the_last_slice_recent() {
        let once = OncePerSlice::new();
        assert_eq!(once.since_last(5), None);
        assert!(once.first(3, 7).is_some());
        assert_eq!(once.first(3, 7), None);
        assert_eq!([6, 7, 30].map(|slice| once.since_last(slice)), [Some(0), Some(0), Some(23)]);
        assert_eq!(once.first(3, 6), Some(0));
        assert_eq!(once.first(4, 30), Some(24));
    }
}
