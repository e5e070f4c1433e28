//! What the test counts of its own calls.

use std::sync::atomic::{AtomicU64, Ordering};

use breaker_runtime::{CircuitBreakerError, ErrorKind};

/// What a call returns in the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    Failed,
    Ignored,
    Breaker(ErrorKind),
}

impl From<CircuitBreakerError> for Error {
    fn from(error: CircuitBreakerError) -> Self {
        Self::Breaker(error.kind())
    }
}

/// Read only when nobody counts any more.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) admitted: Count,
    pub(crate) succeeded: Count,
    pub(crate) failed: Count,
    pub(crate) ignored: Count,
    /// Dropped before they ended, time-outs included.
    pub(crate) dropped: Count,
    pub(crate) timed_out: Count,
    pub(crate) rejected_open: Count,
    pub(crate) rejected_probing: Count,
    pub(crate) rejected_recovering: Count,
    pub(crate) rejected_forced_open: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self) {
        // Relaxed: no more order between the calls than there is without the counting.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    /// A call got an error from the breaker.
    pub(crate) fn answered(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::Open => self.rejected_open.add(),
            ErrorKind::Probing => self.rejected_probing.add(),
            ErrorKind::Recovering => self.rejected_recovering.add(),
            ErrorKind::ForcedOpen => self.rejected_forced_open.add(),
            ErrorKind::TimedOut => self.timed_out.add(),
            other => panic!("no answer is {other:?}"),
        }
    }
}
