//! A part of something for each thread, which that thread alone writes: counted without a write that
//! two cores share, and added up by readers.
//!
//! The part of slot 0 ([`crate::thread_slot`]) is shared, and changed with a locked instruction.
//!
//! *Orderings.* Changes release and readers acquire, so who sees a count sees what its thread did
//! before. A thread that takes over a slot sees the counts of the one before it.

use once_cell::race::OnceBox;

use crate::sync::{AtomicU64, Ordering};
use crate::thread_slot::{self, SHARED, SLOTS};

#[derive(Debug)]
pub(crate) struct PerThread<T>(OnceBox<[OnceBox<T>; SLOTS]>);

/// The part of the present thread.
#[derive(Debug)]
pub(crate) struct Mine<'a, T> {
    pub(crate) part: &'a T,
    pub(crate) shared: bool,
}

impl<T: Default> PerThread<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceBox::new())
    }

    #[inline]
    pub(crate) fn mine(&self) -> Mine<'_, T> {
        let slot = thread_slot::current();
        let parts = match self.0.get() {
            Some(parts) => parts,
            None => self.first(),
        };
        let part = match parts[slot].get() {
            Some(part) => part,
            None => first_of_thread(&parts[slot]),
        };
        Mine { part, shared: slot == SHARED }
    }

    /// The parts of all threads that have one.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.get().into_iter().flatten().filter_map(OnceBox::get)
    }

    #[cold]
    fn first(&self) -> &[OnceBox<T>; SLOTS] {
        self.0.get_or_init(|| Box::new([const { OnceBox::new() }; SLOTS]))
    }
}

#[cold]
fn first_of_thread<T: Default>(slot: &OnceBox<T>) -> &T {
    slot.get_or_init(Box::default)
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
