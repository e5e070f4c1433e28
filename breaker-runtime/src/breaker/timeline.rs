//! When the present state ends: what the state word has no room for.
//!
//! Protocol: whoever has won the change to open (or to half-open) publishes its times as one value,
//! together with the identity of the state they belong to. A winner that comes so late that a newer
//! period is there already, or the same one, leaves that in its place. Readers believe a period only where its
//! identity is that of the word they have. Until it is, an open breaker is not yet due and a
//! half-open one not yet overdue: its period has only just begun.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::due::Due;
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

/// A half-open period.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HalfOpenPeriod {
    /// How long it may last.
    pub(crate) patience: Duration,
    pub(crate) overdue_at: Time,
}

/// How long the breaker is open.
#[derive(Debug)]
pub(crate) struct Timeline {
    open: ArcSwapOption<Published<OpenPeriod>>,
    due: Due,
}

/// How it comes back from there, which not every breaker ever does.
#[derive(Debug, Default)]
pub(crate) struct Recovery {
    half_open: ArcSwapOption<Published<HalfOpenPeriod>>,
    /// When a ramp began.
    ramp: ArcSwapOption<Published<Time>>,
}

#[derive(Debug)]
struct Published<P> {
    /// The number of the change that began the period.
    number: u64,
    state: Identity,
    period: P,
}

impl Timeline {
    pub(crate) const fn new() -> Self {
        Self { open: ArcSwapOption::const_empty(), due: Due::new() }
    }

    /// Forgets the period; when it was due stays, for a state that will not come again.
    pub(crate) fn clear(&self) {
        self.open.store(None);
    }

    pub(crate) fn begin_open(&self, number: u64, state: Identity, period: OpenPeriod) {
        publish(&self.open, Published { number, state, period });
        self.due.set(state, period.due());
    }

    /// When a probe of `state`, which is open, is due. Quicker than [`open_period`](Self::open_period), and may know
    /// less.
    #[inline]
    pub(crate) fn due(&self, state: Identity) -> Option<Time> {
        self.due.of(state)
    }

    /// The open period of `state`, once it is known.
    pub(crate) fn open_period(&self, state: Identity) -> Option<OpenPeriod> {
        find(&self.open, state)
    }
}

impl Recovery {
    /// Forgets both.
    pub(crate) fn clear(&self) {
        self.half_open.store(None);
        self.ramp.store(None);
    }

    pub(crate) fn begin_half_open(&self, number: u64, state: Identity, period: HalfOpenPeriod) {
        publish(&self.half_open, Published { number, state, period });
    }

    pub(crate) fn begin_ramp(&self, number: u64, state: Identity, since: Time) {
        publish(&self.ramp, Published { number, state, period: since });
    }

    /// When the ramp of `state` began, once it is known.
    pub(crate) fn ramp(&self, state: Identity) -> Option<Time> {
        find(&self.ramp, state)
    }

    /// The half-open period of `state`, once it is known.
    pub(crate) fn half_open_period(&self, state: Identity) -> Option<HalfOpenPeriod> {
        find(&self.half_open, state)
    }
}

fn publish<P>(place: &ArcSwapOption<Published<P>>, new: Published<P>) {
    let new = Arc::new(new);
    place.rcu(|present| match present {
        Some(known) if known.number >= new.number => Some(Arc::clone(known)),
        _ => Some(Arc::clone(&new)),
    });
}

fn find<P: Copy>(place: &ArcSwapOption<Published<P>>, state: Identity) -> Option<P> {
    place.load().as_ref().filter(|published| published.state == state).map(|published| published.period)
}

#[cfg(test)]
mod tests {
    use super::super::word::Word;
    use super::*;

    #[test]
    fn a_winner_that_comes_late_does_not_hide_a_newer_period() {
        let timeline = Timeline::new();
        let (old, new) = (Word::FIRST.open(0), Word::FIRST.open(0).close().open(0));
        let period = OpenPeriod { since: Time::from_nanos(7), delay: Duration::ZERO, reopenings: 0 };
        timeline.begin_open(3, new.identity(), period);
        timeline.begin_open(1, old.identity(), period);
        assert!(timeline.open_period(new.identity()).is_some());
        assert!(timeline.open_period(old.identity()).is_none());
    }

    #[test]
    fn of_two_times_for_one_period_the_first_stands() {
        let recovery = Recovery::default();
        let state = Word::FIRST.open(0).probe().identity();
        for nanos in [7, 9] {
            let period = HalfOpenPeriod { patience: Duration::ZERO, overdue_at: Time::from_nanos(nanos) };
            recovery.begin_half_open(2, state, period);
        }
        assert_eq!(recovery.half_open_period(state).map(|period| period.overdue_at), Some(Time::from_nanos(7)));
    }
}
