//! The last changes of one breaker's state, for readers who must never hold up a call.
//!
//! Errors point into it, so that a rejection need not count references: they outlive breakers, and
//! so does a history. It is lent to a breaker at its first change and given back when the breaker
//! is dropped, to be lent again; so there are about as many as there were breakers at one time. What
//! an earlier owner left in it cannot be mistaken, since every lease has a number of its own.
//!
//! What is kept is a list that nobody changes: whoever has a change to add puts a longer one in its
//! place, sorted by the changes' numbers, since winners of changes may come in another order. With it goes a tally of
//! all changes there were, also those that have been forgotten, which is the same in whatever order they come.
//!
//! *Orderings.* The list is `arc_swap`'s, whose loads see what was stored with a value. A lease is
//! written before the breaker that holds it can be reached by another thread.

use std::hint;
use std::panic::RefUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;

use crate::clock::Time;
use crate::event::Transition;
use crate::state::State;

#[derive(Debug)]
pub(crate) struct History {
    lease: AtomicU64,
    /// The longest time open that was told. A change that is told a moment late would make the next one shorter.
    told: AtomicU64,
    kept: ArcSwapOption<Kept>,
}

#[derive(Debug)]
struct Kept {
    lease: u64,
    /// Oldest first.
    changes: Vec<Arc<Transition>>,
    tally: Tally,
}

/// What all changes of a breaker's state were together, as those saw it who call: what only would have happened, in
/// metrics only, is left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// How often a rule or a probe opened it.
    pub(crate) trips: u64,
    /// How often it went from one state to another.
    pub(crate) moves: [[u64; 3]; 3],
    /// The number of the last change of state or mode, and when it was seen.
    last: Option<(u64, SystemTime, Time)>,
    /// How often it opened, less how often it stopped being open.
    open: u64,
    /// The times at which it stopped, less those at which it opened, in nanoseconds; both wrap.
    sum: u64,
}

impl Tally {
    fn with(mut self, change: &Transition) -> Self {
        if !change.is_visible() {
            return self;
        }
        if self.last.is_none_or(|(number, ..)| number < change.number) {
            self.last = Some((change.number, change.at, change.seen));
        }
        let (from, to) = (change.from, change.to);
        self.trips += u64::from(change.report().is_some());
        if from != to {
            self.moves[from as usize][to as usize] += 1;
        }
        if to == State::Open {
            self.open = self.open.wrapping_add(1);
            self.sum = self.sum.wrapping_sub(change.seen.as_nanos());
        }
        if from == State::Open {
            self.open = self.open.wrapping_sub(1);
            self.sum = self.sum.wrapping_add(change.seen.as_nanos());
        }
        self
    }

    /// Since when it is in its state or mode, for people and by its clock.
    pub(crate) fn since(&self) -> Option<(SystemTime, Time)> {
        self.last.map(|(_, at, seen)| (at, seen))
    }

