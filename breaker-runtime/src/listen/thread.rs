//! Listeners that are functions: each on a thread of its own.

use std::fmt;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::inbox::{Inbox, ROOM, Reader};
use super::listeners::Listeners;
use crate::event::Event;

/// Somebody who wants to hear what breakers do: a function, or a type of yours.
///
/// ```
/// use std::sync::Arc;
/// use breaker_runtime::{Event, Listener, registry};
///
/// struct Log(&'static str);
///
/// impl Listener for Log {
///     fn hear(&self, event: &Event) {
///         println!("{}: {event}", self.0);
///     }
/// }
///
/// registry::listen(Arc::new(Log("breakers")))?;
/// registry::listen(Arc::new(|event: &Event| println!("{event}")))?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Each listener is called on a thread of its own, never by the call that made the change: one that
/// blocks delays no call and no other listener. It hears one event after another. It may call breakers,
/// close them, register listeners and end its own subscription.
///
/// Should it panic, that is reported as usual, counted ([`Subscription::panics`]), and it goes on with the
/// next event; so it should be as whole after a panic as before.
pub trait Listener: Send + Sync + 'static {
    /// Something has happened.
    fn hear(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync + 'static> Listener for F {
    fn hear(&self, event: &Event) {
        self(event);
    }
}

/// A listener at one place, the process or a breaker. Clones are the same one.
///
/// Dropping it ends nothing: most listeners listen for as long as the process runs, or the breaker lives.
/// To end one before, keep this, and call [`end`](Self::end).
///
/// ```
/// use std::sync::{Arc, mpsc};
/// use breaker_runtime::{CircuitBreaker, Event};
///
/// let breaker = CircuitBreaker::builder("pricing").build()?;
/// let (told, heard) = mpsc::channel();
/// let subscription = breaker.listen(Arc::new(move |event: &Event| {
///     let _ = told.send(event.to_string());
/// }))?;
///
/// breaker.close();
/// assert!(heard.recv()?.starts_with("pricing: closed → closed: closed by hand by "));
/// subscription.end();
/// breaker.close();
/// assert!(heard.recv().is_err(), "the listener was dropped, and heard nothing more");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Subscription(Arc<Inbox>);

impl Subscription {
    /// Ends it, and its thread. An event that is being handed to the listener at this very moment may
    /// still be heard after this has returned; no other one is, also none that has happened before.
    /// Waits for nothing, so that a listener can end itself. Done again, does nothing.
    pub fn end(&self) {
        self.0.end();
    }

    /// How many events it has missed, being too far behind.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.0.missed()
    }

    /// How often the listener has panicked.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.0.panics()
    }
}

/// Whether they are the same one.
impl PartialEq for Subscription {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Subscription {}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("missed", &self.missed())
            .field("panics", &self.panics())
            .finish_non_exhaustive()
    }
}

/// Registers a listener at `place`, unless it is there already.
pub(crate) fn listen<L: Listener + ?Sized>(place: &Arc<Listeners>, listener: Arc<L>) -> io::Result<Subscription> {
    // So that of two who register one listener at the same moment one finds the other's. No code of
    // others runs under it: who is the last to hold the listener drops it after that.
    static REGISTERING: Mutex<()> = Mutex::new(());
    let kept = Arc::clone(&listener);
    let _registering = REGISTERING.lock().unwrap_or_else(PoisonError::into_inner);
    let address = Arc::as_ptr(&kept).cast::<()>().addr();
    if let Some(known) = place.find(address) {
        return Ok(Subscription(known));
    }
    let reader = Reader::new(place, Some(address), ROOM);
    let inbox = Arc::clone(reader.inbox());
    thread::Builder::new().name("breaker-listen".into()).spawn(move || hear_all(reader, &*listener))?;
    place.add(&inbox);
    Ok(Subscription(inbox))
}

fn hear_all<L: Listener + ?Sized>(mut reader: Reader, listener: &L) {
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    loop {
        match reader.poll(&waker) {
            Poll::Ready(Some(event)) => hear(reader.inbox(), listener, &event),
            Poll::Ready(None) => return,
            // Whoever unparks comes after what it wants to be seen, and a listener that has used up an
            // unparking was followed by another look.
            Poll::Pending => thread::park(),
        }
    }
}

fn hear<L: Listener + ?Sized>(inbox: &Inbox, listener: &L, event: &Event) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| listener.hear(event))) {
        inbox.panicked();
        // What a panic carries may panic again when it is dropped; what that one carries is not tried.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            mem::forget(again);
        }
    }
}

/// The thread of a listener, while it waits.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}
