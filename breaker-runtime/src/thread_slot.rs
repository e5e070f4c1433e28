//! A number for each thread, by which it finds the counters that it alone writes.
//!
//! There are [`SLOTS`] numbers. A thread takes a free one when it first counts, and gives it back
//! when it ends; the next owner goes on with the counts where they are. Number 0 belongs to nobody
//! in particular: threads that found none free, and threads that count while they end, share it.
//!
//! *Orderings.* The plain loads and stores of an owner come before those of the next one, since
//! giving back releases and taking acquires.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many numbers there are, the shared one included.
pub(crate) const SLOTS: usize = 64;
/// The number that any thread may use at any time.
pub(crate) const SHARED: usize = 0;
const NOT_YET: usize = usize::MAX;
/// Of a thread that has none of its own, and will have none.
const NONE: usize = usize::MAX - 1;

/// One bit for each number; a set one is free.
static FREE: AtomicU64 = AtomicU64::new(!(1 << SHARED));

/// The highest number that a thread ever had.
static HIGHEST: AtomicUsize = AtomicUsize::new(SHARED);

thread_local! {
    // Without a destructor, so that reading it is a plain load; the destructor is the guard's.
    static NUMBER: Cell<usize> = const { Cell::new(NOT_YET) };
    static GUARD: Guard = const { Guard(Cell::new(SHARED)) };
}

/// The number that is this thread's alone; beyond all numbers where it has none, or none yet.
#[inline]
pub(crate) fn own() -> usize {
    NUMBER.get()
}

/// How many numbers have been in use, from 0 on. A reader who sees what a thread did with its number sees
/// that number among them.
#[inline]
pub(crate) fn used() -> usize {
    HIGHEST.load(Ordering::Acquire) + 1
}

/// The number of this thread, which may be the shared one.
pub(crate) fn current() -> usize {
    match NUMBER.get() {
        NOT_YET => take(),
        NONE => SHARED,
        number => number,
    }
}

#[cold]
fn take() -> usize {
    let number = GUARD
        .try_with(|guard| {
            let taken =
                FREE.fetch_update(Ordering::Acquire, Ordering::Relaxed, |free| (free != 0).then(|| free & (free - 1)));
            let number = taken.map_or(SHARED, |free| free.trailing_zeros() as usize);
            HIGHEST.fetch_max(number, Ordering::AcqRel);
            guard.0.set(number);
            number
        })
        .unwrap_or(SHARED);
    NUMBER.set(if number == SHARED { NONE } else { number });
    number
}

struct Guard(Cell<usize>);

impl Drop for Guard {
    fn drop(&mut self) {
        NUMBER.set(NONE);
        let number = self.0.get();
        if number != SHARED {
            FREE.fetch_or(1 << number, Ordering::Release);
        }
    }
}

/// Held by tests that take all numbers, or that count on one being free.
#[cfg(test)]
pub(crate) static NUMBERS: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_thread_keeps_its_number() {
        let number = current();
        assert_eq!(current(), number);
        assert!(own() == number || (own() >= SLOTS && number == SHARED));
    }

    #[test]
    fn a_thousand_threads_one_after_another_leave_every_number_free() {
        let _numbers = NUMBERS.lock();
        for _ in 0..1_000 {
            assert_ne!(thread::spawn(current).join().unwrap(), SHARED);
        }
    }

    #[test]
    fn a_thread_that_counts_while_it_ends_shares() {
        let _numbers = NUMBERS.lock();
        thread_local!(static LATE: Late = const { Late });
        struct Late;
        impl Drop for Late {
            fn drop(&mut self) {
                current();
            }
        }
        for _ in 0..100 {
            thread::spawn(|| LATE.with(|_| current())).join().unwrap();
        }
        assert_ne!(thread::spawn(current).join().unwrap(), SHARED);
    }
}
