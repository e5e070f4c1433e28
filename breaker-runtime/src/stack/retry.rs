//! Calls that are made again after they have failed.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::policy::Retry;

/// The attempts of one call.
#[derive(Debug, Default)]
pub struct Retries {
    /// From the first failure on.
    waits: Option<ExponentialBackoff>,
}

impl Retries {
    /// None is made yet.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self { waits: None }
    }

    /// How long to wait after an attempt that has failed; `None` where it was the last one, or where the wait would last
    /// longer than the time that is `left`. The settings of the first failure are those of the whole call.
    pub(crate) fn wait(&mut self, policy: impl FnOnce() -> Retry, left: Option<Duration>) -> Option<Duration> {
        let wait = self.waits.get_or_insert_with(|| waits(policy())).next()?;
        left.is_none_or(|left| wait < left).then_some(wait)
    }
}

fn waits(Retry { attempts, backoff, factor, max, jitter }: Retry) -> ExponentialBackoff {
    #[expect(clippy::cast_possible_truncation, reason = "a factor is not that exact")]
    let waits = ExponentialBuilder::new().with_min_delay(backoff).with_factor(factor as f32).with_max_delay(max);
    let waits = waits.with_max_times(usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1));
    if jitter { waits.with_jitter() } else { waits }.build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Settings;

    const MS: Duration = Duration::from_millis(1);

    fn millis(settings: Settings) -> Vec<u128> {
        let mut retries = Retries::new();
        std::iter::from_fn(|| retries.wait(|| settings.retry(), None)).map(|wait| wait.as_millis()).collect()
    }

    #[test]
    fn waits_grow_up_to_the_longest() {
        let retry = |attempts| Settings::new().retry_attempts(attempts);
        assert_eq!(millis(Settings::new()), [0; 0]);
        assert_eq!(millis(retry(3)), [100, 200]);
        assert_eq!(millis(retry(7).retry_backoff(300 * MS)), [300, 600, 1_200, 2_000, 2_000, 2_000]);
        assert_eq!(millis(retry(4).retry_factor(1.0)), [100, 100, 100]);
        assert_eq!(millis(retry(4).retry_factor(1.5)), [100, 150, 225]);
        assert_eq!(millis(retry(4).retry_max(150 * MS)), [100, 150, 150]);
        // A longer wait than the longest by default was asked for by name.
        assert_eq!(millis(retry(3).retry_backoff(9_000 * MS)), [9_000, 9_000]);
    }

    #[test]
    fn jitter_lengthens_each_wait_by_up_to_itself() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let waits = millis(Settings::new().retry_attempts(3).retry_jitter(true));
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
        let mut retries = Retries::new();
        let mut wait = |left| retries.wait(|| Settings::new().retry_attempts(3).retry(), Some(left));
        assert_eq!((wait(101 * MS), wait(200 * MS)), (Some(100 * MS), None));
    }
}
