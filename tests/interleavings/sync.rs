//! Loom's atomics, in a form that can be made in constants.
//!
//! Loom wants an atomic to be made before others can see it, by an order that it knows of; what is
//! boxed at its first use is published by `once_cell`, which it does not know. So all are made before
//! the threads are, and each of ours takes one at its first use. It holds the difference to the first
//! value.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use loom::sync::atomic::AtomicU64 as Checked;
pub(crate) use loom::sync::atomic::{Ordering, fence};
pub(crate) use loom::thread::yield_now;

loom::lazy_static! {
    static ref STEP: Checked = Checked::new(0);
}

/// Loom changes threads at its atomics, where they are written: so here one is.
pub(crate) fn others_may_come() {
    STEP.fetch_add(1, Ordering::Relaxed);
}

thread_local! {
    // Loom runs its threads as coroutines of one thread, which share this.
    static MADE: RefCell<Vec<Arc<Checked>>> = const { RefCell::new(Vec::new()) };
}

/// Makes as many atomics as a model may use.
pub(crate) fn prepare() {
    let made = (0..600).map(|_| Arc::new(Checked::new(0))).collect();
    MADE.with(|all| all.replace(made));
}

/// Orders all that is before it on one thread and all that is after it on another one that comes later.
pub(crate) fn handed_over() {
    let all = MADE.with(|all| all.borrow().first().cloned());
    all.expect("more atomics than were prepared").fetch_add(0, Ordering::AcqRel);
}

/// Drops those that were not used.
pub(crate) fn put_away() {
    MADE.with(RefCell::take);
}

#[derive(Default)]
pub(crate) struct AtomicU64 {
    first: u64,
    checked: OnceLock<Arc<Checked>>,
}

impl AtomicU64 {
    pub(crate) const fn new(first: u64) -> Self {
        Self { first, checked: OnceLock::new() }
    }

    fn checked(&self) -> &Checked {
        self.checked.get_or_init(|| MADE.with(|all| all.borrow_mut().pop().expect("more atomics than were prepared")))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        self.checked().load(order) ^ self.first
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.checked().store(value ^ self.first, order);
    }

    pub(crate) fn fetch_add(&self, more: u64, order: Ordering) -> u64 {
        assert_eq!(self.first, 0, "differences do not add up");
        self.checked().fetch_add(more, order)
    }

    pub(crate) fn fetch_sub(&self, less: u64, order: Ordering) -> u64 {
        assert_eq!(self.first, 0, "differences do not add up");
        self.checked().fetch_sub(less, order)
    }

    pub(crate) fn fetch_or(&self, bits: u64, order: Ordering) -> u64 {
        assert_eq!(self.first, 0, "differences are not bits");
        self.checked().fetch_or(bits, order)
    }

    pub(crate) fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.checked().swap(value ^ self.first, order) ^ self.first
    }

    pub(crate) fn fetch_max(&self, value: u64, order: Ordering) -> u64 {
        assert_eq!(self.first, 0, "differences are not in order");
        self.checked().fetch_max(value, order)
    }

    pub(crate) fn fetch_min(&self, value: u64, order: Ordering) -> u64 {
        assert_eq!(self.first, 0, "differences are not in order");
        self.checked().fetch_min(value, order)
    }

    pub(crate) fn compare_exchange(
        &self,
        present: u64,
        next: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        let first = self.first;
        let exchanged = self.checked().compare_exchange(present ^ first, next ^ first, success, failure);
        exchanged.map(|before| before ^ first).map_err(|found| found ^ first)
    }

    pub(crate) fn fetch_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        mut next: impl FnMut(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        let first = self.first;
        let updated = self.checked().fetch_update(set, fetch, |word| next(word ^ first).map(|next| next ^ first));
        updated.map(|before| before ^ first).map_err(|found| found ^ first)
    }
}

impl fmt::Debug for AtomicU64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtomicU64")
    }
}
