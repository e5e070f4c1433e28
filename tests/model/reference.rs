//! A breaker as naive as can be, written from the description of the behaviour alone: it keeps
//! everything that ever happened in vectors, and counts anew each time.

use std::time::Duration;

use breaker_runtime::{ErrorKind, OnCancel, State};

/// The settings, as the model needs them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) consecutive: Option<u32>,
    pub(crate) failures: Option<(u32, Duration)>,
    pub(crate) reset: Duration,
    pub(crate) backoff: u32,
    pub(crate) max_reset: Option<Duration>,
    pub(crate) probes: u32,
    pub(crate) successes: u32,
    pub(crate) probe_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_cancel: OnCancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    Ignored,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) kind: ErrorKind,
    pub(crate) retry_after: Option<Duration>,
}

/// An admitted call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    epoch: u64,
    began: Duration,
}

#[derive(Debug)]
enum Phase {
    /// What ended, and when.
    Closed(Vec<(Outcome, Duration)>),
    Open {
        since: Duration,
        delay: Duration,
        trips: u32,
    },
    /// What ended, and how many calls have not.
    HalfOpen {
        since: Duration,
        patience: Duration,
        trips: u32,
        ended: Vec<Outcome>,
        in_flight: usize,
    },
}

#[derive(Debug)]
pub(crate) struct Reference {
    rules: Rules,
    pub(crate) now: Duration,
    pub(crate) epoch: u64,
    phase: Phase,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) admitted: u64,
    pub(crate) late: u64,
    pub(crate) rejections: Vec<Rejection>,
}

impl Reference {
    pub(crate) fn new(rules: Rules) -> Self {
        let phase = Phase::Closed(Vec::new());
        let (outcomes, rejections) = (Vec::new(), Vec::new());
        Self { rules, now: Duration::ZERO, epoch: 0, phase, outcomes, admitted: 0, late: 0, rejections }
    }

    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Closed(_) => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    pub(crate) fn ended(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().filter(|one| **one == outcome).count() as u64
    }

    fn change(&mut self, phase: Phase) {
        self.epoch += 1;
        self.phase = phase;
    }

    fn open(&mut self, since: Duration, trips: u32) {
        let mut delay = self.rules.reset;
        let default_max = (self.rules.backoff > 1).then(|| 10 * self.rules.reset);
        let max = self.rules.max_reset.or(default_max).unwrap_or(Duration::MAX);
        for _ in 1..trips {
            delay = delay.saturating_mul(self.rules.backoff).min(max);
        }
        self.change(Phase::Open { since, delay, trips });
    }

    pub(crate) fn close(&mut self) {
        self.change(Phase::Closed(Vec::new()));
    }

    pub(crate) fn start(&mut self) -> Result<Call, Rejection> {
        self.decide_if_overdue();
        let admitted = match &mut self.phase {
            Phase::Closed(_) => Ok(()),
            Phase::Open { since, delay, trips } => {
                let (due, delay, trips) = (*since + *delay, *delay, *trips);
                if self.now < due {
                    Err(Rejection { kind: ErrorKind::Open, retry_after: Some(due - self.now) })
                } else {
                    let longest = delay.max(Duration::from_secs(60)).max(self.rules.timeout.unwrap_or_default());
                    let patience = self.rules.probe_timeout.unwrap_or(longest);
                    let since = self.now;
                    self.change(Phase::HalfOpen { since, patience, trips, ended: Vec::new(), in_flight: 1 });
                    Ok(())
                }
            }
            Phase::HalfOpen { ended, in_flight, .. } => {
                let settled = ended.iter().filter(|end| matches!(end, Outcome::Success | Outcome::Failure)).count();
                if *in_flight + settled < self.rules.probes as usize {
                    *in_flight += 1;
                    Ok(())
                } else {
                    Err(Rejection { kind: ErrorKind::Probing, retry_after: None })
                }
            }
        };
        match admitted {
            Ok(()) => {
                self.admitted += 1;
                Ok(Call { epoch: self.epoch, began: self.now })
            }
            Err(rejection) => {
                self.rejections.push(rejection);
                Err(rejection)
            }
        }
    }

    fn decide_if_overdue(&mut self) {
        if let Phase::HalfOpen { since, patience, trips, ended, in_flight } = &self.phase {
            let limit = *since + *patience;
            if self.now < limit {
                return;
            }
            let cancelled = ended.iter().filter(|end| **end == Outcome::Cancelled).count();
            let settled = ended.len() - cancelled;
            if settled == 0 || settled < *in_flight + cancelled {
                self.open(limit, trips + 1);
            } else {
                self.close();
            }
        }
    }

    /// Ends a call.
    pub(crate) fn end(&mut self, call: Call, outcome: Outcome) {
        let ran_out = self.rules.timeout.is_some_and(|limit| self.now - call.began >= limit);
        let recorded = match (outcome, self.rules.on_cancel) {
            (Outcome::Cancelled, OnCancel::Failure) => Outcome::Failure,
            (Outcome::Cancelled, OnCancel::Unanswered) if ran_out => Outcome::Failure,
            _ => outcome,
        };
        self.outcomes.push(recorded);
        if call.epoch != self.epoch {
            self.late += 1;
            return;
        }
        match &mut self.phase {
            Phase::Open { .. } => unreachable!("no call begins while open"),
            Phase::Closed(ended) => {
                ended.push((recorded, self.now));
                if self.trips() {
                    self.open(self.now, 1);
                }
            }
            Phase::HalfOpen { ended, in_flight, trips, .. } => {
                *in_flight -= 1;
                ended.push(recorded);
                let successes = ended.iter().filter(|end| **end == Outcome::Success).count();
                if recorded == Outcome::Failure {
                    let trips = *trips + 1;
                    self.open(self.now, trips);
                } else if successes >= self.rules.successes as usize {
                    self.close();
                }
            }
        }
    }

    fn trips(&self) -> bool {
        let Phase::Closed(ended) = &self.phase else { return false };
        let streak = ended
            .iter()
            .rev()
            .filter(|(outcome, _)| matches!(outcome, Outcome::Success | Outcome::Failure))
            .take_while(|(outcome, _)| *outcome == Outcome::Failure)
            .count();
        let consecutive = match (self.rules.consecutive, self.rules.failures) {
            (None, None) => Some(5),
            (consecutive, _) => consecutive,
        };
        let too_long_a_streak = consecutive.is_some_and(|limit| streak >= limit as usize);
        let too_many = self.rules.failures.is_some_and(|(limit, window)| {
            let young = |(outcome, at): &&(Outcome, Duration)| *outcome == Outcome::Failure && self.now - *at < window;
            ended.iter().filter(young).count() >= limit as usize
        });
        too_long_a_streak || too_many || self.unanswered(ended, consecutive)
    }

    fn unanswered(&self, ended: &[(Outcome, Duration)], consecutive: Option<u32>) -> bool {
        if self.rules.on_cancel != OnCancel::Unanswered {
            return false;
        }
        let limit = consecutive.or(self.rules.failures.map(|(limit, _)| limit)).unwrap_or(5) as usize;
        let row: Vec<Duration> =
            ended.iter().rev().take_while(|(outcome, _)| *outcome == Outcome::Cancelled).map(|(_, at)| *at).collect();
        match (row.first(), row.last()) {
            (Some(last), Some(first)) => row.len() >= limit && *last - *first >= Duration::from_secs(10),
            _ => false,
        }
    }
}
