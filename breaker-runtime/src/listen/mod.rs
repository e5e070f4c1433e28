//! How events reach those who want to hear them, without anybody waiting for them.
//!
//! A change goes into the [`outbox`] of its breaker, which puts changes into their order; from there into
//! the [`mailbox`] of every one of the [`listeners`] of the breaker and of the process; and from there, in
//! the listener's own [`thread`], or a [`stream`], to its ears. An [`inbox`] is a mailbox with what
//! belongs to one listener.

pub(crate) mod inbox;
pub(crate) mod listeners;
mod mailbox;
mod outbox;
#[cfg(feature = "tokio")]
mod stream;
mod thread;

pub(crate) use inbox::lagged;
pub(crate) use listeners::of_all;
#[cfg(feature = "config")]
pub(crate) use listeners::tell_all;
pub(crate) use outbox::Outbox;
#[cfg(feature = "tokio")]
pub use stream::Events;
pub(crate) use thread::listen;
pub use thread::{Listener, Subscription};
