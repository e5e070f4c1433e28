//! Breakers of their own for each test, a clock turned by hand, and dependencies that follow a script.
//!
//! The breaker of an annotated function is a static, and tests run side by side: without more, one
//! test would open the breaker of another. In an isolation every annotated function has a breaker, or
//! with `key` a family of them, that nobody else sees, fresh, and on the isolation's clock.
//!
//! ```
//! use std::io::{Error, ErrorKind, Result};
//! use std::time::Duration;
//! use breaker_runtime::{State, circuit_breaker, testing};
//!
//! #[circuit_breaker(threshold = 2, reset = "60s")]
//! fn print(page: &str) -> Result<()> {
//!     if page.is_empty() { Err(ErrorKind::BrokenPipe.into()) } else { Ok(()) }
//! }
//!
//! testing::isolated(|test| {
//!     assert!(print("").is_err());
//!     assert!(print("").is_err());
//!     assert_eq!(print_breaker().state(), State::Open);
//!     assert!(print("a page").unwrap_err().to_string().contains("is open"));
//!
//!     test.advance(Duration::from_secs(60));
//!     assert!(print("a page").is_ok());
//!     assert_eq!(print_breaker().state(), State::Closed);
//! });
//! ```
//!
//! The same for async code, with the tasks that it spawns through the isolation:
//!
//! ```
//! # #[cfg(feature = "tokio")] {
//! # use std::io::{Error, ErrorKind, Result};
//! use breaker_runtime::{State, circuit_breaker, testing};
//!
//! #[circuit_breaker(threshold = 2)]
//! async fn print(page: &str) -> Result<()> {
//!     if page.is_empty() { Err(ErrorKind::BrokenPipe.into()) } else { Ok(()) }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(
//! testing::isolated_async(async |test| {
//!     let spawned = tokio::spawn(test.within(print("")));
//!     assert!(spawned.await.unwrap().is_err());
//!     assert!(print("").await.is_err());
//!     assert_eq!(print_breaker().state(), State::Open);
//! })
//! # );
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A [`Dependency`] fails, is slow or hangs as a [`Script`] says, so that a test shows in ten lines when
//! a function of yours opens, what its fallback answers, and how it recovers.
//!
//! Where a test pauses tokio's time (`#[tokio::test(start_paused = true)]`), [`Isolation::on`] with
//! [`Clock::monotonic`] makes the breakers follow it.
//!
//! In an isolation only annotated functions and their accessors are redirected; a static breaker
//! that is asked by its own name is the one that all share, and [`registry`](crate::registry) lists
//! those. A breaker in an `Arc` (`breaker = self.breaker`) is no static: it belongs to the test that
//! made it already, with the clock that it was built with. Breakers of an isolation are kept until the process ends, a few kilobytes each.

mod dependency;

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

pub use dependency::{Dependency, Failed, Script};

use crate::breaker::{Beginning, CircuitBreaker};
use crate::clock::{Clock, ManualClock};
use crate::keyed::Breakers;
#[cfg(feature = "last_good")]
use crate::last_good::Memory;

/// Runs `test` in an isolation of its own.
pub fn isolated<R>(test: impl FnOnce(&Isolation) -> R) -> R {
    let isolation = Isolation::new();
    isolation.run(|| test(&isolation))
}

/// Runs the future that `test` returns in an isolation of its own.
pub async fn isolated_async<R>(test: impl AsyncFnOnce(&Isolation) -> R) -> R {
    let isolation = Isolation::new();
    isolation.within(async { test(&isolation).await }).await
}

/// A set of breakers that only the code within it sees. Clones are the same set.
#[derive(Clone, Debug)]
pub struct Isolation(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    breakers: Copies<CircuitBreaker>,
    families: Copies<Breakers>,
    #[cfg(feature = "last_good")]
    memories: Copies<Memory>,
}

/// What stands for which static.
#[derive(Debug)]
struct Copies<T: 'static>(Mutex<Vec<(&'static T, &'static T)>>);

