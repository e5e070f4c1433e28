//! failsafe: a streak, or a moving average over a time, behind a lock.

use std::time::Duration;

use failsafe::failure_policy::{consecutive_failures, success_rate_over_time_window};
use failsafe::{CircuitBreaker, Config, Error, FailurePolicy, StateMachine, backoff, clock, futures};

use super::{Purpose, Show};
use crate::scenario::{Form, MIN_CALLS, RATE, RESET, STREAK, Task, WINDOW};
use crate::subject::Subject;
use crate::work::{Rejection, SmallError, poll, work, work_async};

pub(crate) fn subject(task: Task, _: Purpose) -> Option<Subject> {
    match task {
        Task::Closed(Form::Sync) | Task::Rejected => {
            Some(Subject::new(task, streak, |breaker, order| breaker.call(|| work(order))))
        }
        Task::Closed(Form::Async) => Some(Subject::new(task, streak, |breaker, order| {
            poll(futures::CircuitBreaker::call(breaker, work_async(order)))
        })),
        Task::Timed { window, .. } => Some(
            Subject::new(task, move || rate(window), |breaker, order| breaker.call(|| work(order)))
                .note("a moving average over the time, read once the whole of it has passed"),
        ),
        Task::Counted { .. } | Task::Slow { .. } | Task::Keyed { .. } | Task::With(..) => None,
    }
}

/// Its average moves with the time alone: a hundredth of the window passes at each call of the contract.
pub(crate) fn in_time(task: Task, show: Show) {
    let step = match task {
        Task::Timed { window, .. } => window / WINDOW,
        _ => Duration::ZERO,
    };
    clock::freeze(|time| show(&mut || time.advance(step)));
}

type Breaker<P> = StateMachine<P, ()>;

fn streak() -> Breaker<impl FailurePolicy + Send + Sync> {
    Config::new().failure_policy(consecutive_failures(STREAK, backoff::constant(RESET))).build()
}

fn rate(window: Duration) -> Breaker<impl FailurePolicy + Send + Sync> {
    let policy = success_rate_over_time_window(1.0 - RATE, MIN_CALLS, window, backoff::constant(RESET));
    Config::new().failure_policy(policy).build()
}

impl Rejection for Error<SmallError> {
    fn is_rejection(&self) -> bool {
        matches!(self, Self::Rejected)
    }
}
