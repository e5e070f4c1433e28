//! How many failures there were of each class since the breaker was made.
//!
//! Each class has a number: `other` is 0, then come those that a breaker knows itself, then those of
//! the program in the order in which they came, as long as there are numbers left. All later ones are
//! `other`.
//!
//! Protocol: a class is found by its hash. Whoever finds an empty place for it puts the hash there, by
//! an exchange that has one winner, and the winner alone writes the name. Nobody waits for the name: a
//! failure needs the number only, and until the name is there a reader counts the class as `other`. Two
//! classes of one hash are told apart by the name, so the second one is `other`; but for the moment in
//! which the first one's name is being written, and of 64 bits that is a chance nobody will meet.
//!
//! *Orderings.* Places only go from empty to taken, and nothing is read by way of a hash but the name,
//! which orders itself. Counts release and readers acquire: a failure is counted among all failures
//! ([`crate::breaker`]) before it is counted here, so a reader who asks here first never finds more than
//! there.

use std::sync::OnceLock;

use crate::class::{CANCELLED, ClassCount, OTHER, PANIC, TIMEOUT, sorted};
use crate::fnv;
use crate::sync::{AtomicU64, Ordering};

/// How many classes are told apart, beside `other`.
pub(crate) const CLASSES: usize = 16;

/// Those with fixed numbers: what they are does not depend on what came first.
const KNOWN: [&str; 4] = [OTHER, TIMEOUT, PANIC, CANCELLED];
const PLACES: usize = CLASSES + 1 - KNOWN.len();

/// The number of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class(usize);

#[derive(Debug)]
pub(crate) struct ClassTotals {
    counts: [AtomicU64; CLASSES + 1],
    places: [Place; PLACES],
}

/// A class of the program.
#[derive(Debug)]
struct Place {
    /// The hash of its name; 0 where the place is empty.
    hash: AtomicU64,
    name: OnceLock<&'static str>,
}

impl ClassTotals {
    pub(crate) const fn new() -> Self {
        Self {
            counts: [const { AtomicU64::new(0) }; CLASSES + 1],
            places: [const { Place { hash: AtomicU64::new(0), name: OnceLock::new() } }; PLACES],
        }
    }

    /// Counts a failure, and returns the number of its class.
    pub(crate) fn add(&self, class: &'static str) -> Class {
        let class = self.number(class);
        let one_more = |count| Some(count + 1);
        let _ = self.counts[class.0].fetch_update(Ordering::Release, Ordering::Relaxed, one_more);
        class
    }

    /// Forgets all counts. Nobody may be counting.
    pub(crate) fn clear(&self) {
        self.counts.iter().for_each(|count| count.store(0, Ordering::Release));
    }

    /// All there were, with so many that have no class.
    pub(crate) fn read(&self, unclassified: u64) -> Vec<ClassCount> {
        let (named, others) = self.named(|class| self.counts[class.0].load(Ordering::Acquire));
        with_others(named, unclassified + others)
    }

    /// These classes, counted, of `all` failures.
    pub(crate) fn count(&self, classes: impl Iterator<Item = Class>, all: u64) -> Vec<ClassCount> {
        let mut counts = [0; CLASSES + 1];
        classes.for_each(|class| counts[class.0] += 1);
        let (named, _) = self.named(|class| counts[class.0]);
        let known: u64 = named.iter().map(|one| one.count).sum();
        with_others(named, all.saturating_sub(known))
    }

    /// The counts of those that have a name, and of all others.
    fn named(&self, count: impl Fn(Class) -> u64) -> (Vec<ClassCount>, u64) {
        let (mut named, mut others) = (Vec::new(), count(Class::OTHER));
        let known = KNOWN.iter().map(Some).zip(0..).skip(1);
        for (name, number) in known.chain(self.places.iter().map(|place| place.name.get()).zip(KNOWN.len()..)) {
            match name {
                Some(class) => named.push(ClassCount { class, count: count(Class(number)) }),
                None => others += count(Class(number)),
            }
        }
        (named, others)
    }

