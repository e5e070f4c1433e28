//! What the end of a call does to its breaker.
//!
//! *Orderings.* All that decides goes through [`super::cell`]. The beginning of a row of unanswered
//! calls is written before the exchange that counts its first one, and read by callers who have seen
//! that count; so it can be relaxed.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::cell::{Change, Settled};
use super::permit::{Ticket, Whose};
use super::word::{Identity, Step, Word};
use super::{CircuitBreaker, Count};
use crate::clock::Time;
use crate::outcome::Quote;
use crate::policy::OnCancel;
use crate::report::Rule;
use crate::state::State;
use crate::window::{RecentFailures, Samples};

/// From the first to the last of the unanswered calls in a row that trip a breaker.
const UNANSWERED_FOR: Duration = Duration::from_secs(10);

impl CircuitBreaker {
    #[inline]
    pub(super) fn succeeded(&self, epoch: Identity) {
        self.totals.add(Count::Succeeded);
        if !self.cell.load().is_unmarked(epoch) {
            self.succeeded_slow(epoch);
        }
    }

    /// A success that has something to end, or that comes late.
    #[cold]
    fn succeeded_slow(&self, epoch: Identity) {
        let limits = self.limits();
        match self.cell.settle(epoch, |word| word.success(limits)) {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => self.recovered(change, limits.successes),
        }
    }

    #[cold]
    pub(super) fn ignored(&self, epoch: Identity) {
        self.totals.add(Count::Ignored);
        if let Settled::Late = self.cell.settle(epoch, Word::ignored) {
            self.totals.add(Count::Late);
        }
    }

    #[cold]
    pub(super) fn failed(&self, epoch: Identity, quote: Quote<'_>) {
        self.totals.add(Count::Failed);
        if self.cell.load().identity() != epoch {
            return self.totals.add(Count::Late);
        }
        let now = self.samples().record(epoch.epoch(), quote, || self.clock.now());
        let trips = epoch.is_closed() && self.too_many_failures(epoch, now);
        let limits = self.limits();
        let reopenings = self.reopenings(epoch);
        match self.cell.settle(epoch, |word| word.failure(limits, trips, reopenings)) {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => self.opened(change, now, self.rule_of_failure(change.from)),
        }
    }

    fn too_many_failures(&self, epoch: Identity, now: Time) -> bool {
        self.settings.failures.is_some_and(|(limit, window)| {
            let ring = self.recent_failures.get_or_init(|| Box::new(RecentFailures::new(limit, epoch.epoch())));
            ring.record(epoch.epoch(), now, window, || self.clock.now())
        })
    }

    /// Which rule a failure met that opened the breaker.
    fn rule_of_failure(&self, from: Word) -> Rule {
        let measured = from.streak() + 1;
        match (self.settings.streak_limit(), self.settings.failures) {
            _ if from.state() == State::HalfOpen => Rule::ProbeFailed,
            (Some(limit), _) if measured >= limit => Rule::Consecutive { limit, measured },
            (_, Some((limit, window))) => Rule::Failures { limit, measured: limit, window },
            (limit, None) => Rule::Consecutive { limit: limit.unwrap_or(measured), measured },
        }
    }

    #[cfg(feature = "tokio")]
    #[cold]
    pub(super) fn timed_out(&self, epoch: Identity) {
        self.failed(epoch, Quote::Plain("timed out"));
        self.totals.add(Count::TimedOut);
    }

    /// A permit was dropped that had not been settled.
    #[cold]
    pub(super) fn dropped(&self, ticket: Ticket) {
        let epoch = ticket.epoch;
        let panicked = match ticket.whose {
            Whose::Callers => thread::panicking(),
            Whose::Waiting => false,
            Whose::Running => true,
        };
        if panicked {
            return self.failed(epoch, Quote::Plain("panicked"));
        }
        let ran_out = || ticket.deadline != Time::END && self.clock.now() >= ticket.deadline;
        match self.settings.on_cancel {
            OnCancel::Ignore => {
                self.cancelled(epoch, Word::cancelled_unheard);
            }
            _ if ran_out() => self.failed(epoch, Quote::Plain("cancelled after its time limit")),
            OnCancel::Failure => self.failed(epoch, Quote::Plain("cancelled")),
            OnCancel::Unanswered => self.unanswered(epoch),
        }
    }

    fn unanswered(&self, epoch: Identity) {
        let now = self.clock.now();
        let limit = self.settings.unanswered_limit();
        let change = self.cancelled(epoch, |word| {
            if word.unanswered() == 0 {
                // The first of a row leaves its time before it is counted, so whoever counts on
                // sees it. A racer for first place that lost can only have a time from before
                // the winner was counted; of the two the later is kept.
                self.unanswered_since.fetch_max(now.as_nanos(), Ordering::Relaxed);
            }
            word.cancelled(|calls| calls >= limit && now.since(self.first_unanswered()) >= UNANSWERED_FOR)
        });
        if let Some(change) = change {
            let over = now.since(self.first_unanswered());
            let measured = change.from.unanswered() + 1;
            self.opened(change, now, Rule::NoAnswer { limit, measured, over });
        }
    }

    fn cancelled(&self, epoch: Identity, step: impl FnMut(Word) -> Step) -> Option<Change> {
        self.totals.add(Count::Cancelled);
        match self.cell.settle(epoch, step) {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => return Some(change),
        }
        None
    }

    fn first_unanswered(&self) -> Time {
        Time::from_nanos(self.unanswered_since.load(Ordering::Relaxed))
    }

    fn samples(&self) -> &Samples {
        self.samples.get_or_init(|| Box::new(Samples::new(self.settings.failure_samples)))
    }
}
