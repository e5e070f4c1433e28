//! The place of one breaker of a family, which one key after another may have.
//!
//! Protocol: `owner` says whose the slot is: a tenancy, of which each has a number of its own, or nobody.
//! Whoever wants to take the slot away from a key, or give it to one, claims it first: the claim is a bit
//! beside the tenancy, which one at a time has. A call takes no notice of the claim. It is admitted, and
//! so counted, and looks at `owner` afterwards: where that names the tenancy under which it found the slot,
//! it was admitted for its key; else it looks for its key again. Who gives the slot to a key has written
//! to `owner` before, and then looks whether a call is under way, by an operation that changes the same
//! count: so either he sees the call, and waits for no one but leaves the slot to others later, or the call
//! sees him.
//!
//! The breaker of a slot that is taken away goes through two epochs: disabled, in which calls that found
//! it a moment ago are let through and heard by nobody, and then the first of its next key, which begins
//! after `owner` names that key. So a permit of one key is late for every other.
//!
//! Who looks at a breaker for longer (not a call) pins its slot, and then looks whether it still is the
//! one he meant. Who takes it away claims it, and then looks for pins. Each writes before he looks, with
//! a fence between; so one of them sees the other.
//!
//! A slot that has a short key holds its words, by which a call knows that it is the right one: it reads
//! the owner, which nobody has claimed, and then the words. Who gives the slot to another key has claimed
//! it, and made it nobody's, before he writes those words that differ, each of which releases that; so
//! whoever has read one of the new words finds another owner afterwards, for which every call looks.
//!
//! *Orderings.* The fences are sequentially consistent, which a write before a load needs. All else of a
//! tenancy is written before `owner` names it or its key can be found.

use std::array;
use std::sync::Arc;

use crate::breaker::{CircuitBreaker, Leave, Totals};
use crate::clock::Time;
use crate::key::{Short, StoredKey};
use crate::sync::{AtomicU64, Ordering, fence, yield_now};

/// Nobody's.
const FREE: u64 = 0;
const CLAIMED: u64 = 1 << 63;

// In this order, so that what every call needs is in two cache lines, one after the other.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Slot {
    owner: AtomicU64,
    /// The words of its key, where that has some.
    words: [AtomicU64; Short::WORDS],
    pub(super) breaker: CircuitBreaker,
    pins: AtomicU64,
}

/// A slot that nobody else takes or gives away meanwhile.
#[derive(Debug)]
#[must_use]
pub(super) struct Claim<'a> {
    pub(super) slot: &'a Slot,
    /// Whose it is when this ends.
    owner: u64,
    /// How many places are free that had been taken.
    free: &'a AtomicU64,
}

impl Slot {
    /// A slot that is claimed by its maker.
    pub(super) fn new(breaker: CircuitBreaker) -> Self {
        let [owner, pins] = [FREE | CLAIMED, 0].map(AtomicU64::new);
        Self { breaker, owner, words: array::from_fn(|_| AtomicU64::new(0)), pins }
    }

    /// The claim of its maker.
    pub(super) fn claim_new<'a>(&'a self, free: &'a AtomicU64) -> Claim<'a> {
        Claim { slot: self, owner: FREE, free }
    }

    /// The tenancy, unless it is nobody's.
    pub(super) fn tenancy(&self) -> Option<u64> {
        match self.owner.load(Ordering::Acquire) & !CLAIMED {
            FREE => None,
            tenancy => Some(tenancy),
        }
    }

    /// The tenancy, where it is that of this key, and nobody is about to take or give it.
    #[inline]
    pub(super) fn tenancy_of(&self, key: &Short) -> Option<u64> {
        let owner = self.owner.load(Ordering::Acquire);
        let is_given = owner != FREE && owner & CLAIMED == 0;
        let differences = self.words().iter().zip(key.words()).fold(0, |all, (one, other)| all | (one ^ other));
        (is_given && differences == 0).then_some(owner)
    }

    /// The short key that it belongs to, or did: one that is about to change may be no key at all.
    pub(super) fn short_key(&self) -> Option<Short> {
        self.tenancy().and_then(|_| Short::of_words(self.words()))
    }

