//! A dependency that does what a test says, call by call.

use std::error::Error;
use std::fmt;
use std::future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Isolation;
use crate::clock::Clock;

/// What a [`Dependency`] does, call by call. After the last step it works for good: it has recovered.
///
/// ```
/// use std::time::Duration;
/// use breaker_runtime::testing::Script;
///
/// let outage = Script::new().works(10).takes(Duration::from_secs(3), 5).fails(20);
/// let now_and_then = Script::new().works(2).fails(1).repeated(10);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Script {
    steps: Vec<(Step, u64)>,
}

/// One call.
#[derive(Clone, Copy, Debug)]
struct Step {
    takes: Duration,
    end: End,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Works,
    Fails,
    Never,
}

impl Script {
    /// A dependency that works.
    pub const fn new() -> Self {
        Self { steps: Vec::new() }
    }

    /// The next so many calls succeed at once.
    pub fn works(self, calls: u64) -> Self {
        self.then(Duration::ZERO, End::Works, calls)
    }

    /// The next so many calls fail at once.
    pub fn fails(self, calls: u64) -> Self {
        self.then(Duration::ZERO, End::Fails, calls)
    }

    /// The next so many calls fail after `time`.
    pub fn fails_after(self, time: Duration, calls: u64) -> Self {
        self.then(time, End::Fails, calls)
    }

    /// The next so many calls succeed after `time`, by the isolation's clock. The attribute's `timeout`
    /// goes by tokio's: to have it elapse, make the isolation [`on`](Isolation::on)
    /// [`Clock::monotonic`] and pause tokio's time.
    pub fn takes(self, time: Duration, calls: u64) -> Self {
        self.then(time, End::Works, calls)
    }

    /// The next so many calls never end by themselves. For async code, where a time limit or the
    /// caller ends them.
    pub fn hangs(self, calls: u64) -> Self {
        self.then(Duration::ZERO, End::Never, calls)
    }

    /// All steps so far, so many times.
    pub fn repeated(mut self, times: usize) -> Self {
        self.steps = self.steps.repeat(times);
        self
    }

    fn then(mut self, takes: Duration, end: End, calls: u64) -> Self {
        self.steps.push((Step { takes, end }, calls));
        self
    }

    fn step(&self, mut call: u64) -> Step {
        for (step, calls) in &self.steps {
            match call.checked_sub(*calls) {
                None => return *step,
                Some(left) => call = left,
            }
        }
        Step { takes: Duration::ZERO, end: End::Works }
    }
}

/// A dependency that follows a [`Script`]; made by [`Isolation::dependency`]. Clones are the same
/// dependency.
///
/// ```
/// use std::io::Result;
/// use std::time::Duration;
/// use breaker_runtime::testing::{self, Dependency, Script};
/// use breaker_runtime::{State, circuit_breaker};
///
/// #[circuit_breaker(threshold = 3, reset = "60s", fallback = last_price)]
/// fn price(pricing: &Dependency) -> Result<f64> {
///     pricing.call()?;
///     Ok(9.99)
/// }
///
/// fn last_price(_: &Dependency) -> Result<f64> {
///     Ok(9.50)
/// }
///
/// testing::isolated(|test| -> Result<()> {
///     let pricing = test.dependency(Script::new().works(1).fails(3));
///     assert_eq!(price(&pricing)?, 9.99);
///     (0..3).for_each(|_| assert!(price(&pricing).is_err()));
///     assert_eq!(price_breaker().state(), State::Open);
///     assert_eq!(price(&pricing)?, 9.50); // rejected: the fallback answers
///     test.advance(Duration::from_secs(60));
///     assert_eq!(price(&pricing)?, 9.99); // the probe
///     assert_eq!((price_breaker().state(), pricing.calls()), (State::Closed, 5));
///     Ok(())
/// })
/// # ?; Ok::<(), std::io::Error>(())
/// ```
///
/// With a time limit, under tokio's paused time, where nothing waits either:
///
/// ```
/// # #[cfg(feature = "tokio")] {
/// use breaker_runtime::clock::Clock;
/// use breaker_runtime::testing::{Dependency, Isolation, Script};
/// use breaker_runtime::{State, circuit_breaker};
///
/// #[circuit_breaker(threshold = 3, timeout = "1s")]
/// async fn price(pricing: &Dependency) -> std::io::Result<f64> {
///     pricing.call_async().await?;
///     Ok(9.99)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let test = Isolation::on(Clock::monotonic());
/// let pricing = test.dependency(Script::new().hangs(3));
/// test.within(async {
///     for _ in 0..3 {
///         assert!(price(&pricing).await.is_err());
///     }
///     assert_eq!(price_breaker().state(), State::Open);
///     tokio::time::advance(std::time::Duration::from_secs(60)).await;
///     assert!(price(&pricing).await.is_ok());
///     assert_eq!(price_breaker().state(), State::Closed);
/// })
/// .await;
/// # });
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Dependency(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    script: Script,
    clock: Clock,
    calls: AtomicU64,
}

