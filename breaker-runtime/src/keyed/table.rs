//! Where the breakers of a family are, and by which keys they are found.
//!
//! Keys are spread over buckets by their hashes. A bucket is a list that never changes: who adds or
//! removes a key puts another list in its place, and does it again where somebody was faster. So a call
//! that looks for its key waits for nobody, and neither does one that brings a new key. Calls of short
//! keys look for a [shortcut](super::shortcuts) first.
//!
//! *Orderings.* Lists are published by `arc_swap`, with all that was written before. `made` hands out
//! places, and `hand` says where to look next; who finds a place empty passes it over. So both are relaxed.

use std::hash::{BuildHasher, RandomState};
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use once_cell::race::OnceBox;

use super::rest::{Departed, SHOWN};
use super::shortcuts::Shortcuts;
use super::slot::{Claim, Slot};
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
use crate::breaker::Totals;
use crate::breaker::{CircuitBreaker, Leave};
use crate::clock::Time;
use crate::key::{Key, Short, StoredKey};
use crate::mode::Mode;
use crate::sync::{AtomicU64, Ordering, handed_over, yield_now};

/// How many places are looked at for one that can be had, at most, while keys overflow already.
const LOOKED_AT: u64 = 1_024;
/// How often somebody looks again who was about to have a place, but another was faster.
const TRIES: u32 = 16;
/// Of so many that may leave, the one goes that was used longest ago.
const COMPARED: usize = 16;

#[derive(Debug)]
pub(super) struct Table {
    buckets: Box<[ArcSwapOption<Bucket>]>,
    slots: Box<[OnceBox<Slot>]>,
    /// How many places have ever been taken.
    made: AtomicU64,
    /// How many places are free that had been taken.
    free: AtomicU64,
    hand: AtomicU64,
    tenancies: AtomicU64,
    departed: Departed,
    hasher: RandomState,
    shortcuts: Shortcuts,
}

/// The keys of one bucket, of which most have one.
#[derive(Debug)]
struct Bucket {
    first: Item,
    others: Box<[Item]>,
}

#[derive(Clone, Debug)]
struct Item {
    place: u32,
    key: Arc<StoredKey>,
}

/// How a place is sought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    pub(super) now: Time,
    /// After how long a key is idle.
    pub(super) idle: Duration,
    /// Whether all places are looked at, however many there are.
    pub(super) thorough: bool,
    /// The mode of the family.
    pub(super) mode: Mode,
}

/// What somebody found who sought a place.
enum Claimed<'a> {
    Place(u32, Claim<'a>),
    /// Somebody else has brought the key.
    Known(Found<'a>),
}

/// A place that was found for a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) slot: &'a Slot,
    pub(super) tenancy: u64,
}

impl Bucket {
    #[inline]
    fn items(&self) -> impl Iterator<Item = &Item> {
        iter::once(&self.first).chain(&self.others)
    }
}

impl Found<'_> {
    /// Whether it still is this key's.
    #[inline]
    pub(super) fn is_current(&self) -> bool {
        self.slot.belongs_to(self.tenancy)
    }
}

impl Search {
    /// How a key may leave that was used last at `used`.
    fn leave(self, used: Time) -> Leave {
        if self.now.since(used) >= self.idle { Leave::Idle(self.mode) } else { Leave::Quiet(self.mode) }
    }
}

impl Table {
    pub(super) fn new(places: u32) -> Self {
        let places = usize::try_from(places).unwrap_or(usize::MAX);
        Self {
            buckets: (0..places.next_power_of_two()).map(|_| ArcSwapOption::const_empty()).collect(),
            slots: (0..places).map(|_| OnceBox::new()).collect(),
            made: AtomicU64::new(0),
            free: AtomicU64::new(0),
            hand: AtomicU64::new(0),
            tenancies: AtomicU64::new(0),
            departed: Departed::new(),
            hasher: RandomState::new(),
            shortcuts: Shortcuts::new(places),
        }
    }

