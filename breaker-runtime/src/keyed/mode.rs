//! The mode of a family, which is that of all its keys.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::Breakers;
use crate::breaker::CircuitBreaker;
use crate::event::Reason;
use crate::mode::Mode;
use crate::origin::Origin;
use crate::sync::{Ordering, fence};

impl Breakers {
    /// Who decides in all breakers of the family.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode.load().as_ref().map_or(Mode::Automatic, |mode| mode.0)
    }

    /// Says who decides from now on, as [`CircuitBreaker::set_mode`] does for one breaker: for all keys, also for those that
    /// come later. (One key's breaker can still be given a mode of its own, until this is called again.)
    ///
    /// ```
    /// use breaker_runtime::{Breakers, Mode, Settings};
    ///
    /// static HOSTS: Breakers = Breakers::new("hosts", Settings::new().consecutive(1));
    ///
    /// HOSTS.set_mode(Mode::MetricsOnly);
    /// HOSTS.try_acquire("eu.example")?.failure();
    /// assert!(HOSTS.try_acquire("eu.example").is_ok(), "nothing is rejected");
    /// assert_eq!(HOSTS.get("eu.example").expect("was called").mode(), Mode::MetricsOnly);
    /// # Ok::<(), breaker_runtime::CircuitBreakerError>(())
    /// ```
    #[track_caller]
    pub fn set_mode(&self, mode: Mode) {
        self.set_mode_by(mode, Origin::here());
    }

    /// The same as [`set_mode`](Self::set_mode), on behalf of somebody else: a file, a person.
    pub fn set_mode_by(&self, mode: Mode, origin: impl Into<Origin>) {
        let origin = origin.into();
        let before = self.mode.swap(Some(Arc::new((mode, origin.clone()))));
        let from = before.as_ref().map_or(Mode::Automatic, |before| before.0);
        // As in `insert`: whoever brings a key at this moment gives it this mode, or is found here.
        fence(Ordering::SeqCst);
        self.spread_mode();
        if from != mode {
            self.own.tell(Reason::mode_set(from, mode, origin));
        }
    }

    /// Gives the mode to all breakers, and to the one of keys without a place. Of several who do so at one moment, each
    /// looks afterwards whether the mode is still the one that it gave: so the last one is given last.
    fn spread_mode(&self) {
        loop {
            let mode = self.mode.load_full();
            if let Some(mode) = &mode {
                let mut panic = None;
                for member in self {
                    // Whoever is told of it may panic; the others must have it all the same.
                    let set = || member.set_mode_by(mode.0, mode.1.clone());
                    panic = catch_unwind(AssertUnwindSafe(set)).err().or(panic);
                }
                self.spread_to_overflow(mode);
                if let Some(panic) = panic {
                    resume_unwind(panic);
                }
            }
            fence(Ordering::SeqCst);
            if same(mode.as_ref(), self.mode.load().as_ref()) {
                return;
            }
        }
    }

    /// The same for keys without a place, where there are some.
    pub(super) fn spread_to_overflow(&self, (to, origin): &(Mode, Origin)) {
        let (mode, wanted) = (self.own.mode(), self.overflow_mode());
        if mode != Mode::Disabled && mode != wanted {
            self.own.enter(mode, wanted, Reason::mode_set(mode, *to, origin.clone()));
        }
    }

    /// The mode of keys without a place.
    pub(super) fn overflow_mode(&self) -> Mode {
        match self.mode() {
            Mode::Automatic => self.overflow_mode,
            Mode::ForcedOpen => Mode::ForcedOpen,
            // What is disabled would read as if there were none.
            Mode::Disabled | Mode::MetricsOnly => Mode::MetricsOnly,
        }
    }

    /// Gives the family's mode to the breaker of a key that comes, which nobody can find yet.
    pub(super) fn begin_in_mode(&self, breaker: &CircuitBreaker) {
        let mode = self.mode();
        if mode != Mode::Automatic {
            breaker.begin_in(mode);
        }
    }

    /// The same where it may have been found since.
    pub(super) fn give_mode(&self, breaker: &CircuitBreaker, mut given: Mode) {
        loop {
            let mode = self.mode.load_full();
            match &mode {
                Some(mode) if mode.0 != given => breaker.set_mode_by(mode.0, mode.1.clone()),
                _ => return,
            }
            given = mode.map_or(given, |mode| mode.0);
        }
    }
}

/// Whether both are one.
fn same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}
