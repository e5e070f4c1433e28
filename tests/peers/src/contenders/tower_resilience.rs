//! tower-resilience: a tower layer, async alone, behind a lock. Each thread has a clone of the service, as tower has it. It
//! keeps every call of a time window and walks them all at each call.

use std::future::{Ready, poll_fn, ready};
use std::task::{self, Poll};

use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerError, CircuitBreakerHandle, CircuitBreakerLayer, DefaultClassifier,
    SlidingWindowType,
};
use tower_service::Service;

use super::{POLLED, Purpose};
use crate::scenario::{Form, MIN_CALLS, RATE, RESET, STREAK, Task};
use crate::subject::Subject;
use crate::work::{Rejection, SmallError, poll, work};

const UNSLID: &str = "no sliding window: all calls since it closed count; async only: polled where others are called";
const GROWING: &str = "keeps and walks every call of its window at each call: it holds about 1,000 here; async only: polled \
                       where others are called";

pub(crate) fn subject(task: Task, _: Purpose) -> Option<Subject> {
    let builder = CircuitBreakerLayer::builder()
        .wait_duration_in_open(RESET)
        .failure_rate_threshold(RATE)
        .minimum_number_of_calls(MIN_CALLS as usize);
    let (builder, note) = match task {
        Task::Closed(form) => (builder.consecutive_failures(STREAK as usize), (form == Form::Sync).then_some(POLLED)),
        Task::Rejected => (builder.consecutive_failures(STREAK as usize), Some(POLLED)),
        Task::Counted { window } => (builder.sliding_window_size(window as usize), Some(UNSLID)),
        Task::Timed { window, held } => {
            let builder = builder.sliding_window_type(SlidingWindowType::TimeBased).sliding_window_duration(window);
            (builder, Some(held.map_or(GROWING, |_| POLLED)))
        }
        Task::Slow { from } => {
            (builder.slow_call_duration_threshold(from).slow_call_rate_threshold(RATE), Some(UNSLID))
        }
        Task::Keyed { .. } => return None,
    };
    let (layer, handle) = builder.build_with_handle().expect("the settings are valid");
    let fresh = handle.clone();
    let make = move || {
        empty(&fresh);
        layer.layer_fn(Bare)
    };
    let subject = Subject::new(task, make, one_call);
    let subject = match task {
        Task::Timed { held, .. } => {
            subject.grows(held.unwrap_or(1_000), 100, move || poll(handle.metrics()).total_calls as u64)
        }
        _ => subject,
    };
    Some(match note {
        Some(note) => subject.note(note),
        None => subject,
    })
}

type Breaker = CircuitBreaker<Bare, DefaultClassifier>;

fn one_call(breaker: &mut Breaker, order: u64) -> Result<u64, CircuitBreakerError<SmallError>> {
    poll(async {
        poll_fn(|context| breaker.poll_ready(context)).await?;
        breaker.call(order).await
    })
}

/// A reset of a closed one changes nothing, not even the counts.
fn empty(handle: &CircuitBreakerHandle) {
    poll(handle.force_open());
    poll(handle.reset());
}

/// The work as a service.
#[derive(Clone, Copy)]
struct Bare;

impl Service<u64> for Bare {
    type Response = u64;
    type Error = SmallError;
    type Future = Ready<Result<u64, SmallError>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), SmallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, order: u64) -> Self::Future {
        ready(work(order))
    }
}

impl Rejection for CircuitBreakerError<SmallError> {
    fn is_rejection(&self) -> bool {
        self.is_circuit_open()
    }
}
