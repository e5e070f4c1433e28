//! Metrics, as Prometheus reads them.

#![expect(clippy::float_cmp, reason = "all that is compared is whole")]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

use breaker_runtime::prometheus::{self, BreakerCollector};
use breaker_runtime::{Breakers, CircuitBreaker, CircuitBreakerError, Mode, Settings, circuit_breaker, registry};
use prometheus_client::encoding::text::encode;

use crate::support::*;

/// The samples of a page whose names and labels hold this text.
fn samples(page: &str, holds: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#') && line.contains(holds));
    lines
        .map(|line| {
            let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
            (sample.replace("circuit_breaker_", ""), value.parse().expect(line))
        })
        .collect()
}

/// What one metric says of a breaker, by the label that is its own.
fn told(name: &str, metric: &str) -> BTreeMap<String, f64> {
    let page = prometheus::text();
    let own = format!("circuit_breaker_{metric}{{name=\"{name}\",dependency=\"\"");
    let of_metric = page.lines().filter_map(|line| line.strip_prefix(&own));
    of_metric
        .map(|line| {
            let (labels, value) = line.rsplit_once("} ").expect("labels and a value");
            (labels.trim_start_matches(',').to_owned(), value.parse().expect(line))
        })
        .collect()
}

fn only(name: &str, metric: &str) -> f64 {
    let told = told(name, metric);
    assert_eq!(told.len(), 1, "{metric}: {told:?}");
    *told.values().next().expect("one")
}

/// Has Prometheus' own tool check something; what it said, and whether it was content. Where it is not installed, this
/// says so, and fails where it has to be.
fn promtool(arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let spawned = Command::new("promtool")
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match spawned {
        Ok(promtool) => promtool,
        Err(error) if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none() => {
            eprintln!("not checked: promtool is not installed (Debian: apt-get install prometheus)");
            return None;
        }
        Err(error) => panic!("promtool: {error}"),
    };
    let mut stdin = promtool.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("it reads its input");
    drop(stdin);
    let output = promtool.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), said))
}

/// A page of metrics must please it.
fn check(page: &str) {
    if let Some((content, said)) = promtool(&["check", "metrics"], page) {
        assert!(content && said.is_empty(), "{said}\n{page}");
    }
}

#[test]
fn the_alerts_are_rules_that_fire_and_do_not_fire() {
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
        if let Some((content, said)) = promtool(&arguments, "") {
            assert!(content, "{said}");
        }
    }
}

#[test]
fn the_alerts_look_at_metrics_and_labels_that_there_are() {
    let rules = include_str!("../../examples/prometheus/alerts.yml");
    let (breaker, _) = leaked("alerted of", Settings::new().consecutive(1));
    fail(breaker);
    let page = prometheus::text();
    let names = rules.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let names: BTreeSet<_> = names.filter(|name| name.starts_with("circuit_breaker_")).collect();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        let of_breaker = page.contains(&format!("{name}{{name=\"alerted of\",dependency=\"\""));
        assert!(of_breaker || page.contains(&format!("\n{name} ")), "{name}");
    }
    for label in [r#"state="open""#, r#"to="open""#, "note=\"", "dependency=\""] {
        assert!(page.contains(label), "{label}");
    }
}

#[test]
fn failures_to_close_are_counted_in_a_row() {
    const NAME: &str = "never closing in metrics";
    let (breaker, clock) = leaked(NAME, Settings::new().consecutive(1).reset(MINUTE));
    fail(breaker);
    for failed in 0..3_u32 {
        assert_eq!(only(NAME, "reopenings"), f64::from(failed));
        clock.advance(MINUTE);
        let probe = admitted(breaker);
        assert_eq!(only(NAME, "reopenings"), f64::from(failed), "half-open");
        probe.failure();
    }
    assert_eq!(only(NAME, "reopenings"), 3.0);
    clock.advance(MINUTE);
    succeed(breaker);
    assert_eq!(only(NAME, "reopenings"), 0.0);
}

fn leaked(name: &'static str, settings: Settings) -> (&'static CircuitBreaker, breaker_runtime::clock::ManualClock) {
    let clock = breaker_runtime::clock::ManualClock::new();
    let breaker = CircuitBreaker::builder(name).settings(settings).clock(&clock).build().unwrap();
    let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker));
    registry::add(breaker);
    (breaker, clock)
}

