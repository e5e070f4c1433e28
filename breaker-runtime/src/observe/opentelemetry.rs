//! Metrics of all breakers, for OpenTelemetry (feature `opentelemetry`).
//!
//! Nothing is counted for metrics: [`observe`] makes observable instruments of a meter of yours, and they read the breakers
//! of the [`registry`](crate::registry) when a reader of your meter provider collects. A collection looks at each breaker
//! once, and all instruments tell of that look. Breakers that come later are seen too.
//!
//! That holds for a provider with one reader. Where it has several, the SDK gives what is read for one of them to all: a figure
//! that is over, such as that of a key that was forgotten, may appear once more at another reader, and readers that collect
//! at the same time may tell of several looks. With a provider for each reader, and [`observe`] for each, neither happens.
//!
//! The [`Meter`] is that of the crate `opentelemetry`, version 0.33; your SDK must be of the same version.
//!
//! # Names
//!
//! The instruments tell what the module `prometheus` (feature `prometheus`) tells, where every figure is described:
//!
//! | | on a page for Prometheus | here |
//! | --- | --- | --- |
//! | names | `circuit_breaker_calls_total` | `circuit_breaker.calls`: a dot after `circuit_breaker`, no `_total` |
//! | labels | `name`, `dependency`, `key`, `outcome`, … | attributes of the same names, all of them texts |
//! | gauges | `circuit_breaker_state_seconds` | observable gauges: `circuit_breaker.state_seconds` |
//! | counters | `circuit_breaker_open_seconds_total` | observable counters: `circuit_breaker.open_seconds` |
//! | the histogram | `circuit_breaker_call_duration_seconds` | three observable counters, told below |
//! | `total_timed_out_calls` | `circuit_breaker_total_timed_out_calls_total` | `circuit_breaker.overall_timed_out_calls`, an observable counter |
//!
//! Units are `s`, `1` for shares from 0 to 1, and else what is counted: `{call}`, `{trip}`, `{breaker}`. The unit stays in the
//! name, because `circuit_breaker.state` and `circuit_breaker.state_seconds` are two figures. Prometheus, where it takes
//! metrics from OpenTelemetry, makes of these the names of the page again, but of the last two rows: it takes the word `total`
//! for its own wherever it stands, hence `overall`.
//!
//! All values are floating-point numbers, exact up to 2⁵³.
//!
//! # How long calls took
//!
//! OpenTelemetry has no histogram that is read when somebody asks. So there are its parts, as counters:
//!
//! | counter | unit | what it tells |
//! | --- | --- | --- |
//! | `circuit_breaker.call_duration_seconds_bucket` | `{call}` | calls that took no longer than the attribute `le` says, in seconds; `+Inf` has all |
//! | `circuit_breaker.call_duration_seconds_sum` | `s` | how long all calls took together |
//! | `circuit_breaker.call_duration_seconds_count` | `{call}` | all calls |
//!
//! They are no histogram to a backend. A language of queries that computes percentiles of buckets with `le`, as PromQL does,
//! computes them of these; an exporter for Prometheus adds `_total` to their names.
//!
//! # Families
//!
//! Keys beyond the first 100 are together `key="other"`, as they are for Prometheus. A key that was forgotten and comes back
//! counts from zero; over that moment, a reader with delta temporality sees a difference below zero. Cumulative temporality has no
//! such differences, and with a longer [`idle`](crate::Breakers::idle) they are rare.
//!
//! An SDK keeps a limited number of attribute sets of an instrument (2,000 unless it is told otherwise), and puts what is
//! beyond into one, marked `otel.metric.overflow`, where figures such as these mean nothing. What is limited is one instrument
//! over all breakers. Each breaker, and each key that is shown, has
//!
//! - 13 sets of buckets, where it keeps latencies;
//! - up to 17 of failures, one for each class that it has seen;
//! - 6 of rejections, 5 of transitions, and fewer of all others.
//!
//! So 2,000 are enough for about 150 breakers with latencies, or one family of 100 keys beside about 50 breakers. With more, or
//! with many classes, raise the limit, no higher than needed: the SDK sets memory aside for it.
//!
//! ```
//! use opentelemetry_sdk::metrics::{Instrument, SdkMeterProvider, Stream};
//!
//! let provider = SdkMeterProvider::builder()
//!     .with_view(|instrument: &Instrument| {
//!         let ours = instrument.name().starts_with("circuit_breaker.");
//!         ours.then(|| Stream::builder().with_cardinality_limit(10_000).build().ok()).flatten()
//!     })
//!     .build();
//! # drop(provider);
//! ```

