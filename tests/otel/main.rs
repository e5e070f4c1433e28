//! Metrics, as a reader of OpenTelemetry's SDK collects them: they are those of the page for Prometheus.
//!
//! A reader collects from all breakers of the process, and the SDK keeps a limited number of attribute sets: so these tests
//! are a program of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Once, OnceLock};
use std::thread;
use std::time::Duration;

use ::opentelemetry::KeyValue;
use ::opentelemetry::metrics::MeterProvider;
use breaker_runtime::clock::ManualClock;
use breaker_runtime::{
    Breakers, CircuitBreaker, CircuitBreakerError, Mode, Settings, circuit_breaker, opentelemetry, prometheus, registry,
};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{
    Aggregation, InMemoryMetricExporter, InMemoryMetricExporterBuilder, Instrument, MeterProviderBuilder,
    PeriodicReader, SdkMeterProvider, Stream, Temporality,
};

#[path = "../behaviour/support.rs"]
#[expect(dead_code, reason = "the tests of behaviour need more of it")]
mod support;

use support::*;

/// An instrument and its attributes.
type Sample = (String, BTreeMap<String, String>);

#[derive(Clone, Debug, PartialEq)]
struct Told {
    value: f64,
    /// A monotonic sum, else a gauge.
    counter: bool,
}

/// What one collection gave.
#[derive(Debug)]
struct Collected {
    samples: BTreeMap<Sample, Told>,
    units: BTreeMap<String, String>,
    temporalities: BTreeSet<String>,
}

/// A reader that collects when it is told.
struct Reader(InMemoryMetricExporter);

impl Reader {
    fn new(temporality: Temporality) -> Self {
        Self(InMemoryMetricExporterBuilder::new().with_temporality(temporality).build())
    }

    /// It would collect by itself in a day.
    fn on(&self, provider: MeterProviderBuilder) -> MeterProviderBuilder {
        let day = Duration::from_secs(86_400);
        provider.with_reader(PeriodicReader::builder(self.0.clone()).with_interval(day).build())
    }

    /// The newest of what it has, of the breakers whose names begin so, and of the process.
    fn newest(&self, begins: &str) -> Collected {
        let all = self.0.get_finished_metrics().unwrap();
        let newest = all.last().expect("it has collected");
        let mut collected =
            Collected { samples: BTreeMap::new(), units: BTreeMap::new(), temporalities: BTreeSet::new() };
        for metric in newest.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let name = metric.name().to_owned();
            assert!(!metric.description().is_empty(), "{name}");
            let mut add = |attributes: Vec<&KeyValue>, value: f64, counter: bool| {
                let attributes: BTreeMap<_, _> =
                    attributes.iter().map(|one| (one.key.to_string(), one.value.to_string())).collect();
                if attributes.get("name").is_none_or(|name| name.starts_with(begins)) {
                    let twice = collected.samples.insert((name.clone(), attributes), Told { value, counter });
                    assert_eq!(twice, None, "{name}");
                }
            };
            match metric.data() {
                AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
                    gauge.data_points().for_each(|at| add(at.attributes().collect(), at.value(), false));
                }
                AggregatedMetrics::F64(MetricData::Sum(sum)) => {
                    assert!(sum.is_monotonic(), "{name}");
                    sum.data_points().for_each(|at| add(at.attributes().collect(), at.value(), true));
                    collected.temporalities.insert(format!("{:?}", sum.temporality()));
                }
                other => panic!("{name}: {other:?}"),
            }
            let twice = collected.units.insert(name.clone(), metric.unit().to_owned());
            assert_eq!(twice, None, "{name}: two instruments of one name");
        }
        collected
    }
}

/// A provider whose only reader is this one, with breakers to be read.
fn observed(temporality: Temporality) -> (SdkMeterProvider, Reader) {
    let reader = Reader::new(temporality);
    let provider = reader.on(SdkMeterProvider::builder()).build();
    opentelemetry::observe(&provider.meter("breakers"));
    (provider, reader)
}

fn collect(provider: &SdkMeterProvider, reader: &Reader, begins: &str) -> Collected {
    provider.force_flush().unwrap();
    reader.newest(begins)
}

