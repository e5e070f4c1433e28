//! From the trip until the breaker is closed again, and the ramp after that.

use std::time::Duration;

use breaker_runtime::{ErrorKind, State};

use super::evidence::Outcome;
use super::trips::{Why, reaches, small};
use super::{Cause, Reference, Rejection};

#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    Closed {
        ramp: Option<Ramp>,
    },
    Open {
        since: Duration,
        delay: Duration,
        /// Since the breaker was last closed.
        trips: u32,
    },
    HalfOpen {
        /// When the first probe was admitted.
        since: Option<Duration>,
        patience: Duration,
        trips: u32,
    },
}

/// The time after probes have closed the breaker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ramp {
    since: Duration,
    /// In thousandths of a call.
    credit: u128,
}

impl Phase {
    pub(super) fn closed() -> Self {
        Self::Closed { ramp: None }
    }

    pub(super) fn state(self) -> State {
        match self {
            Self::Closed { .. } => State::Closed,
            Self::Open { .. } => State::Open,
            Self::HalfOpen { .. } => State::HalfOpen,
        }
    }
}

impl Reference {
    /// What the state machine says to a call that arrives.
    pub(super) fn arrive(&mut self, may_trip: bool) -> Result<(), Rejection> {
        self.decide_if_overdue();
        match self.phase {
            Phase::Closed { .. } => {
                self.read_on_arrival(may_trip)?;
                self.pass_the_ramp()
            }
            Phase::Open { since, delay, .. } if self.now < since + delay => self.reject_open(),
            Phase::Open { delay, trips, .. } => {
                let probing = Phase::HalfOpen { since: Some(self.now), patience: self.patience(delay), trips };
                self.change(Cause::ResetPassed { delay }, probing);
                Ok(())
            }
            Phase::HalfOpen { since, patience, trips } => {
                if self.in_flight() + self.counted().len() >= self.rules.probes as usize {
                    return Err(Rejection { kind: ErrorKind::Probing, retry_after: None });
                }
                self.phase = Phase::HalfOpen { since: since.or(Some(self.now)), patience, trips };
                Ok(())
            }
        }
    }

    pub(super) fn reject_open(&self) -> Result<(), Rejection> {
        let Phase::Open { since, delay, .. } = self.phase else { unreachable!("it is open") };
        Err(Rejection { kind: ErrorKind::Open, retry_after: Some(since + delay - self.now) })
    }

    /// Opens, for the `trips`-th time since the breaker was last closed.
    pub(super) fn trip(&mut self, why: Why, since: Duration, trips: u32) {
        let max = match (self.rules.max_reset, self.rules.backoff) {
            (Some(max), _) => max,
            (None, 1) => Duration::MAX,
            (None, _) => 10 * self.rules.reset,
        };
        let mut delay = self.rules.reset;
        for _ in 1..trips {
            delay = delay.saturating_mul(self.rules.backoff).min(max);
        }
        let (in_flight, window) = (self.running.len() as u64, self.window_counts());
        let classes = self.classes_counted(why);
        self.change(Cause::Tripped { why, classes, delay, in_flight, window }, Phase::Open { since, delay, trips });
    }

    /// How long half-open may last after an open period of `delay`.
    fn patience(&self, delay: Duration) -> Duration {
        let longest = delay.max(Duration::from_secs(60)).max(self.rules.timeout.unwrap_or_default());
        self.rules.probe_timeout.unwrap_or(longest)
    }

    /// Half-open as it is when nobody has asked yet.
    pub(super) fn unprobed(&self) -> Phase {
        Phase::HalfOpen { since: None, patience: self.patience(self.rules.reset), trips: 0 }
    }

