//! When the present state ends: what the state word has no room for.
//!
//! Protocol: whoever has won the change to open (or to half-open) writes the times first and then
//! the identity of the state they belong to, releasing. Readers acquire the identity, and believe
//! the times only where it is that of the word they have. Until it is, an open breaker is not yet
//! due and a half-open one not yet overdue, which is true: its period has only just begun.
//!
//! A reader that is overtaken by a later period may mix the times of two. It can do nothing with
//! them: its exchange of the word fails, and it looks again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::word::Identity;
use crate::clock::Time;

/// An open period.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenPeriod {
    pub(crate) since: Time,
    pub(crate) delay: Duration,
    /// Failed attempts to close since the breaker was last closed.
    pub(crate) reopenings: u32,
}

impl OpenPeriod {
    pub(crate) fn due(self) -> Time {
        self.since.after(self.delay)
    }
}

#[derive(Debug)]
pub(crate) struct Timeline {
    /// The identity of the open state that the next three belong to.
    open: AtomicU64,
    since: AtomicU64,
    delay: AtomicU64,
    reopenings: AtomicU64,
    /// The identity of the half-open state that the next one belongs to.
    half_open: AtomicU64,
    overdue_at: AtomicU64,
}

const NONE: u64 = Identity::NONE.bits();

impl Timeline {
    pub(crate) const fn new() -> Self {
        Self {
            open: AtomicU64::new(NONE),
            since: AtomicU64::new(0),
            delay: AtomicU64::new(0),
            reopenings: AtomicU64::new(0),
            half_open: AtomicU64::new(NONE),
            overdue_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn begin_open(&self, state: Identity, period: OpenPeriod) {
        let delay = u64::try_from(period.delay.as_nanos()).unwrap_or(u64::MAX);
        self.since.store(period.since.as_nanos(), Ordering::Relaxed);
        self.delay.store(delay, Ordering::Relaxed);
        self.reopenings.store(u64::from(period.reopenings), Ordering::Relaxed);
        self.open.store(state.bits(), Ordering::Release);
    }

    pub(crate) fn begin_half_open(&self, state: Identity, overdue_at: Time) {
        self.overdue_at.store(overdue_at.as_nanos(), Ordering::Relaxed);
        self.half_open.store(state.bits(), Ordering::Release);
    }

    /// The open period of `state`, once it is known.
    pub(crate) fn open_period(&self, state: Identity) -> Option<OpenPeriod> {
        (self.open.load(Ordering::Acquire) == state.bits()).then(|| self.last_open_period())
    }

    /// The open period before a half-open state, or the one that is known last.
    pub(crate) fn last_open_period(&self) -> OpenPeriod {
        OpenPeriod {
            since: Time::from_nanos(self.since.load(Ordering::Relaxed)),
            delay: Duration::from_nanos(self.delay.load(Ordering::Relaxed)),
            reopenings: u32::try_from(self.reopenings.load(Ordering::Relaxed)).unwrap_or(u32::MAX),
        }
    }

    /// When the half-open state `state` is overdue, once that is known.
    pub(crate) fn overdue_at(&self, state: Identity) -> Option<Time> {
        (self.half_open.load(Ordering::Acquire) == state.bits())
            .then(|| Time::from_nanos(self.overdue_at.load(Ordering::Relaxed)))
    }
}