impl Collected {
    fn value(&self, instrument: &str, name: &str, more: &[(&str, &str)]) -> Option<f64> {
        let mut attributes = BTreeMap::from([("name".to_owned(), name.to_owned())]);
        attributes.insert("dependency".to_owned(), String::new());
        attributes.extend(more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        self.samples.get(&(format!("circuit_breaker.{instrument}"), attributes)).map(|told| told.value)
    }

    fn succeeded(&self, name: &str) -> Option<f64> {
        self.value("calls", name, &[("outcome", "succeeded")])
    }
}

/// The labels of a line of the page.
fn labels(text: &str) -> BTreeMap<String, String> {
    let (mut labels, mut chars) = (BTreeMap::new(), text.chars());
    loop {
        let name: String = chars.by_ref().skip_while(|char| *char == ',').take_while(|char| *char != '=').collect();
        if name.is_empty() {
            return labels;
        }
        assert_eq!(chars.next(), Some('"'));
        let mut value = String::new();
        while let Some(char) = chars.next().filter(|char| *char != '"') {
            value.push(match char {
                '\\' => match chars.next() {
                    Some('n') => '\n',
                    Some(escaped) => escaped,
                    None => panic!("{text}"),
                },
                other => other,
            });
        }
        assert_eq!(labels.insert(name, value), None, "{text}");
    }
}

/// The page for Prometheus with the names of OpenTelemetry, of the breakers whose names begin so, and of the process; and all
/// names that it has.
fn page(begins: &str) -> (BTreeMap<Sample, Told>, BTreeSet<String>) {
    let (text, mut kinds) = (prometheus::text(), BTreeMap::new());
    let (mut samples, mut names) = (BTreeMap::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            kinds.insert(name, kind);
        } else if !line.starts_with('#') {
            let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
            let (name, of) = sample.strip_suffix('}').and_then(|it| it.split_once('{')).unwrap_or((sample, ""));
            let (labels, counter) = (labels(of), kinds.get(name) != Some(&"gauge"));
            let name = name.strip_prefix("circuit_breaker_").unwrap();
            let name = name.strip_suffix("_total").unwrap_or(name).replace("total_timed_out", "overall_timed_out");
            let name = format!("circuit_breaker.{name}");
            names.insert(name.clone());
            if labels.get("name").is_none_or(|name| name.starts_with(begins)) {
                samples.insert((name, labels), Told { value: value.parse().unwrap(), counter });
            }
        }
    }
    (samples, names)
}

fn leaked(name: &'static str, settings: Settings) -> (&'static CircuitBreaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder(name).settings(settings).clock(&clock).build().unwrap();
    let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker));
    registry::add(breaker);
    (breaker, clock)
}

/// One with a last good answer, on a clock that stands still.
fn remembering() -> &'static CircuitBreaker {
    static BREAKER: OnceLock<&CircuitBreaker> = OnceLock::new();
    BREAKER.get_or_init(|| leaked("otel all: remembers", Settings::new().consecutive(9)).0)
}

#[circuit_breaker(breaker = remembering(), last_good(key = (), ttl = "1h"))]
fn remembered(works: bool) -> Result<u32, CircuitBreakerError> {
    if works { Ok(1) } else { Err(rejected(&open(Settings::new()).0)) }
}

/// Breakers of which each metric has something to tell, on clocks that stand still.
fn of_all_kinds() {
    let rules = Settings::new().failure_rate(0.5).slow_rate(0.5).slow_call(SECOND).min_calls(4).reset(MINUTE);
    let (tripped, clock) = leaked("otel all: tripped", rules.latency(true));
    for _ in 0..3 {
        let call = admitted(tripped);
        clock.advance(Duration::from_millis(700));
        call.success();
    }
    admitted(tripped).ignore();
    cancel(tripped);
    let _running = Box::leak(Box::new(admitted(tripped)));
    let late = admitted(tripped);
    for class in ["refused", "refused", "\"slow\"\n"] {
        admitted(tripped).failure_as(class, &"no");
    }
    late.success();
    clock.advance(10 * SECOND);
    rejected(tripped);

    let (watched, _) = leaked("otel all: watched", rules);
    succeed(watched);
    succeed(watched);

    let (counted, _) = leaked("otel all: counted", Settings::new().consecutive(5));
    fail(counted);
    fail(counted);
    counted.set_settings(Settings::new().consecutive(6)).unwrap();

    let (only_watches, _) = leaked("otel all: metrics only", Settings::new().consecutive(1));
    only_watches.set_mode(Mode::MetricsOnly);
    fail(only_watches);
    succeed(only_watches);

    let (recovering, clock) = leaked("otel all: ramp", Settings::new().consecutive(1).reset(MINUTE).ramp(MINUTE));
    fail(recovering);
    clock.advance(MINUTE);
    succeed(recovering);
    clock.advance(10 * SECOND);

    for _ in 0..2 {
        succeed(leaked("otel all: twice", Settings::new()).0);
    }
    cancel(leaked("otel all: <script>\n\"} 1\\ ../x, ö\0", Settings::new()).0);

    remembered(true).and(remembered(false)).unwrap();
}

