//! New settings for a running breaker: as a whole, or not at all.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::CircuitBreaker;
use super::in_force::{InForce, Moment};
use super::sequence::Changing;
use super::word::Reading;
use crate::event::{Reason, SettingsChange, Transition};
use crate::origin::Origin;
use crate::policy::{Settings, SettingsError};

/// Why settings were not put in force. Nothing has changed.
#[cfg(feature = "controls")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotSet {
    /// Others are in force than those that were meant to be replaced.
    Stale {
        /// The revision of those.
        present: u64,
    },
    /// There is no change to take back.
    NothingBefore,
    Refused(SettingsError),
}

impl CircuitBreaker {
    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.in_force(|force| *force.settings)
    }

    /// The time limit of the calls.
    #[inline]
    pub(crate) fn time_limit(&self) -> Option<Duration> {
        self.in_force(|force| force.settings.timeout.get())
    }

    /// The limit for all attempts of a call.
    #[cfg(feature = "tokio")]
    pub(crate) fn total_limit(&self) -> Option<Duration> {
        self.in_force(|force| force.settings.total_limit())
    }

    /// The settings that the breaker was made with.
    pub(crate) fn first_settings(&self) -> Settings {
        self.tuning.first()
    }

    /// The number of the settings in force: 1 for those that the breaker was made with, one more for
    /// every change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        let revision = |force: InForce<'_>| force.revision();
        self.in_force(revision)
    }

    /// Puts other settings in force, while calls run. Returns their revision.
    ///
    /// They are checked first, and replace the old ones as a whole. State, totals and history stay. So
    /// does the evidence of the windows, where the new rules look back on the same kind: a window that
    /// becomes longer or larger fills up from what it holds, and a call that ends at this very moment may
    /// be missing from it. After a change of [`slow_call`](Settings::slow_call), or of
    /// [`timeout`](Settings::timeout) for calls that know no other limit, calls under way count when they
    /// end. An open breaker keeps its deadline, and a half-open one its time limit. What new rules say is
    /// read when the next call ends or arrives.
    ///
    /// The change is one event, with where it came from: the line that calls this. Settings that are in
    /// force already change nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use breaker_runtime::{CircuitBreaker, Settings};
    ///
    /// static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new().consecutive(3));
    ///
    /// let patient = PRICING.settings().consecutive(10).reset(Duration::from_secs(30));
    /// assert_eq!(PRICING.set_settings(patient), Ok(2));
    /// assert_eq!(PRICING.settings(), patient);
    ///
    /// assert!(PRICING.set_settings(patient.probes(0)).is_err(), "and nothing has changed");
    /// assert_eq!(PRICING.revision(), 2);
    /// ```
    ///
    /// # Errors
    ///
    /// Settings that [`Settings::check`] refuses, and a breaker of a [family](crate::Breakers), which has the
    /// settings of the family: nothing has changed.
    #[track_caller]
    pub fn set_settings(&self, settings: Settings) -> Result<u64, SettingsError> {
        self.set_settings_by(settings, Origin::here())
    }

    /// The same as [`set_settings`](Self::set_settings), on behalf of somebody else: a file, a person.
    ///
    /// # Errors
    ///
    /// As [`set_settings`](Self::set_settings).
    pub fn set_settings_by(&self, settings: Settings, origin: impl Into<Origin>) -> Result<u64, SettingsError> {
        self.can_have(&settings)?;
        let origin = origin.into();
        Ok(self.put_settings(self.sequence.change_settings(), settings, origin))
    }

    /// The same, if the settings in force are those with this revision.
    #[cfg(feature = "controls")]
    pub(crate) fn set_settings_if(&self, revision: u64, settings: Settings, origin: Origin) -> Result<u64, NotSet> {
        self.can_have(&settings).map_err(NotSet::Refused)?;
        let changing = self.sequence.change_settings();
        self.has_revision(revision)?;
        Ok(self.put_settings(changing, settings, origin))
    }

    /// Takes the last change of the settings back: puts those in force that it had replaced. Done again,
    /// takes the one before that back; up to 16 of them. Returns the revision, which is a new one, or
    /// `None` where there is nothing to take back.
    ///
    /// ```
    /// # use breaker_runtime::{CircuitBreaker, Settings};
    /// # let breaker = CircuitBreaker::builder("pricing").build()?;
    /// let first = breaker.settings();
    /// breaker.set_settings(first.consecutive(10))?;
    /// assert_eq!(breaker.rollback(), Some(3));
    /// assert_eq!(breaker.settings(), first);
    /// assert_eq!(breaker.rollback(), None);
    /// # Ok::<(), breaker_runtime::SettingsError>(())
    /// ```
    #[track_caller]
    pub fn rollback(&self) -> Option<u64> {
        self.rollback_by(Origin::here())
    }

    /// The same as [`rollback`](Self::rollback), on behalf of somebody else.
    pub fn rollback_by(&self, origin: impl Into<Origin>) -> Option<u64> {
        let origin = origin.into();
        self.take_back(self.sequence.change_settings(), origin)
    }

    /// The same, if the settings in force are those with this revision.
    #[cfg(feature = "controls")]
    pub(crate) fn rollback_if(&self, revision: u64, origin: Origin) -> Result<u64, NotSet> {
        self.has_own_settings().map_err(NotSet::Refused)?;
        let changing = self.sequence.change_settings();
        self.has_revision(revision)?;
        self.take_back(changing, origin).ok_or(NotSet::NothingBefore)
    }

    /// To be asked while a change of the settings is under way, so that the answer holds until its end.
    #[cfg(feature = "controls")]
    fn has_revision(&self, revision: u64) -> Result<(), NotSet> {
        let present = self.revision();
        if present == revision { Ok(()) } else { Err(NotSet::Stale { present }) }
    }

    fn can_have(&self, settings: &Settings) -> Result<(), SettingsError> {
        settings.check()?;
        self.has_own_settings()
    }

    fn has_own_settings(&self) -> Result<(), SettingsError> {
        if self.key_hash().is_some() { Err(SettingsError::OF_FAMILY) } else { Ok(()) }
    }

    fn put_settings(&self, changing: Changing<'_>, settings: Settings, origin: Origin) -> u64 {
        let present = self.settings();
        if settings == present {
            return self.revision();
        }
        let mut before = self.settings_before();
        before.push(present);
        self.replace_settings(changing, settings, origin, before)
    }

    fn take_back(&self, changing: Changing<'_>, origin: Origin) -> Option<u64> {
        let mut before = self.settings_before();
        let settings = before.pop()?;
        Some(self.replace_settings(changing, settings, origin, before))
    }

    /// Lets the next call that ends read the rules, be it a success: they are other ones.
    pub(super) fn read_anew(&self) {
        let word = self.cell.load();
        if self.tuning.recorded() != 0 {
            let watch = Reading { trips: false, watch: true };
            let _ = self.cell.settle(word.identity(), |word| word.arrival(watch));
        }
    }

    fn settings_before(&self) -> Vec<Settings> {
        self.in_force(|force| force.before().to_vec())
    }

    /// The change has its number before it is in force: so nobody hears of
    /// a trip by the new settings before he hears of them.
    fn replace_settings(
        &self,
        changing: Changing<'_>,
        settings: Settings,
        origin: Origin,
        before: Vec<Settings>,
    ) -> u64 {
        let old = self.settings();
        let moment = Moment { epoch: self.cell.load().epoch(), now: self.clock.now() };
        let replacement = self.tuning.replacement(settings, origin.clone(), before, moment, &self.totals);
        let revision = replacement.revision;
        let word = Cell::new(self.cell.load());
        let (number, epoch) = changing.number(|| {
            word.set(self.cell.load());
            word.get().epoch()
        });
        self.tuning.replace(replacement, &self.totals);
        self.read_anew();
        let word = word.get();
        let change = SettingsChange { revision, origin, before: old, after: settings };
        let (breaker, state, mode) = (self.about(), word.state(), word.mode());
        let (at, time) = (SystemTime::now(), moment.now);
        let reason = Reason::SettingsSet(Arc::new(change));
        let transition =
            Transition { breaker, number, epoch, at, from: state, to: state, mode, reason, time, seen: time };
        // Others may change the settings again, also whoever is woken by this.
        drop(changing);
        self.publish(transition);
        revision
    }
}

