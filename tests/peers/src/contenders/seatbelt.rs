//! seatbelt: the share of failures within a time, and nothing else; async alone; a breaker for each key. Its clock is the
//! coarse one, which is the fastest that it offers, and it writes no metrics and no logs.

use std::sync::LazyLock;
use std::task::Waker;
use std::time::Duration;

use layered::{Execute, Layer, Service, Stack};
use seatbelt::breaker::{Breaker, BreakerId, BreakerLayer};
use seatbelt::retry::Retry;
use seatbelt::timeout::Timeout;
use seatbelt::{RecoveryInfo, ResilienceContext};
use tick::Clock;
use tick::runtime::{ClockDriver, InactiveClock};

use super::{POLLED, Purpose};
use crate::feed::{Feed, Numbers, Texts};
use crate::scenario::{
    ATTEMPTS, BACKOFF, Form, Kind, LIMIT, MIN_CALLS, Part, RATE, RESET, Room, SCANT_BACKOFF, SCANT_LIMIT, Task, WINDOW,
    WINDOW_TIME,
};
use crate::subject::{RUNTIME, Rule, Subject};
use crate::work::{SmallError, poll, work_async, work_of_parts};

/// What stands beside the tasks of a streak.
const NO_STREAK: &str = "no streak: a failure rate over 10 s";
const NO_STREAK_POLLED: &str = "no streak: a failure rate over 10 s; async only: polled where others are called";

pub(crate) fn subject(task: Task, _: Purpose) -> Option<Subject> {
    match task {
        Task::Closed(Form::Async) => Some(plain(task, WINDOW_TIME, NO_STREAK)),
        Task::Closed(Form::Sync) | Task::Rejected => Some(plain(task, WINDOW_TIME, NO_STREAK_POLLED)),
        Task::Timed { window, .. } => Some(plain(task, window, POLLED)),
        Task::Keyed { keys, kind: Kind::Text } => Some(keyed(task, Texts::new(keys))),
        Task::Keyed { keys, kind: Kind::Number } => Some(keyed(task, Numbers(keys))),
        Task::With(part, room) => with(task, part, room),
        Task::Counted { .. } | Task::Slow { .. } => None,
    }
}

type Output = Result<u64, SmallError>;

fn plain(task: Task, window: Duration, note: &'static str) -> Subject {
    let make = move || layer(window).layer(Execute::new(work_async));
    Subject::new(task, make, |service, order| poll(service.execute(order))).rule(Rule::Rate(WINDOW)).note(note)
}

fn keyed<K, F>(task: Task, feed: F) -> Subject
where
    K: Copy + Into<BreakerId> + Send + 'static,
    F: Feed<Input = (K, u64)>,
{
    let make = || {
        let layer = layer(WINDOW_TIME).breaker_id(|(key, _): &(K, u64)| (*key).into());
        layer.layer(Execute::new(|(_, order): (K, u64)| work_async(order)))
    };
    let call = |service: &mut Breaker<_, Output, _>, input| poll(service.execute(input));
    Subject::fed(task, feed, make, call).rule(Rule::Rate(WINDOW)).note(NO_STREAK_POLLED)
}

/// The layers in the order that it recommends. It has no bulkhead, and no limit to the rate.
fn with(task: Task, part: Part, room: Room) -> Option<Subject> {
    static CLOCK: LazyLock<Clock> = LazyLock::new(|| {
        let _inside = RUNTIME.enter();
        Clock::new_tokio().with_fast_instant(true)
    });
    let context = ResilienceContext::new(&*CLOCK);
    let (limit, backoff) = match room {
        Room::Ample => (LIMIT, BACKOFF),
        Room::Scant => (SCANT_LIMIT, SCANT_BACKOFF),
    };
    match part {
        Part::Timeout => Some(stacked(task, move || {
            let timeout = Timeout::layer("peers", &context).timeout_error(|_| SmallError::FAILED).timeout(limit);
            (breaker(&context, WINDOW_TIME), timeout, Execute::new(work_of_parts)).into_service()
        })),
        Part::TotalTimeout => Some(stacked(task, move || {
            let timeout = Timeout::layer("peers", &context).timeout_error(|_| SmallError::FAILED).timeout(limit);
            (timeout, breaker(&context, WINDOW_TIME), Execute::new(work_of_parts)).into_service()
        })),
        Part::Retry => Some(stacked(task, move || {
            let retry = Retry::layer("peers", &context)
                .clone_input()
                .recovery_with(|output, _| recovery(output))
                .max_retry_attempts(ATTEMPTS - 1)
                .base_delay(backoff);
            (retry, breaker(&context, WINDOW_TIME), Execute::new(work_of_parts)).into_service()
        })),
        Part::MaxConcurrent | Part::RateLimit | Part::LastGood | Part::All => None,
    }
}

fn stacked<S>(task: Task, make: impl Fn() -> S + 'static) -> Subject
where
    S: Service<u64, Out = Output> + Clone + 'static,
{
    let rule = match task {
        Task::With(Part::Retry, _) => Rule::Within(WINDOW),
        _ => Rule::Rate(WINDOW),
    };
    Subject::new(task, make, |service, order| poll(service.execute(order))).rule(rule).note(NO_STREAK)
}

fn layer<I: Send + 'static>(window: Duration) -> BreakerLayer<I, Output> {
    static CLOCK: LazyLock<(Clock, ClockDriver)> = LazyLock::new(|| {
        let (clock, driver) = InactiveClock::default().activate(Waker::noop().clone());
        (clock.with_fast_instant(true), driver)
    });
    breaker(&ResilienceContext::new(&CLOCK.0), window)
}

#[expect(clippy::cast_possible_truncation, reason = "a half is exact")]
fn breaker<I: Send + 'static>(context: &ResilienceContext<I, Output>, window: Duration) -> BreakerLayer<I, Output> {
    Breaker::layer("peers", context)
        .recovery_with(|output, _| recovery(output))
        .rejected_input_error(|_, _| SmallError::REJECTED)
        .failure_threshold(RATE as f32)
        .min_throughput(MIN_CALLS)
        .sampling_duration(window)
        .break_duration(RESET)
}

/// What the breaker rejects is not tried again.
fn recovery(output: &Output) -> RecoveryInfo {
    match output {
        Ok(_) | Err(SmallError::REJECTED) => RecoveryInfo::never(),
        Err(_) => RecoveryInfo::retry(),
    }
}
