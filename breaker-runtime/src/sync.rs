//! The atomics that decide. Everything that has to be right under every interleaving takes them
//! from here, so that a model checker's can be put in their place.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};
pub(crate) use std::thread::yield_now;

/// Stands where `arc_swap` orders what is before its store and after its load: the model checker, which
/// knows nothing of it, has to be told.
#[inline(always)]
pub(crate) fn handed_over() {}

/// Tells a model checker that others can come here between two steps, one of which it does not know.
#[inline]
pub(crate) fn others_may_come() {}
