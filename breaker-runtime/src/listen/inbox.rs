//! What one listener has before it: its mailbox, whether it goes on, and how to wake its reader.
//!
//! Whoever delivers puts the event into the mailbox and wakes the reader. The reader looks into the
//! mailbox; finds nothing; says that it sleeps, by leaving its waker; looks once more; and sleeps.
//!
//! *Orderings.* Both have a sequentially consistent fence between what they write and what they read. So
//! either the one who delivers finds the waker, or the reader finds the event when it looks once more. The
//! state changes by exchanges alone, which see the last value: a reader that has found itself going on was
//! not yet ended at that moment, in the one order of this word. An end of the breaker is released
//! after all its events were delivered, and acquired before the mailbox is found empty.

use std::fmt;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64 as Gauge, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};

use arc_swap::ArcSwapOption;

use super::mailbox::Mailbox;
use crate::event::Event;
use crate::sync::{AtomicU64, Ordering, fence};

/// How many events a listener can be behind.
pub(crate) const ROOM: usize = 1_024;

/// It goes on.
const OPEN: u64 = 0;
/// Its breaker is gone: there will be no more events.
const CLOSED: u64 = 1;
/// Nothing is to be delivered any more.
const ENDED: u64 = 2;

static LAGGED: Gauge = Gauge::new(0);

/// How many events the listeners of this process have missed.
pub(crate) fn lagged() -> u64 {
    LAGGED.load(Relaxed)
}

/// Where inboxes stand side by side, and may be taken away.
pub(crate) trait Place: fmt::Debug + Send + Sync {
    fn remove(&self, inbox: &Inbox);
}

#[derive(Debug)]
pub(crate) struct Inbox {
    mailbox: Mailbox,
    state: AtomicU64,
    sleeper: ArcSwapOption<Waker>,
    place: Weak<dyn Place>,
    /// The address of the listener, which nobody else has as long as it listens; none for a stream.
    listener: Option<usize>,
    missed: Gauge,
    panics: Gauge,
}

// Nothing in it can be left half written.
impl RefUnwindSafe for Inbox {}

impl Inbox {
    pub(crate) fn deliver(&self, event: Event) {
        self.mailbox.append(event);
        self.wake();
    }

    /// There will be no more events: what is left is heard.
    pub(super) fn close(&self) {
        // One that has ended stays so.
        let _ = self.state.compare_exchange(OPEN, CLOSED, Ordering::AcqRel, Ordering::Acquire);
        self.wake();
    }

    pub(crate) fn end(&self) {
        self.state.swap(ENDED, Ordering::AcqRel);
        if let Some(place) = self.place.upgrade() {
            place.remove(self);
        }
        self.wake();
    }

    /// Whether it belongs to the listener at this address, and goes on.
    pub(super) fn serves(&self, listener: usize) -> bool {
        self.listener == Some(listener) && self.state() == OPEN
    }

    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Relaxed)
    }

    pub(super) fn panics(&self) -> u64 {
        self.panics.load(Relaxed)
    }

    pub(super) fn panicked(&self) {
        self.panics.fetch_add(1, Relaxed);
    }

    fn state(&self) -> u64 {
        self.state.compare_exchange(OPEN, OPEN, Ordering::AcqRel, Ordering::Acquire).unwrap_or_else(|state| state)
    }

    fn wake(&self) {
        fence(Ordering::SeqCst);
        if let Some(sleeper) = self.sleeper.load_full() {
            // An executor's own code: should it panic, it is not the call that made the change that fails.
            let _ = catch_unwind(AssertUnwindSafe(|| sleeper.wake_by_ref()));
        }
    }

    fn sleeps(&self, waker: &Waker) {
        if !self.sleeper.load().as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.sleeper.store(Some(Arc::new(waker.clone())));
        }
        fence(Ordering::SeqCst);
    }
}

/// The one who reads an inbox. Ends it when dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    inbox: Arc<Inbox>,
    next: u64,
}

impl Reader {
    /// The reader of a new inbox among the listeners of `place`, for the listener at this address.
    pub(crate) fn new<P: Place + 'static>(place: &Arc<P>, listener: Option<usize>, room: usize) -> Self {
        let place: Arc<dyn Place> = Arc::<P>::clone(place);
        let inbox = Arc::new(Inbox {
            mailbox: Mailbox::new(room),
            state: AtomicU64::new(OPEN),
            sleeper: ArcSwapOption::const_empty(),
            place: Arc::downgrade(&place),
            listener,
            missed: Gauge::new(0),
            panics: Gauge::new(0),
        });
        Self { inbox, next: 0 }
    }

    pub(crate) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// The next event; none where no more will come. Where none has come yet, `waker` is called when
    /// there is something new.
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Option<Event>> {
        let known = self.look();
        if known.is_ready() {
            return known;
        }
        self.inbox.sleeps(waker);
        self.look()
    }

    fn look(&mut self) -> Poll<Option<Event>> {
        let state = self.inbox.state();
        if state == ENDED {
            return Poll::Ready(None);
        }
        let event = self.inbox.mailbox.take(&mut self.next);
        if let Some(Event::Lagged { missed }) = event {
            self.inbox.missed.fetch_add(missed, Relaxed);
            LAGGED.fetch_add(missed, Relaxed);
        }
        if event.is_none() && state == OPEN { Poll::Pending } else { Poll::Ready(event) }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.inbox.end();
        self.inbox.sleeper.store(None);
        self.inbox.mailbox.clear();
    }
}
