//! Calls that are made again after they have failed.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// How often a failed call is made again, and after which waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    attempts: u32,
    backoff: Duration,
    factor: f64,
    max: Option<Duration>,
    jitter: bool,
}

/// The longest wait, where nothing else is said.
const MAX: Duration = Duration::from_secs(2);

impl Retry {
    /// Three attempts, with waits of 100 ms and 200 ms.
    #[must_use]
    pub const fn new() -> Self {
        Self { attempts: 3, backoff: Duration::from_millis(100), factor: 2.0, max: None, jitter: false }
    }

    /// How often a call is made at most, the first time included.
    #[must_use]
    pub const fn attempts(mut self, n: u32) -> Self {
        self.attempts = n;
        self
    }

    /// The wait before the second attempt.
    #[must_use]
    pub const fn backoff(mut self, wait: Duration) -> Self {
        self.backoff = wait;
        self
    }

    /// Each further wait is so many times longer.
    #[must_use]
    pub const fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// The longest wait, before `jitter`.
    #[must_use]
    pub const fn max(mut self, wait: Duration) -> Self {
        self.max = Some(wait);
        self
    }

    /// Whether each wait is longer by a random part, up to twice as long.
    #[must_use]
    pub const fn jitter(mut self, on: bool) -> Self {
        self.jitter = on;
        self
    }

    fn waits(&self) -> ExponentialBackoff {
        #[expect(clippy::cast_possible_truncation, reason = "a factor is not that exact")]
        let factor = self.factor as f32;
        let attempts = usize::try_from(self.attempts).unwrap_or(usize::MAX);
        let waits = ExponentialBuilder::new()
            .with_min_delay(self.backoff)
            .with_factor(factor)
            .with_max_delay(self.max.unwrap_or(MAX).max(self.backoff))
            .with_max_times(attempts.saturating_sub(1));
        if self.jitter { waits.with_jitter() } else { waits }.build()
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

/// The attempts of one call.
#[derive(Debug)]
pub struct Retries {
    policy: Retry,
    /// From the first failure on.
    waits: Option<ExponentialBackoff>,
}

impl Retries {
    /// None is made yet.
    #[inline]
    #[must_use]
    pub const fn new(policy: Retry) -> Self {
        Self { policy, waits: None }
    }

    /// How long to wait after an attempt that has failed; `None` where it was the last one, or where the wait would last
    /// longer than the time that is `left`.
    #[cold]
    pub fn wait(&mut self, left: Option<Duration>) -> Option<Duration> {
        let policy = self.policy;
        let wait = self.waits.get_or_insert_with(|| policy.waits()).next()?;
        (left.is_none_or(|left| wait < left)).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(policy: Retry) -> Vec<u128> {
        let mut retries = Retries::new(policy);
        std::iter::from_fn(|| retries.wait(None)).map(|wait| wait.as_millis()).collect()
    }

    #[test]
    fn waits_grow_up_to_the_longest() {
        const MS: Duration = Duration::from_millis(1);
        assert_eq!(millis(Retry::new()), [100, 200]);
        assert_eq!(millis(Retry::new().attempts(1)), [0; 0]);
        assert_eq!(millis(Retry::new().attempts(7).backoff(300 * MS)), [300, 600, 1_200, 2_000, 2_000, 2_000]);
        assert_eq!(millis(Retry::new().attempts(4).factor(1.0)), [100, 100, 100]);
        assert_eq!(millis(Retry::new().attempts(4).max(150 * MS)), [100, 150, 150]);
        // A longer wait than the longest by default was asked for by name.
        assert_eq!(millis(Retry::new().backoff(9_000 * MS)), [9_000, 9_000]);
    }

    #[test]
    fn jitter_lengthens_each_wait_by_up_to_itself() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let waits = millis(Retry::new().attempts(3).jitter(true));
            assert!(
                waits.len() == 2 && (100..=200).contains(&waits[0]) && (200..=400).contains(&waits[1]),
                "{waits:?}"
            );
            seen.insert(waits);
        }
        assert!(seen.len() > 1, "they are all alike");
    }

    #[test]
    fn a_wait_that_would_outlast_the_time_is_not_begun() {
        let mut retries = Retries::new(Retry::new());
        assert_eq!(retries.wait(Some(Duration::from_millis(101))), Some(Duration::from_millis(100)));
        assert_eq!(retries.wait(Some(Duration::from_millis(200))), None);
    }
}
