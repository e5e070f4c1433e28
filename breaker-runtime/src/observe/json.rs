//! Snapshots, events and reports as data, under names that do not change (feature `serde`).
//!
//! Times of day are RFC 3339 in UTC, times that passed are seconds; what is not known is `null`. Texts are the users'
//! own: whatever is made of them has to escape them, as JSON does.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use super::snapshot::Snapshot;
use crate::about::About;
use crate::breaker::Totals;
use crate::class::ClassCount;
#[cfg(feature = "config")]
use crate::config::{Applied, ConfigError, Problem};
use crate::event::{Event, Reason, SettingsChange, Transition};
use crate::mode::Mode;
use crate::policy::Settings;
use crate::report::{FailureSample, Report};
use crate::state::State;
use crate::window::{Latency, WindowCounts};

/// Implements `Serialize` of the first by the fields of the second, which is made from it.
macro_rules! as_fields_of {
    ($($public:ty => $fields:ident),* $(,)?) => {$(
        impl Serialize for $public {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $fields::of(self).serialize(serializer)
            }
        }
    )*};
}

as_fields_of! {
    Snapshot => SnapshotFields,
    Transition => ChangeFields,
    Report => ReportFields,
    Latency => LatencyFields,
    Totals => TotalFields,
    WindowCounts => WindowFields,
}

/// `{"name": "pricing", "key": null, "location": "src/price.rs:7:1", "dependency": "pricing_api", "note": null}`
impl Serialize for About {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AboutFields::of(self).serialize(serializer)
    }
}

/// `"closed"`, `"open"` or `"half_open"`
impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// `"automatic"`, `"disabled"`, `"forced_open"` or `"metrics_only"`
impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// The values that hold, by their names in the attribute, as texts: `{"consecutive": "5", "reset": "60s", …}`
impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.in_force())
    }
}

/// A change as it is, or `{"missed": 3}` where events were missed.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Changed(change) => change.serialize(serializer),
            #[cfg(feature = "config")]
            Self::Configured(applied) => ConfiguredFields::of(applied).serialize(serializer),
            #[cfg(feature = "config")]
            Self::ConfigRefused(refused) => serializer.collect_map([("config_refused", &**refused)]),
            Self::Lagged { missed } => serializer.collect_map([("missed", missed)]),
        }
    }
}

/// `{"origin": "breakers.toml", "problems": [{"line": 3, "column": 9, "variable": null, "text": "…"}]}`
#[cfg(feature = "config")]
impl Serialize for ConfigError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let problems = self.problems().iter().map(ProblemFields::of).collect();
        ConfigErrorFields { origin: self.origin(), problems }.serialize(serializer)
    }
}

#[cfg(feature = "config")]
#[derive(Serialize)]
struct ConfigErrorFields<'a> {
    origin: &'a str,
    problems: Vec<ProblemFields<'a>>,
}

#[cfg(feature = "config")]
#[derive(Serialize)]
struct ProblemFields<'a> {
    line: Option<usize>,
    column: Option<usize>,
    variable: Option<&'a str>,
    table: Option<&'a str>,
    key: Option<&'a str>,
    text: String,
}

#[cfg(feature = "config")]
impl<'a> ProblemFields<'a> {
    fn of(of: &'a Problem) -> Self {
        Self {
            line: of.line(),
            column: of.column(),
            variable: of.variable(),
            table: of.table(),
            key: of.key(),
            text: of.to_string(),
        }
    }
}

#[cfg(feature = "config")]
#[derive(Serialize)]
struct ConfiguredFields<'a> {
    configured: &'a str,
    changed: &'a [&'static str],
    unknown: Vec<ProblemFields<'a>>,
}

#[cfg(feature = "config")]
impl<'a> ConfiguredFields<'a> {
    fn of(of: &'a Applied) -> Self {
        let unknown = of.unknown().iter().map(ProblemFields::of).collect();
        Self { configured: of.origin(), changed: of.changed(), unknown }
    }
}

#[derive(Serialize)]
struct AboutFields<'a> {
    name: &'a str,
    key: Option<&'a str>,
    location: String,
    dependency: Option<&'a str>,
    note: Option<&'a str>,
}

impl<'a> AboutFields<'a> {
    fn of(about: &'a About) -> Self {
        let About { name, key, at, dependency, note } = about;
        Self { name, key: key.as_deref(), location: at.to_string(), dependency: *dependency, note: *note }
    }
}

