//! Snapshots, events and reports as JSON: names that do not change.

use std::sync::Arc;

use breaker_runtime::clock::Clock;
use breaker_runtime::{CircuitBreaker, Event, Mode, Settings};
use serde_json::{Value, json};

use crate::support::*;

/// The value, without what is different each time: times of day, which are looked at, and where in this file.
fn settled(value: &impl serde::Serialize) -> Value {
    fn settle(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields.iter_mut() {
                    match (name.as_str(), field.as_str()) {
                        ("location" | "origin", Some(text)) if text.contains(".rs:") => *field = json!("a place"),
                        ("at" | "since", Some(text)) => {
                            assert!(text.len() == 24 && text.starts_with("20") && text.ends_with('Z'), "{text}");
                            *field = json!("a time");
                        }
                        _ => settle(field),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(settle),
            _ => {}
        }
    }
    let text = serde_json::to_string(value).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    // No name may come twice in one object: whoever reads it would see one of them.
    assert_eq!(names(&text), names(&value.to_string()), "{text}");
    settle(&mut value);
    value
}

/// How many names of fields there are.
fn names(json: &str) -> usize {
    json.matches("\":").count()
}

fn failing() -> (CircuitBreaker, breaker_runtime::clock::ManualClock) {
    let clock = breaker_runtime::clock::ManualClock::new();
    let settings = Settings::new().failure_rate(0.5).min_calls(2).latency(true).reset(MINUTE);
    let breaker = CircuitBreaker::builder("prices\n")
        .settings(settings)
        .clock(Clock::from(&clock))
        .build()
        .unwrap()
        .dependency("pricing_api");
    for time in [SECOND, 2 * SECOND] {
        let call = admitted(&breaker);
        clock.advance(time);
        call.failure_as("refused", &"\"no\"");
    }
    clock.advance(10 * SECOND);
    (breaker, clock)
}

fn report() -> Value {
    json!({
        "name": "prices\n", "key": null, "location": "a place", "dependency": "pricing_api", "note": null,
        "at": "a time", "mode": "automatic", "rule": "failure_rate", "why": "2 of 2 calls within 60 s failed, 100 % (limit 50 %): 2 refused",
        "delay_seconds": 60.0, "window": {"calls": 2, "failed": 2, "slow": 0, "failure_rate": 1.0, "slow_rate": 0.0},
        "in_flight": 0, "failures_by_class": {"refused": 2}, "epoch": 1, "revision": 1,
        "failures": [
            {"at": "a time", "latency_seconds": 1.0, "class": "refused", "text": "\"no\""},
            {"at": "a time", "latency_seconds": 2.0, "class": "refused", "text": "\"no\""},
        ],
    })
}

#[test]
fn a_snapshot() {
    let (breaker, _) = failing();
    rejected(&breaker);
    let settings = json!({
        "consecutive": "none", "failures": "none", "failure_rate": "0.5", "slow_rate": "none", "slow_call": "none",
        "window": "60s", "min_calls": "2", "on_cancel": "unanswered", "reset": "60s", "backoff": "1",
        "max_reset": "none", "jitter": "0", "jitter_seed": "none", "probes": "1", "successes": "1",
        "probe_failure_rate": "none", "probe_timeout": "default", "ramp": "none", "timeout": "none", "max_concurrent": "none",
        "rate_limit": "none", "burst": "none", "total_timeout": "none", "retry_attempts": "1", "retry_backoff": "100ms",
        "retry_factor": "2", "retry_max": "2s", "retry_jitter": "false",
        "latency": "true", "span": "false", "failure_samples": "5", "history": "32",
    });
    let expected = json!({
        "name": "prices\n", "key": null, "location": "a place", "dependency": "pricing_api", "note": null,
        "state": "open", "would_be": null, "mode": "automatic", "epoch": 1, "since": "a time", "in_state_seconds": 10.0,
        "settings": settings,
        "revision": 1, "origin": "a place", "consecutive_failures": 0, "window": null, "requests_per_second": null,
        "share": null, "probes_in_flight": 0, "reopenings": 0, "retry_after_seconds": 50.0, "probe_due": false, "probe_overdue": false,
        "totals": {
            "admitted": 2, "succeeded": 0, "failed": 2, "ignored": 0, "cancelled": 0, "in_flight": 0, "timed_out": 0,
            "slow": 0, "late": 0, "rejected": {"open": 1, "probing": 0, "recovering": 0, "forced_open": 0, "full": 0, "limited": 0},
            "would_have_rejected": 0, "fallbacks_run": 0, "fallbacks_answered": 0, "fallbacks_failed": 0,
            "total_timed_out": 0, "retried": 0, "last_good_served": 0,
        },
        "latency": {
            "calls": 2, "mean_seconds": 1.5, "p50_seconds": 1.006_632_959, "p90_seconds": 2.0, "p95_seconds": 2.0,
            "p99_seconds": 2.0, "max_seconds": 2.0,
        },
        "failures_by_class": {"refused": 2}, "trips": 1, "open_seconds": 10.0, "last_good_age_seconds": null, "last_trip": report(),
        "config_refused": null,
    });
    assert_eq!(settled(&breaker.snapshot()), expected);
}

#[test]
fn events() {
    let (breaker, _) = failing();
    breaker.set_settings_by(breaker.settings().reset(2 * MINUTE), "breakers.toml").unwrap();
    breaker.set_mode_by(Mode::Disabled, "a person");
    let all: Vec<Value> = breaker.history().iter().map(|change| settled(&Event::Changed(Arc::clone(change)))).collect();
    let [tripped, set, mode] = <[Value; 3]>::try_from(all).unwrap();
    assert_eq!(
        tripped,
        json!({
            "name": "prices\n", "key": null, "location": "a place", "dependency": "pricing_api", "note": null, "number": 1,
            "at": "a time",
            "epoch": 1, "from": "closed", "to": "open", "mode": "automatic", "reason": "tripped", "origin": null, "mode_before": null, "settings": null,
            "text": "closed → open: 2 of 2 calls within 60 s failed, 100 % (limit 50 %): 2 refused; next probe after 60 s",
            "report": report(),
        })
    );
    assert_eq!((&set["reason"], &set["settings"]["revision"]), (&json!("settings_set"), &json!(2)));
    assert_eq!(
        (&set["settings"]["origin"], &set["settings"]["after"]["reset"]),
        (&json!("breakers.toml"), &json!("120s"))
    );
    assert_eq!(
        (&mode["reason"], &mode["origin"], &mode["mode_before"], &mode["mode"]),
        (&json!("mode_set"), &json!("a person"), &json!("automatic"), &json!("disabled"))
    );
    assert_eq!(settled(&Event::Lagged { missed: 3 }), json!({"missed": 3}));
}

#[test]
fn every_name_is_in_the_guide() {
    fn names(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| {
                into.push(name.clone());
                // Names of settings are those of the attribute, and classes are the user's.
                if !["settings", "before", "after", "failures_by_class"].contains(&name.as_str()) {
                    names(field, into);
                }
            }),
            Value::Array(items) => items.iter().for_each(|item| names(item, into)),
            _ => {}
        }
    }
    let guide = include_str!("../../breaker-runtime/src/guide/observing.md");
    let (breaker, _) = failing();
    let mut all = Vec::new();
    names(&serde_json::to_value(breaker.snapshot()).unwrap(), &mut all);
    names(&serde_json::to_value(&*breaker.history()[0]).unwrap(), &mut all);
    assert!(all.len() > 80, "{all:?}");
    for name in all {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
    }
}
