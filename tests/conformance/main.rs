//! The answers that other circuit breakers gave, and that ours gave before: recorded scenarios, replayed
//! event by event.
//!
//! `../shared/traces`, beside the repository, has those of five other breakers, chosen so that every
//! answer follows from our own rules; `recorded/` has our own, and is enough where the others are absent.
//! Each test prints how many it has replayed.
//!
//! After a change of behaviour that is meant: `cargo test -p breaker-tests --test conformance -- --ignored`
//! writes `recorded/` anew; read the difference before you commit it.

mod policy;
mod record;
#[path = "../model/reference/mod.rs"]
#[allow(dead_code, reason = "recordings tell less than the reference knows")]
mod reference;
mod replay;
#[path = "../model/rules.rs"]
#[allow(dead_code, reason = "recorded policies have not all settings")]
mod rules;
mod scenario;
mod subject;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use breaker_runtime::CircuitBreaker;
use breaker_runtime::clock::ManualClock;
use serde_json::Value;

use rules::Rules;
use subject::{Naive, Ours};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/recorded")
}

fn of_others() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces")
}

/// Replays every scenario of a folder; returns how many there were.
fn replay_all(folder: &Path, replay: impl Fn(&Value, Rules) -> Result<usize, String>) -> usize {
    let (mut scenarios, mut events) = (0, 0);
    for file in scenario::files(folder) {
        for scenario in scenario::scenarios(&file) {
            let replayed = policy::rules(&scenario["policy"]).and_then(|rules| replay(&scenario, rules));
            match replayed {
                Ok(agreed) => events += agreed,
                Err(difference) => panic!("{}, {}: {difference}", file.display(), scenario["id"]),
            }
            scenarios += 1;
        }
    }
    say(&format!("{}: {scenarios} scenarios, {events} events, all agree", folder.display()));
    scenarios
}

/// Past the capture of output, for everyone to see how much was replayed.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn ours(scenario: &Value, rules: Rules) -> Result<usize, String> {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::builder("replayed").settings(rules.settings()).clock(&clock).build();
    let breaker = breaker.map_err(|refused| refused.to_string())?;
    replay::replay(scenario, &mut Ours { breaker: &breaker, clock, under_way: HashMap::new() })
}

fn the_reference(scenario: &Value, rules: Rules) -> Result<usize, String> {
    replay::replay(scenario, &mut Naive::new(rules))
}

#[test]
fn our_answers_are_those_of_other_breakers() {
    if replay_all(&of_others(), ours) == 0 {
        say("without recordings of other breakers, our own must do");
    }
}

#[test]
fn our_answers_are_those_that_we_gave_before() {
    assert!(replay_all(&here(), ours) > 0, "there must be scenarios in {}", here().display());
}

/// What judges the breaker in the test `model` is judged here.
#[test]
fn the_references_answers_are_the_same() {
    replay_all(&of_others(), the_reference);
    replay_all(&here(), the_reference);
}
