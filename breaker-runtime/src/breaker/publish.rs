//! What follows a change of state: its times, its report, its place in the history. Done by the
//! winner of the change alone, after the change, and never on the way of a call that passes.
//!
//! Changes of the settings have their place among the changes of state: see [`super::sequence`].

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use once_cell::race::OnceBox;

use super::admission::Rejection;
use super::cell::Change;
use super::in_force::InForce;
use super::timeline::{HalfOpenPeriod, OpenPeriod};
use super::word::{EPOCHS, Identity, Word};
use super::{CircuitBreaker, Count};
use crate::class::OTHER;
use crate::clock::{Time, nanos};
use crate::error::{CircuitBreakerError, ErrorKind, Refusal};
use crate::event::{Reason, Transition};
use crate::fnv;
use crate::history::History;
use crate::origin::Origin;
use crate::policy::{Recovery, mix};
use crate::report::{FailureSample, Report, Rule};
use crate::state::State;
#[cfg(feature = "tracing")]
use crate::traces;

impl CircuitBreaker {
    /// The breaker has opened, at `since`.
    pub(super) fn opened(&self, force: InForce<'_>, change: Change, since: Time, rule: Rule) {
        let (number, delay) = (self.number(change.to.epoch()), self.delay(force, change.to));
        let period = OpenPeriod { since, delay, reopenings: change.to.reopenings() };
        self.timeline.begin_open(number, change.to.identity(), period);
        let wall = self.wall_clock();
        let report = Report {
            breaker: self.about(),
            mode: change.to.mode(),
            rule,
            classes: self.classes_counted(change.from.identity(), &rule),
            at: wall(since),
            delay,
            window: force.window_counts(change.from.identity(), since),
            in_flight: self.totals().in_flight(),
            failures: failures_of(force, change.from.identity(), since, wall),
            epoch: number,
            revision: force.revision(),
        };
        self.record(change, since, Reason::Tripped(Arc::new(report)));
    }

    /// An open breaker has let its first probe through, whose time limit is `limit`.
    pub(super) fn began_probing(
        &self,
        force: InForce<'_>,
        change: Change,
        now: Time,
        delay: Duration,
        limit: Option<Duration>,
    ) {
        self.began_half_open(force, change.to.identity(), now, delay, limit);
        self.record(change, now, Reason::ResetPassed { delay });
    }

    /// The half-open state `state` has its first probe.
    pub(super) fn began_half_open(
        &self,
        force: InForce<'_>,
        state: Identity,
        now: Time,
        delay: Duration,
        limit: Option<Duration>,
    ) {
        let patience = force.settings.probe_patience(delay, limit);
        let period = HalfOpenPeriod { patience, overdue_at: now.after(patience) };
        self.recovery().begin_half_open(self.number(state.epoch()), state, period);
    }

    /// Enough probes succeeded.
    pub(super) fn recovered(&self, change: Change, now: Time, successes: u32) {
        self.begin_ramp(change, now);
        self.record(change, now, Reason::Recovered { successes });
    }

    /// A half-open period was ended, being overdue.
    pub(super) fn ended_overdue(&self, force: InForce<'_>, change: Change, period: HalfOpenPeriod, now: Time) {
        let after = period.patience;
        if change.to.state() == State::Open {
            self.opened(force, change, period.overdue_at, Rule::ProbesOverdue { after });
        } else {
            self.begin_ramp(change, now);
            self.record(change, now, Reason::Overdue { after });
        }
    }

    fn begin_ramp(&self, change: Change, now: Time) {
        if change.to.is_ramping() {
            self.recovery().begin_ramp(self.number(change.to.epoch()), change.to.identity(), now);
        }
    }

    pub(super) fn closed_by_hand(&self, change: Change, origin: Origin) {
        self.record(change, self.clock.now(), Reason::ByHand(origin));
    }

    pub(super) fn mode_set(&self, change: Change, origin: Origin) {
        let (from, to) = (change.from.mode(), change.to.mode());
        self.record(change, self.clock.now(), Reason::mode_set(from, to, origin));
    }

    /// Counts a call that is not let through.
    pub(super) fn reject(&self, word: Word, rejection: Rejection) -> Refusal {
        let (what, kind, before) = match rejection {
            Rejection::Open { retry_after } => return self.reject_open(word, nanos(retry_after)),
            Rejection::Probing => (Count::RejectedProbing, ErrorKind::Probing, 1),
            Rejection::Recovering => (Count::RejectedRecovering, ErrorKind::Recovering, 2),
            Rejection::ForcedOpen => (Count::RejectedForcedOpen, ErrorKind::ForcedOpen, 0),
            Rejection::Limited { wait } => {
                return self.reject_for_limit(word, Count::RejectedLimited, ErrorKind::Limited, nanos(wait));
            }
            Rejection::Full { places } => {
                return self.reject_for_limit(word, Count::RejectedFull, ErrorKind::Full, places.into());
            }
        };
        self.count(what);
        // For the error to point into.
        self.lent_history();
        Refusal::new(kind, self.number(word.epoch().wrapping_sub(before) % EPOCHS), 0)
    }