fn family() {
    static FAMILY: OnceLock<Breakers> = OnceLock::new();
    let settings = Settings::new().consecutive(1).latency(true);
    let family = FAMILY.get_or_init(|| {
        let family = Breakers::new("otel all: family", settings).max_keys(121).clock(ManualClock::new());
        family.dependency("a\"b,c=\"d\\").note("e\\\nf")
    });
    registry::add_family(family);
    for key in ["other", "", "a\"b\\c\n"] {
        family.try_acquire(key).unwrap().success();
    }
    for key in 0..130_u32 {
        family.try_acquire(&key).unwrap().success();
    }
    family.try_acquire(&3_u32).unwrap().failure();
    family.try_acquire(&110_u32).unwrap().failure();
    family.try_acquire(&110_u32).unwrap_err();
}

/// Once for all tests, so that none of them sees breakers come that it compares.
fn make_all() {
    static MADE: Once = Once::new();
    MADE.call_once(|| {
        of_all_kinds();
        family();
    });
}

#[test]
fn every_figure_is_that_of_the_page() {
    const BEGINS: &str = "otel all: ";
    make_all();
    let (provider, reader) = observed(Temporality::Cumulative);
    let collected = collect(&provider, &reader, BEGINS);
    let (page, names) = page(BEGINS);
    let told = collected.samples;
    for (sample, value) in &told {
        assert_eq!(page.get(sample), Some(value), "{sample:?} is not on the page");
    }
    for sample in page.keys() {
        assert!(told.contains_key(sample), "{sample:?} is on the page alone");
    }
    let own: BTreeSet<_> = page.into_keys().map(|(name, _)| name).collect();
    let untried: Vec<_> = names.difference(&own).collect();
    assert!(untried.is_empty() && own.len() == 34, "these breakers have nothing of {untried:?}, {}", own.len());
}

#[test]
fn units_are_said_and_names_are_different_ones_in_prometheus() {
    make_all();
    let (provider, reader) = observed(Temporality::Cumulative);
    let collected = collect(&provider, &reader, "");
    assert_eq!(collected.temporalities, BTreeSet::from(["Cumulative".to_owned()]));
    let mut there = BTreeMap::new();
    let counters: BTreeSet<_> =
        collected.samples.iter().filter(|(_, told)| told.counter).map(|((name, _), _)| name).collect();
    for (name, unit) in &collected.units {
        let expected = if name.ends_with("_seconds") || name.ends_with("_sum") {
            unit == "s"
        } else if name.ends_with("_ratio") {
            unit == "1"
        } else {
            unit.starts_with('{') && unit.ends_with('}')
        };
        assert!(expected, "{name} in {unit}");
        // Prometheus' rules for names that come from OpenTelemetry.
        let mut words: Vec<_> = name.split(['.', '_']).collect();
        if unit == "s" && !words.contains(&"seconds") {
            words.push("seconds");
        }
        let last = if counters.contains(name) { "total" } else { "ratio" };
        if last == "total" || unit == "1" {
            words.retain(|word| *word != last);
            words.push(last);
        }
        let twice = there.insert(words.join("_"), name);
        assert_eq!(twice, None, "{name}");
    }
    let page = prometheus::text();
    for (theirs, ours) in there {
        let same = page.contains(&format!("# TYPE {theirs} "));
        let excepted = ours.contains(".call_duration_seconds_") || ours.contains("overall");
        assert_ne!(same, excepted, "{ours} is {theirs}");
    }
    for (name, unit) in [("calls", "{call}"), ("trips", "{trip}"), ("open_seconds", "s"), ("failure_ratio", "1")] {
        assert_eq!(collected.units[&format!("circuit_breaker.{name}")], unit);
    }
}

