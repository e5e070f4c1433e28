//! All who listen at one place: to one breaker, or to all breakers of the process.
//!
//! *Orderings.* The list is `arc_swap`'s, and replaced as a whole. A breaker's changes are told one
//! after another (see [`super::outbox`]), and the list is read after they were taken: so one who was
//! added hears every change from some change on.

use std::ptr;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use once_cell::race::OnceBox;

use super::inbox::{Inbox, Place};
use crate::event::Event;
use crate::sync::others_may_come;

#[derive(Debug, Default)]
pub(crate) struct Listeners(ArcSwapOption<Vec<Arc<Inbox>>>);

static OF_ALL: OnceBox<Arc<Listeners>> = OnceBox::new();

/// Those who listen to all breakers.
pub(crate) fn of_all() -> &'static Arc<Listeners> {
    OF_ALL.get_or_init(Box::default)
}

/// Tells those who listen to all breakers, if there are any.
pub(crate) fn tell_all(events: &[Event]) {
    if let Some(listeners) = OF_ALL.get() {
        listeners.tell(events);
    }
}

impl Listeners {
    pub(crate) fn add(&self, inbox: &Arc<Inbox>) {
        self.0.rcu(|present| {
            let present = present.iter().flat_map(|list| list.iter());
            Some(Arc::new(present.chain([inbox]).cloned().collect::<Vec<_>>()))
        });
    }

    /// The inbox of the listener at this address.
    pub(super) fn find(&self, listener: usize) -> Option<Arc<Inbox>> {
        self.0.load().as_ref()?.iter().find(|inbox| inbox.serves(listener)).cloned()
    }

    pub(super) fn tell(&self, events: &[Event]) {
        others_may_come();
        if let Some(list) = self.0.load_full() {
            for event in events {
                list.iter().for_each(|inbox| inbox.deliver(event.clone()));
            }
        }
    }

    /// There is nothing more to tell.
    pub(super) fn close(&self) {
        if let Some(list) = self.0.swap(None) {
            list.iter().for_each(|inbox| inbox.close());
        }
    }
}

impl Place for Listeners {
    fn remove(&self, inbox: &Inbox) {
        self.0.rcu(|present| {
            let present = present.iter().flat_map(|list| list.iter());
            let rest: Vec<_> = present.filter(|other| !ptr::eq(Arc::as_ptr(other), inbox)).cloned().collect();
            (!rest.is_empty()).then(|| Arc::new(rest))
        });
    }
}
