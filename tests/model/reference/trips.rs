//! The rules that trip a closed breaker, each counted from the beginning.

use std::time::Duration;

use breaker_runtime::{Mode, OnCancel, Window};

use super::evidence::{CLASSES, Call, End, Outcome, by_class};
use super::recovery::Phase;
use super::{Reference, Rejection};

/// A rule that opened the breaker, with its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Why {
    Consecutive { limit: u32, measured: u32 },
    Failures { limit: u32, measured: u32, window: Window },
    FailureRate { limit: f64, failed: u64, calls: u64, window: Window },
    SlowRate { limit: f64, slow: u64, calls: u64, window: Window, slow_call: Duration },
    NoAnswer { limit: u32, measured: u32, over: Duration },
    ProbeFailed,
    ProbeSlow { slow_call: Duration },
    ProbeFailureRate { limit: f64, failed: u32, probes: u32 },
    ProbeSlowRate { limit: f64, slow: u32, probes: u32 },
    ProbesOverdue { after: Duration },
}

/// What a window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) failed: u64,
    pub(crate) slow: u64,
}

/// Small enough for everything that can happen in a test.
pub(super) fn small(count: usize) -> u32 {
    u32::try_from(count).expect("a small number")
}

/// The quotient, since 7 / 25 is 0.28 and 0.28 * 25 is more than 7.
pub(super) fn reaches(part: usize, of: usize, rate: f64) -> bool {
    of > 0 && f64::from(small(part)) / f64::from(small(of)) >= rate
}

impl Reference {
    /// After the end of a call while closed.
    pub(super) fn read_the_rules(&mut self, end: End) {
        let why = match (end.counts(), end.unanswered) {
            (true, _) => self.broken_rule(),
            (false, true) => self.no_answer(),
            (false, false) => None,
        };
        if let Some(why) = why {
            self.trip(why, self.now, 1);
        } else if end.counts() {
            self.read_in = self.present_tenth();
        }
    }

    /// Calls under way can have become slow since, which is looked for at most once in each tenth of
    /// `slow_call`: within one, nothing but the age of other calls can have changed it. So where the
    /// rates were read in this tenth already, an arrival need not read them again, and may. It reads
    /// all rates, not that of slow calls alone.
    pub(super) fn read_on_arrival(&mut self, may_trip: bool) -> Result<(), Rejection> {
        let tenth = self.present_tenth();
        if tenth.is_none() || (tenth == self.read_in && !may_trip) {
            return Ok(());
        }
        self.read_in = tenth;
        match self.slow_rate() {
            Some(why) => {
                self.trips_on_arrival += 1;
                self.trip(why, self.now, 1);
                self.reject_open()
            }
            None => Ok(()),
        }
    }

    /// The epoch and the tenth of `slow_call`, where slow calls count.
    fn present_tenth(&self) -> Option<(u64, u128)> {
        self.rules.slow.map(|slow| (self.epoch(), self.tenth_of(slow.call, self.now)))
    }

    fn broken_rule(&self) -> Option<Why> {
        self.consecutive()
            .or_else(|| self.failures())
            .or_else(|| self.failure_rate())
            .or_else(|| self.slow_rate())
            .or_else(|| self.no_answer())
    }

    fn consecutive(&self) -> Option<Why> {
        let limit = self.rules.streak_limit()?;
        let measured = self.failures_in_a_row();
        (measured >= limit).then_some(Why::Consecutive { limit, measured })
    }

    fn failures(&self) -> Option<Why> {
        let (limit, window) = (self.rules.failures?, self.rules.window_or_default());
        let counted = self.counted();
        let measured = match window {
            Window::Time(age) => counted.iter().filter(|end| end.failed() && self.now - end.at < age).count(),
            Window::Calls(calls) => last(&counted, calls as usize).iter().filter(|end| end.failed()).count(),
            _ => unreachable!("there is no third kind"),
        };
        let measured = small(measured);
        (measured >= limit).then_some(Why::Failures { limit, measured, window })
    }

