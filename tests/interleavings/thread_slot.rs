//! Numbers for loom's threads, in the order in which they first ask.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub(crate) const SLOTS: usize = 5;
pub(crate) const SHARED: usize = 0;

/// What the runtime's own tests ask for, which are not run here.
#[cfg(test)]
pub(crate) static NUMBERS: std::sync::Mutex<()> = std::sync::Mutex::new(());

loom::lazy_static! {
    static ref NEXT: AtomicUsize = AtomicUsize::new(1);
    static ref ALL_SHARE: AtomicBool = AtomicBool::new(false);
}

loom::thread_local! {
    static NUMBER: Cell<usize> = Cell::new(usize::MAX);
}

/// In the rest of this execution no thread gets a number of its own.
pub(crate) fn let_all_share() {
    ALL_SHARE.store(true, Ordering::Relaxed);
}

pub(crate) fn used() -> usize {
    SLOTS
}

pub(crate) fn own() -> usize {
    match current() {
        SHARED => usize::MAX,
        number => number,
    }
}

pub(crate) fn current() -> usize {
    if ALL_SHARE.load(Ordering::Relaxed) {
        return SHARED;
    }
    NUMBER.with(|number| {
        if number.get() == usize::MAX {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    })
}
