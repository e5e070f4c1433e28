//! What the page is told, as JSON: all of it to begin with, and then what has changed.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::about::About;
use crate::event::Transition;
use crate::mode::Mode;
use crate::observe::Snapshot;
use crate::policy::Settings;
use crate::report::Report;
use crate::state::State;
use crate::window::{Latency, WindowCounts};

/// Calls that were let through, failures, and rejections in a second.
pub(super) type Point = [f64; 3];

/// What there is to tell at one moment.
#[derive(Debug, Serialize)]
pub(super) struct Frame<'a> {
    /// The server's time of day, in milliseconds, by which the page corrects its own.
    pub(super) now: u64,
    /// All is told, whatever was told before; and what does not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all: Option<All>,
    /// A second has passed: who has no point had no calls.
    pub(super) second: bool,
    pub(super) breakers: Vec<Told<'a>>,
    pub(super) gone: Vec<u64>,
    /// Why the last configuration was refused.
    pub(super) config_refused: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct All {
    pub(super) controls: bool,
    /// How many points there are at most.
    pub(super) points: usize,
}

/// What is told of one breaker: its card, its pulse, its points, each where it is news.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    pub(super) id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) card: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pulse: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) points: Vec<Point>,
}

/// What rarely changes: with a change of state, mode or settings.
#[derive(Debug, Serialize)]
pub(super) struct Card<'a> {
    #[serde(flatten)]
    breaker: &'a About,
    /// Stands for a family: its settings and mode are the family's.
    family: bool,
    settings: &'a Settings,
    revision: u64,
    origin: String,
    trips: u64,
    last_trip: Option<&'a Report>,
    /// What began the outage, where probes have failed since.
    outage: Option<&'a Report>,
    /// Who set the mode last, as far as that is kept, and why; and when, in milliseconds.
    mode_by: Option<String>,
    mode_at: Option<u64>,
}

impl<'a> Card<'a> {
    pub(super) fn of(
        of: &'a Snapshot,
        outage: Option<&'a Report>,
        mode_set: Option<&Transition>,
        family: bool,
    ) -> Self {
        Self {
            breaker: &of.breaker,
            family,
            settings: &of.settings,
            revision: of.revision,
            origin: of.origin.to_string(),
            trips: of.trips,
            last_trip: of.last_trip.as_deref(),
            outage,
            mode_by: mode_set.and_then(|change| change.reason.origin()).map(ToString::to_string),
            mode_at: mode_set.map(|change| milliseconds(change.at)),
        }
    }
}

/// What changes as calls are made.
#[derive(Debug, Serialize)]
pub(super) struct Pulse {
    state: State,
    would_be: Option<State>,
    mode: Mode,
    /// In milliseconds of the time of day, as is `probe_at`.
    since: Option<u64>,
    probe_at: Option<u64>,
    probe_due: bool,
    probes_in_flight: u32,
    reopenings: u32,
    share: Option<f64>,
    consecutive_failures: u32,
    window: Option<WindowCounts>,
    latency: Option<Latency>,
    admitted: u64,
    failed: u64,
    rejected: u64,
    in_flight: u64,
    timed_out: u64,
    fallbacks: u64,
    retried: u64,
    last_good: u64,
    keys: Option<Keys>,
}

/// How many keys a family has, how many of them are told, and how many are in trouble.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Keys {
    pub(super) all: usize,
    pub(super) shown: usize,
    pub(super) open: usize,
    pub(super) half_open: usize,
    pub(super) recovering: usize,
    pub(super) would_open: usize,
    /// The state of the breaker for keys that found no place, where there are such.
    pub(super) without_place: Option<State>,
}

impl Pulse {
    pub(super) fn of(of: &Snapshot, [admitted, failed, rejected]: [u64; 3], keys: Option<Keys>) -> Self {
        // To a tenth of a second: what does not change is not told again.
        let due = |left: Duration| (milliseconds(SystemTime::now() + left) + 50) / 100 * 100;
        Self {
            state: of.state,
            would_be: of.would_be,
            mode: of.mode,
            since: of.since.map(milliseconds),
            probe_at: of.retry_after.filter(|_| of.state == State::Open && of.mode != Mode::ForcedOpen).map(due),
            probe_due: of.probe_due,
            probes_in_flight: of.probes_in_flight,
            reopenings: of.reopenings,
            share: of.share,
            consecutive_failures: of.consecutive_failures,
            window: of.window,
            latency: of.latency,
            admitted,
            failed,
            rejected,
            in_flight: of.totals.in_flight(),
            timed_out: of.totals.timed_out,
            fallbacks: of.totals.fallbacks_answered,
            retried: of.totals.retried,
            last_good: of.totals.last_good_served,
            keys,
        }
    }
}

pub(super) fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// As text that goes into a frame as it is.
pub(super) fn raw(value: &impl Serialize) -> Box<RawValue> {
    // What cannot be JSON is not in these.
    serde_json::value::to_raw_value(value).unwrap_or_default()
}
