//! Metrics of all breakers, for Prometheus (feature `prometheus`).
//!
//! Nothing is counted for metrics: they are read from the breakers of the [`registry`](crate::registry) at the moment
//! when somebody asks. Two ways lead to them: [`text`] is a whole page for a scrape, and [`BreakerCollector`] adds them
//! to a registry of [`prometheus_client`] beside metrics of your own.
//!
//! All names begin with `circuit_breaker_`, and all have the labels `name` and `dependency` (empty where none is said).
//!
//! | metric | kind | further labels | what it tells |
//! | --- | --- | --- | --- |
//! | `state` | gauge | `state`: `closed`, `open`, `half_open` | 1 for the present state, 0 for the others |
//! | `mode` | gauge | `mode`: `automatic`, `disabled`, `forced_open`, `metrics_only` | the same for modes |
//! | `state_seconds` | gauge | | how long it has been in its state or mode |
//! | `last_transition_timestamp_seconds` | gauge | | when it last changed state or mode |
//! | `open_seconds_total` | counter | | how long it has been open altogether |
//! | `next_probe_seconds` | gauge | | until the next probe, while open |
//! | `trips_total` | counter | | how often a rule or a probe opened it |
//! | `reopenings` | gauge | | how often in a row it has failed to close |
//! | `transitions_total` | counter | `from`, `to` | how often it went from one state to another |
//! | `calls_total` | counter | `outcome`: `succeeded`, `failed`, `ignored`, `cancelled` | admitted calls that ended |
//! | `in_flight_calls` | gauge | | admitted calls that have not ended |
//! | `rejected_calls_total` | counter | `reason`: `open`, `probing`, `recovering`, `forced_open`, `full`, `limited` | calls that were not let through |
//! | `would_have_rejected_calls_total` | counter | | calls that only metrics only let through |
//! | `timed_out_calls_total`, `slow_calls_total`, `late_calls_total` | counters | | as in [`Totals`](crate::Totals) |
//! | `fallbacks_total` | counter | `result`: `answered`, `failed` | fallbacks that ended |
//! | `total_timed_out_calls_total`, `retries_total`, `last_good_answers_total` | counters | | as in [`Totals`](crate::Totals) |
//! | `last_good_age_seconds` | gauge | | how old the last answer was that was given again; none before the first |
//! | `failures_total` | counter | `class` | failed calls by class |
//! | `consecutive_failures` | gauge | | failures in a row, where a rule counts them |
//! | `window_calls`, `failure_ratio`, `slow_ratio` | gauges | | what the window of the rules holds, and its shares |
//! | `admitted_ratio` | gauge | | the share that may pass, while a ramp lasts |
//! | `settings_revision` | gauge | | the number of the settings in force |
//! | `call_duration_seconds` | histogram | `le` | how long calls took, where [`Settings::latency`](crate::Settings::latency) or a slow rule keeps it |
//! | `info` | gauge | `note`, `at` | 1; what people should know, and where the breaker was made |
//! | `config_refused` | gauge | no others | 1 where the last configuration that was tried was refused (feature `config`) |
//! | `events_missed_total` | counter | no others | [`registry::lagged`](crate::registry::lagged) |
//!
//! State, its times, trips and transitions are those that callers saw: what would only have happened, in metrics only, is
//! in `would_have_rejected_calls_total`, and in what the rules count (`consecutive_failures`, the window and its shares).
//!
//! Of a family each key has a label `key`, as far as it has one of the first 100 places. All other keys, and the
//! overflow, are together `key="other"` (a key of that name, or an empty one, stands in quotes there), which has calls, rejections and fallbacks, and in `state` how many of them
//! are in each. Breakers and families that share name and dependency
//! get another label, `nth`: `1`, `2`, …, which each keeps from then on.

use std::fmt::{self, Write};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use super::metrics::{Kind, Labels, Metric, Value, buckets, collect};

/// The type of [`text`], for the header `content-type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics as a page in Prometheus' text format, version 0.0.4.
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Settings, prometheus, registry};
///
/// static MAIL: CircuitBreaker = CircuitBreaker::new("mail", Settings::new());
/// registry::add(&MAIL);
/// MAIL.try_acquire()?.success();
///
/// let page = prometheus::text();
/// assert!(page.contains(r#"circuit_breaker_calls_total{name="mail",dependency="",outcome="succeeded"} 1"#));
/// # Ok::<(), breaker_runtime::CircuitBreakerError>(())
/// ```
#[must_use]
pub fn text() -> String {
    let mut page = String::new();
    for metric in present() {
        // Writing to a text does not fail.
        let _ = write_metric(&mut page, &metric);
    }
    page
}

