//! What follows a change of state: its times, its report, its place in the history. Done by the
//! winner of the change alone, after the change, and never on the way of a call that passes.
//!
//! *Orderings.* `changes` tells epochs that wrap apart. It only grows, each reader needs no more of it
//! than to be within half a million changes, and nothing else is read by it; so it is relaxed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use once_cell::race::OnceBox;

use super::CircuitBreaker;
use super::cell::Change;
use super::timeline::{HalfOpenPeriod, OpenPeriod};
use super::word::{EPOCHS, Identity, Word};
use crate::clock::Time;
use crate::error::{CircuitBreakerError, Trip};
use crate::event::{Reason, Transition};
use crate::history::History;
use crate::policy::{Recovery, mix};
use crate::report::{FailureSample, Report, Rule};
use crate::state::State;

impl CircuitBreaker {
    /// The breaker has opened, at `since`.
    pub(super) fn opened(&self, change: Change, since: Time, rule: Rule) {
        let (number, delay) = (self.number(change.to.epoch()), self.delay(change.to));
        let period = OpenPeriod { since, delay, reopenings: change.to.reopenings() };
        self.timeline.begin_open(number, change.to.identity(), period);
        if let Some(ring) = self.recent_failures.get() {
            ring.begin(change.to.epoch());
        }
        let report = Report {
            rule,
            at: SystemTime::now(),
            delay,
            in_flight: self.totals().in_flight(),
            failures: self.failures_of(change.from.identity(), since),
            epoch: number,
        };
        self.record(change, since, Reason::Tripped(Arc::new(report)));
    }

    /// An open breaker has let its first probe through, whose time limit is `limit`.
    pub(super) fn began_probing(&self, change: Change, now: Time, delay: Duration, limit: Option<Duration>) {
        let patience = self.settings().probe_patience(delay, limit);
        let period = HalfOpenPeriod { patience, overdue_at: now.after(patience) };
        self.timeline.begin_half_open(self.number(change.to.epoch()), change.to.identity(), period);
        self.record(change, now, Reason::ResetPassed { delay });
    }

    /// Enough probes succeeded.
    pub(super) fn recovered(&self, change: Change, successes: u32) {
        self.record(change, self.clock.now(), Reason::Recovered { successes });
    }

    /// A half-open period was ended, being overdue.
    pub(super) fn ended_overdue(&self, change: Change, period: HalfOpenPeriod, now: Time) {
        let after = period.patience;
        if change.to.state() == State::Open {
            self.opened(change, period.overdue_at, Rule::ProbesOverdue { after });
        } else {
            self.record(change, now, Reason::Overdue { after });
        }
    }

    pub(super) fn closed_by_hand(&self, change: Change) {
        self.record(change, self.clock.now(), Reason::ByHand);
    }

    pub(super) fn reject_open(&self, word: Word, retry_after: Duration) -> CircuitBreakerError {
        self.count(super::Count::RejectedOpen);
        CircuitBreakerError::open(self.lasting_name(), retry_after, self.trip(word.epoch()))
    }

    pub(super) fn reject_probing(&self, word: Word) -> CircuitBreakerError {
        self.count(super::Count::RejectedProbing);
        // The open state came just before.
        CircuitBreakerError::probing(self.lasting_name(), self.trip(word.epoch().wrapping_sub(1) % EPOCHS))
    }

    /// How long the open state `word` lasts. Drawn from the number of the change, so that everyone
    /// who asks gets the same delay.
    pub(super) fn delay(&self, word: Word) -> Duration {
        let seed = self.settings().jitter_seed.unwrap_or_else(process_seed);
        let draw = mix(seed ^ mix(hash(self.name()) ^ self.number(word.epoch())));
        Recovery::from(&self.settings()).delay(word.reopenings(), draw)
    }

    /// The number of the change that began `epoch`: the epoch without its wrapping.
    pub(crate) fn number(&self, epoch: u64) -> u64 {
        let last = self.changes.load(Ordering::Relaxed);
        let ahead = epoch.wrapping_sub(last) % EPOCHS;
        if ahead < EPOCHS / 2 { last + ahead } else { last - (EPOCHS - ahead).min(last) }
    }

    pub(crate) fn history_kept(&self) -> Option<&'static History> {
        self.history.get()
    }

    /// The change with this number, if it is still kept.
    pub(crate) fn change(&self, number: u64) -> Option<Arc<Transition>> {
        let history = self.history.get()?;
        history.find(history.lease(), number)
    }

    fn record(&self, change: Change, time: Time, reason: Reason) {
        let number = self.number(change.to.epoch());
        self.changes.fetch_max(number, Ordering::Relaxed);
        self.lent_history().record(Transition {
            number,
            at: SystemTime::now(),
            from: change.from.state(),
            to: change.to.state(),
            reason,
            time,
        });
    }

    fn lent_history(&self) -> &'static History {
        self.history.get().unwrap_or_else(|| {
            let lent = History::lend();
            if self.history.set(lent).is_err() {
                lent.give_back_unused();
            }
            self.history.get().unwrap_or(lent)
        })
    }

    fn trip(&self, epoch: u64) -> Trip {
        let history = self.lent_history();
        Trip { history, lease: history.lease(), number: self.number(epoch) }
    }

    fn failures_of(&self, state: Identity, now: Time) -> Vec<FailureSample> {
        let wall = SystemTime::now();
        let samples = self.samples.get().map(|samples| samples.of(state.epoch())).unwrap_or_default();
        samples
            .into_iter()
            .map(|sample| FailureSample {
                at: wall.checked_sub(now.since(sample.at)).unwrap_or(wall),
                text: sample.text,
            })
            .collect()
    }
}

/// FNV-1a (Fowler, Noll, Vo), 64 bits.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A number that differs from process to process, so that a fleet does not draw the same delays.
fn process_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    static SEED: OnceBox<u64> = OnceBox::new();
    *SEED.get_or_init(|| Box::new(RandomState::new().hash_one(std::process::id())))
}
