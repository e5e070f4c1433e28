//! circuitbreaker-rs: a streak, a rate over all calls since it closed, or a time window.

use std::sync::Arc;
use std::time::Duration;

use circuitbreaker_rs::{BreakerError, CircuitBreaker, DefaultPolicy, MetricSink, TimeBasedPolicy};

use super::Purpose;
use crate::scenario::{Form, MIN_CALLS, RATE, RESET, STREAK, Task};
use crate::subject::Subject;
use crate::work::{Rejection, SmallError, poll, work, work_async};

pub(crate) fn subject(task: Task, _: Purpose) -> Option<Subject> {
    match task {
        Task::Closed(Form::Sync) | Task::Rejected => {
            Some(Subject::new(task, streak, |breaker, order| breaker.call(|| work(order))))
        }
        Task::Closed(Form::Async) => {
            Some(Subject::new(task, streak, |breaker, order| poll(breaker.call_async(|| work_async(order)))))
        }
        Task::Counted { .. } => Some(
            Subject::new(task, rate, |breaker, order| breaker.call(|| work(order)))
                .note("no window: the share of failures among all calls since it closed"),
        ),
        Task::Timed { window, .. } => {
            Some(Subject::new(task, move || in_time(window), |breaker, order| breaker.call(|| work(order))))
        }
        Task::Slow { .. } | Task::Keyed { .. } | Task::With(..) => None,
    }
}

type Breaker<P> = CircuitBreaker<P, SmallError>;

/// The builder cannot leave either rule out, but no share reaches two, and no streak the largest number.
fn streak() -> Breaker<DefaultPolicy> {
    Breaker::<DefaultPolicy>::builder()
        .failure_threshold(2.0)
        .consecutive_failures(STREAK.into())
        .cooldown(RESET)
        .build()
}

fn rate() -> Breaker<DefaultPolicy> {
    Breaker::<DefaultPolicy>::builder()
        .failure_threshold(RATE)
        .min_throughput(MIN_CALLS.into())
        .consecutive_failures(u64::MAX)
        .cooldown(RESET)
        .build()
}

/// Only its own methods feed the window of this policy, and a breaker that owns it calls none of them.
fn in_time(window: Duration) -> Breaker<TimeBasedPolicy> {
    let policy = TimeBasedPolicy::new(window, 10, RATE, MIN_CALLS.into(), RESET, 1);
    CircuitBreaker::new(policy, RESET, 1, Arc::new(Silent), Arc::default())
}

/// The crate's own is not public.
struct Silent;

impl MetricSink for Silent {
    fn record_state_transition(&self, _: &str, _: &str) {}
    fn record_error_rate(&self, _: f64) {}
    fn record_probe_attempt(&self, _: bool) {}
    fn record_call(&self, _: bool, _: Duration) {}
}

impl Rejection for BreakerError<SmallError> {
    fn is_rejection(&self) -> bool {
        matches!(self, Self::Open)
    }
}