    /// The classes of the failures that the rule counted, which are the last ones of this epoch.
    pub(super) fn classes_counted(&self, why: Why) -> [u64; CLASSES.len()] {
        let many = match why {
            Why::Consecutive { measured, .. } | Why::Failures { measured, .. } => measured as usize,
            Why::FailureRate { failed, .. } => usize::try_from(failed).expect("a small number"),
            Why::ProbeFailed => 1,
            Why::ProbeFailureRate { failed, .. } => failed as usize,
            _ => 0,
        };
        let failures: Vec<End> = self.counted().into_iter().filter(End::failed).collect();
        by_class(last(&failures, many).iter())
    }

    /// What the rates look at, but for the calls under way.
    fn window(&self) -> Vec<End> {
        let counted = self.counted();
        match self.rules.window_or_default() {
            Window::Time(window) => {
                let now = self.slice(self.now, window);
                counted.into_iter().filter(|end| now - self.slice(end.at, window) <= 9).collect()
            }
            Window::Calls(calls) => last(&counted, calls as usize).to_vec(),
            _ => unreachable!("there is no third kind"),
        }
    }

    fn failure_rate(&self) -> Option<Why> {
        let limit = self.rules.failure_rate?;
        let window = self.window();
        let (failed, calls) = (window.iter().filter(|end| end.failed()).count(), window.len());
        let trips = calls >= self.rules.min_calls_needed() as usize && reaches(failed, calls, limit);
        let window = self.rules.window_or_default();
        trips.then_some(Why::FailureRate { limit, failed: failed as u64, calls: calls as u64, window })
    }

    /// The same with the calls under way that are slow already, as if they had just ended.
    fn window_with_running(&self) -> Vec<End> {
        let ended = |call: Call| End { slow: true, ..self.recorded(call, Outcome::Success, false) };
        let mut window = self.window();
        window.extend(self.slow_in_flight().into_iter().map(ended));
        match self.rules.window_or_default() {
            Window::Calls(calls) => last(&window, calls as usize).to_vec(),
            _ => window,
        }
    }

    fn slow_rate(&self) -> Option<Why> {
        let rule = self.rules.slow?;
        let window = self.window_with_running();
        let (slow, calls) = (window.iter().filter(|end| end.slow).count(), window.len());
        let trips = calls >= self.rules.min_calls_needed() as usize && reaches(slow, calls, rule.rate);
        trips.then_some(Why::SlowRate {
            limit: rule.rate,
            slow: slow as u64,
            calls: calls as u64,
            window: self.rules.window_or_default(),
            slow_call: rule.call,
        })
    }

    /// What is told of the window: where a rule counts all calls.
    pub(crate) fn window_counts(&self) -> Option<Counts> {
        let counts_calls = self.rules.failures.is_some() && matches!(self.rules.window, Some(Window::Calls(_)));
        let closed = matches!(self.phase, Phase::Closed { .. }) && self.mode != Mode::ForcedOpen;
        if !closed || !(counts_calls || self.rules.has_rate()) {
            return None;
        }
        let window = self.window_with_running();
        let count = |which: fn(&End) -> bool| window.iter().filter(|end| which(end)).count() as u64;
        Some(Counts { calls: count(|_| true), failed: count(End::failed), slow: count(|end| end.slow) })
    }

    /// Failures in a row, where a rule counts them.
    pub(crate) fn streak(&self) -> u32 {
        let closed = matches!(self.phase, Phase::Closed { .. }) && self.rules.streak_limit().is_some();
        if closed { self.failures_in_a_row() } else { 0 }
    }

    fn failures_in_a_row(&self) -> u32 {
        small(self.counted().iter().rev().take_while(|end| end.failed()).count())
    }

    fn no_answer(&self) -> Option<Why> {
        if self.rules.on_cancel != OnCancel::Unanswered {
            return None;
        }
        let limit = self.rules.unanswered_limit();
        let row: Vec<&End> = self.ends_of_this_epoch().rev().take_while(|end| end.unanswered).collect();
        let over = row.first()?.at - row.last()?.at;
        let measured = small(row.len());
        let trips = measured >= limit && over >= Duration::from_secs(10);
        trips.then_some(Why::NoAnswer { limit, measured, over })
    }
}

/// The last so many of them, or all.
fn last<T>(all: &[T], many: usize) -> &[T] {
    &all[all.len().saturating_sub(many)..]
}
