//! Where a call looks first for the place of a short key: two places for each of so many entries.
//!
//! An entry may be wrong, old or missing: only the place itself says whose it is ([`super::slot`]). So all that is asked
//! of one is that it is often right, and nobody who removes a key has to think of it. Who has found a key the long way
//! leaves a shortcut, where there is room or a key has left.
//!
//! ```text
//! bits  0..20  a place, and one more; zero where there is none
//! bits 20..32  more of its key's hash
//! bits 32..64  the same of another
//! ```
//!
//! The hash is fast and anybody could find keys that share an entry: those beyond two go the long way, where
//! the hash is safe.
//!
//! *Orderings.* Relaxed: nothing is believed.

use crate::key::Short;
use crate::sync::{AtomicU64, Ordering};

const HALF: u32 = 32;
const TAG_AT: u32 = 20;
const PLACE: u32 = (1 << TAG_AT) - 1;

#[derive(Debug)]
pub(super) struct Shortcuts(Box<[AtomicU64]>);

/// Where the shortcut of a key is, and what it says of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sign {
    entry: usize,
    tag: u32,
}

impl Shortcuts {
    /// With one entry and a half for each place, or more, about one key of 20 is a third one, at most.
    pub(super) fn new(places: usize) -> Self {
        let entries = (places + places / 2).next_power_of_two();
        Self((0..entries).map(|_| AtomicU64::new(0)).collect())
    }

    /// The places where this key may be.
    #[inline]
    pub(super) fn places(&self, key: &Short) -> impl Iterator<Item = usize> {
        let Sign { entry, tag } = self.sign(key);
        let entry = self.0[entry].load(Ordering::Relaxed);
        halves(entry).into_iter().filter(move |half| half & !PLACE == tag && half & PLACE != 0).map(place)
    }

    /// Leaves one for a key at `place_of_key`, where there is room: `key_at` says which key is at a place now.
    pub(super) fn leave(&self, key: &Short, place_of_key: u32, key_at: impl Fn(usize) -> Option<Short>) {
        let Sign { entry, tag } = self.sign(key);
        let new = tag | (place_of_key + 1);
        let present = self.0[entry].load(Ordering::Relaxed);
        let [low, high] = halves(present);
        let is_right = |half: u32| {
            let said = Sign { entry, tag: half & !PLACE };
            half & PLACE != 0 && key_at(place(half)).is_some_and(|key| self.sign(&key) == said)
        };
        if low == new || high == new || (is_right(low) && is_right(high)) {
            return;
        }
        let next = if is_right(low) { join(low, new) } else { join(new, high) };
        // Where somebody was faster, the next call does it.
        let _ = self.0[entry].compare_exchange(present, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    #[inline]
    fn sign(&self, key: &Short) -> Sign {
        let hash = hash(key);
        let entry = usize::try_from(hash >> HALF).unwrap_or(0) & (self.0.len() - 1);
        Sign { entry, tag: low(hash) & !PLACE }
    }
}

#[inline]
fn halves(entry: u64) -> [u32; 2] {
    [low(entry), low(entry >> HALF)]
}

#[inline]
fn low(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0)
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(high) << HALF | u64::from(low)
}

#[inline]
fn place(half: u32) -> usize {
    usize::try_from(half & PLACE).unwrap_or(0).wrapping_sub(1)
}

/// Digits of pi: any numbers that look random.
const SALT: [u64; Short::WORDS] =
    [0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89];

/// Multiplies words and folds the two halves of each product, as wyhash does.
#[inline]
fn hash(key: &Short) -> u64 {
    let [first, second, third, last] = key.words();
    fold(fold(first ^ SALT[0], second ^ SALT[1]) ^ fold(third ^ SALT[2], last ^ SALT[3]), SALT[1])
}

#[inline]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    let low = product & u128::from(u64::MAX);
    u64::try_from(low ^ (product >> 64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(key: u64) -> Short {
        Short::of(&key).expect("a number is short")
    }

    fn places(shortcuts: &Shortcuts, key: u64) -> Vec<usize> {
        shortcuts.places(&short(key)).collect()
    }

    #[test]
    fn a_shortcut_leads_to_the_place_of_its_key_alone() {
        let shortcuts = Shortcuts::new(1_000);
        for key in 0..1_000 {
            shortcuts.leave(&short(key), u32::try_from(key).unwrap(), |place| Some(short(place as u64)));
        }
        let known = (0..1_000).filter(|key| places(&shortcuts, *key).contains(&usize::try_from(*key).unwrap()));
        assert!(known.count() > 950, "of three keys for one entry the third has none");
        let wrong: usize = (1_000..11_000).map(|key| places(&shortcuts, key).len()).sum();
        assert!(wrong < 100, "{wrong}");
    }

    #[test]
    fn the_last_place_of_the_largest_family_has_one() {
        let shortcuts = Shortcuts::new(1);
        shortcuts.leave(&short(7), 999_999, |_| None);
        assert_eq!(places(&shortcuts, 7), [999_999]);
    }

    #[test]
    fn a_third_key_has_room_when_one_of_the_two_has_left() {
        let shortcuts = Shortcuts::new(1);
        let leave = |key: u64, keys: [u64; 3]| {
            shortcuts.leave(&short(key), u32::try_from(key).unwrap(), |place| {
                keys.contains(&(place as u64)).then(|| short(place as u64))
            });
        };
        let all = || [1, 2, 3].map(|key| places(&shortcuts, key));
        for key in [1, 2, 3, 2, 1] {
            leave(key, [1, 2, 3]);
            assert!(all()[2].is_empty(), "there is no room for it");
        }
        assert_eq!(all(), [vec![1], vec![2], vec![]]);
        leave(3, [0, 2, 3]);
        assert_eq!(all(), [vec![], vec![2], vec![3]]);
    }

    #[test]
    fn a_place_that_has_another_key_of_the_same_entry_leaves_room_too() {
        let shortcuts = Shortcuts::new(1);
        shortcuts.leave(&short(1), 0, |_| None);
        shortcuts.leave(&short(2), 1, |_| None);
        // Place 0 has got key 3, which has no shortcut yet.
        shortcuts.leave(&short(3), 0, |place| Some(short(if place == 0 { 3 } else { 2 })));
        assert_eq!([1, 2, 3].map(|key| places(&shortcuts, key)), [vec![], vec![1], vec![0]]);
    }
}