    fn number(&self, name: &'static str) -> Class {
        if name.is_empty() {
            return Class(0);
        }
        if let Some(known) = KNOWN.iter().position(|known| *known == name) {
            return Class(known);
        }
        let hash = hash(name);
        for (place, number) in self.places.iter().zip(KNOWN.len()..) {
            let found = match place.hash.load(Ordering::Relaxed) {
                0 => match place.hash.compare_exchange(0, hash, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => {
                        let _ = place.name.set(name);
                        return Class(number);
                    }
                    Err(found) => found,
                },
                found => found,
            };
            if found == hash {
                let is_another = place.name.get().is_some_and(|present| *present != name);
                return Class(if is_another { 0 } else { number });
            }
        }
        Class(0)
    }
}

/// So many failures of no class.
pub(crate) fn others(count: u64) -> Vec<ClassCount> {
    with_others(Vec::new(), count)
}

/// In the order in which people read them.
fn with_others(mut named: Vec<ClassCount>, count: u64) -> Vec<ClassCount> {
    named.push(ClassCount { class: OTHER, count });
    sorted(named)
}

impl Class {
    /// Of failures that have none.
    pub(crate) const OTHER: Self = Self(0);

    /// As a number below 32.
    pub(crate) const fn bits(self) -> u64 {
        self.0 as u64
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(usize::try_from(bits).ok().filter(|&number| number <= CLASSES).unwrap_or(0))
    }
}

/// Never 0.
fn hash(name: &str) -> u64 {
    fnv::hash(name).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(totals: &ClassTotals, classes: impl IntoIterator<Item = &'static str>) {
        for class in classes {
            totals.add(class);
        }
    }

    fn read(totals: &ClassTotals, failed: u64) -> Vec<(&'static str, u64)> {
        totals.read(failed).into_iter().map(|one| (one.class, one.count)).collect()
    }

    #[test]
    fn each_class_is_counted_by_its_name_wherever_that_is_kept() {
        let totals = ClassTotals::new();
        let elsewhere: &'static str = String::from("http_5xx").leak();
        add(&totals, ["http_5xx", elsewhere, TIMEOUT, "http_5xx", OTHER, ""]);
        assert_eq!(read(&totals, 1), [("http_5xx", 3), (TIMEOUT, 1), (OTHER, 3)]);
    }

    #[test]
    fn there_is_an_end_to_classes_and_the_breakers_own_have_their_places() {
        let totals = ClassTotals::new();
        let many: Vec<&'static str> = (10..40).map(|number| &*format!("class {number}").leak()).collect();
        add(&totals, many);
        add(&totals, [TIMEOUT, PANIC, CANCELLED]);
        let read = read(&totals, 0);
        assert_eq!(read.len(), CLASSES + 1);
        assert_eq!(read[..2], [(CANCELLED, 1), ("class 10", 1)]);
        assert_eq!(read[CLASSES], (OTHER, 30 - 13));
        assert_eq!(totals.add("class 22"), Class(16), "those that have a place keep it");
        assert_eq!(totals.add("class 23"), Class(0));
    }

    #[test]
    fn a_class_whose_hash_is_taken_is_other() {
        let totals = ClassTotals::new();
        totals.places[0].hash.store(hash("mine"), Ordering::Relaxed);
        totals.add("mine");
        assert_eq!(read(&totals, 0), [(OTHER, 1)], "its name is being written");
        totals.places[0].name.set("another").unwrap();
        totals.add("mine");
        assert_eq!(read(&totals, 0), [("another", 1), (OTHER, 1)]);
    }

    #[test]
    fn a_class_that_many_find_at_once_has_one_place() {
        for _ in 0..100 {
            let totals = ClassTotals::new();
            std::thread::scope(|scope| {
                for first in ["a", "b", "a", "b"] {
                    let totals = &totals;
                    scope.spawn(move || add(totals, [first, "c"]));
                }
            });
            assert_eq!(read(&totals, 0), [("c", 4), ("a", 2), ("b", 2)]);
        }
    }

    #[test]
    fn a_number_survives_its_bits() {
        assert!((0..=CLASSES).all(|number| Class::from_bits(Class(number).bits()) == Class(number)));
        assert_eq!(Class::from_bits(31), Class(0));
        const { assert!(CLASSES < 32) };
    }
}
