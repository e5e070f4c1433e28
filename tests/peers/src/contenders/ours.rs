//! Ours: by the attribute, by `call`, and by permits. The error is what a user would write: one variant for the rejection,
//! with its retry time, and one for the work's own.

use std::fmt;

use breaker_runtime::{Breakers, CircuitBreaker, CircuitBreakerError, Permit, Settings, State, circuit_breaker};

use super::Purpose;
use crate::feed::{Numbers, Texts};
use crate::scenario::{
    ANY_CALL, Form, Kind, LARGE_WINDOW, LIMIT, LONG_WINDOW, MIN_CALLS, PLACES, Part, RATE, RESET, Room, SCANT_LIMIT,
    SLOW, STREAK, Task, WINDOW, WINDOW_TIME,
};
use crate::subject::Subject;
use crate::work::{Rejection, SmallError, poll, work, work_async, work_of_parts};

#[derive(Debug)]
enum CallError {
    Unavailable(CircuitBreakerError),
    Failed(SmallError),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl From<CircuitBreakerError> for CallError {
    fn from(error: CircuitBreakerError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<SmallError> for CallError {
    fn from(error: SmallError) -> Self {
        Self::Failed(error)
    }
}

impl Rejection for CallError {
    fn is_rejection(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

type Output = Result<u64, CallError>;

/// A protected function for each task, and the same breaker by hand.
pub(crate) fn attribute(task: Task, _: Purpose) -> Option<Subject> {
    /// A function with these keys; its breaker closed, and its counts empty.
    macro_rules! function {
        ($($key:ident = $value:expr),+) => {{
            #[circuit_breaker(reset = RESET, $($key = $value),+)]
            fn protected(order: u64) -> Output {
                Ok(work(order)?)
            }
            Subject::new(task, || protected_breaker().close(), |(), order| protected(order))
        }};
    }
    /// The same with so many keys.
    macro_rules! family {
        ($key:ty, $room:literal, $feed:expr) => {{
            #[circuit_breaker(key = key, max_keys = $room, consecutive = STREAK, reset = RESET)]
            fn protected(key: $key, order: u64) -> Output {
                Ok(work(order)?)
            }
            Subject::fed(task, $feed, || close_all(protected_breakers()), |(), (key, order)| protected(key, order))
        }};
    }
    /// An async function with such a part, which may name the argument.
    macro_rules! with {
        ($order:ident: $($part:tt)+) => {{
            #[circuit_breaker(consecutive = STREAK, reset = RESET, $($part)+)]
            async fn protected($order: u64) -> Output {
                Ok(work_of_parts($order).await?)
            }
            Subject::new(task, || protected_breaker().close(), |(), order| poll(protected(order)))
        }};
    }
    #[circuit_breaker(consecutive = STREAK, reset = RESET)]
    async fn closed_async(order: u64) -> Output {
        Ok(work_async(order).await?)
    }

    Some(match task {
        Task::Closed(Form::Async) => {
            Subject::new(task, || closed_async_breaker().close(), |(), order| poll(closed_async(order)))
        }
        Task::Closed(Form::Sync) => function!(consecutive = STREAK),
        Task::Rejected => function!(consecutive = STREAK),
        Task::Counted { window: WINDOW } => function!(failure_rate = RATE, window = WINDOW, min_calls = MIN_CALLS),
        Task::Counted { window: LARGE_WINDOW } => {
            function!(failure_rate = RATE, window = LARGE_WINDOW, min_calls = MIN_CALLS)
        }
        Task::Timed { window: WINDOW_TIME, .. } => {
            function!(failure_rate = RATE, window = WINDOW_TIME, min_calls = MIN_CALLS)
        }
        Task::Timed { window: LONG_WINDOW, .. } => {
            function!(failure_rate = RATE, window = LONG_WINDOW, min_calls = MIN_CALLS)
        }
        Task::Slow { from: SLOW } => {
            function!(slow_rate = RATE, slow_call = SLOW, window = WINDOW, min_calls = MIN_CALLS)
        }
        Task::Slow { from: ANY_CALL } => {
            function!(slow_rate = RATE, slow_call = ANY_CALL, window = WINDOW, min_calls = MIN_CALLS)
        }
        Task::Keyed { keys: 10, kind: Kind::Text } => family!(&str, 1_000, Texts::new(10)),
        Task::Keyed { keys: 10_000, kind: Kind::Text } => family!(&str, 20_000, Texts::new(10_000)),
        Task::Keyed { keys: 100_000, kind: Kind::Text } => family!(&str, 200_000, Texts::new(100_000)),
        Task::Keyed { keys: 10, kind: Kind::Number } => family!(u64, 1_000, Numbers(10)),
        Task::Keyed { keys: 10_000, kind: Kind::Number } => family!(u64, 20_000, Numbers(10_000)),
        Task::Keyed { keys: 100_000, kind: Kind::Number } => family!(u64, 200_000, Numbers(100_000)),
        Task::With(Part::MaxConcurrent, _) => with!(order: max_concurrent = PLACES),
        // `AMPLE_RATE` and `SCANT_RATE`.
        Task::With(Part::RateLimit, Room::Ample) => with!(order: rate_limit = "1000000000/s"),
        Task::With(Part::RateLimit, Room::Scant) => with!(order: rate_limit = "1000/h"),
        Task::With(Part::Timeout, Room::Ample) => with!(order: timeout = LIMIT),
        Task::With(Part::Timeout, Room::Scant) => with!(order: timeout = SCANT_LIMIT),
        Task::With(Part::TotalTimeout, Room::Ample) => with!(order: total_timeout = LIMIT),
        Task::With(Part::TotalTimeout, Room::Scant) => with!(order: total_timeout = SCANT_LIMIT),
        Task::With(Part::Retry, Room::Ample) => with!(order: retry(attempts = 3, backoff = "100ms")),
        Task::With(Part::Retry, Room::Scant) => with!(order: retry(attempts = 3, backoff = "1ms")),
        Task::With(Part::LastGood, _) => with!(order: last_good(key = order % 10, ttl = "1h")),
        Task::With(Part::All, Room::Ample) => with!(
            order: max_concurrent = PLACES,
            rate_limit = "1000000000/s",
            timeout = LIMIT,
            retry(attempts = 3, backoff = "100ms")
        ),
        Task::With(Part::All, Room::Scant) => with!(
            order: max_concurrent = PLACES,
            rate_limit = "1000/h",
            timeout = SCANT_LIMIT,
            retry(attempts = 3, backoff = "1ms")
        ),
        Task::Counted { .. } | Task::Timed { .. } | Task::Slow { .. } | Task::Keyed { .. } => return None,
    })
}

/// A static for each rule and state, closed and empty.
macro_rules! by_hand {
    ($task:expr) => {{
        static STREAKS: CircuitBreaker = CircuitBreaker::new("streaks", SETTINGS.consecutive(STREAK));
        static OPEN: CircuitBreaker = CircuitBreaker::new("open", SETTINGS.consecutive(STREAK));
        static COUNTED: CircuitBreaker = CircuitBreaker::new("counted", RATED.window_calls(WINDOW));
        static LARGE: CircuitBreaker = CircuitBreaker::new("large", RATED.window_calls(LARGE_WINDOW));
        static TIMED: CircuitBreaker = CircuitBreaker::new("timed", RATED.window(WINDOW_TIME));
        static LONG: CircuitBreaker = CircuitBreaker::new("long", RATED.window(LONG_WINDOW));
        static SLOWED: CircuitBreaker = CircuitBreaker::new("slowed", SLOWNESS.slow_call(SLOW));
        static ANY: CircuitBreaker = CircuitBreaker::new("any", SLOWNESS.slow_call(ANY_CALL));
        let breaker: &'static CircuitBreaker = match $task {
            Task::Closed(_) => &STREAKS,
            Task::Rejected => &OPEN,
            Task::Counted { window: LARGE_WINDOW } => &LARGE,
            Task::Counted { .. } => &COUNTED,
            Task::Timed { window: LONG_WINDOW, .. } => &LONG,
            Task::Timed { .. } => &TIMED,
            Task::Slow { from: ANY_CALL } => &ANY,
            Task::Slow { .. } => &SLOWED,
            Task::Keyed { .. } | Task::With(..) => return None,
        };
        move || {
            breaker.close();
            breaker
        }
    }};
}

const SETTINGS: Settings = Settings::new().reset(RESET);
const RATED: Settings = SETTINGS.failure_rate(RATE).min_calls(MIN_CALLS);
const SLOWNESS: Settings = SETTINGS.slow_rate(RATE).window_calls(WINDOW).min_calls(MIN_CALLS);

pub(crate) fn call(task: Task, _: Purpose) -> Option<Subject> {
    let breaker = by_hand!(task);
    Some(match task {
        Task::Closed(Form::Async) => Subject::new(task, breaker, |breaker, order| {
            poll(breaker.call_async(async move { Output::Ok(work_async(order).await?) }))
        }),
        _ => Subject::new(task, breaker, |breaker, order| breaker.call(|| Output::Ok(work(order)?))),
    })
}

pub(crate) fn try_acquire(task: Task, _: Purpose) -> Option<Subject> {
    let breaker = by_hand!(task);
    Some(match task {
        Task::Closed(Form::Async) => Subject::new(task, breaker, |breaker, order| {
            poll(async {
                let permit = breaker.try_acquire()?;
                settled(permit, work_async(order).await)
            })
        }),
        _ => Subject::new(task, breaker, |breaker, order| {
            let permit = breaker.try_acquire()?;
            settled(permit, work(order))
        }),
    })
}

#[expect(clippy::inline_always, reason = "whoever holds a permit settles it in his own function")]
#[inline(always)]
fn settled(permit: Permit<&CircuitBreaker>, output: Result<u64, SmallError>) -> Output {
    match output {
        Ok(_) => permit.success(),
        Err(_) => permit.failure(),
    }
    Ok(output?)
}

/// Of a family, only what a contract has opened is not closed.
fn close_all(family: &'static Breakers) {
    family.iter().filter(|breaker| breaker.state() != State::Closed).for_each(|breaker| breaker.close());
}