use std::iter::{Enumerate, Peekable};
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use ::opentelemetry::KeyValue;
use ::opentelemetry::metrics::{AsyncInstrument, AsyncInstrumentBuilder, Meter};

use super::metrics::{Kind, Labels, Metric, Value, buckets, collect};

/// Has a meter tell the metrics of all breakers, whenever a reader of its provider collects.
///
/// Once at the start of a program is enough, and there is nothing to keep: the instruments last as long as the provider. Of
/// a provider that was shut down, or none, nothing is ever asked. Told twice, the same meter tells the same figures, and
/// collects twice as long; two meters tell each figure twice, in two scopes.
///
/// Whoever collects waits for the look at all breakers; no call of a breaker does. It gives no error: an SDK that cannot make
/// an instrument logs so.
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Settings, opentelemetry, registry};
/// use ::opentelemetry::metrics::MeterProvider;
/// use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
///
/// static MAIL: CircuitBreaker = CircuitBreaker::new("mail", Settings::new());
/// registry::add(&MAIL);
///
/// // An exporter of yours, for instance by OTLP, in the place of this one.
/// let exporter = InMemoryMetricExporter::default();
/// let provider = SdkMeterProvider::builder().with_periodic_exporter(exporter.clone()).build();
/// opentelemetry::observe(&provider.meter("breakers"));
///
/// MAIL.try_acquire()?.success();
/// provider.force_flush()?;
/// let collected = exporter.get_finished_metrics()?;
/// let names: Vec<&str> = collected[0].scope_metrics().flat_map(|scope| scope.metrics()).map(|metric| metric.name()).collect();
/// assert!(names.contains(&"circuit_breaker.calls"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn observe(meter: &Meter) {
    let reading = Arc::new(Reading::default());
    for (place, metric) in figures().into_iter().enumerate() {
        // Prometheus, taking names from OpenTelemetry, leaves the word out, and `timed_out_calls` is another figure.
        let name = format!("circuit_breaker.{}", metric.name.replace("total_timed_out", "overall_timed_out"));
        // What this gives is not needed: the instrument is the provider's.
        if metric.kind == Kind::Gauge {
            telling(meter.f64_observable_gauge(name), &metric, place, &reading).build();
        } else {
            telling(meter.f64_observable_counter(name), &metric, place, &reading).build();
        }
    }
}

fn telling<'a, I>(
    builder: AsyncInstrumentBuilder<'a, I, f64>,
    metric: &Metric,
    place: usize,
    reading: &Arc<Reading>,
) -> AsyncInstrumentBuilder<'a, I, f64> {
    let reading = Arc::clone(reading);
    let tell = move |to: &dyn AsyncInstrument<f64>| {
        for (labels, value) in reading.of(place, figures) {
            let attributes: Vec<_> = labels.into_iter().map(|(name, value)| KeyValue::new(name, value)).collect();
            to.observe(number(&value), &attributes);
        }
    };
    builder.with_unit(metric.unit).with_description(metric.help).with_callback(tell)
}

/// Whole numbers would not do: a key that comes back counts from zero, and an SDK that takes the difference of two whole
/// numbers has none for that.
#[expect(clippy::cast_precision_loss, reason = "nobody counts to 2⁵³")]
fn number(value: &Value) -> f64 {
    match value {
        Value::Whole(value) => *value as f64,
        Value::Real(value) => *value,
        Value::Histogram(all) => all.calls as f64,
    }
}

/// What each instrument tells, always in the same order.
fn figures() -> Vec<Metric> {
    collect().into_iter().flat_map(unfolded).collect()
}