    /// Counts a call that the breaker would let through, but that finds no token, or no place.
    fn reject_for_limit(&self, word: Word, what: Count, kind: ErrorKind, time: u64) -> Refusal {
        self.count(what);
        self.lent_history();
        Refusal::new(kind, self.number(word.epoch()), time)
    }

    /// Counts a call that finds the breaker open, for so many nanoseconds more.
    #[inline]
    pub(super) fn reject_open(&self, word: Word, retry_after: u64) -> Refusal {
        self.count(Count::RejectedOpen);
        self.lent_history();
        Refusal::new(ErrorKind::Open, self.number(word.epoch()), retry_after)
    }

    /// The error of a call that was not let through.
    #[inline]
    pub(super) fn refused(&self, refusal: Refusal) -> CircuitBreakerError {
        #[cfg(feature = "tracing")]
        traces::call(|| (self.about(), self.state()), refusal.kind().id(), "rejected");
        CircuitBreakerError::new(self.lasting_name(), self.history.get(), refusal)
    }

    /// How long the open state `word` lasts. Drawn from the number of the change, so that everyone
    /// who asks gets the same delay.
    pub(super) fn delay(&self, force: InForce<'_>, word: Word) -> Duration {
        let seed = force.settings.seed().unwrap_or_else(process_seed);
        let draw = mix(seed ^ mix(fnv::hash(self.name()) ^ self.key_number() ^ self.number(word.epoch())));
        Recovery::from(force.settings).delay(word.reopenings(), draw)
    }

    /// The number of `epoch`: without its wrapping.
    pub(crate) fn number(&self, epoch: u64) -> u64 {
        self.sequence.unwrapped(epoch)
    }

    pub(crate) fn history_kept(&self) -> Option<&'static History> {
        self.history.get()
    }

    /// The change that began the epoch with this number, if it is still kept.
    pub(crate) fn change(&self, epoch: u64) -> Option<Arc<Transition>> {
        let history = self.history.get()?;
        history.find(history.lease(), epoch)
    }

    pub(super) fn record(&self, change: Change, time: Time, reason: Reason) {
        let epoch = self.number(change.to.epoch());
        let number = self.sequence.number_of_state(epoch);
        self.forget_before(change.to.epoch());
        let (from, to) = match reason {
            _ if change.from.mode() != change.to.mode() => (change.from.shown(), change.to.shown()),
            _ => (change.from.state(), change.to.state()),
        };
        let (breaker, at) = (self.about(), SystemTime::now());
        let mode = match &reason {
            // A family's, which is not that of what stands for it.
            Reason::ModeSet(change) => change.to,
            _ => change.to.mode(),
        };
        let seen = self.clock.now().max(time);
        self.publish(Transition { breaker, number, epoch, at, from, to, mode, reason, time, seen });
    }

    /// Keeps a change, and tells those who listen.
    pub(super) fn publish(&self, transition: Transition) {
        let transition = Arc::new(transition);
        let room = self.in_force(|force| force.settings.history.get());
        self.lent_history().record(room, &transition);
        self.outbox().publish(&transition);
        #[cfg(feature = "tracing")]
        traces::changed(&transition);
    }

    /// What was counted by epochs before this one will not be asked for again.
    pub(super) fn forget_before(&self, epoch: u64) {
        self.tuning.forget_before(epoch, &self.totals);
        self.forget_classes_before(epoch);
        self.given_back.begin(epoch);
    }

    #[inline]
    fn lent_history(&self) -> &'static History {
        self.history.get().unwrap_or_else(|| self.first_history())
    }

    #[cold]
    fn first_history(&self) -> &'static History {
        let lent = History::lend();
        if self.history.set(lent).is_err() {
            lent.give_back_unused();
        }
        self.history.get().unwrap_or(lent)
    }

    /// What time it was for people at a time of the breaker's clock, by one reading of both.
    fn wall_clock(&self) -> impl Fn(Time) -> SystemTime + Copy {
        let (wall, now) = (SystemTime::now(), self.clock.now());
        move |time| wall.checked_sub(now.since(time)).unwrap_or(wall)
    }
}

/// The last failures of `state`, which ended at `end`.
fn failures_of(
    force: InForce<'_>,
    state: Identity,
    end: Time,
    wall: impl Fn(Time) -> SystemTime,
) -> Vec<FailureSample> {
    let samples = force.samples_if_any().map(|samples| samples.of(state.epoch())).unwrap_or_default();
    samples
        .into_iter()
        // One that was recorded at the same moment as the end came before it.
        .map(|sample| FailureSample {
            at: wall(sample.at.min(end)),
            latency: sample.latency,
            class: sample.class.filter(|class| !class.is_empty()).unwrap_or(OTHER),
            text: sample.text,
        })
        .collect()
}

/// A number that differs from process to process, so that a fleet does not draw the same delays.
fn process_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    static SEED: OnceBox<u64> = OnceBox::new();
    *SEED.get_or_init(|| Box::new(RandomState::new().hash_one(std::process::id())))
}
