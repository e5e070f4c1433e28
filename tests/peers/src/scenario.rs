//! What is measured: the rows of the table.

use std::time::Duration;

/// Failures in a row that open a breaker.
pub(crate) const STREAK: u32 = 5;
/// The share of failures, or of slow calls, that opens one.
pub(crate) const RATE: f64 = 0.5;
/// Calls that a rate needs.
pub(crate) const MIN_CALLS: u32 = 20;
/// So long does an open breaker wait: no scenario lasts until its probe.
pub(crate) const RESET: Duration = Duration::from_hours(1);
/// The count window of the common case.
pub(crate) const WINDOW: u32 = 100;
/// The largest count window that ours accepts.
pub(crate) const LARGE_WINDOW: u32 = 65_535;
/// The time window of the common case.
pub(crate) const WINDOW_TIME: Duration = Duration::from_secs(10);
/// The time window of the rows that say how many calls it holds: none of them grows old meanwhile.
pub(crate) const LONG_WINDOW: Duration = Duration::from_hours(1);
/// No call here is as slow as this.
pub(crate) const SLOW: Duration = Duration::from_secs(1);
/// Every call is as slow as this.
pub(crate) const ANY_CALL: Duration = Duration::from_nanos(1);
/// Calls that may run at once.
pub(crate) const PLACES: u32 = 10;
/// Calls that may be made in a second where there is ample room: the most that ours accepts.
pub(crate) const AMPLE_RATE: u32 = 1_000_000_000;
/// Calls that may be made in an hour where room is scant, but enough for the breaker's own contract.
pub(crate) const SCANT_RATE: u32 = 1_000;
/// How long a call may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(1);
pub(crate) const SCANT_LIMIT: Duration = Duration::from_millis(1);
/// How often a call is made that goes on failing.
pub(crate) const ATTEMPTS: u32 = 3;
/// The time before the first retry.
pub(crate) const BACKOFF: Duration = Duration::from_millis(100);
pub(crate) const SCANT_BACKOFF: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Sync,
    Async,
}

/// What stands around a call beside its breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    MaxConcurrent,
    RateLimit,
    Timeout,
    TotalTimeout,
    Retry,
    /// The last good answer is kept, by the last digit of the order.
    LastGood,
    /// All but the last good answer, which no rival has.
    All,
}

/// How much room a part leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// No call comes near a limit.
    Ample,
    /// Limits are soon reached.
    Scant,
}

/// How keys look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
}

/// What a breaker is set to, and what calls it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Opens after a streak of failures; all calls succeed.
    Closed(Form),
    /// The same, open.
    Rejected,
    /// Opens by the share of failures among so many last calls; one of ten fails.
    Counted { window: u32 },
    /// Opens by the share of failures within a time; one of ten fails. The window holds so many calls when a lap
    /// begins, where that is said.
    Timed { window: Duration, held: Option<u64> },
    /// Opens by the share of calls that take so long; all succeed.
    Slow { from: Duration },
    /// Opens after a streak of one key; all succeed.
    Keyed { keys: u64, kind: Kind },
    /// Opens after a streak, and has such a part; all succeed.
    With(Part, Room),
}

impl Task {
    /// The same rule, as its contract is shown.
    pub(crate) fn to_prove(self) -> Self {
        match self {
            Self::Slow { .. } => Self::Slow { from: ANY_CALL },
            Self::Timed { window, .. } => Self::Timed { window, held: None },
            Self::With(part, _) => Self::With(part, Room::Scant),
            other => other,
        }
    }

    /// Whether one of ten calls fails.
    pub(crate) fn tenth_fails(self) -> bool {
        matches!(self, Self::Counted { .. } | Self::Timed { .. })
    }

    /// The calls that the window holds when a lap begins, where that matters.
    pub(crate) fn held(self) -> Option<u64> {
        match self {
            Self::Timed { held, .. } => held,
            _ => None,
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) title: &'static str,
    pub(crate) task: Task,
    pub(crate) threads: u32,
}

impl Scenario {
    /// Whether the cells are the whole time, not what comes on top of the bare call.
    pub(crate) fn whole(&self) -> bool {
        self.task == Task::Rejected
    }
}

const fn row(title: &'static str, task: Task, threads: u32) -> Scenario {
    Scenario { title, task, threads }
}

const fn timed(held: u64) -> Task {
    Task::Timed { window: LONG_WINDOW, held: Some(held) }
}

const fn with(part: Part) -> Task {
    Task::With(part, Room::Ample)
}

const TIMED: Task = Task::Timed { window: WINDOW_TIME, held: None };

pub(crate) const ALL: &[Scenario] = &[
    row("closed, success, sync", Task::Closed(Form::Sync), 1),
    row("closed, success, sync, 2 threads", Task::Closed(Form::Sync), 2),
    row("closed, success, async", Task::Closed(Form::Async), 1),
    row("closed, success, async, 2 threads", Task::Closed(Form::Async), 2),
    row("open, rejected (whole time)", Task::Rejected, 1),
    row("10 % failures, window of 100 calls", Task::Counted { window: WINDOW }, 1),
    row("10 % failures, window of 100 calls, 2 threads", Task::Counted { window: WINDOW }, 2),
    row("10 % failures, window of 65,535 calls", Task::Counted { window: LARGE_WINDOW }, 1),
    row("10 % failures, window of 10 s", TIMED, 1),
    row("10 % failures, window of 10 s, 2 threads", TIMED, 2),
    row("10 % failures, time window holds 1,000 calls", timed(1_000), 1),
    row("10 % failures, time window holds 10,000 calls", timed(10_000), 1),
    row("10 % failures, time window holds 100,000 calls", timed(100_000), 1),
    row("slow-call rule, success", Task::Slow { from: SLOW }, 1),
    row("10 keys, text", Task::Keyed { keys: 10, kind: Kind::Text }, 1),
    row("10,000 keys, text", Task::Keyed { keys: 10_000, kind: Kind::Text }, 1),
    row("100,000 keys, text", Task::Keyed { keys: 100_000, kind: Kind::Text }, 1),
    row("10 keys, u64", Task::Keyed { keys: 10, kind: Kind::Number }, 1),
    row("10,000 keys, u64", Task::Keyed { keys: 10_000, kind: Kind::Number }, 1),
    row("100,000 keys, u64", Task::Keyed { keys: 100_000, kind: Kind::Number }, 1),
    row("part: 10 at once, async", with(Part::MaxConcurrent), 1),
    row("part: rate limit, async", with(Part::RateLimit), 1),
    row("part: time limit, async", with(Part::Timeout), 1),
    row("part: limit for all attempts, async", with(Part::TotalTimeout), 1),
    row("part: retry, not needed, async", with(Part::Retry), 1),
    row("part: last good answer kept, async", with(Part::LastGood), 1),
    row("parts: these but the last good answer, async", with(Part::All), 1),
];