    /// Nanoseconds that it has been open altogether, up to 292 years.
    fn open_for(&self, now: Time) -> u64 {
        let until_now = self.open.wrapping_mul(now.as_nanos());
        // Below zero while a change that came earlier is still to be told, or by a reading that is a moment older.
        let nanos = self.sum.wrapping_add(until_now);
        if nanos > u64::MAX / 2 { 0 } else { nanos }
    }
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
                told: AtomicU64::new(0),
                kept: ArcSwapOption::const_empty(),
            }))
        });
        history.lease.store(LEASES.fetch_add(1, Ordering::Relaxed), Ordering::Release);
        history
    }

    /// Ends a lease. Nobody writes to the history any more: the breaker that did is gone.
    pub(crate) fn give_back(&'static self) {
        self.lease.store(0, Ordering::Release);
        self.kept.store(None);
        self.told.store(0, Ordering::Release);
        RETURNED.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }

    /// Begins a new lease, for the next owner of the same breaker.
    pub(crate) fn renew(&self) {
        self.lease.store(LEASES.fetch_add(1, Ordering::Relaxed), Ordering::Release);
        self.kept.store(None);
        self.told.store(0, Ordering::Release);
    }

    /// Gives back what was never written to. For calls: does not wait, and rather keeps it.
    pub(crate) fn give_back_unused(&'static self) {
        if let Some(mut returned) = at_once() {
            returned.push(self);
        }
    }

    #[inline]
    pub(crate) fn lease(&self) -> u64 {
        self.lease.load(Ordering::Acquire)
    }

    /// Adds a change, and forgets the oldest where there are more than `room`.
    pub(crate) fn record(&self, room: u32, transition: &Arc<Transition>) {
        let (lease, room) = (self.lease(), usize::try_from(room).unwrap_or(usize::MAX));
        self.kept.rcu(|present| {
            let (known, tally) =
                present.as_ref().map_or((&[][..], Tally::default()), |kept| (&kept.changes, kept.tally));
            let place = known.partition_point(|change| change.number < transition.number);
            let forgotten = (known.len() + 1).saturating_sub(room);
            let sorted = known[..place].iter().chain([transition]).chain(&known[place..]);
            let changes: Vec<_> = sorted.skip(forgotten).cloned().collect();
            Some(Arc::new(Kept { lease, changes, tally: tally.with(transition) }))
        });
    }

    /// The change that began `epoch`, if it is still there and `lease` has not ended.
    pub(crate) fn find(&self, lease: u64, epoch: u64) -> Option<Arc<Transition>> {
        let kept = self.kept.load();
        let kept = kept.as_ref().filter(|kept| kept.lease == lease)?;
        // Changes of the settings come after the change that began their epoch.
        let place = kept.changes.partition_point(|change| change.epoch < epoch);
        let found = kept.changes.get(place)?;
        (found.epoch == epoch && found.begins_epoch()).then(|| Arc::clone(found))
    }

    /// What all changes there were add up to.
    pub(crate) fn tally(&self) -> Tally {
        self.kept.load().as_ref().map(|kept| kept.tally).unwrap_or_default()
    }

    /// How long the breaker has been open altogether, by its tally.
    pub(crate) fn open_for(&self, tally: &Tally, now: Time) -> Duration {
        let nanos = tally.open_for(now);
        Duration::from_nanos(self.told.fetch_max(nanos, Ordering::AcqRel).max(nanos))
    }

    /// All that are kept, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Transition>> {
        self.kept.load().as_ref().map(|kept| kept.changes.clone()).unwrap_or_default()
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
    use crate::event::sample;

    fn numbers(history: &History) -> Vec<u64> {
        history.all().iter().map(|change| change.number).collect()
    }

    #[test]
    fn the_last_changes_are_kept_in_order() {
        let history = History::lend();
        for number in 1..=100 {
            // Two winners each, in the other order.
            history.record(32, &sample(((number - 1) ^ 1) + 1));
        }
        history.record(32, &sample(3));
        assert_eq!(numbers(history), (69..=100).collect::<Vec<_>>());
        history.give_back();
    }

    #[test]
    fn as_many_are_kept_as_there_is_room_for() {
        let history = History::lend();
        (1..=10).for_each(|number| history.record(4, &sample(number)));
        assert_eq!(numbers(history), [7, 8, 9, 10]);
        history.record(2, &sample(11));
        assert_eq!(numbers(history), [10, 11]);
        history.record(3, &sample(12));
        assert_eq!(numbers(history), [10, 11, 12]);
        history.record(0, &sample(13));
        assert!(numbers(history).is_empty());
        history.give_back();
    }

    #[test]
    fn a_new_owner_is_not_asked_about_the_old_one() {
        let first = History::lend();
        let lease = first.lease();
        first.record(32, &sample(1));
        assert!(first.find(lease, 1).is_some());
        first.give_back();
        let second = History::lend();
        second.record(32, &sample(1));
        assert!(first.find(lease, 1).is_none());
        second.give_back();
    }
}
