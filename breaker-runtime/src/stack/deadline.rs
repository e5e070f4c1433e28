//! How long a caller waits at most, for all attempts together.

use std::time::Duration;

use tokio::time::Instant;

/// When the first attempt of a call began, by tokio's clock.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    began: Instant,
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
    /// Of a call that begins now.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is not nothing: it is now")]
    pub fn new() -> Self {
        Self { began: Instant::now() }
    }

    /// What is left of a limit to all attempts.
    #[must_use]
    pub fn left(&self, of_all: Option<Duration>) -> Option<Duration> {
        Some(of_all?.saturating_sub(self.began.elapsed()))
    }

    /// The limit of an attempt that begins now.
    #[must_use]
    pub fn of_attempt(&self, own: Duration, of_all: Option<Duration>) -> AttemptLimit {
        match self.left(of_all) {
            Some(left) if left <= own => AttemptLimit { time: left, of_all },
            _ => AttemptLimit { time: own, of_all: None },
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
        let (deadline, five) = (Deadline::new(), Some(5 * SECOND));
        let limit = |own, of_all| {
            let AttemptLimit { time, of_all } = deadline.of_attempt(own, of_all);
            (time, of_all)
        };
        assert_eq!(limit(2 * SECOND, five), (2 * SECOND, None));
        assert_eq!(limit(Duration::MAX, five), (5 * SECOND, five));
        assert_eq!(limit(Duration::MAX, None), (Duration::MAX, None));
        tokio::time::advance(4 * SECOND).await;
        assert_eq!((deadline.left(five), limit(2 * SECOND, five)), (Some(SECOND), (SECOND, five)));
        tokio::time::advance(4 * SECOND).await;
        assert_eq!((deadline.left(five), limit(SECOND, five)), (Some(Duration::ZERO), (Duration::ZERO, five)));
        assert_eq!((deadline.left(None), limit(SECOND, None)), (None, (SECOND, None)));
    }
}