#[test]
fn each_collection_sees_what_is_new_and_forgets_what_is_over() {
    const NAME: &str = "otel twice";
    const LATER: &str = "otel twice, later";
    let (breaker, clock) = leaked(NAME, Settings::new().consecutive(1).reset(MINUTE));
    let (provider, reader) = observed(Temporality::Cumulative);
    succeed(breaker);
    fail(breaker);
    let first = collect(&provider, &reader, NAME);
    assert_eq!((first.succeeded(NAME), first.value("next_probe_seconds", NAME, &[])), (Some(1.0), Some(60.0)));
    clock.advance(MINUTE);
    succeed(breaker);
    succeed(leaked(LATER, Settings::new()).0);
    let second = collect(&provider, &reader, NAME);
    assert_eq!((second.succeeded(NAME), second.value("next_probe_seconds", NAME, &[])), (Some(2.0), None));
    assert_eq!(second.value("state", NAME, &[("state", "closed")]), Some(1.0));
    assert_eq!(second.value("open_seconds", NAME, &[]), Some(60.0));
    assert_eq!(second.succeeded(LATER), Some(1.0));
}

#[test]
fn a_reader_of_differences_gets_differences() {
    const NAME: &str = "otel differences";
    let (breaker, _) = leaked(NAME, Settings::new());
    let (provider, reader) = observed(Temporality::Delta);
    for new in [3, 2, 0] {
        (0..new).for_each(|_| succeed(breaker));
        let collected = collect(&provider, &reader, NAME);
        assert_eq!(collected.temporalities, BTreeSet::from(["Delta".to_owned()]));
        assert_eq!(collected.succeeded(NAME), Some(f64::from(new)));
        assert_eq!(collected.value("state", NAME, &[("state", "closed")]), Some(1.0), "a gauge has no differences");
    }
}

#[test]
fn a_key_that_comes_back_does_not_stop_a_reader_of_differences() {
    static FAMILY: OnceLock<Breakers> = OnceLock::new();
    const NAME: &str = "otel forgotten";
    let clock = ManualClock::new();
    let family = FAMILY.get_or_init(|| Breakers::new(NAME, Settings::new()).idle(MINUTE).clock(&clock));
    registry::add_family(family);
    let (provider, reader) = observed(Temporality::Delta);
    let call = || family.try_acquire("eu").unwrap().success();
    let of_key = |collected: &Collected| collected.value("calls", NAME, &[("key", "eu"), ("outcome", "succeeded")]);
    (0..5).for_each(|_| call());
    assert_eq!(of_key(&collect(&provider, &reader, NAME)), Some(5.0));
    clock.advance(2 * MINUTE);
    call();
    assert_eq!(of_key(&collect(&provider, &reader, NAME)), Some(-4.0), "it counts from zero");
    call();
    assert_eq!(of_key(&collect(&provider, &reader, NAME)), Some(1.0));
}

#[test]
fn to_observe_twice_changes_nothing() {
    const NAME: &str = "otel observed twice";
    let (breaker, _) = leaked(NAME, Settings::new());
    let (provider, reader) = observed(Temporality::Cumulative);
    opentelemetry::observe(&provider.meter("breakers"));
    for calls in [1.0, 2.0] {
        succeed(breaker);
        assert_eq!(collect(&provider, &reader, NAME).succeeded(NAME), Some(calls));
    }
}

#[test]
fn instruments_that_a_view_drops_leave_the_others_fresh() {
    const NAME: &str = "otel viewed";
    let (breaker, _) = leaked(NAME, Settings::new());
    let reader = Reader::new(Temporality::Cumulative);
    let provider = reader.on(SdkMeterProvider::builder()).with_view(|instrument: &Instrument| {
        let drop = Stream::builder().with_aggregation(Aggregation::Drop).build();
        (instrument.name() != "circuit_breaker.calls").then_some(drop.unwrap())
    });
    let provider = provider.build();
    opentelemetry::observe(&provider.meter("breakers"));
    for calls in [1.0, 2.0, 3.0] {
        succeed(breaker);
        let collected = collect(&provider, &reader, NAME);
        assert_eq!((collected.succeeded(NAME), collected.units.len()), (Some(calls), 1));
    }
}

#[test]
fn readers_at_the_same_time_are_told_the_same() {
    const NAME: &str = "otel with two readers";
    let (breaker, _) = leaked(NAME, Settings::new());
    let readers = [(); 2].map(|()| Reader::new(Temporality::Cumulative));
    let provider = readers.iter().fold(SdkMeterProvider::builder(), |provider, reader| reader.on(provider)).build();
    opentelemetry::observe(&provider.meter("breakers"));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..3 {
                    succeed(breaker);
                    provider.force_flush().unwrap();
                }
            });
        }
    });
    provider.force_flush().unwrap();
    for reader in &readers {
        assert_eq!(reader.newest(NAME).succeeded(NAME), Some(6.0));
    }
}