    /// After the end of a probe.
    pub(super) fn decide(&mut self) {
        let Phase::HalfOpen { trips, .. } = self.phase else { unreachable!("it is half-open") };
        let settled = self.counted().len();
        let succeeded = self.counted().iter().filter(|end| !end.failed()).count();
        let enough = match self.rules.probe_failure_rate {
            None => succeeded >= self.rules.successes as usize,
            Some(_) => settled >= self.rules.probes as usize,
        };
        if let Some(why) = self.probes_say_no(enough) {
            self.trip(why, self.now, trips + 1);
        } else if enough {
            self.recover(Cause::Recovered { successes: small(succeeded) });
        }
    }

    /// Why what has settled opens the breaker again. A share is known when there are `enough`.
    fn probes_say_no(&self, enough: bool) -> Option<Why> {
        let settled = self.counted();
        let (failed, slow) =
            (settled.iter().filter(|end| end.failed()).count(), settled.iter().filter(|end| end.slow).count());
        let probes = small(settled.len());
        match (self.rules.probe_failure_rate, self.rules.slow) {
            (None, _) if failed > 0 => Some(Why::ProbeFailed),
            (None, Some(rule)) if slow > 0 => Some(Why::ProbeSlow { slow_call: rule.call }),
            (Some(limit), _) if enough && reaches(failed, settled.len(), limit) => {
                Some(Why::ProbeFailureRate { limit, failed: small(failed), probes })
            }
            (Some(_), Some(rule)) if enough && reaches(slow, settled.len(), rule.rate) => {
                Some(Why::ProbeSlowRate { limit: rule.rate, slow: small(slow), probes })
            }
            _ => None,
        }
    }

    fn decide_if_overdue(&mut self) {
        let Phase::HalfOpen { since: Some(since), patience, trips } = self.phase else { return };
        let limit = since + patience;
        if self.now < limit {
            return;
        }
        let all: Vec<Outcome> = self.ends_of_this_epoch().map(|end| end.outcome).collect();
        let cancelled = all.iter().filter(|outcome| **outcome == Outcome::Cancelled).count();
        let settled = all.len() - cancelled;
        let too_few = settled == 0 || settled < self.in_flight() + cancelled;
        if too_few || self.probes_say_no(true).is_some() {
            self.trip(Why::ProbesOverdue { after: patience }, limit, trips + 1);
        } else {
            self.recover(Cause::Overdue { after: patience });
        }
    }

    fn recover(&mut self, cause: Cause) {
        let ramp = self.rules.ramp.map(|_| Ramp { since: self.now, credit: 900 });
        self.change(cause, Phase::Closed { ramp });
    }

    /// While open: zero where a probe is due.
    pub(crate) fn left_of_the_delay(&self) -> Option<Duration> {
        match self.phase {
            Phase::Open { since, delay, .. } => Some((since + delay).saturating_sub(self.now)),
            _ => None,
        }
    }

    /// Half-open, and for too long.
    pub(crate) fn overdue(&self) -> bool {
        matches!(self.phase, Phase::HalfOpen { since: Some(since), patience, .. } if self.now >= since + patience)
    }

    /// Probes under way.
    pub(crate) fn probes_in_flight(&self) -> usize {
        if self.phase.state() == State::HalfOpen { self.in_flight() } else { 0 }
    }

    /// What a ramp lets through, in thousandths; `None` where there is none, or no longer.
    pub(crate) fn share(&self) -> Option<u128> {
        let (Phase::Closed { ramp: Some(ramp) }, Some(time)) = (self.phase, self.rules.ramp) else { return None };
        let elapsed = self.now - ramp.since;
        (elapsed < time).then(|| 100 + 900 * elapsed.as_nanos() / time.as_nanos())
    }

    fn pass_the_ramp(&mut self) -> Result<(), Rejection> {
        let Some(share) = self.share() else { return Ok(()) };
        let Phase::Closed { ramp: Some(ramp) } = &mut self.phase else { unreachable!("there is a share") };
        ramp.credit += share;
        if ramp.credit < 1_000 {
            return Err(Rejection { kind: ErrorKind::Recovering, retry_after: None });
        }
        ramp.credit -= 1_000;
        Ok(())
    }
}
