//! Errors, and dependencies that keep a log.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_runtime::CircuitBreakerError;
use breaker_runtime::clock::Clock;
use breaker_runtime::testing::{Failed, Isolation};
use tokio::time::Instant;

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("busy")]
    Busy,
    #[error("nothing there")]
    Missing,
    #[error(transparent)]
    Failed(#[from] Failed),
    #[error(transparent)]
    Breaker(#[from] CircuitBreakerError),
}

impl Error {
    /// The kind of what the breaker said.
    #[track_caller]
    pub(crate) fn kind(&self) -> breaker_runtime::ErrorKind {
        match self {
            Self::Breaker(error) => error.kind(),
            other => panic!("not the breaker's: {other}"),
        }
    }
}

/// An isolation by tokio's clock, which is paused.
pub(crate) async fn paused<R>(test: impl AsyncFnOnce(&Isolation) -> R) -> R {
    let isolation = Isolation::on(Clock::monotonic());
    isolation.within(async { test(&isolation).await }).await
}

/// When what happened, in milliseconds since it was made.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    began: Instant,
    lines: Arc<Mutex<Vec<(u64, String)>>>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), lines: Arc::default() }
    }

    pub(crate) fn note(&self, what: impl Into<String>) {
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        self.lines.lock().unwrap().push((at, what.into()));
    }

    /// What was noted since the last time.
    pub(crate) fn take(&self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    pub(crate) fn times(&self) -> Vec<u64> {
        self.take().into_iter().map(|(at, _)| at).collect()
    }
}