#[derive(Serialize)]
struct SnapshotFields<'a> {
    #[serde(flatten)]
    breaker: AboutFields<'a>,
    state: State,
    would_be: Option<State>,
    mode: Mode,
    epoch: u64,
    since: Option<String>,
    in_state_seconds: Option<f64>,
    settings: &'a Settings,
    revision: u64,
    origin: String,
    consecutive_failures: u32,
    window: Option<WindowCounts>,
    requests_per_second: Option<f64>,
    share: Option<f64>,
    probes_in_flight: u32,
    reopenings: u32,
    retry_after_seconds: Option<f64>,
    probe_due: bool,
    probe_overdue: bool,
    totals: Totals,
    latency: Option<Latency>,
    failures_by_class: BTreeMap<&'a str, u64>,
    trips: u64,
    open_seconds: f64,
    last_good_age_seconds: Option<f64>,
    last_trip: Option<&'a Report>,
    #[cfg(feature = "config")]
    config_refused: Option<&'a ConfigError>,
}

impl<'a> SnapshotFields<'a> {
    fn of(of: &'a Snapshot) -> Self {
        Self {
            breaker: AboutFields::of(&of.breaker),
            state: of.state,
            would_be: of.would_be,
            mode: of.mode,
            epoch: of.epoch,
            since: of.since.map(time_of_day),
            in_state_seconds: of.in_state_for.as_ref().map(Duration::as_secs_f64),
            settings: &of.settings,
            revision: of.revision,
            origin: of.origin.to_string(),
            consecutive_failures: of.consecutive_failures,
            window: of.window,
            requests_per_second: of.requests_per_second,
            share: of.share,
            probes_in_flight: of.probes_in_flight,
            reopenings: of.reopenings,
            retry_after_seconds: of.retry_after.as_ref().map(Duration::as_secs_f64),
            probe_due: of.probe_due,
            probe_overdue: of.probe_overdue,
            totals: of.totals,
            latency: of.latency,
            failures_by_class: by_class(&of.failures_by_class),
            trips: of.trips,
            open_seconds: of.open_for.as_secs_f64(),
            last_good_age_seconds: of.last_good_age.as_ref().map(Duration::as_secs_f64),
            last_trip: of.last_trip.as_deref(),
            #[cfg(feature = "config")]
            config_refused: of.config_refused.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct WindowFields {
    calls: u64,
    failed: u64,
    slow: u64,
    failure_rate: Option<f64>,
    slow_rate: Option<f64>,
}

impl WindowFields {
    fn of(of: &WindowCounts) -> Self {
        let WindowCounts { calls, failed, slow } = *of;
        Self { calls, failed, slow, failure_rate: of.failure_rate(), slow_rate: of.slow_rate() }
    }
}

#[derive(Serialize)]
struct TotalFields {
    admitted: u64,
    succeeded: u64,
    failed: u64,
    ignored: u64,
    cancelled: u64,
    in_flight: u64,
    timed_out: u64,
    slow: u64,
    late: u64,
    rejected: Rejected,
    would_have_rejected: u64,
    fallbacks_run: u64,
    fallbacks_answered: u64,
    fallbacks_failed: u64,
    total_timed_out: u64,
    retried: u64,
    last_good_served: u64,
}

#[derive(Serialize)]
struct Rejected {
    open: u64,
    probing: u64,
    recovering: u64,
    forced_open: u64,
    full: u64,
    limited: u64,
}

impl TotalFields {
    fn of(of: &Totals) -> Self {
        Self {
            admitted: of.admitted,
            succeeded: of.succeeded,
            failed: of.failed,
            ignored: of.ignored,
            cancelled: of.cancelled,
            in_flight: of.in_flight(),
            timed_out: of.timed_out,
            slow: of.slow,
            late: of.late,
            rejected: Rejected {
                open: of.rejected_open,
                probing: of.rejected_probing,
                recovering: of.rejected_recovering,
                forced_open: of.rejected_forced_open,
                full: of.rejected_full,
                limited: of.rejected_limited,
            },
            would_have_rejected: of.would_have_rejected,
            fallbacks_run: of.fallbacks_run,
            fallbacks_answered: of.fallbacks_answered,
            fallbacks_failed: of.fallbacks_failed,
            total_timed_out: of.total_timed_out,
            retried: of.retried,
            last_good_served: of.last_good_served,
        }
    }
}

#[derive(Serialize)]
struct LatencyFields {
    calls: u64,
    mean_seconds: f64,
    p50_seconds: f64,
    p90_seconds: f64,
    p95_seconds: f64,
    p99_seconds: f64,
    max_seconds: f64,
}

impl LatencyFields {
    fn of(of: &Latency) -> Self {
        let Latency { calls, mean, p50, p90, p95, p99, max } = *of;
        let [mean_seconds, p50_seconds, p90_seconds, p95_seconds, p99_seconds, max_seconds] =
            [mean, p50, p90, p95, p99, max].map(|time| time.as_secs_f64());
        Self { calls, mean_seconds, p50_seconds, p90_seconds, p95_seconds, p99_seconds, max_seconds }
    }
}

#[derive(Serialize)]
struct ReportFields<'a> {
    #[serde(flatten)]
    breaker: AboutFields<'a>,
    mode: Mode,
    rule: &'static str,
    why: String,
    at: String,
    delay_seconds: f64,
    window: Option<WindowCounts>,
    in_flight: u64,
    failures_by_class: BTreeMap<&'a str, u64>,
    failures: Vec<FailureFields<'a>>,
    epoch: u64,
    revision: u64,
}

#[derive(Serialize)]
struct FailureFields<'a> {
    at: String,
    latency_seconds: Option<f64>,
    class: &'a str,
    text: &'a str,
}

impl<'a> ReportFields<'a> {
    fn of(of: &'a Report) -> Self {
        let failure = |failure: &'a FailureSample| FailureFields {
            at: time_of_day(failure.at),
            latency_seconds: failure.latency.as_ref().map(Duration::as_secs_f64),
            class: failure.class,
            text: &failure.text,
        };
        Self {
            breaker: AboutFields::of(&of.breaker),
            mode: of.mode,
            rule: of.rule.id(),
            why: of.why().to_string(),
            at: time_of_day(of.at),
            delay_seconds: of.delay.as_secs_f64(),
            window: of.window,
            in_flight: of.in_flight,
            failures_by_class: by_class(&of.classes),
            failures: of.failures.iter().map(failure).collect(),
            epoch: of.epoch,
            revision: of.revision,
        }
    }
}

