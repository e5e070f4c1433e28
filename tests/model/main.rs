//! The breaker against a naive one, over random settings, times and interleaved calls.

#![allow(clippy::unchecked_time_subtraction, reason = "a model that computes a wrong time shall panic")]

mod reference;

use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, OnCancel, Permit, Settings};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use reference::{Call, Outcome, Reference, Rejection, Rules};

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    /// Ends one of the calls under way.
    End(usize, Outcome),
    Advance(Duration),
    Close,
}

fn short() -> impl Strategy<Value = Duration> {
    // Few different ones, so that the boundaries are hit; and now and then a nanosecond beside them.
    prop_oneof![
        8 => (1_u64..=12).prop_map(Duration::from_secs),
        1 => (1_u64..=12).prop_map(|seconds| Duration::from_secs(seconds) - Duration::from_nanos(1)),
        1 => Just(Duration::from_nanos(1)),
        1 => Just(Duration::from_secs(60)),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let trip = (option::of(1_u32..=4), option::of((1_u32..=4, short())));
    let wait = (short(), 1_u32..=3, option::of(0_u32..=20));
    let probes = (1_u32..=4).prop_flat_map(|probes| (Just(probes), 1..=probes));
    let limits = (option::of(short()), option::of(short()));
    let on_cancel = prop_oneof![Just(OnCancel::Unanswered), Just(OnCancel::Failure), Just(OnCancel::Ignore)];
    (trip, wait, probes, limits, on_cancel).prop_map(|(trip, wait, probes, limits, on_cancel)| {
        let ((consecutive, failures), (reset, backoff, longer), (probes, successes)) = (trip, wait, probes);
        let max_reset = longer.map(|seconds| reset + Duration::from_secs(seconds.into()));
        let (timeout, more) = limits;
        let probe_timeout = more.map(|more| more + timeout.unwrap_or_default());
        Rules { consecutive, failures, reset, backoff, max_reset, probes, successes, probe_timeout, timeout, on_cancel }
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Success),
        4 => Just(Outcome::Failure),
        1 => Just(Outcome::Ignored),
        2 => Just(Outcome::Cancelled),
    ];
    let step = prop_oneof![
        8 => Just(Step::Start),
        8 => (any::<prop::sample::Index>(), outcome).prop_map(|(index, outcome)| Step::End(index.index(64), outcome)),
        4 => short().prop_map(Step::Advance),
        1 => Just(Step::Close),
    ];
    vec(step, 1..200)
}

fn settings(rules: &Rules) -> Settings {
    let mut settings = Settings::new()
        .reset(rules.reset)
        .backoff(rules.backoff.into())
        .probes(rules.probes)
        .successes(rules.successes)
        .on_cancel(rules.on_cancel);
    if let Some(n) = rules.consecutive {
        settings = settings.consecutive(n);
    }
    if let Some((n, window)) = rules.failures {
        settings = settings.failures(n, window);
    }
    if let Some(max_reset) = rules.max_reset {
        settings = settings.max_reset(max_reset);
    }
    if let Some(probe_timeout) = rules.probe_timeout {
        settings = settings.probe_timeout(probe_timeout);
    }
    if let Some(timeout) = rules.timeout {
        settings = settings.timeout(timeout);
    }
    settings
}

fn settle(permit: Permit<&CircuitBreaker>, outcome: Outcome) {
    match outcome {
        Outcome::Success => permit.success(),
        Outcome::Failure => permit.failure(),
        Outcome::Ignored => permit.ignore(),
        Outcome::Cancelled => drop(permit),
    }
}

fn agree(breaker: &CircuitBreaker, model: &Reference) -> Result<(), TestCaseError> {
    let snapshot = breaker.snapshot();
    prop_assert_eq!(snapshot.state, model.state());
    prop_assert_eq!(snapshot.epoch, model.epoch);
    let totals = breaker.totals();
    prop_assert_eq!(totals.admitted, model.admitted);
    prop_assert_eq!(totals.succeeded, model.ended(Outcome::Success));
    prop_assert_eq!(totals.failed, model.ended(Outcome::Failure));
    prop_assert_eq!(totals.ignored, model.ended(Outcome::Ignored));
    prop_assert_eq!(totals.cancelled, model.ended(Outcome::Cancelled));
    prop_assert_eq!(totals.late, model.late);
    prop_assert_eq!(totals.rejected(), model.rejections.len() as u64);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_that_of_the_naive_breaker(rules in rules(), steps in steps()) {
        let clock = ManualClock::new();
        let breaker =
            CircuitBreaker::builder("model").settings(settings(&rules)).clock(&clock).build().expect("valid settings");
        let mut model = Reference::new(rules);
        let mut under_way: Vec<(Permit<&CircuitBreaker>, Call)> = Vec::new();
        for step in steps {
            match step {
                Step::Start => match (breaker.try_acquire(), model.start()) {
                    (Ok(permit), Ok(call)) => under_way.push((permit, call)),
                    (Err(error), Err(rejection)) => {
                        let given = Rejection { kind: error.kind(), retry_after: error.retry_after() };
                        prop_assert_eq!(given, rejection);
                    }
                    (given, expected) => prop_assert!(false, "{given:?} instead of {expected:?}"),
                },
                Step::End(index, outcome) if !under_way.is_empty() => {
                    let (permit, call) = under_way.remove(index % under_way.len());
                    settle(permit, outcome);
                    model.end(call, outcome);
                }
                Step::End(..) => {}
                Step::Advance(by) => {
                    clock.advance(by);
                    model.now += by;
                }
                Step::Close => {
                    breaker.close();
                    model.close();
                }
            }
            agree(&breaker, &model)?;
        }
    }
}
