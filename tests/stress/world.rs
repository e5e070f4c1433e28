//! A breaker, its clock, and what the test itself has counted.

use std::env;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, OnCancel, Permit, Settings};
use fastrand::Rng;

use crate::hand::Hand;
use crate::probes::{Place, Probes};
use crate::tally::Tally;

/// A permit of a call that somebody else shall end.
pub(crate) type Left = (Permit<Arc<CircuitBreaker>>, Option<Place>);

/// Settings, and what the test has to know of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) settings: Settings,
    pub(crate) probes: u32,
    pub(crate) slow_call: Option<Duration>,
    pub(crate) on_cancel: OnCancel,
    /// Whether a cancelled call can have run for its time limit.
    pub(crate) limited: bool,
    /// Whether somebody sets modes and closes the breaker meanwhile.
    pub(crate) by_hand: bool,
}

impl Kind {
    pub(crate) fn new(settings: Settings) -> Self {
        let (slow_call, on_cancel) = (None, OnCancel::Unanswered);
        Self { settings, probes: 1, slow_call, on_cancel, limited: false, by_hand: false }
    }

    pub(crate) fn probes(mut self, probes: u32) -> Self {
        (self.settings, self.probes) = (self.settings.probes(probes), probes);
        self
    }

    pub(crate) fn slow_call(mut self, time: Duration) -> Self {
        (self.settings, self.slow_call) = (self.settings.slow_call(time), Some(time));
        self
    }

    pub(crate) fn on_cancel(mut self, rule: OnCancel) -> Self {
        (self.settings, self.on_cancel) = (self.settings.on_cancel(rule), rule);
        self
    }

    pub(crate) fn limited(mut self) -> Self {
        self.limited = true;
        self
    }

    pub(crate) fn by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }
}

pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) breaker: Arc<CircuitBreaker>,
    pub(crate) clock: ManualClock,
    pub(crate) tally: Tally,
    pub(crate) probes: Probes,
    /// Calls under way that nobody holds.
    left: Mutex<Vec<Left>>,
    /// Who sets modes and closes the breaker meanwhile.
    pub(crate) hand: Option<Hand>,
    pub(crate) seed: u64,
}

impl World {
    pub(crate) fn new(kind: &Kind) -> Self {
        let clock = ManualClock::new();
        let breaker = CircuitBreaker::builder("stressed").settings(kind.settings).clock(&clock).build();
        let seed = env::var("STRESS_SEED").ok().and_then(|seed| seed.parse().ok());
        Self {
            kind: *kind,
            hand: kind.by_hand.then(Hand::default),
            breaker: Arc::new(breaker.expect("valid settings")),
            clock,
            tally: Tally::default(),
            probes: Probes::default(),
            left: Mutex::new(Vec::new()),
            seed: seed.unwrap_or_else(|| fastrand::u64(..)),
        }
    }

    /// Dice of one's own.
    pub(crate) fn dice(&self, number: u64) -> Rng {
        Rng::with_seed(self.seed.wrapping_add(number))
    }

    /// Before each call.
    pub(crate) fn before_a_call(&self) {
        if let Some(hand) = &self.hand {
            hand.wait_for_me();
        }
    }

    /// Turns the clock, mostly not at all, mostly by little.
    pub(crate) fn turn(&self, dice: &mut Rng) {
        let by = match dice.u32(..200) {
            0 => Duration::from_secs(70),
            1..=3 => Duration::from_secs(2),
            4..=9 => Duration::from_millis(500),
            10..=19 => Duration::from_millis(110),
            20..=39 => Duration::from_millis(7),
            40..=59 => Duration::from_nanos(1),
            _ => return,
        };
        self.clock.advance(by);
    }

    pub(crate) fn leave(&self, call: Left) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// One of the calls that nobody holds.
    pub(crate) fn take(&self, dice: &mut Rng) -> Option<Left> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        (!left.is_empty()).then(|| left.len()).map(|len| left.swap_remove(dice.usize(..len)))
    }
}
