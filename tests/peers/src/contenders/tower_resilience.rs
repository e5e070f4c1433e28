//! tower-resilience: a tower layer, async alone, behind a lock. Each thread has a clone of the service, as tower has it. It
//! keeps every call of a time window and walks them all at each call. Its other patterns are layers, too.

use std::future::{Ready, poll_fn, ready};
use std::task::{self, Poll};
use std::time::Duration;

use tower::util::{ServiceFn, service_fn};
use tower::{Layer, Service, ServiceBuilder};
use tower_resilience_bulkhead::{BulkheadLayer, BulkheadServiceError};
use tower_resilience_circuitbreaker::{
    CircuitBreakerError, CircuitBreakerHandle, CircuitBreakerLayer, FailureClassifier, SlidingWindowType,
};
use tower_resilience_ratelimiter::{RateLimiterLayer, RateLimiterServiceError};
use tower_resilience_retry::RetryLayer;
use tower_resilience_timelimiter::{TimeLimiterError, TimeLimiterLayer};

use super::{POLLED, Purpose};
use crate::scenario::{
    AMPLE_RATE, ATTEMPTS, BACKOFF, Form, LIMIT, MIN_CALLS, PLACES, Part, RATE, RESET, Room, SCANT_BACKOFF, SCANT_LIMIT,
    SCANT_RATE, STREAK, Task,
};
use crate::subject::Subject;
use crate::work::{Rejection, SmallError, poll, work, work_of_parts};

const UNSLID: &str = "no sliding window: all calls since it closed count; async only: polled where others are called";
const GROWING: &str = "keeps and walks every call of its window at each call: it holds about 1,000 here; async only: polled \
                       where others are called";

const STACKED: &str = "with its circuit breaker, since ours always has one";
const FIXED: &str = "with its circuit breaker, since ours always has one; a fixed window, where ours spreads calls";

pub(crate) fn subject(task: Task, _: Purpose) -> Option<Subject> {
    if let Task::With(part, room) = task {
        return with(task, part, room);
    }
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
        Task::Keyed { .. } | Task::With(..) => return None,
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

fn one_call<S: Service<u64, Response = u64>>(service: &mut S, order: u64) -> Result<u64, S::Error> {
    poll(async {
        poll_fn(|context| service.poll_ready(context)).await?;
        service.call(order).await
    })
}

/// A reset of a closed one changes nothing, not even the counts.
fn empty(handle: &CircuitBreakerHandle) {
    poll(handle.force_open());
    poll(handle.reset());
}

/// The layers in the order that its guide on composition recommends.
fn with(task: Task, part: Part, room: Room) -> Option<Subject> {
    let (rate, time, limit, backoff) = match room {
        Room::Ample => (AMPLE_RATE, Duration::from_secs(1), LIMIT, BACKOFF),
        Room::Scant => (SCANT_RATE, Duration::from_hours(1), SCANT_LIMIT, SCANT_BACKOFF),
    };
    let breaker = CircuitBreakerLayer::builder()
        .wait_duration_in_open(RESET)
        .consecutive_failures(STREAK as usize)
        .failure_classifier_type(OfTheWork)
        .build()
        .expect("the settings are valid");
    let bulkhead = BulkheadLayer::builder().max_concurrent_calls(PLACES as usize).reject_when_full().build();
    let bulkhead = bulkhead.expect("the settings are valid");
    let time_limiter = TimeLimiterLayer::builder().timeout_duration(limit).build();
    let rate_limiter = RateLimiterLayer::builder()
        .limit_for_period(rate as usize)
        .refresh_period(time)
        // Nobody waits for a permit.
        .timeout_duration(Duration::ZERO)
        .build()
        .expect("the settings are valid");
    let around = ServiceBuilder::new();
    Some(match part {
        Part::MaxConcurrent => stacked(task, around.layer(breaker).layer(bulkhead), work_of_parts),
        Part::RateLimit => stacked(task, around.layer(breaker).layer(rate_limiter), work_of_parts).note(FIXED),
        Part::Timeout => stacked(task, around.layer(breaker).layer(time_limiter), work_of_parts),
        Part::TotalTimeout => stacked(task, around.layer(time_limiter).layer(breaker), work_of_parts),
        Part::Retry => stacked(task, around.layer(retry(backoff)).layer(breaker), work_of_parts),
        Part::All => {
            let layers = around.layer(retry(backoff)).layer(breaker).layer(bulkhead).layer(time_limiter);
            stacked(task, layers.layer(rate_limiter), work_of_parts).note(FIXED)
        }
        // Its cache answers a hit without a call, and nothing once the call fails: that is another thing.
        Part::LastGood => return None,
    })
}

fn stacked<L, W>(task: Task, layers: ServiceBuilder<L>, work: W) -> Subject
where
    L: Layer<ServiceFn<W>> + 'static,
    L::Service: Service<u64, Response = u64, Error: Rejection> + Clone + Send + 'static,
    W: Copy + 'static,
{
    let make = move || layers.service(service_fn(work));
    Subject::new(task, make, one_call).note(STACKED)
}

/// What a breaker rejects is not tried again.
fn retry<E: Rejection>(backoff: Duration) -> RetryLayer<u64, u64, E> {
    RetryLayer::builder()
        .max_attempts(ATTEMPTS as usize)
        .exponential_backoff(backoff)
        .retry_on(|error: &E| !error.is_rejection())
        .build()
}

/// What a limit rejects says nothing about the dependency.
#[derive(Clone, Copy)]
struct OfTheWork;

impl<T, E: Rejection> FailureClassifier<T, E> for OfTheWork {
    fn classify(&self, result: &Result<T, E>) -> bool {
        result.as_ref().is_err_and(|error| !error.is_rejection())
    }
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

impl<E: Rejection> Rejection for CircuitBreakerError<E> {
    fn is_rejection(&self) -> bool {
        match self {
            Self::OpenCircuit => true,
            Self::Inner(error) => error.is_rejection(),
        }
    }
}

impl<E: Rejection> Rejection for BulkheadServiceError<E> {
    fn is_rejection(&self) -> bool {
        match self {
            Self::Bulkhead(_) => true,
            Self::Inner(error) => error.is_rejection(),
        }
    }
}

impl<E: Rejection> Rejection for RateLimiterServiceError<E> {
    fn is_rejection(&self) -> bool {
        match self {
            Self::RateLimited => true,
            Self::Inner(error) => error.is_rejection(),
        }
    }
}

impl<E: Rejection> Rejection for TimeLimiterError<E> {
    fn is_rejection(&self) -> bool {
        match self {
            Self::Timeout => false,
            Self::Inner(error) => error.is_rejection(),
        }
    }
}
