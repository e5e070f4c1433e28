//! The monotonic clock, and the one that tests turn by hand.
//!
//! Every decision of a breaker reads one of these two; the wall clock is for people only.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use once_cell::race::OnceBox;

/// Nanoseconds on one clock. Readings of different clocks must not be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(u64);

impl Time {
    /// 584 years from the beginning of a clock.
    pub(crate) const END: Self = Self(u64::MAX);

    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) const fn as_nanos(self) -> u64 {
        self.0
    }

    /// What has passed since `earlier`; zero where `earlier` is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The same in nanoseconds; `None` where `earlier` is later.
    #[inline]
    pub(crate) const fn nanos_since(self, earlier: Self) -> Option<u64> {
        self.0.checked_sub(earlier.0)
    }

    /// This time and `wait` more; the end of time where that is beyond it (584 years).
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(nanos(wait)))
    }
}

/// Up to 584 years.
#[inline]
pub(crate) const fn nanos(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos() as u64)
}

/// Where a breaker gets its time from.
///
/// The default is the monotonic clock of the operating system. With the feature `tokio` it follows
/// tokio's clock, which is the same one, except in a runtime whose time is paused.
///
/// With the feature `quanta` it is the processor's own counter, where that runs at one rate on all cores (else the
/// system's clock as before): a reading takes less than half as long. The counter is compared with the system's clock
/// when it is first read, which takes about a millisecond, at most 200, and is then some millionths off. With `tokio` and
/// `testing` both on, it is tokio's clock all the same; without `testing`, tokio's paused time is not followed.
///
/// ```
/// use breaker_runtime::clock::{Clock, ManualClock};
/// use breaker_runtime::{CircuitBreaker, Settings};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::builder("pricing").clock(Clock::from(&clock)).build()?;
/// # Ok::<(), breaker_runtime::SettingsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    Monotonic,
    Manual(ManualClock),
}

impl Clock {
    /// The monotonic clock; with the features `tokio` and `quanta` another one, as told above.
    #[must_use]
    pub const fn monotonic() -> Self {
        Self(Source::Monotonic)
    }

    /// The clock to turn, where there is one.
    #[cfg(any(feature = "testing", feature = "retry"))]
    pub(crate) fn by_hand(&self) -> Option<&ManualClock> {
        match &self.0 {
            Source::Manual(clock) => Some(clock),
            Source::Monotonic => None,
        }
    }

    /// Lets so much time pass, on this thread: blocks it, or turns the clock that is turned by hand.
    #[cfg(feature = "retry")]
    pub(crate) fn wait(&self, time: Duration) {
        match self.by_hand() {
            Some(clock) => clock.advance(time),
            None => std::thread::sleep(time),
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Time {
        match &self.0 {
            Source::Monotonic => monotonic_now(),
            Source::Manual(clock) => clock.time(),
        }
    }
}

impl From<&ManualClock> for Clock {
    fn from(clock: &ManualClock) -> Self {
        Self(Source::Manual(clock.clone()))
    }
}

impl From<ManualClock> for Clock {
    fn from(clock: ManualClock) -> Self {
        Self(Source::Manual(clock))
    }
}

/// By the processor's counter. One core's may be a few nanoseconds behind another's, as are readings of any clock by
/// the time that they are used.
#[cfg(all(feature = "quanta", not(all(feature = "tokio", feature = "testing"))))]
#[inline]
fn monotonic_now() -> Time {
    static COUNTER: OnceBox<(quanta::Clock, u64)> = OnceBox::new();
    let (counter, origin) = COUNTER.get_or_init(|| {
        let counter = quanta::Clock::new();
        let origin = counter.raw();
        Box::new((counter, origin))
    });
    Time(counter.delta_as_nanos(*origin, counter.raw()))
}

#[cfg(not(all(feature = "quanta", not(all(feature = "tokio", feature = "testing")))))]
fn monotonic_now() -> Time {
    use std::time::Instant;
    static ORIGIN: OnceBox<Instant> = OnceBox::new();
    let origin = *ORIGIN.get_or_init(|| {
        // Never from a paused clock, which may run ahead of all others; and a day back, since one
        // that was paused before this moment shows an earlier time.
        let now = Instant::now();
        Box::new(now.checked_sub(Duration::from_secs(86_400)).unwrap_or(now))
    });
    #[cfg(feature = "tokio")]
    let now = tokio::time::Instant::now().into_std();
    #[cfg(not(feature = "tokio"))]
    let now = Instant::now();
    Time(nanos(now.saturating_duration_since(origin)))
}

/// A clock that stands still until it is told to go on. Clones show the same time.
///
/// ```
/// use std::time::Duration;
/// use breaker_runtime::clock::ManualClock;
///
/// let clock = ManualClock::new();
/// let same = clock.clone();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(same.elapsed(), Duration::from_secs(60));
/// ```
#[derive(Clone, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock at its beginning.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock forward. It stops for good at its end, after 584 years.
    pub fn advance(&self, by: Duration) {
        let by = nanos(by);
        // Relaxed would do for the number; a test that turns the clock on one thread and calls on
        // another expects the turn to be seen with whatever else it wrote before.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| Some(now.saturating_add(by)));
    }

    /// How far the clock has been moved since it was made.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.time().as_nanos())
    }

    fn time(&self) -> Time {
        Time(self.0.load(Ordering::Acquire))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.elapsed()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_never_wraps() {
        let clock = ManualClock::new();
        clock.advance(Duration::MAX);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clock.time(), Time(u64::MAX));
    }

    #[test]
    fn time_saturates_at_both_ends() {
        assert_eq!(Time(5).since(Time(7)), Duration::ZERO);
        assert_eq!(Time(5).after(Duration::MAX), Time(u64::MAX));
    }

    #[test]
    fn the_monotonic_clock_goes_on() {
        let clock = Clock::monotonic();
        let first = clock.now();
        let mut readings = 0;
        let mut last = first;
        while last == first || readings < 1_000 {
            let now = clock.now();
            assert!(now >= last);
            (last, readings) = (now, readings + 1);
        }
    }

    #[cfg(all(feature = "tokio", any(feature = "testing", not(feature = "quanta"))))]
    #[tokio::test(start_paused = true)]
    async fn the_monotonic_clock_follows_paused_tokio_time() {
        let clock = Clock::monotonic();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(clock.now().since(before), Duration::from_secs(60));
    }
}