    #[inline]
    fn words(&self) -> [u64; Short::WORDS] {
        self.words.each_ref().map(|word| word.load(Ordering::Acquire))
    }

    #[inline]
    pub(super) fn belongs_to(&self, tenancy: u64) -> bool {
        self.owner.load(Ordering::Acquire) & !CLAIMED == tenancy
    }

    /// Whether somebody is about to take or give it, or looks at it.
    pub(super) fn is_in_use(&self) -> bool {
        self.is_claimed() || self.pins.load(Ordering::Acquire) > 0
    }

    /// Whether somebody is about to take or give it.
    pub(super) fn is_claimed(&self) -> bool {
        self.owner.load(Ordering::Acquire) & CLAIMED != 0
    }

    /// Claims a slot that is nobody's.
    pub(super) fn claim_free<'a>(&'a self, free: &'a AtomicU64) -> Option<Claim<'a>> {
        let claim = self.claim(FREE, free)?;
        free.fetch_sub(1, Ordering::AcqRel);
        Some(claim)
    }

    fn claim<'a>(&'a self, owner: u64, free: &'a AtomicU64) -> Option<Claim<'a>> {
        let claimed = self.owner.compare_exchange(owner, owner | CLAIMED, Ordering::AcqRel, Ordering::Acquire);
        claimed.is_ok().then(|| Claim { slot: self, owner, free })
    }

    /// Takes the slot away from `tenancy`, where its breaker may leave, no call is under way and nobody
    /// looks at it. Its key is still to be removed from where it can be found.
    pub(super) fn evict<'a>(&'a self, tenancy: u64, leave: Leave, now: Time, free: &'a AtomicU64) -> Option<Claim<'a>> {
        let mut claim = self.claim(tenancy, free)?;
        fence(Ordering::SeqCst);
        if self.pins.load(Ordering::Acquire) == 0 && self.breaker.retire(leave, now) {
            claim.owner = FREE;
            self.owner.store(FREE | CLAIMED, Ordering::Release);
            return Some(claim);
        }
        None
    }

    /// Keeps the slot for `tenancy` until it is let go; `false` where it is another's. Waits for whoever
    /// is about to take it away.
    pub(super) fn pin(&self, tenancy: u64) -> bool {
        loop {
            self.pins.fetch_add(1, Ordering::AcqRel);
            fence(Ordering::SeqCst);
            match self.owner.load(Ordering::Acquire) {
                same if same == tenancy => return true,
                claimed if claimed == tenancy | CLAIMED => {
                    self.unpin();
                    yield_now();
                }
                _ => {
                    self.unpin();
                    return false;
                }
            }
        }
    }