/// A histogram as three counters.
fn unfolded(metric: Metric) -> Vec<Metric> {
    if metric.kind != Kind::Histogram {
        return vec![metric];
    }
    let part = |name: &str, unit, samples| Metric {
        name: format!("{}_{name}", metric.name).into(),
        help: metric.help,
        kind: Kind::Counter,
        unit,
        samples,
    };
    let (mut up_to, mut sums, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for (labels, value) in &metric.samples {
        if let Value::Histogram(all) = value {
            up_to.extend(buckets(all).map(|(bound, calls)| {
                (labels.iter().cloned().chain([("le", bound)]).collect::<Labels>(), Value::Whole(calls))
            }));
            sums.push((labels.clone(), Value::Real(all.sum.as_secs_f64())));
            counts.push((labels.clone(), Value::Whole(all.calls)));
        }
    }
    vec![part("bucket", "{call}", up_to), part("sum", metric.unit, sums), part("count", "{call}", counts)]
}

/// One look at all breakers, until each instrument has told its part to a reader.
///
/// An SDK asks one instrument after the other, in the order in which they were made. Whoever comes no later in that order than
/// the last one that was served belongs to another collection, and looks anew. So do readers that collect at the same time
/// and get between each other: each then looks more often, and is told nothing that is older than its collection. What one
/// is told, the SDK writes down for the others, too, so these may still have of it what they are not told any more.
#[derive(Debug)]
struct Reading(Mutex<Peekable<Enumerate<vec::IntoIter<Metric>>>>);

impl Default for Reading {
    fn default() -> Self {
        Self(Mutex::new(numbered(Vec::new())))
    }
}

impl Reading {
    /// What the instrument at this place of the order has to tell.
    fn of(&self, place: usize, look: impl FnOnce() -> Vec<Metric>) -> Vec<(Labels, Value)> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if left.peek().is_none_or(|(next, _)| *next > place) {
            *left = numbered(look());
        }
        left.find(|(at, _)| *at == place).map(|(_, metric)| metric.samples).unwrap_or_default()
    }
}

fn numbered(metrics: Vec<Metric>) -> Peekable<Enumerate<vec::IntoIter<Metric>>> {
    metrics.into_iter().enumerate().peekable()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three metrics, each of which tells which look it is of.
    struct Looks(u64);

    impl Looks {
        fn of(&mut self, reading: &Reading, place: usize) -> u64 {
            let told = reading.of(place, || {
                self.0 += 1;
                let samples = vec![(Vec::new(), Value::Whole(self.0))];
                let metric = |name| Metric { name, help: "", kind: Kind::Gauge, unit: "1", samples: samples.clone() };
                ["a", "b", "c"].map(|name| metric(name.into())).into()
            });
            match told.as_slice() {
                [(_, Value::Whole(look))] => *look,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_collection_looks_once() {
        let (reading, mut looks) = (Reading::default(), Looks(0));
        for collection in 1..=3 {
            assert_eq!([0, 1, 2].map(|place| looks.of(&reading, place)), [collection; 3]);
        }
    }

    #[test]
    fn instruments_that_nobody_wants_do_not_age_the_others() {
        for wanted in [vec![0], vec![1], vec![2], vec![0, 1], vec![1, 2], vec![0, 2]] {
            let (reading, mut looks) = (Reading::default(), Looks(0));
            for collection in 1..=3 {
                for place in &wanted {
                    assert_eq!(looks.of(&reading, *place), collection, "{wanted:?}");
                }
            }
        }
    }

    #[test]
    fn readers_that_get_between_each_other_are_told_nothing_older_than_their_collection() {
        // Every order in which two collections can get between each other, then a third one.
        for order in (0..64_u32).filter(|order| order.count_ones() == 3) {
            let (reading, mut looks) = (Reading::default(), Looks(0));
            let mut collections = [(0, 0); 2];
            for step in 0..6 {
                let (place, since) = &mut collections[(order >> step & 1) as usize];
                if *place == 0 {
                    *since = looks.0;
                }
                assert!(looks.of(&reading, *place) > *since, "{order:b}");
                *place += 1;
            }
            let before = looks.0;
            assert_eq!([0, 1, 2].map(|place| looks.of(&reading, place)), [before + 1; 3], "{order:b}");
        }
    }
}
