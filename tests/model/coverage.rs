//! Random lives are worth something only if things happen in them. With one fixed seed, which makes it
//! the same lives each time, every rule must have tripped, and every other end of a state been met.

use std::collections::BTreeMap;

use breaker_runtime::ErrorKind;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::reference::{Cause, Reference, Why};
use crate::{compare, generate};

const LIVES: usize = 600;

/// Each happening, and how often it must have been met at least.
const EXPECTED: [(&str, usize); 22] = [
    ("consecutive", 50),
    ("failures", 50),
    ("failure rate", 50),
    ("slow rate", 50),
    ("slow rate, on arrival", 10),
    ("no answer", 5),
    ("probe failed", 50),
    ("probe slow", 5),
    ("probe failure rate", 20),
    ("probe slow rate", 2),
    ("probes overdue", 5),
    ("reset passed", 100),
    ("recovered", 50),
    ("overdue, closed", 2),
    ("closed by hand", 50),
    ("mode set", 100),
    ("rejected: open", 100),
    ("rejected: probing", 50),
    ("rejected: recovering", 50),
    ("rejected: forced open", 50),
    ("would have been rejected", 50),
    ("late", 50),
];

#[test]
fn every_rule_trips_and_every_state_ends() {
    let mut runner = TestRunner::deterministic();
    let mut met = BTreeMap::new();
    for life in 0..LIVES {
        let lives = (generate::rules(), generate::beginning(), generate::steps());
        let (rules, made, steps) = lives.new_tree(&mut runner).expect("no values are filtered out").current();
        match compare::live(rules, made, &steps) {
            Ok(model) => count(&model, &mut met),
            Err(difference) => panic!("life {life} of {rules:?}: {difference}"),
        }
    }
    println!("{met:#?}");
    for (what, at_least) in EXPECTED {
        let times = met.get(what).copied().unwrap_or_default();
        assert!(times >= at_least, "{what}: {times} times in {LIVES} lives, and not {at_least}");
    }
}

fn count(model: &Reference, met: &mut BTreeMap<&'static str, usize>) {
    let mut add = |what, times| *met.entry(what).or_default() += times;
    for change in &model.changes {
        add(name(*change), 1);
    }
    for rejection in &model.rejections {
        match rejection.kind {
            ErrorKind::Open => add("rejected: open", 1),
            ErrorKind::Probing => add("rejected: probing", 1),
            ErrorKind::Recovering => add("rejected: recovering", 1),
            ErrorKind::ForcedOpen => add("rejected: forced open", 1),
            other => panic!("no call is rejected as {other:?}"),
        }
    }
    add("would have been rejected", model.would_be_rejections.len());
    add("late", usize::try_from(model.late()).expect("a small number"));
    add("slow rate, on arrival", model.trips_on_arrival);
}

fn name(change: Cause) -> &'static str {
    match change {
        Cause::Tripped { why, .. } => match why {
            Why::Consecutive { .. } => "consecutive",
            Why::Failures { .. } => "failures",
            Why::FailureRate { .. } => "failure rate",
            Why::SlowRate { .. } => "slow rate",
            Why::NoAnswer { .. } => "no answer",
            Why::ProbeFailed => "probe failed",
            Why::ProbeSlow { .. } => "probe slow",
            Why::ProbeFailureRate { .. } => "probe failure rate",
            Why::ProbeSlowRate { .. } => "probe slow rate",
            Why::ProbesOverdue { .. } => "probes overdue",
        },
        Cause::ResetPassed { .. } => "reset passed",
        Cause::Recovered { .. } => "recovered",
        Cause::Overdue { .. } => "overdue, closed",
        Cause::ByHand => "closed by hand",
        Cause::ModeSet { .. } => "mode set",
    }
}
