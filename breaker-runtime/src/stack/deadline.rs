//! How long a caller waits at most, for all attempts together.

use std::time::Duration;

use tokio::time::Instant;

/// When the time for all attempts of one call is over, by tokio's clock.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    began: Instant,
    limit: Duration,
}

/// How long one attempt may take.
#[derive(Clone, Copy, Debug)]
pub struct AttemptLimit {
    /// The shorter one of its own limit and what is left for all.
    pub time: Duration,
    /// The limit for all attempts, where that is the one that ends this attempt.
    pub(crate) of_all: Option<Duration>,
}

impl Deadline {
    /// So much time from now on.
    #[must_use]
    pub fn after(limit: Duration) -> Self {
        Self { began: Instant::now(), limit }
    }

    /// What is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.limit.saturating_sub(self.began.elapsed())
    }

    /// The limit of an attempt that begins now.
    #[must_use]
    pub fn of_attempt(&self, own: Duration) -> AttemptLimit {
        let left = self.left();
        if own < left {
            AttemptLimit { time: own, of_all: None }
        } else {
            AttemptLimit { time: left, of_all: Some(self.limit) }
        }
    }
}

impl From<Duration> for AttemptLimit {
    fn from(time: Duration) -> Self {
        Self { time, of_all: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn an_attempt_has_its_own_limit_or_what_is_left_for_all() {
        let deadline = Deadline::after(5 * SECOND);
        let limit = |own| {
            let AttemptLimit { time, of_all } = deadline.of_attempt(own);
            (time, of_all)
        };
        assert_eq!(limit(2 * SECOND), (2 * SECOND, None));
        assert_eq!(limit(Duration::MAX), (5 * SECOND, Some(5 * SECOND)));
        tokio::time::advance(4 * SECOND).await;
        assert_eq!((deadline.left(), limit(2 * SECOND)), (SECOND, (SECOND, Some(5 * SECOND))));
        tokio::time::advance(4 * SECOND).await;
        assert_eq!((deadline.left(), limit(SECOND)), (Duration::ZERO, (Duration::ZERO, Some(5 * SECOND))));
    }
}
