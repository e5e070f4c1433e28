//! Who answers a scenario: our breaker, or the reference that judges it.

use std::collections::HashMap;
use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, Permit, State};

use crate::reference::{Call, Outcome, Reference};
use crate::rules::Rules;

pub(crate) trait Subject {
    fn advance(&mut self, by: Duration);
    /// Whether the call is admitted.
    fn start(&mut self, call: u64) -> bool;
    fn finish(&mut self, call: u64, outcome: Outcome);
    /// The state, and whether it is open with its delay behind it.
    fn state(&self) -> (State, bool);
}

pub(crate) struct Ours<'a> {
    pub(crate) breaker: &'a CircuitBreaker,
    pub(crate) clock: ManualClock,
    pub(crate) under_way: HashMap<u64, Permit<&'a CircuitBreaker>>,
}

impl Subject for Ours<'_> {
    fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
    }

    fn start(&mut self, call: u64) -> bool {
        let admitted = self.breaker.try_acquire().ok();
        admitted.map(|permit| self.under_way.insert(call, permit)).is_some()
    }

    fn finish(&mut self, call: u64, outcome: Outcome) {
        let permit = self.under_way.remove(&call).expect("a call under way");
        match outcome {
            Outcome::Success => permit.success(),
            Outcome::Failure => permit.failure(),
            Outcome::Ignored => permit.ignore(),
            Outcome::Cancelled => drop(permit),
        }
    }

    fn state(&self) -> (State, bool) {
        let snapshot = self.breaker.snapshot();
        (snapshot.state, snapshot.probe_due)
    }
}

pub(crate) struct Naive {
    model: Reference,
    under_way: HashMap<u64, Call>,
}

impl Naive {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { model: Reference::new(rules, Duration::ZERO), under_way: HashMap::new() }
    }
}

impl Subject for Naive {
    fn advance(&mut self, by: Duration) {
        self.model.now += by;
    }

    fn start(&mut self, call: u64) -> bool {
        let admitted = self.model.start(true).ok();
        admitted.map(|admitted| self.under_way.insert(call, admitted)).is_some()
    }

    fn finish(&mut self, call: u64, outcome: Outcome) {
        let call = self.under_way.remove(&call).expect("a call under way");
        self.model.end(call, outcome);
    }

    fn state(&self) -> (State, bool) {
        (self.model.state(), self.model.left_of_the_delay() == Some(Duration::ZERO))
    }
}