    #[inline]
    pub(super) fn find<K: Key + ?Sized>(&self, key: &K) -> Option<Found<'_>> {
        let short = Short::of(key);
        short.and_then(|short| self.find_short(&short)).or_else(|| self.find_by_hash(key, short))
    }

    #[inline]
    pub(super) fn find_short(&self, key: &Short) -> Option<Found<'_>> {
        self.shortcuts.places(key).find_map(|place| {
            let slot = self.slots.get(place)?.get()?;
            Some(Found { slot, tenancy: slot.tenancy_of(key)? })
        })
    }

    #[inline(never)]
    fn find_by_hash<K: Key + ?Sized>(&self, key: &K, short: Option<Short>) -> Option<Found<'_>> {
        let (place, found) = self.find_in_bucket(key, self.hasher.hash_one(key))?;
        if let Some(short) = short {
            let key_at = |place: usize| self.slots.get(place)?.get()?.short_key();
            self.shortcuts.leave(&short, place, key_at);
        }
        Some(found)
    }

    fn find_in_bucket<K: Key + ?Sized>(&self, key: &K, hash: u64) -> Option<(u32, Found<'_>)> {
        let bucket = self.bucket(hash).load();
        handed_over();
        let item = bucket.as_ref()?.items().find(|item| item.key.is(key, hash))?;
        Some((item.place, self.found(item)))
    }

    /// Finds a place for a key that has none; `None` where there is none to be had. `make` makes a
    /// breaker, and `ready` is told of one before its key can be found.
    pub(super) fn insert<K: Key + ?Sized>(
        &self,
        key: &K,
        search: Search,
        make: impl Fn() -> CircuitBreaker,
        ready: impl FnOnce(&CircuitBreaker),
    ) -> Option<Found<'_>> {
        let hash = self.hasher.hash_one(key);
        let (place, mut claim) = match self.claim(key, hash, search, make)? {
            Claimed::Place(place, claim) => (place, claim),
            Claimed::Known(found) => return Some(found),
        };
        let tenancy = self.tenancies.fetch_add(1, Ordering::Relaxed) + 1;
        let key_here = Arc::new(StoredKey::new(key, hash, tenancy));
        claim.give_to(Arc::clone(&key_here), search.now);
        ready(&claim.slot.breaker);
        handed_over();
        let mut other = None;
        self.change(hash, |present| {
            // One whose place was taken away is about to be removed.
            let is_another = |item: &&Item| item.key.is(key, hash) && self.found(item).is_current();
            other = present.iter().find(is_another).cloned();
            if other.is_some() {
                return present.to_vec();
            }
            let others = present.iter().filter(|item| !item.key.is(key, hash)).cloned();
            others.chain([Item { place, key: Arc::clone(&key_here) }]).collect()
        });
        handed_over();
        match other {
            None => Some(Found { slot: claim.slot, tenancy }),
            // Somebody else brought the same key.
            Some(item) => {
                claim.take_back();
                Some(self.found(&item))
            }
        }
    }

    /// Puts another list in the place of a bucket's.
    fn change(&self, hash: u64, mut change: impl FnMut(&[Item]) -> Vec<Item>) {
        self.bucket(hash).rcu(|bucket| {
            handed_over();
            let items: Vec<Item> = bucket.iter().flat_map(|bucket| bucket.items().cloned()).collect();
            let mut items = change(&items).into_iter();
            let first = items.next()?;
            Some(Arc::new(Bucket { first, others: items.collect() }))
        });
    }

    /// Takes the breaker from a key that may leave.
    pub(super) fn evict(&self, found: Found<'_>, leave: Leave, now: Time) -> bool {
        self.take(found, leave, now).is_some()
    }

    /// All places that belong to a key.
    pub(super) fn all(&self) -> impl Iterator<Item = Found<'_>> {
        (0..self.slots.len()).filter_map(|place| self.at(place))
    }

    pub(super) fn places_there_are(&self) -> usize {
        self.slots.len()
    }

    /// What is at this place, where it belongs to a key.
    pub(super) fn at(&self, place: usize) -> Option<Found<'_>> {
        let slot = self.slots.get(place)?.get()?;
        Some(Found { slot, tenancy: slot.tenancy()? })
    }

    /// A place for a key: one that is free, or that nobody has had yet, or one whose key may leave. Somebody
    /// else may bring the same key meanwhile.
    fn claim<K: Key + ?Sized>(
        &self,
        key: &K,
        hash: u64,
        search: Search,
        make: impl Fn() -> CircuitBreaker,
    ) -> Option<Claimed<'_>> {
        for _ in 0..TRIES {
            if self.free.load(Ordering::Acquire) > 0 {
                if let Some(free) = self.claim_free(search) {
                    return Some(free);
                }
            }
            let places = self.slots.len() as u64;
            let next = |made: u64| (made < places).then_some(made + 1);
            if let Ok(place) = self.made.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
                let slot = self.slot(place)?.get_or_init(|| Box::new(Slot::new(make())));
                return Some(Claimed::Place(index(place), slot.claim_new(&self.free)));
            }
            let (claimed, others_are_here) = self.claim_from_another(search);
            if claimed.is_some() {
                return claimed;
            }
            let known = self.find_in_bucket(key, hash).map(|(_, found)| found);
            if let Some(found) = known.filter(Found::is_current) {
                return Some(Claimed::Known(found));
            }
            if !others_are_here {
                return None;
            }
            yield_now();
        }
        None
    }

    fn claim_free(&self, search: Search) -> Option<Claimed<'_>> {
        let (first, mut looked) = (self.hand.load(Ordering::Relaxed), 0);
        let free = self.places(search, first).find_map(|(place, slot)| {
            looked += 1;
            Some(Claimed::Place(index(place), slot.claim_free(&self.free).filter(|claim| self.clear(place, claim))?))
        });
        self.hand.store(first.wrapping_add(looked), Ordering::Relaxed);
        free
    }

    /// Takes the place of a key that may leave: of some, of the one that was used longest ago. And whether
    /// others are about to do the same.
    fn claim_from_another(&self, search: Search) -> (Option<Claimed<'_>>, bool) {
        let mut others_are_here = false;
        let mut candidates = Vec::new();
        let (first, mut looked) = (self.hand.load(Ordering::Relaxed), 0);
        for (place, slot) in self.places(search, first) {
            looked += 1;
            others_are_here |= slot.is_claimed();
            let used = slot.breaker.last_used();
            let leave = search.leave(used);
            let Some(tenancy) = slot.tenancy() else { continue };
            if !slot.is_in_use() && slot.breaker.may_leave(leave, search.now) {
                candidates.push((used, place, leave, Found { slot, tenancy }));
                if candidates.len() == COMPARED {
                    break;
                }
            }
        }
        self.hand.store(first.wrapping_add(looked), Ordering::Relaxed);
        others_are_here |= !candidates.is_empty();
        candidates.sort_by_key(|(used, ..)| *used);
        let claimed = candidates.into_iter().find_map(|(_, place, leave, found)| {
            let claim = self.take(found, leave, search.now).filter(|claim| self.clear(place, claim))?;
            Some(Claimed::Place(index(place), claim))
        });
        (claimed, others_are_here)
    }

    /// Takes the place of a key. A call of that key may still be under way.
    fn take<'a>(&'a self, found: Found<'a>, leave: Leave, now: Time) -> Option<Claim<'a>> {
        let Found { slot, tenancy } = found;
        let claim = slot.evict(tenancy, leave, now, &self.free)?;
        if let Some(hash) = slot.breaker.key_hash() {
            self.change(hash, |items| items.iter().filter(|item| item.key.tenancy != tenancy).cloned().collect());
        }
        Some(claim)
    }

    /// Forgets what was counted in this place, unless a call is under way there.
    fn clear(&self, place: u64, claim: &Claim<'_>) -> bool {
        let Some(forgotten) = claim.clear() else { return false };
        if place >= SHOWN as u64 {
            self.departed.keep(&forgotten);
        }
        true
    }

    /// What the keys beyond the shown ones counted, those among them that were there once.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(super) fn rest(&self) -> Totals {
        let places = || self.slots.iter().skip(SHOWN).filter_map(OnceBox::get);
        self.departed.and(|| places().fold(Totals::default(), |sum, slot| sum.plus(&slot.breaker.totals())))
    }

    /// Places that were taken once, from `first` on. Whoever has looked at some moves the hand beyond them, so that
    /// others do not look at the same ones again.
    fn places(&self, search: Search, first: u64) -> impl Iterator<Item = (u64, &Slot)> {
        let made = self.made.load(Ordering::Relaxed);
        let looked_at = if search.thorough { made } else { made.min(LOOKED_AT) };
        (0..looked_at).filter_map(move |ahead| {
            let place = first.wrapping_add(ahead) % made;
            Some((place, self.slot(place)?.get()?))
        })
    }

    fn found(&self, item: &Item) -> Found<'_> {
        let slot = self.slots[usize::try_from(item.place).unwrap_or(0)].get();
        Found { slot: slot.expect("a key is found after its place was made"), tenancy: item.key.tenancy }
    }

    fn slot(&self, place: u64) -> Option<&OnceBox<Slot>> {
        self.slots.get(usize::try_from(place).ok()?)
    }

    #[inline]
    fn bucket(&self, hash: u64) -> &ArcSwapOption<Bucket> {
        let mask = self.buckets.len() - 1;
        &self.buckets[usize::try_from(hash & mask as u64).unwrap_or(0)]
    }
}

fn index(place: u64) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