impl Isolation {
    /// A dependency that follows `script`, on the isolation's clock.
    #[must_use]
    pub fn dependency(&self, script: Script) -> Dependency {
        let clock = self.0.clock.clone();
        Dependency(Arc::new(Inner { script, clock, calls: AtomicU64::new(0) }))
    }
}

impl Dependency {
    /// How many calls have reached it.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// One call. A slow one turns the isolation's clock.
    ///
    /// # Errors
    ///
    /// Where the script says so.
    ///
    /// # Panics
    ///
    /// On a step that hangs, since nothing could end it; and on a slow one in an isolation whose clock
    /// cannot be turned by hand.
    pub fn call(&self) -> Result<(), Failed> {
        let (call, step) = self.next();
        if !step.takes.is_zero() {
            let by_hand = self.0.clock.by_hand();
            by_hand.expect("a slow step of sync code needs a clock that is turned by hand").advance(step.takes);
        }
        match step.end {
            End::Works => Ok(()),
            End::Fails => Err(Failed { call }),
            End::Never => panic!("a step that hangs is for async code: a sync call would never return"),
        }
    }

    /// One call of async code. A slow one turns the isolation's clock, or waits by tokio's, which does
    /// not really wait while it is paused. (A time limit of the attribute goes by tokio's clock.)
    ///
    /// # Errors
    ///
    /// Where the script says so.
    ///
    /// # Panics
    ///
    /// On a slow step without the feature `tokio`, in an isolation whose clock cannot be turned by hand.
    pub async fn call_async(&self) -> Result<(), Failed> {
        let (call, step) = self.next();
        if !step.takes.is_zero() {
            self.pass(step.takes).await;
        }
        match step.end {
            End::Works => Ok(()),
            End::Fails => Err(Failed { call }),
            End::Never => future::pending().await,
        }
    }

    #[cfg_attr(not(feature = "tokio"), expect(clippy::unused_async, reason = "waits where tokio is there"))]
    async fn pass(&self, time: Duration) {
        match self.0.clock.by_hand() {
            Some(clock) => clock.advance(time),
            #[cfg(feature = "tokio")]
            None => tokio::time::sleep(time).await,
            #[cfg(not(feature = "tokio"))]
            None => panic!("a slow step needs a clock that is turned by hand, or the feature `tokio`"),
        }
    }

    fn next(&self) -> (u64, Step) {
        let before = self.0.calls.fetch_add(1, Ordering::Relaxed);
        (before + 1, self.0.script.step(before))
    }
}

/// The failure of a [`Dependency`]. Turns into an `io::Error` by `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    call: u64,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the dependency failed at call {}, as its script says", self.call)
    }
}

impl Error for Failed {}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        Self::other(failed)
    }
}
