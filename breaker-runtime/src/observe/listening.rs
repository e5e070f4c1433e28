//! Listening to one breaker.

use std::io;
use std::sync::Arc;

use crate::breaker::CircuitBreaker;
#[cfg(feature = "tokio")]
use crate::listen::Events;
use crate::listen::{self, Listener, Subscription};

impl CircuitBreaker {
    /// Calls `listener` for every event of this breaker from now on: every change of state, mode or
    /// settings once, in the order of their [numbers](crate::Transition::number).
    ///
    /// It is called on a thread of its own, which ends with the subscription, or when the breaker is gone
    /// and the last event was heard: see [`Listener`]. The same `Arc` registered again is still one
    /// listener, and this returns the same subscription; registered at another breaker, or for all
    /// breakers, it is another one.
    ///
    /// - Limits: one that is more than 1,024 events behind hears
    ///   [`Event::Lagged`](crate::Event::Lagged) in the place of the oldest of them.
    /// - Costs: 8 KiB for that ring, some 50 bytes for each event in it (the changes themselves are
    ///   shared), and a thread. It grows with nothing.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use breaker_runtime::{CircuitBreaker, Event, Settings, State};
    ///
    /// static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());
    ///
    /// PRICING.listen(Arc::new(|event: &Event| {
    ///     match event {
    ///         Event::Changed(change) if change.to == State::Open => eprintln!("no prices: {change}"),
    ///         _ => {}
    ///     }
    /// }))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// A listener that holds its own breaker in an `Arc` keeps it, and itself, for ever: let it hold a
    /// [`Weak`](std::sync::Weak).
    ///
    /// In an isolation of [`testing`](crate::testing) the accessor of an annotated function returns the
    /// isolation's copy, and that is what is listened to.
    ///
    /// # Errors
    ///
    /// Where the system can start no thread.
    pub fn listen(&self, listener: Arc<impl Listener + ?Sized>) -> io::Result<Subscription> {
        listen::listen(self.outbox().listeners(), listener)
    }

    /// The events of this breaker from now on, as a stream for async code. It ends when the breaker is
    /// gone.
    ///
    /// - Limits and costs as those of [`listen`](Self::listen), without the thread.
    ///
    /// ```
    /// # use breaker_runtime::CircuitBreaker;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let breaker = CircuitBreaker::builder("pricing").build()?;
    /// let mut events = breaker.events();
    /// breaker.close();
    /// drop(breaker);
    /// while let Some(event) = events.next().await {
    ///     println!("{event}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.outbox().listeners())
    }
}