impl<T> Copies<T> {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The copy of `of`, or `of` itself where it is one.
    fn get(&self, of: &'static T, make: impl FnOnce() -> T) -> &'static T {
        let mut copies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, copy)) = copies.iter().find(|(original, copy)| ptr::eq(*original, of) || ptr::eq(*copy, of)) {
            return copy;
        }
        let copy: &'static T = Box::leak(Box::new(make()));
        copies.push((of, copy));
        copy
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Isolation>> = const { RefCell::new(None) };
}

impl Isolation {
    /// An isolation with a clock that [`advance`](Self::advance) turns.
    #[must_use]
    pub fn new() -> Self {
        Self::on(ManualClock::new())
    }

    /// An isolation on a clock of your choice: [`Clock::monotonic`] under paused tokio time, or the
    /// [`ManualClock`] of a breaker that the test made itself.
    #[must_use]
    pub fn on(clock: impl Into<Clock>) -> Self {
        Self(Arc::new(Inner {
            clock: clock.into(),
            breakers: Copies::new(),
            families: Copies::new(),
            #[cfg(feature = "last_good")]
            memories: Copies::new(),
        }))
    }

    /// Turns the clock forward.
    ///
    /// # Panics
    ///
    /// On an isolation that was made [`on`](Self::on) a clock that is not turned by hand.
    pub fn advance(&self, by: Duration) {
        self.0.clock.by_hand().expect("this isolation is on a clock that nobody can turn by hand").advance(by);
    }

    /// Runs `code` within the isolation.
    pub fn run<R>(&self, code: impl FnOnce() -> R) -> R {
        let _entered = Entered::new(self);
        code()
    }

    /// A future whose every step runs within the isolation: to be awaited, or given to a spawning
    /// function, which otherwise leaves the isolation.
    pub fn within<F: Future>(&self, future: F) -> Within<F> {
        Within { isolation: self.clone(), future: Some(Box::pin(future)) }
    }
}

impl Default for Isolation {
    fn default() -> Self {
        Self::new()
    }
}

/// The breaker that stands for `breaker` where this thread is now.
pub(crate) fn current(breaker: &'static CircuitBreaker) -> &'static CircuitBreaker {
    within_one()
        .map_or(breaker, |inner| inner.breakers.get(breaker, || breaker.copy(inner.clock.clone(), Beginning::new())))
}

/// The same for a family.
pub(crate) fn current_family(family: &'static Breakers) -> &'static Breakers {
    within_one().map_or(family, |inner| inner.families.get(family, || family.copy_on(inner.clock.clone())))
}

/// The same for the good answers of a function.
#[cfg(feature = "last_good")]
pub(crate) fn current_memory(memory: &'static Memory) -> &'static Memory {
    within_one().map_or(memory, |inner| inner.memories.get(memory, || memory.copy_on(inner.clock.clone())))
}

fn within_one() -> Option<Arc<Inner>> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(|isolation| Arc::clone(&isolation.0))).ok().flatten()
}

/// Within an isolation until dropped; then in what was before.
struct Entered(Option<Isolation>);

impl Entered {
    fn new(isolation: &Isolation) -> Self {
        Self(CURRENT.with(|current| current.replace(Some(isolation.clone()))))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = self.0.take();
        // Out of reach only while the thread ends, when nothing runs within it any more.
        let _ = CURRENT.try_with(|current| current.replace(before));
    }
}

/// A future within an isolation; see [`Isolation::within`].
#[must_use = "futures do nothing unless they are awaited"]
pub struct Within<F> {
    isolation: Isolation,
    /// `None` only while this is dropped.
    future: Option<Pin<Box<F>>>,
}

impl<F> Drop for Within<F> {
    fn drop(&mut self) {
        // What the future drops may call protected functions, too.
        let _entered = Entered::new(&self.isolation);
        self.future = None;
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let _entered = Entered::new(&this.isolation);
        match &mut this.future {
            Some(future) => future.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for Within<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Within").field("isolation", &self.isolation).finish_non_exhaustive()
    }
}