#[cfg(all(test, feature = "controls"))]
mod tests {
    use std::thread;

    use super::*;
    use crate::keyed::Breakers;

    #[test]
    fn of_many_who_change_one_revision_one_does() {
        let family = Breakers::new("family", Settings::new());
        for revision in 1..=50_u32 {
            let change = |probes: u32| {
                let origin = Origin::from(probes.to_string());
                family.set_settings_if(revision.into(), family.settings().probes(probes), origin)
            };
            let all: Vec<_> = thread::scope(|scope| {
                let threads: Vec<_> =
                    (0..4).map(|thread| scope.spawn(move || change((revision * 4 + thread) % 255 + 1))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let next = u64::from(revision) + 1;
            assert_eq!(all.iter().filter(|one| **one == Ok(next)).count(), 1, "{all:?}");
            assert_eq!(all.iter().filter(|one| **one == Err(NotSet::Stale { present: next })).count(), 3, "{all:?}");
        }
        assert_eq!(family.history().len(), 32);
        assert_eq!(family.rollback_if(50, Origin::from("Ann")), Err(NotSet::Stale { present: 51 }));
        assert_eq!(family.rollback_if(51, Origin::from("Ann")), Ok(52));
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let breaker = CircuitBreaker::builder("one").build().unwrap();
        let origin = || Origin::from("Ann");
        assert_eq!(breaker.rollback_if(1, origin()), Err(NotSet::NothingBefore));
        let refused = breaker.set_settings_if(1, breaker.settings().probes(0), origin()).unwrap_err();
        assert!(matches!(refused, NotSet::Refused(why) if why.text().contains("probes")));
        assert_eq!(breaker.set_settings_if(1, breaker.settings(), origin()), Ok(1), "they are in force");
        assert_eq!((breaker.revision(), breaker.history().len()), (1, 0));
    }
}