    pub(super) fn pin_again(&self) {
        self.pins.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn unpin(&self) {
        self.pins.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Claim<'_> {
    /// Gives the slot, which must be clear, to a key, which can be found afterwards.
    pub(super) fn give_to(&mut self, key: Arc<StoredKey>, now: Time) {
        let (slot, tenancy) = (self.slot, key.tenancy);
        slot.owner.store(tenancy | CLAIMED, Ordering::Release);
        let words = key.short().map_or([0; Short::WORDS], |short| short.words());
        for (place, word) in slot.words.iter().zip(words) {
            if place.load(Ordering::Relaxed) != word {
                place.store(word, Ordering::Release);
            }
        }
        // Drops the last key, which may panic: then the slot is nobody's.
        slot.breaker.begin_anew(key);
        slot.breaker.used(now);
        self.owner = tenancy;
    }

    /// Forgets what was counted for an earlier key, and returns it, unless a call of that one is under way.
    pub(super) fn clear(&self) -> Option<Totals> {
        self.slot.breaker.clear()
    }

    /// Takes it back from a key that nobody can have found.
    pub(super) fn take_back(&mut self) {
        self.owner = FREE;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.slot.owner.store(self.owner, Ordering::Release);
        if self.owner == FREE {
            self.free.fetch_add(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;
    use crate::clock::Clock;
    use crate::mode::Mode;

    const NOW: Time = Time::from_nanos(7);

    fn slot() -> Slot {
        Slot::new(CircuitBreaker::builder("hosts").build().unwrap().member(Clock::monotonic()))
    }

    fn key(tenancy: u64) -> Arc<StoredKey> {
        Arc::new(StoredKey::new("key", 1, tenancy))
    }

    #[test]
    fn what_a_call_needs_is_in_two_cache_lines() {
        assert!(size_of::<Slot>() <= 448);
        assert!(offset_of!(Slot, breaker) + CircuitBreaker::NEEDED_BY_CALLS <= 128);
    }

    #[test]
    fn a_slot_is_its_makers_then_its_keys_then_nobodys() {
        let (slot, free) = (slot(), AtomicU64::new(0));
        let free_places = || free.load(Ordering::Acquire);
        let mut claim = slot.claim_new(&free);
        assert!(slot.is_claimed() && slot.is_in_use() && slot.tenancy().is_none() && slot.claim_free(&free).is_none());
        claim.give_to(key(3), NOW);
        assert!(slot.is_claimed() && slot.belongs_to(3) && !slot.belongs_to(2));
        drop(claim);
        assert_eq!((slot.tenancy(), slot.is_claimed(), slot.is_in_use(), free_places()), (Some(3), false, false, 0));
        assert!(slot.evict(2, Leave::Idle(Mode::Automatic), NOW, &free).is_none(), "another key's");
        let claim = slot.evict(3, Leave::Idle(Mode::Automatic), NOW, &free).expect("nobody uses it");
        assert!(slot.is_claimed() && slot.tenancy().is_none());
        drop(claim);
        assert_eq!((slot.tenancy(), slot.is_claimed(), free_places()), (None, false, 1));
        let mut claim = slot.claim_free(&free).expect("it is free");
        assert!(free_places() == 0 && slot.is_claimed() && slot.claim_free(&free).is_none());
        claim.give_to(key(4), NOW);
        claim.take_back();
        drop(claim);
        assert_eq!((slot.tenancy(), slot.is_claimed(), free_places()), (None, false, 1));
    }

    #[test]
    fn a_slot_is_known_by_the_words_of_the_key_that_has_it() {
        let (slot, free) = (slot(), AtomicU64::new(0));
        let [mine, other] = ["key", "another"].map(|key| Short::of(key).expect("it is short"));
        let mut claim = slot.claim_new(&free);
        assert_eq!((slot.tenancy_of(&mine), slot.short_key()), (None, None));
        claim.give_to(key(3), NOW);
        assert_eq!(slot.tenancy_of(&mine), None, "it cannot be found yet");
        drop(claim);
        assert_eq!((slot.tenancy_of(&mine), slot.tenancy_of(&other)), (Some(3), None));
        assert_eq!(slot.short_key(), Some(mine));
        let claim = slot.evict(3, Leave::Idle(Mode::Automatic), NOW, &free).expect("nobody uses it");
        assert_eq!((slot.tenancy_of(&mine), slot.short_key()), (None, None));
        drop(claim);
        assert_eq!((slot.tenancy_of(&mine), slot.short_key()), (None, None), "it is nobody's");
        let mut claim = slot.claim_free(&free).expect("it is free");
        claim.give_to(Arc::new(StoredKey::new(&'x', 1, 4)), NOW);
        drop(claim);
        assert_eq!((slot.tenancy(), slot.tenancy_of(&mine), slot.short_key()), (Some(4), None, None));
    }

    #[test]
    fn a_pin_keeps_a_slot_for_its_key() {
        let (slot, free) = (slot(), AtomicU64::new(0));
        slot.claim_new(&free).give_to(key(3), NOW);
        assert!(!slot.pin(2) && !slot.is_in_use());
        assert!(slot.pin(3) && slot.is_in_use());
        slot.pin_again();
        slot.unpin();
        assert!(
            slot.evict(3, Leave::Idle(Mode::Automatic), NOW, &free).is_none() && slot.is_in_use() && !slot.is_claimed()
        );
        slot.unpin();
        assert!(!slot.is_in_use() && slot.evict(3, Leave::Idle(Mode::Automatic), NOW, &free).is_some());
    }
}
