//! When a probe of an open breaker is due, for those who are rejected: they come many at a time, and only need to
//! know that it is not yet.
//!
//! Protocol: two words, of which the first says for which state the second holds. A writer first takes the pair for
//! himself, and one who finds it taken leaves it; one who comes late puts his in the place of a newer one. Then readers
//! look where the whole period is published ([`super::timeline`]). So what is here may be missing, and is never wrong.
//!
//! *Orderings.* A reader loads the first word, the second, and the first again. The fences keep these loads and the
//! writer's stores in order: who has read a time of another writer sees that the pair was taken.

use super::word::Identity;
use crate::clock::Time;
use crate::sync::{AtomicU64, Ordering, fence};

/// Evidence bits: no identity has any.
const TAKEN: u64 = 1;
const NONE: u64 = 2;

#[derive(Debug)]
pub(crate) struct Due {
    of: AtomicU64,
    at: AtomicU64,
}

impl Due {
    pub(crate) const fn new() -> Self {
        Self { of: AtomicU64::new(NONE), at: AtomicU64::new(0) }
    }

    pub(crate) fn set(&self, state: Identity, at: Time) {
        let present = self.of.load(Ordering::Relaxed);
        let taken = |present| self.of.compare_exchange(present, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if present != TAKEN && taken(present) {
            fence(Ordering::Release);
            self.at.store(at.as_nanos(), Ordering::Relaxed);
            self.of.store(state.bits(), Ordering::Release);
        }
    }

    /// When a probe of `state` is due, if that is here.
    #[inline]
    pub(crate) fn of(&self, state: Identity) -> Option<Time> {
        let is_of_state = |order| self.of.load(order) == state.bits();
        if !is_of_state(Ordering::Acquire) {
            return None;
        }
        let at = Time::from_nanos(self.at.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        is_of_state(Ordering::Relaxed).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::word::Word;
    use super::*;

    #[test]
    fn a_time_belongs_to_one_state() {
        let due = Due::new();
        let (one, other) = (Word::FIRST.open(0), Word::FIRST.open(0).close().open(0));
        assert_eq!(due.of(Word::FIRST.identity()), None);
        due.set(one.identity(), Time::from_nanos(7));
        assert_eq!((due.of(one.identity()), due.of(other.identity())), (Some(Time::from_nanos(7)), None));
        due.set(other.identity(), Time::from_nanos(9));
        assert_eq!((due.of(one.identity()), due.of(other.identity())), (None, Some(Time::from_nanos(9))));
    }

    #[test]
    fn a_pair_that_is_being_written_is_left_alone() {
        let due = Due::new();
        due.of.store(TAKEN, Ordering::Release);
        due.set(Word::FIRST.open(0).identity(), Time::from_nanos(7));
        assert_eq!((due.of.load(Ordering::Acquire), due.at.load(Ordering::Acquire)), (TAKEN, 0));
    }
}
