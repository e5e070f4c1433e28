//! How long a caller waits at most, for all attempts together.

use std::time::Duration;

use tokio::time::Instant;

/// When the first attempt of a call began, by tokio's clock.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    began: Option<Instant>,
    /// Whether there may be another attempt, for which that must be known.
    again: bool,
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
    /// Of a call whose first attempt is about to begin.
    #[inline]
    #[must_use]
    pub const fn new(again: bool) -> Self {
        Self { began: None, again }
    }

    /// What is left of a limit to all attempts.
    #[must_use]
    pub fn left(&self, of_all: Option<Duration>) -> Option<Duration> {
        let gone = self.began.map(|began| began.elapsed()).unwrap_or_default();
        Some(of_all?.saturating_sub(gone))
    }

    /// The limit of an attempt that begins now.
    pub(crate) fn of_attempt(&mut self, own: Duration, of_all: Option<Duration>) -> AttemptLimit {
        let left = self.left(of_all);
        if self.again && self.began.is_none() {
            self.began = Some(Instant::now());
        }
        match left {
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
        let (mut deadline, five) = (Deadline::new(true), Some(5 * SECOND));
        let mut limit = |own, of_all| {
            let AttemptLimit { time, of_all } = deadline.of_attempt(own, of_all);
            (time, of_all, deadline.left(five))
        };
        assert_eq!(limit(2 * SECOND, five), (2 * SECOND, None, five));
        assert_eq!(limit(Duration::MAX, five), (5 * SECOND, five, five));
        assert_eq!(limit(Duration::MAX, None), (Duration::MAX, None, five));
        tokio::time::advance(4 * SECOND).await;
        assert_eq!(limit(2 * SECOND, five), (SECOND, five, Some(SECOND)));
        tokio::time::advance(4 * SECOND).await;
        assert_eq!(limit(SECOND, five), (Duration::ZERO, five, Some(Duration::ZERO)));
        assert_eq!((limit(SECOND, None).1, deadline.left(None)), (None, None));
    }
}
