//! The last changes of one breaker's state, for readers who must never hold up a call.
//!
//! Errors point into it, so that a rejection need not count references: they outlive breakers, and
//! so does a history. It is lent to a breaker at its first change and given back when the breaker
//! is dropped, to be lent again; so there are about as many as there were breakers at one time. What
//! an earlier owner left in it cannot be mistaken, since every lease has a number of its own.
//!
//! *Orderings.* The slots are `arc_swap`'s, whose loads see what was stored with a value. A lease is
//! written before the breaker that holds it can be reached by another thread.

use std::hint;
use std::panic::RefUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;

use crate::event::Transition;

/// How many changes are kept.
pub(crate) const KEPT: usize = 32;

#[derive(Debug)]
pub(crate) struct History {
    lease: AtomicU64,
    slots: [ArcSwapOption<Entry>; KEPT],
}

#[derive(Debug)]
struct Entry {
    lease: u64,
    transition: Arc<Transition>,
}

// Nothing in it can be left half written.
impl RefUnwindSafe for History {}

static LEASES: AtomicU64 = AtomicU64::new(1);
static RETURNED: Mutex<Vec<&'static History>> = Mutex::new(Vec::new());

impl History {
    /// A history with nothing in it.
    pub(crate) fn lend() -> &'static Self {
        let returned = at_once().and_then(|mut returned| returned.pop());
        let history = returned.unwrap_or_else(|| {
            Box::leak(Box::new(Self {
                lease: AtomicU64::new(0),
                slots: [const { ArcSwapOption::const_empty() }; KEPT],
            }))
        });
        history.lease.store(LEASES.fetch_add(1, Ordering::Relaxed), Ordering::Release);
        history
    }

    /// Ends a lease. Nobody writes to the history any more: the breaker that did is gone.
    pub(crate) fn give_back(&'static self) {
        self.lease.store(0, Ordering::Release);
        for slot in &self.slots {
            slot.store(None);
        }
        RETURNED.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }

    /// Begins a new lease, for the next owner of the same breaker.
    pub(crate) fn renew(&self) {
        self.lease.store(LEASES.fetch_add(1, Ordering::Relaxed), Ordering::Release);
        for slot in &self.slots {
            slot.store(None);
        }
    }

    /// Gives back what was never written to. For calls: does not wait, and rather keeps it.
    pub(crate) fn give_back_unused(&'static self) {
        if let Some(mut returned) = at_once() {
            returned.push(self);
        }
    }

    pub(crate) fn lease(&self) -> u64 {
        self.lease.load(Ordering::Acquire)
    }

    /// Keeps a change in the place of one that is [`KEPT`] older.
    pub(crate) fn record(&self, transition: Transition) {
        let slot = self.slot(transition.number);
        let entry = Arc::new(Entry { lease: self.lease(), transition: Arc::new(transition) });
        let number = entry.transition.number;
        slot.rcu(|present| match present {
            Some(newer) if newer.transition.number > number => Some(Arc::clone(newer)),
            _ => Some(Arc::clone(&entry)),
        });
    }

    /// The change that began `epoch`, if it is still there and `lease` has not ended.
    pub(crate) fn find(&self, lease: u64, epoch: u64) -> Option<Arc<Transition>> {
        self.slots.iter().find_map(|slot| {
            let entry = slot.load_full()?;
            let found = entry.lease == lease && entry.transition.epoch == epoch && entry.transition.begins_epoch();
            found.then(|| Arc::clone(&entry.transition))
        })
    }

    /// All that are kept, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Transition>> {
        let mut all: Vec<_> =
            self.slots.iter().filter_map(|slot| Some(Arc::clone(&slot.load().as_ref()?.transition))).collect();
        all.sort_by_key(|transition| transition.number);
        all
    }

    fn slot(&self, number: u64) -> &ArcSwapOption<Entry> {
        &self.slots[usize::try_from(number % KEPT as u64).unwrap_or(0)]
    }
}

/// The histories that were given back. A call must not wait here, however short the time that
/// others hold the lock: it tries a few times, and goes on without.
fn at_once() -> Option<MutexGuard<'static, Vec<&'static History>>> {
    (0..1_000).find_map(|_| {
        hint::spin_loop();
        RETURNED.try_lock().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;
    use crate::event::Reason;
    use crate::state::State;
    use std::time::SystemTime;

    fn change(number: u64) -> Transition {
        Transition {
            breaker: crate::about::About {
                name: "",
                key: None,
                at: std::panic::Location::caller(),
                dependency: None,
                note: None,
            },
            number,
            epoch: number,
            at: SystemTime::UNIX_EPOCH,
            from: State::Open,
            to: State::Closed,
            mode: crate::mode::Mode::Automatic,
            reason: Reason::ByHand,
            time: Time::from_nanos(0),
        }
    }

    #[test]
    fn the_last_changes_are_kept_in_order() {
        let history = History::lend();
        for number in 1..=100 {
            history.record(change(number));
        }
        history.record(change(3));
        let numbers: Vec<u64> = history.all().iter().map(|t| t.number).collect();
        assert_eq!(numbers, (69..=100).collect::<Vec<_>>());
        history.give_back();
    }

    #[test]
    fn a_new_owner_is_not_asked_about_the_old_one() {
        let first = History::lend();
        let lease = first.lease();
        first.record(change(1));
        assert!(first.find(lease, 1).is_some());
        first.give_back();
        let second = History::lend();
        second.record(change(1));
        assert!(first.find(lease, 1).is_none());
        second.give_back();
    }
}
