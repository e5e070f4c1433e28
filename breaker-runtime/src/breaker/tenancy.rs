//! A breaker of a family goes from one key to the next: by epochs that nobody hears of, so that what
//! belongs to one key is late for every other.

use std::sync::Arc;

use super::in_force::{InForce, Moment, Replaced};
use super::timeline::OpenPeriod;
use super::word::Word;
use super::{Beginning, CircuitBreaker, Totals};
use crate::clock::{Clock, Time};
use crate::event::Reason;
use crate::fnv;
use crate::key::StoredKey;
use crate::listen::Outbox;
use crate::mode::Mode;
use crate::origin::Origin;
use crate::policy::Window;
use crate::state::State;

/// Why a key may lose its breaker, and the mode that its family has: another one was set by hand, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Another key needs it: closed, and no failure counts.
    Quiet(Mode),
    /// Nobody has called it for long: no failure counts that would count later.
    Idle(Mode),
}

impl CircuitBreaker {
    /// Takes the breaker from its key, where it may leave at `now` and no call is under way. It lets all
    /// calls pass then, and hears of none, until it begins anew.
    ///
    /// A call that has begun meanwhile is still under way afterwards; see [`clear`](Self::clear).
    pub(crate) fn retire(&self, leave: Leave, now: Time) -> bool {
        let word = self.cell.load();
        if !self.is_free_to_leave(word, leave, now) {
            return false;
        }
        let Ok(change) = self.cell.exchange(word, word.enter(Mode::Disabled)) else { return false };
        self.pass_over(change.to);
        true
    }

    /// Forgets what its last key has counted, and returns it, unless a call is still under way. Where none is, a call
    /// that begins later sees what was written before this.
    pub(crate) fn clear(&self) -> Option<Totals> {
        self.totals.begin_anew()
    }

    /// Begins its time with another key, as a breaker that was just made.
    pub(crate) fn begin_anew(&self, key: Arc<StoredKey>) {
        self.key.store(Some(key));
        self.timeline.clear();
        if let Some(recovery) = self.recovery_if_any() {
            recovery.clear();
        }
        if let Some(limits) = self.limits_if_any() {
            limits.tokens.begin_anew();
        }
        self.forget_classes();
        self.forget_served();
        self.tuning.forget_latencies();
        if let Some(history) = self.history.get() {
            history.renew();
        }
        if let Some(outbox) = self.outbox_if_any() {
            outbox.begin_anew();
        }
        self.begin_in(Mode::Automatic);
    }

    /// The mode that it begins with, before its key can be found.
    pub(crate) fn begin_in(&self, mode: Mode) {
        let mut word = self.cell.load();
        // Only calls that found it for its last key can come between.
        while let Err(found) = self.cell.exchange(word, word.enter(mode)) {
            word = found;
        }
        let epoch = word.enter(mode).epoch();
        self.sequence.begin_anew(epoch);
        self.forget_before(epoch);
    }

    /// Takes the settings of its family, which are published as one value for all that can share it.
    pub(crate) fn adopt(&self, settings: &Arc<Replaced>) {
        let moment = Moment { epoch: self.cell.load().epoch(), now: self.clock.now() };
        self.tuning.adopt(settings, moment, &self.totals);
        self.read_anew();
    }

    fn pass_over(&self, word: Word) {
        self.sequence.pass_over();
        self.forget_before(word.epoch());
    }

    /// Whether it could be taken from its key now.
    pub(crate) fn may_leave(&self, leave: Leave, now: Time) -> bool {
        self.is_free_to_leave(self.cell.load(), leave, now)
    }

    /// Somebody calls it, or just did.
    #[inline]
    pub(crate) fn used(&self, now: Time) {
        self.totals.use_at(now);
    }

    /// When somebody called it last, or a call that did not succeed ended.
    #[inline]
    pub(crate) fn last_used(&self) -> Time {
        self.totals.used_at()
    }

    /// A number that is this key's in every process.
    pub(crate) fn key_number(&self) -> u64 {
        self.key.load().as_ref().map_or(0, |key| fnv::hash(&key.text()))
    }

    /// The hash of its key.
    pub(crate) fn key_hash(&self) -> Option<u64> {
        self.key.load().as_ref().map(|key| key.hash)
    }

    /// A breaker for one key of the family that this one stands for.
    pub(crate) fn member(&self, clock: Clock) -> Self {
        self.copy(clock, Beginning::new().lean())
    }

    /// Tells something that is no change of its own mode. It begins anew by that.
    pub(crate) fn tell(&self, reason: Reason) {
        let mut word = self.cell.load();
        loop {
            match self.cell.exchange(word, word.enter(word.mode())) {
                Ok(change) => return self.record(change, self.clock.now(), reason),
                Err(found) => word = found,
            }
        }
    }

    /// Another mode, in the place of `from` only.
    pub(crate) fn enter(&self, from: Mode, to: Mode, reason: Reason) {
        let mut word = self.cell.load();
        while word.mode() == from {
            match self.cell.exchange(word, word.enter(to)) {
                Ok(change) => return self.record(change, self.clock.now(), reason),
                Err(found) => word = found,
            }
        }
    }

    fn is_free_to_leave(&self, word: Word, leave: Leave, now: Time) -> bool {
        let (Leave::Quiet(home) | Leave::Idle(home)) = leave;
        word.mode() == home
            && self.totals.are_at_rest()
            && self.sequence.has_all_up_to(word.epoch())
            && self.outbox_if_any().map_or(Some(0), Outbox::told) == Some(self.sequence.total())
            // Nothing is learned in these modes.
            && (matches!(home, Mode::Disabled | Mode::ForcedOpen)
                || self.in_force(|force| self.can_be_forgotten(force, word, leave, now)))
    }

    fn can_be_forgotten(&self, force: InForce<'_>, word: Word, leave: Leave, now: Time) -> bool {
        match (leave, word.state()) {
            (Leave::Quiet(_), State::Closed) => {
                let row = word.streak() > 0 || word.unanswered() > 0;
                !row && !word.is_ramping() && !has_failures(force, word, now)
            }
            (Leave::Quiet(_), _) => false,
            (Leave::Idle(_), State::Closed) => {
                let by_time = matches!(force.settings.window_or_default(), Window::Time(_));
                !(by_time && has_failures(force, word, now))
            }
            (Leave::Idle(_), State::Open) => {
                self.timeline.open_period(word.identity()).map(OpenPeriod::due).is_some_and(|due| now >= due)
            }
            (Leave::Idle(_), State::HalfOpen) => true,
        }
    }
}

fn has_failures(force: InForce<'_>, word: Word, now: Time) -> bool {
    let counts = force.window_counts(word.identity(), now);
    counts.is_some_and(|counts| counts.failed + counts.slow > 0) || force.has_recent_failure(word.identity(), now)
}

/// The settings in force of the breaker that stands for a family, for [`CircuitBreaker::adopt`].
pub(crate) fn family_settings(family: &CircuitBreaker) -> Arc<Replaced> {
    let (settings, revision, origin) = family.in_force(|force| {
        let origin = force.origin().cloned().unwrap_or(Origin::Made(family.location));
        (*force.settings, force.revision(), origin)
    });
    Arc::new(Replaced::for_all(settings, revision, origin))
}
