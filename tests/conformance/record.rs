//! Writes our own scenarios, in the format of the others: the answers of our breaker to calls drawn at
//! random, the same draws each time.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use breaker_runtime::CircuitBreaker;
use breaker_runtime::clock::ManualClock;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::policy;
use crate::reference::Outcome;
use crate::replay;
use crate::subject::{Ours, Subject};

const STEPS: usize = 150;

fn policies() -> Vec<(&'static str, Value)> {
    let second = json!({"kind": "fixed", "ms": 1_000});
    let one_probe = json!({"max_calls": 1, "mode": "consecutive_successes", "success_threshold": 1});
    let three_probes = json!({"max_calls": 3, "mode": "consecutive_successes", "success_threshold": 2});
    let half_of_four = json!({"max_calls": 4, "mode": "rate", "failure_rate": 0.5, "size": 4, "min_calls": 4});
    let streak = json!({"kind": "consecutive", "failures": 3});
    let doubling = json!({"kind": "exponential", "initial_ms": 500, "multiplier": 2, "max_ms": 3_000});
    let rate = |of_failures: Option<f64>, of_slow: Option<f64>, size: Option<u32>| {
        let mut rule = match size {
            Some(size) => json!({"kind": "count_window", "size": size, "min_calls": 4}),
            None => json!({"kind": "time_window", "window_ms": 2_000, "min_calls": 4}),
        };
        if let Some(rate) = of_failures {
            rule["failure_rate"] = json!(rate);
        }
        if let Some(rate) = of_slow {
            rule["slow_rate"] = json!(rate);
            rule["slow_ms"] = json!(199);
        }
        rule
    };
    let count_of_calls = json!({"kind": "count_window", "size": 6, "failures": 3});
    let count_in_time = json!({"kind": "time_window", "window_ms": 1_500, "failures": 3});
    let any_number = json!({"max_calls": null, "mode": "consecutive_successes", "success_threshold": 3});
    vec![
        ("streak", json!({"trip": streak, "open": second, "half_open": one_probe})),
        ("streak_three_probes", json!({"trip": streak, "open": second, "half_open": three_probes})),
        ("streak_any_number_of_probes", json!({"trip": streak, "open": second, "half_open": any_number})),
        ("streak_backoff", json!({"trip": streak, "open": doubling, "half_open": one_probe})),
        ("failures_of_calls", json!({"trip": count_of_calls, "open": second, "half_open": one_probe})),
        ("failures_in_time", json!({"trip": count_in_time, "open": second, "half_open": three_probes})),
        ("rate_of_calls", json!({"trip": rate(Some(0.5), None, Some(10)), "open": second, "half_open": half_of_four})),
        ("rate_in_time", json!({"trip": rate(Some(0.6), None, None), "open": second, "half_open": one_probe})),
        ("slow_of_calls", json!({"trip": rate(None, Some(0.5), Some(8)), "open": second, "half_open": half_of_four})),
        ("slow_in_time", json!({"trip": rate(None, Some(0.5), None), "open": second, "half_open": one_probe})),
        (
            "both_of_calls",
            json!({"trip": rate(Some(0.7), Some(0.6), Some(12)), "open": doubling, "half_open": half_of_four}),
        ),
        (
            "both_in_time",
            json!({"trip": rate(Some(0.67), Some(0.6), None), "open": doubling, "half_open": three_probes}),
        ),
    ]
}

#[test]
#[ignore = "writes the recordings anew"]
fn record() {
    for (number, (name, mut policy)) in (1..).zip(policies()) {
        policy["lazy_half_open"] = json!(true);
        let events = events(&policy, &mut Rng::with_seed(number));
        let scenario = json!({"id": name, "peer": "breaker-runtime", "policy": policy, "events": events});
        let file = crate::here().join(name).with_extension("jsonl");
        fs::write(&file, format!("{scenario}\n")).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

fn events(policy: &Value, dice: &mut Rng) -> Vec<Value> {
    let rules = policy::rules(policy).expect("a policy of ours");
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("recorded").settings(rules.settings()).clock(&clock).build();
    let breaker = breaker.expect("settings of ours");
    let mut subject = Ours { breaker: &breaker, clock, under_way: HashMap::new() };
    let (mut now, mut events, mut under_way) = (0, Vec::new(), Vec::new());
    for call in 1.. {
        if events.len() > STEPS {
            break;
        }
        // Mostly within a moment, now and then after a pause that ends an open period or a window.
        let passes = [0, 1, 7, 40, 100, 250, 500, 1_000][dice.usize(..8)];
        subject.advance(Duration::from_millis(passes));
        now += passes;
        let admitted = subject.start(call);
        events.push(json!({"t_ms": now, "op": "start", "call": call, "expect": {"admitted": admitted}}));
        if admitted {
            under_way.push((call, now));
        }
        let failing = dice.u32(..4);
        while !under_way.is_empty() && dice.u32(..5) > 1 {
            let (call, began) = under_way.remove(dice.usize(..under_way.len()));
            let outcome = match dice.u32(..12) {
                0 => Outcome::Ignored,
                drawn if drawn <= 3 * failing => Outcome::Failure,
                _ => Outcome::Success,
            };
            let word = match outcome {
                Outcome::Success => "success",
                Outcome::Failure => "failure",
                Outcome::Ignored | Outcome::Cancelled => "ignored",
            };
            subject.finish(call, outcome);
            let latency = now - began;
            events.push(json!({"t_ms": now, "op": "finish", "call": call, "outcome": word, "latency_ms": latency}));
        }
        events.push(json!({"t_ms": now, "op": "state", "expect": replay::word(subject.state(), true)}));
    }
    events
}
