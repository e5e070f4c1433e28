//! What few breakers need, behind one pointer: every key of a family has a breaker, and most never use it.

use std::time::Duration;

use once_cell::race::OnceBox;

use super::CircuitBreaker;
#[cfg(feature = "last_good")]
use super::Count;
use super::classes::FailureClasses;
use super::limits::CallLimits;
use super::ramp::Ramp;
use super::timeline::{HalfOpenPeriod, Recovery};
use super::word::Identity;
use crate::clock::Time;
#[cfg(feature = "last_good")]
use crate::clock::nanos;
use crate::listen::Outbox;
use crate::sync::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Seldom {
    /// From the first failure that has a class.
    classes: OnceBox<FailureClasses>,
    /// From the first call under a limit.
    limits: OnceBox<CallLimits>,
    /// From the first change on, or the first who wants to be told.
    outbox: OnceBox<Outbox>,
    recovery: Recovery,
    ramp: Ramp,
    /// How old the last answer was that was given again, in nanoseconds and one more; zero where none was.
    served_age: AtomicU64,
}

impl CircuitBreaker {
    fn seldom(&self) -> &Seldom {
        self.seldom.get_or_init(Box::default)
    }

    /// What tells changes to those who listen.
    pub(crate) fn outbox(&self) -> &Outbox {
        self.seldom().outbox.get_or_init(|| Box::new(Outbox::new()))
    }

    pub(super) fn outbox_if_any(&self) -> Option<&Outbox> {
        self.seldom.get()?.outbox.get()
    }

    pub(super) fn recovery(&self) -> &Recovery {
        &self.seldom().recovery
    }

    pub(super) fn recovery_if_any(&self) -> Option<&Recovery> {
        Some(&self.seldom.get()?.recovery)
    }

    /// The half-open period of `state`, once it is known.
    pub(super) fn half_open_period(&self, state: Identity) -> Option<HalfOpenPeriod> {
        self.recovery_if_any()?.half_open_period(state)
    }

    /// When the ramp of `state` began, once it is known.
    pub(super) fn ramp_since(&self, state: Identity) -> Option<Time> {
        self.recovery_if_any()?.ramp(state)
    }

    pub(super) fn ramp(&self) -> &Ramp {
        &self.seldom().ramp
    }

    pub(super) fn classes(&self, made: impl FnOnce() -> FailureClasses) -> &FailureClasses {
        self.seldom().classes.get_or_init(|| Box::new(made()))
    }

    pub(super) fn classes_if_any(&self) -> Option<&FailureClasses> {
        self.seldom.get()?.classes.get()
    }

    pub(super) fn limits(&self) -> &CallLimits {
        self.seldom().limits.get_or_init(Box::default)
    }

    pub(super) fn limits_if_any(&self) -> Option<&CallLimits> {
        self.seldom.get()?.limits.get()
    }

    /// An answer of this age was given in the place of one.
    #[cfg(feature = "last_good")]
    pub(crate) fn served_last_good(&self, age: Duration) {
        self.count(Count::LastGoodServed);
        // The number alone is told, so nothing need be seen with it.
        self.seldom().served_age.store(nanos(age).saturating_add(1), Ordering::Relaxed);
    }

    /// How old the last answer was that was given again.
    pub(crate) fn served_age(&self) -> Option<Duration> {
        let age = self.seldom.get()?.served_age.load(Ordering::Relaxed);
        age.checked_sub(1).map(Duration::from_nanos)
    }

    /// Forgets it, with the key that it was for.
    pub(super) fn forget_served(&self) {
        if let Some(seldom) = self.seldom.get() {
            seldom.served_age.store(0, Ordering::Relaxed);
        }
    }
}