#[derive(Serialize)]
struct ChangeFields<'a> {
    #[serde(flatten)]
    breaker: AboutFields<'a>,
    number: u64,
    epoch: u64,
    at: String,
    from: State,
    to: State,
    mode: Mode,
    reason: &'static str,
    origin: Option<String>,
    mode_before: Option<Mode>,
    text: String,
    report: Option<&'a Report>,
    settings: Option<SettingsFields<'a>>,
}

#[derive(Serialize)]
struct SettingsFields<'a> {
    revision: u64,
    origin: String,
    before: &'a Settings,
    after: &'a Settings,
}

impl<'a> ChangeFields<'a> {
    fn of(of: &'a Transition) -> Self {
        let settings = |change: &'a SettingsChange| SettingsFields {
            revision: change.revision,
            origin: change.origin.to_string(),
            before: &change.before,
            after: &change.after,
        };
        Self {
            breaker: AboutFields::of(&of.breaker),
            number: of.number,
            epoch: of.epoch,
            at: time_of_day(of.at),
            from: of.from,
            to: of.to,
            mode: of.mode,
            reason: of.reason.id(),
            origin: of.reason.origin().map(ToString::to_string),
            mode_before: match &of.reason {
                Reason::ModeSet(change) => Some(change.from),
                _ => None,
            },
            text: of.to_string(),
            report: of.report().map(AsRef::as_ref),
            settings: match &of.reason {
                Reason::SettingsSet(change) => Some(settings(change)),
                _ => None,
            },
        }
    }
}

/// A user's class may read like one of ours.
fn by_class(counts: &[ClassCount]) -> BTreeMap<&str, u64> {
    let mut all = BTreeMap::new();
    for ClassCount { class, count } in counts {
        *all.entry(*class).or_default() += count;
    }
    all
}

/// To the millisecond; the ends of the calendar for what is beyond them.
fn time_of_day(time: SystemTime) -> String {
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_millis(time.clamp(SystemTime::UNIX_EPOCH, last)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_of_day_panics() {
        let year = Duration::from_secs(365 * 86_400);
        assert_eq!(time_of_day(SystemTime::UNIX_EPOCH - year), "1970-01-01T00:00:00.000Z");
        assert_eq!(time_of_day(SystemTime::UNIX_EPOCH + year * 20_000), "9999-12-31T23:59:59.000Z");
        assert_eq!(time_of_day(SystemTime::UNIX_EPOCH + Duration::from_millis(86_400_123)), "1970-01-02T00:00:00.123Z");
    }
}
