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

#[derive(Debug)]
pub(crate) struct PerThread<T> {
    parts: OnceBox<[OnceBox<T>; SLOTS]>,
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

impl<T: Default> PerThread<T> {
    pub(crate) const fn new(sharing: Sharing) -> Self {
        Self { parts: OnceBox::new(), one: OnceBox::new(), sharing }
    }

    #[inline]
    pub(crate) fn mine(&self) -> Mine<'_, T> {
        self.ready().unwrap_or_else(|| self.first_of_thread())
    }

    /// The part of the present thread, where it has one already.
    #[inline]
    pub(crate) fn ready(&self) -> Option<Mine<'_, T>> {
        let parts = self.parts.get()?;
        let slot = thread_slot::current();
        let part = parts[slot].get()?;
        Some(Mine { part, shared: slot == SHARED })
    }

    #[cold]
    fn first_of_thread(&self) -> Mine<'_, T> {
        if self.sharing == Sharing::OneForAll {
            return self.shared();
        }
        let slot = thread_slot::current();
        Mine { part: self.first()[slot].get_or_init(Box::default), shared: slot == SHARED }
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.sharing == Sharing::OneForAll
    }

    /// The parts of all threads that have one.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.parts.get().into_iter().flatten().filter_map(OnceBox::get).chain(self.one.get())
    }

    fn first(&self) -> &[OnceBox<T>; SLOTS] {
        self.parts.get_or_init(|| Box::new([const { OnceBox::new() }; SLOTS]))
    }

    /// The part that any thread may change.
    pub(crate) fn shared(&self) -> Mine<'_, T> {
        let place = match self.sharing {
            Sharing::PerThread => &self.first()[SHARED],
            Sharing::OneForAll => &self.one,
        };
        Mine { part: place.get_or_init(Box::default), shared: true }
    }
}

impl<T> Mine<'_, T> {
    /// Changes one word of this thread's part.
    #[inline]
    pub(crate) fn change(&self, word: &AtomicU64, next: impl Fn(u64) -> u64) {
        if self.shared {
            let _ = word.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |present| Some(next(present)));
        } else {
            word.store(next(word.load(Ordering::Relaxed)), Ordering::Release);
        }
    }
}
