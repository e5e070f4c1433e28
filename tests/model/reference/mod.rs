//! A breaker as naive as can be, written from the description of the behaviour alone: it keeps
//! everything that ever happened in vectors, and counts anew each time.
//!
//! [`evidence`] is what the rules look at, [`trips`] are the rules, [`recovery`] is what happens from
//! the trip until the breaker is closed again; this file is what a caller sees.

#![allow(clippy::unchecked_time_subtraction, reason = "a reference that computes a wrong time shall panic")]

mod evidence;
mod recovery;
mod trips;

use std::time::Duration;

use breaker_runtime::{ErrorKind, Mode, State};

use super::rules::Rules;
pub(crate) use evidence::{CLASSES, Call, Outcome};
use evidence::{End, by_class};
use recovery::Phase;
pub(crate) use trips::{Counts, Why};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) kind: ErrorKind,
    pub(crate) retry_after: Option<Duration>,
}

/// What led to a change of state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cause {
    Tripped { why: Why, classes: [u64; CLASSES.len()], delay: Duration, in_flight: u64, window: Option<Counts> },
    ResetPassed { delay: Duration },
    Recovered { successes: u32 },
    Overdue { after: Duration },
    ByHand,
    ModeSet { from: Mode, to: Mode },
}

#[derive(Debug)]
pub(crate) struct Reference {
    rules: Rules,
    pub(crate) now: Duration,
    /// When the breaker was made.
    made: Duration,
    pub(crate) mode: Mode,
    phase: Phase,
    running: Vec<Call>,
    ends: Vec<End>,
    /// The changes of state; as many as the epoch says.
    pub(crate) changes: Vec<Cause>,
    pub(crate) admitted: u64,
    pub(crate) rejections: Vec<Rejection>,
    /// How many calls metrics only would have rejected, and with what.
    pub(crate) would_be_rejections: Vec<Rejection>,
    /// The epoch and the tenth of `slow_call` in which the rates were read last.
    read_in: Option<(u64, u128)>,
    /// How often an arrival tripped it, and not an end.
    pub(crate) trips_on_arrival: usize,
}

impl Reference {
    pub(crate) fn new(rules: Rules, made: Duration) -> Self {
        Self {
            rules,
            now: made,
            made,
            mode: Mode::Automatic,
            phase: Phase::closed(),
            running: Vec::new(),
            ends: Vec::new(),
            changes: Vec::new(),
            admitted: 0,
            rejections: Vec::new(),
            would_be_rejections: Vec::new(),
            read_in: None,
            trips_on_arrival: 0,
        }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.changes.len() as u64
    }

    /// What callers meet.
    pub(crate) fn state(&self) -> State {
        match self.mode {
            Mode::Automatic => self.phase.state(),
            Mode::Disabled | Mode::MetricsOnly => State::Closed,
            Mode::ForcedOpen => State::Open,
        }
    }

    pub(crate) fn would_be(&self) -> Option<State> {
        (self.mode == Mode::MetricsOnly).then(|| self.phase.state())
    }

    pub(crate) fn ended(&self, outcome: Outcome) -> u64 {
        self.ends.iter().filter(|end| end.outcome == outcome).count() as u64
    }

    /// All failures, late ones too.
    pub(crate) fn failures_by_class(&self) -> [u64; CLASSES.len()] {
        by_class(self.ends.iter().filter(|end| end.failed()))
    }

    pub(crate) fn slow(&self) -> u64 {
        self.ends.iter().filter(|end| end.slow).count() as u64
    }

    pub(crate) fn late(&self) -> u64 {
        self.ends.iter().filter(|end| end.late).count() as u64
    }

    pub(crate) fn rejected(&self, kind: ErrorKind) -> u64 {
        self.rejections.iter().filter(|rejection| rejection.kind == kind).count() as u64
    }

    /// A call arrives. Where its arrival may trip the breaker and need not, `may_trip` decides.
    pub(crate) fn start(&mut self, may_trip: bool) -> Result<Call, Rejection> {
        let answer = match self.mode {
            Mode::Automatic => self.arrive(may_trip).map(|()| Some(self.epoch())),
            Mode::Disabled => Ok(None),
            Mode::ForcedOpen => Err(Rejection { kind: ErrorKind::ForcedOpen, retry_after: None }),
            Mode::MetricsOnly => match self.arrive(may_trip) {
                Ok(()) => Ok(Some(self.epoch())),
                Err(rejection) => {
                    self.would_be_rejections.push(rejection);
                    Ok(None)
                }
            },
        };
        match answer {
            Ok(epoch) => {
                let call = Call { number: self.admitted, epoch, began: self.now };
                self.running.push(call);
                self.admitted += 1;
                Ok(call)
            }
            Err(rejection) => {
                self.rejections.push(rejection);
                Err(rejection)
            }
        }
    }

    /// Ends a call.
    pub(crate) fn end(&mut self, call: Call, outcome: Outcome) {
        let late = call.epoch.is_some_and(|epoch| epoch != self.epoch());
        let end = self.recorded(call, outcome, late);
        self.running.retain(|other| other.number != call.number);
        self.ends.push(end);
        if call.epoch == Some(self.epoch()) {
            match self.phase {
                Phase::Closed { .. } => self.read_the_rules(end),
                Phase::HalfOpen { .. } => self.decide(),
                Phase::Open { .. } => unreachable!("no call begins while open"),
            }
        }
    }

    pub(crate) fn close(&mut self) {
        if matches!(self.mode, Mode::Automatic | Mode::MetricsOnly) {
            self.change(Cause::ByHand, Phase::closed());
        }
    }

    pub(crate) fn set_mode(&mut self, to: Mode) {
        let from = self.mode;
        if from == to {
            return;
        }
        self.mode = to;
        let probing = from == Mode::ForcedOpen && matches!(to, Mode::Automatic | Mode::MetricsOnly);
        let phase = if probing { self.unprobed() } else { Phase::closed() };
        self.change(Cause::ModeSet { from, to }, phase);
    }

    fn change(&mut self, cause: Cause, phase: Phase) {
        self.changes.push(cause);
        self.phase = phase;
    }
}
