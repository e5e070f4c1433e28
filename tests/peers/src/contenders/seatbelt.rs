//! seatbelt: the share of failures within a time, and nothing else; async alone; a breaker for each key. Its clock is the
//! coarse one, which is the fastest that it offers, and it writes no metrics and no logs.

use std::sync::LazyLock;
use std::task::Waker;
use std::time::Duration;

use layered::{Execute, Layer, Service};
use seatbelt::breaker::{Breaker, BreakerId, BreakerLayer};
use seatbelt::{RecoveryInfo, ResilienceContext};
use tick::Clock;
use tick::runtime::{ClockDriver, InactiveClock};

use super::{POLLED, Purpose};
use crate::feed::{Feed, Numbers, Texts};
use crate::scenario::{Form, Kind, MIN_CALLS, RATE, RESET, Task, WINDOW, WINDOW_TIME};
use crate::subject::{Rule, Subject};
use crate::work::{SmallError, poll, work_async};

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
        Task::Counted { .. } | Task::Slow { .. } | Task::With(..) => None,
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

#[expect(clippy::cast_possible_truncation, reason = "a half is exact")]
fn layer<I: Send + 'static>(window: Duration) -> BreakerLayer<I, Output> {
    static CLOCK: LazyLock<(Clock, ClockDriver)> = LazyLock::new(|| {
        let (clock, driver) = InactiveClock::default().activate(Waker::noop().clone());
        (clock.with_fast_instant(true), driver)
    });
    Breaker::layer("peers", &ResilienceContext::new(&CLOCK.0))
        .recovery_with(|output: &Output, _| match output {
            Ok(_) => RecoveryInfo::never(),
            Err(_) => RecoveryInfo::retry(),
        })
        .rejected_input_error(|_, _| SmallError::REJECTED)
        .failure_threshold(RATE as f32)
        .min_throughput(MIN_CALLS)
        .sampling_duration(window)
        .break_duration(RESET)
}
