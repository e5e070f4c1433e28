//! A part of something for each thread, which that thread alone writes: counted without a write that
//! two cores share, and added up by readers.
//!
//! The part of slot 0 ([`crate::thread_slot`]) is shared, and changed with a locked instruction. Where
//! room counts for more than speed there is one part for all threads.
//!
//! *Orderings.* Changes release and readers acquire, so who sees a count sees what its thread did
//! before. A thread that takes over a slot sees the counts of the one before it.

use once_cell::race::OnceBox;

use crate::sync::{AtomicU64, Ordering};
use crate::thread_slot::{self, SHARED, SLOTS};

/// A part for each thread.
#[derive(Debug)]
pub(crate) struct Parts<T>(OnceBox<[OnceBox<T>; SLOTS]>);

/// The same, or one part for all threads.
#[derive(Debug)]
pub(crate) struct PerThread<T> {
    parts: Parts<T>,
    one: OnceBox<T>,
    sharing: Sharing,
}

/// Whether each thread counts for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// It does: fast, and a few kilobytes.
    PerThread,
    /// All threads count in one place.
    OneForAll,
}

/// The part of the present thread.
#[derive(Debug)]
pub(crate) struct Mine<'a, T> {
    pub(crate) part: &'a T,
    pub(crate) shared: bool,
}

impl<T: Default> Parts<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceBox::new())
    }

    /// The part of the present thread, where it has one of its own already.
    #[inline]
    pub(crate) fn own(&self) -> Option<&T> {
        self.0.get()?.get(thread_slot::own())?.get()
    }

    /// The part of the present thread, which it may not have yet, or share.
    #[cold]
    pub(crate) fn first(&self) -> Mine<'_, T> {
        let slot = thread_slot::current();
        Mine { part: self.slots()[slot].get_or_init(Box::default), shared: slot == SHARED }
    }

    /// The parts of all threads that have one.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.of_slots_in_use().iter().filter_map(OnceBox::get)
    }

    fn of_slots_in_use(&self) -> &[OnceBox<T>] {
        self.0.get().map_or(&[][..], |parts| &parts[..thread_slot::used()])
    }

    fn slots(&self) -> &[OnceBox<T>; SLOTS] {
        self.0.get_or_init(|| Box::new([const { OnceBox::new() }; SLOTS]))
    }
}

impl<T: Default> PerThread<T> {
    pub(crate) const fn new(sharing: Sharing) -> Self {
        Self { parts: Parts::new(), one: OnceBox::new(), sharing }
    }

    #[inline]
    pub(crate) fn mine(&self) -> Mine<'_, T> {
        match self.parts.own() {
            Some(part) => Mine { part, shared: false },
            None if self.sharing == Sharing::PerThread => self.parts.first(),
            None => self.shared(),
        }
    }

    /// The parts of all threads that have one.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.parts.of_slots_in_use().iter().chain([&self.one]).filter_map(OnceBox::get)
    }

    /// The part that any thread may change.
    pub(crate) fn shared(&self) -> Mine<'_, T> {
        let place = match self.sharing {
            Sharing::PerThread => &self.parts.slots()[SHARED],
            Sharing::OneForAll => &self.one,
        };
        Mine { part: place.get_or_init(Box::default), shared: true }
    }
}

impl<T> Mine<'_, T> {
    /// Changes one word of this part.
    #[inline]
    pub(crate) fn change(&self, word: &AtomicU64, next: impl Fn(u64) -> u64) {
        if self.shared {
            let _ = word.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |present| Some(next(present)));
        } else {
            change_own(word, next);
        }
    }
}

/// Changes a word that only the present thread writes.
#[inline]
pub(crate) fn change_own(word: &AtomicU64, next: impl Fn(u64) -> u64) {
    word.store(next(word.load(Ordering::Relaxed)), Ordering::Release);
}