#[test]
fn a_breaker_tells_what_callers_saw() {
    const NAME: &str = "metrics of an outage";
    let (breaker, clock) = leaked(NAME, Settings::new().failure_rate(0.5).min_calls(4).latency(true).reset(MINUTE));
    assert_eq!(told(NAME, "state"), by("state", [("closed", 1.0), ("open", 0.0), ("half_open", 0.0)]));
    assert!(told(NAME, "last_transition_timestamp_seconds").is_empty(), "there was none");
    for _ in 0..3 {
        let call = admitted(breaker);
        clock.advance(SECOND);
        call.success();
    }
    admitted(breaker).ignore();
    assert_eq!((only(NAME, "window_calls"), only(NAME, "failure_ratio")), (3.0, 0.0));
    let running = admitted(breaker);
    for class in ["refused", "refused", "slow"] {
        admitted(breaker).failure_as(class, &"no");
    }
    clock.advance(10 * SECOND);
    rejected(breaker);
    assert!(told(NAME, "failure_ratio").is_empty(), "no rule looks at calls while it is open");
    assert_eq!(told(NAME, "state"), by("state", [("closed", 0.0), ("open", 1.0), ("half_open", 0.0)]));
    assert_eq!((only(NAME, "trips_total"), only(NAME, "open_seconds_total")), (1.0, 10.0));
    assert_eq!((only(NAME, "state_seconds"), only(NAME, "next_probe_seconds")), (10.0, 50.0));
    let outcomes = [("succeeded", 3.0), ("failed", 3.0), ("ignored", 1.0), ("cancelled", 0.0)];
    assert_eq!(told(NAME, "calls_total"), by("outcome", outcomes));
    assert_eq!(
        told(NAME, "failures_total"),
        by("class", [("refused", 2.0), ("slow", 1.0), ("other", 0.0)].into_iter().filter(|(_, count)| *count > 0.0))
    );
    assert_eq!(only(NAME, "in_flight_calls"), 1.0);
    let reasons =
        [("open", 1.0), ("probing", 0.0), ("recovering", 0.0), ("forced_open", 0.0), ("full", 0.0), ("limited", 0.0)];
    assert_eq!(told(NAME, "rejected_calls_total"), by("reason", reasons));
    let moves = told(NAME, "transitions_total");
    assert_eq!((moves[r#"from="closed",to="open""#], moves.values().sum::<f64>()), (1.0, 1.0));
    let buckets = told(NAME, "call_duration_seconds_bucket");
    assert_eq!((buckets[r#"le="0.5""#], buckets[r#"le="1""#], buckets[r#"le="+Inf""#]), (4.0, 7.0, 7.0));
    assert_eq!((only(NAME, "call_duration_seconds_sum"), only(NAME, "call_duration_seconds_count")), (3.0, 7.0));
    clock.advance(MINUTE);
    running.success();
    admitted(breaker).success();
    assert_eq!(only(NAME, "open_seconds_total"), 70.0);
}

fn by<'a>(label: &str, all: impl IntoIterator<Item = (&'a str, f64)>) -> BTreeMap<String, f64> {
    all.into_iter().map(|(value, count)| (format!("{label}=\"{value}\""), count)).collect()
}

#[test]
fn what_only_would_have_happened_is_told_apart() {
    const NAME: &str = "metrics only in metrics";
    let (breaker, _) = leaked(NAME, Settings::new().consecutive(1));
    breaker.set_mode(Mode::MetricsOnly);
    fail(breaker);
    succeed(breaker);
    assert_eq!(told(NAME, "state")[r#"state="closed""#], 1.0);
    assert_eq!(told(NAME, "mode")[r#"mode="metrics_only""#], 1.0);
    assert_eq!((only(NAME, "trips_total"), only(NAME, "would_have_rejected_calls_total")), (0.0, 1.0));
    assert_eq!(told(NAME, "transitions_total").values().sum::<f64>(), 0.0);
}

#[test]
fn a_fallback_is_told_when_it_has_ended() {
    static ASKED: CircuitBreaker = CircuitBreaker::new("fallbacks in metrics", Settings::new().consecutive(1));
    #[circuit_breaker(breaker = ASKED, fallback = |_| if answers { Ok(2) } else { Err(()) })]
    fn ask(answers: bool) -> Result<u32, ()> {
        let counted = told("fallbacks in metrics", "fallbacks_total");
        assert!(counted.values().all(|count| *count == 0.0), "{counted:?}");
        Err(())
    }
    registry::add(&ASKED);
    assert_eq!([ask(true), ask(true), ask(true), ask(false)], [Err(()), Ok(2), Ok(2), Err(())]);
    assert_eq!(told("fallbacks in metrics", "fallbacks_total"), by("result", [("answered", 2.0), ("failed", 1.0)]));
}

#[test]
fn names_are_data() {
    static HOSTILE: CircuitBreaker =
        CircuitBreaker::new("<script>\n\"} 1\\ ../x", Settings::new()).dependency("a\"b").note("c\\\nd");
    registry::add(&HOSTILE);
    let page = prometheus::text();
    check(&page);
    assert!(collected().contains(r#"{name="<script>\n\"} 1\\ ../x",dependency="a\"b"#));
    let own = r#"{name="<script>\n\"} 1\\ ../x",dependency="a\"b""#;
    let told = samples(&page, own);
    assert!(told.contains_key(&format!("trips_total{own}}}")), "{told:?}");
    assert!(told.keys().any(|sample| sample.starts_with(&format!("info{own},note=\"c\\\\\\nd\",at="))), "{told:?}");
}

#[test]
fn breakers_with_one_name_are_told_apart() {
    let [one, other] = ["twice in metrics"; 2].map(|name| leaked(name, Settings::new()).0);
    succeed(one);
    succeed(other);
    let numbered = told("twice in metrics", "calls_total");
    let each = |nth: &str| numbered[&format!("nth=\"{nth}\",outcome=\"succeeded\"")];
    assert_eq!((each("1"), each("2")), (1.0, 1.0));
    // Those that come later leave the numbers alone.
    leaked("twice in metrics", Settings::new());
    assert_eq!(told("twice in metrics", "trips_total"), by("nth", [("1", 0.0), ("2", 0.0), ("3", 0.0)]));
    let now = told("twice in metrics", "calls_total");
    assert!(numbered.iter().all(|(sample, count)| now[sample] == *count), "{now:?} after {numbered:?}");
    check(&prometheus::text());
}

#[test]
fn a_family_shows_a_hundred_keys_and_the_rest_together() {
    static FAMILY: Breakers = Breakers::new("keys in metrics", Settings::new().consecutive(1)).max_keys(121);
    registry::add_family(&FAMILY);
    let call = |key: u32, ok: bool| {
        FAMILY.try_acquire(&key).map(|permit| if ok { permit.success() } else { permit.failure() })
    };
    FAMILY.try_acquire("other").unwrap().success();
    for key in 0..120_u32 {
        call(key, true).unwrap();
    }
    call(110, false).unwrap();
    let keys: BTreeSet<String> = told("keys in metrics", "trips_total").into_keys().collect();
    assert_eq!(keys.len(), 100);
    assert!(keys.contains(r#"key="98""#) && !keys.contains(r#"key="99""#), "{keys:?}");
    assert!(keys.contains(r#"key="\"other\"""#), "{keys:?}");
    let rest = |metric: &str| {
        told("keys in metrics", metric).into_iter().filter(|(labels, _)| labels.starts_with(r#"key="other","#))
    };
    let sum = |metric: &str| rest(metric).map(|(_, count)| count).sum::<f64>();
    let before = sum("calls_total");
    assert_eq!(before, 22.0);
    assert_eq!(rest("state").map(|(_, count)| count).sum::<f64>(), 21.0);
    assert_eq!(rest("state").find(|(labels, _)| labels.contains("state=\"open\"")).map(|(_, count)| count), Some(1.0));
    // Others come in their places: what they counted stays.
    for keys in (0..10_u32).map(|tens| 1_000 + 50 * tens..1_050 + 50 * tens) {
        keys.for_each(|key| call(key, true).unwrap());
        let now = sum("calls_total");
        assert!(now >= before, "{now} after {before}");
    }
    check(&prometheus::text());
}

/// The page of `prometheus-client`.
fn collected() -> String {
    let mut all = prometheus_client::registry::Registry::default();
    all.register_collector(Box::new(BreakerCollector::new()));
    let mut page = String::new();
    encode(&mut page, &all).unwrap();
    page
}

#[test]
fn the_collector_tells_the_same() {
    let (breaker, _) = leaked("collected", Settings::new().latency(true));
    succeed(breaker);
    let page = collected();
    let of_page = |page: &str| {
        let exact = |sample: &String, _: &mut f64| !sample.contains("seconds");
        let mut samples = samples(page, "name=\"collected\"");
        let names: BTreeSet<_> = samples.keys().map(|sample| sample.split_once('{').unwrap().0.to_owned()).collect();
        samples.retain(exact);
        (names, samples)
    };
    assert_eq!(of_page(&page), of_page(&prometheus::text()));
    assert!(page.ends_with("# EOF\n"));
}

#[circuit_breaker(name = "around in metrics", threshold = 9, retry(attempts = 3, backoff = "1ms"), last_good(key = (), ttl = "1h"))]
fn around(works: bool) -> Result<u32, CircuitBreakerError> {
    if works { Ok(1) } else { Err(rejected(&open(Settings::new()).0)) }
}

#[test]
fn what_stands_around_a_breaker_is_counted() {
    const NAME: &str = "around in metrics";
    assert!(told(NAME, "last_good_age_seconds").is_empty(), "none was given");
    let of_answers = around(true).and(around(false)).and(around(false));
    assert_eq!(of_answers.unwrap(), 1);
    let counts =
        ["retries_total", "last_good_answers_total", "total_timed_out_calls_total"].map(|metric| only(NAME, metric));
    assert_eq!(counts, [4.0, 2.0, 0.0]);
    assert_eq!(told(NAME, "last_good_age_seconds").len(), 1, "of the last one alone");
}