/// Those that have something to tell.
fn present() -> impl Iterator<Item = Metric> {
    collect().into_iter().filter(|metric| !metric.samples.is_empty())
}

fn write_metric(page: &mut String, Metric { name, help, kind, samples, .. }: &Metric) -> fmt::Result {
    let (total, kind) = match kind {
        Kind::Counter => ("_total", "counter"),
        Kind::Gauge => ("", "gauge"),
        Kind::Histogram => ("", "histogram"),
    };
    let name = format!("circuit_breaker_{name}{total}");
    writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
    for (labels, value) in samples {
        match value {
            Value::Whole(value) => writeln!(page, "{name}{} {value}", Braces(labels, None))?,
            Value::Real(value) => writeln!(page, "{name}{} {value}", Braces(labels, None))?,
            Value::Histogram(all) => {
                for (bound, calls) in buckets(all) {
                    writeln!(page, "{name}_bucket{} {calls}", Braces(labels, Some(&bound)))?;
                }
                writeln!(page, "{name}_sum{} {}", Braces(labels, None), all.sum.as_secs_f64())?;
                writeln!(page, "{name}_count{} {}", Braces(labels, None), all.calls)?;
            }
        }
    }
    Ok(())
}

/// Labels, and the bound of a histogram's bucket.
struct Braces<'a>(&'a Labels, Option<&'a str>);

impl fmt::Display for Braces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = self.1.map(|bound| ("le", bound));
        let labels = self.0.iter().map(|(name, value)| (*name, value.as_str())).chain(bound);
        let mut before = '{';
        for (name, value) in labels {
            write!(f, "{before}{name}=\"")?;
            for char in value.chars() {
                match char {
                    '\\' => f.write_str("\\\\")?,
                    '"' => f.write_str("\\\"")?,
                    '\n' => f.write_str("\\n")?,
                    other => f.write_char(other)?,
                }
            }
            f.write_char('"')?;
            before = ',';
        }
        if before == '{' { Ok(()) } else { f.write_char('}') }
    }
}

/// The same metrics, for a registry of [`prometheus_client`].
///
/// ```
/// use breaker_runtime::prometheus::BreakerCollector;
/// use prometheus_client::encoding::text::encode;
/// use prometheus_client::registry::Registry;
///
/// let mut registry = Registry::default();
/// registry.register_collector(Box::new(BreakerCollector::new()));
///
/// let mut page = String::new();
/// encode(&mut page, &registry)?;
/// assert!(page.contains("# TYPE circuit_breaker_events_missed counter"));
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BreakerCollector {}

impl BreakerCollector {
    /// One that collects from all listed breakers.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

impl Collector for BreakerCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for Metric { name, help, kind, samples, .. } in present() {
            let kind = match kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            let name = format!("circuit_breaker_{name}");
            let mut metric = encoder.encode_descriptor(&name, help, None, kind)?;
            for (labels, value) in samples {
                let mut sample = metric.encode_family(&labels)?;
                match (kind, value) {
                    (_, Value::Histogram(all)) => {
                        let mut before = 0;
                        let mut bucket =
                            |bound: f64, calls: u64| (bound, calls - std::mem::replace(&mut before, calls));
                        let mut buckets: Vec<_> =
                            all.up_to.iter().map(|(bound, calls)| bucket(bound.as_secs_f64(), *calls)).collect();
                        buckets.push(bucket(f64::INFINITY, all.calls));
                        sample.encode_histogram::<NoLabelSet>(all.sum.as_secs_f64(), all.calls, &buckets, None)?;
                    }
                    (MetricType::Counter, Value::Whole(value)) => {
                        sample.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
                    }
                    (MetricType::Counter, Value::Real(value)) => {
                        sample.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
                    }
                    (_, Value::Whole(value)) => sample.encode_gauge(&i64::try_from(value).unwrap_or(i64::MAX))?,
                    (_, Value::Real(value)) => sample.encode_gauge(&value)?,
                }
            }
        }
        Ok(())
    }
}
