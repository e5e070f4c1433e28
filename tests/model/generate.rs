//! Random settings and random lives. The numbers are small and the times few, so that limits and
//! boundaries are met, and now and then there is a nanosecond beside them.

use std::time::Duration;

use breaker_runtime::{Mode, OnCancel, Window};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::reference::Outcome;
use crate::rules::{Rules, Slow};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Start,
    /// Ends one of the calls under way.
    End(usize, Outcome),
    /// Begins a call and ends it at the same moment.
    Call(Outcome),
    /// So many of these, one after another.
    Calls(Outcome, u32),
    Advance(Duration),
    /// So many tenths of the time that the rates look back on.
    Tenths(u32),
    /// To the end of the reset delay, where it is open.
    Wait,
    Close,
    SetMode(Mode),
}

const NANO: Duration = Duration::from_nanos(1);

fn short() -> impl Strategy<Value = Duration> {
    prop_oneof![
        8 => (1_u64..=12).prop_map(Duration::from_secs),
        1 => (1_u64..=12).prop_map(|seconds| Duration::from_secs(seconds).saturating_sub(NANO)),
        1 => Just(NANO),
        1 => Just(Duration::from_secs(60)),
    ]
}

fn pause() -> impl Strategy<Value = Duration> {
    // Tenths of the times above are where slices begin.
    prop_oneof![4 => short(), 4 => (1_u64..=30).prop_map(|tenths| Duration::from_millis(100 * tenths))]
}

/// Rates that a product with a count misses, among others.
fn rate() -> impl Strategy<Value = f64> {
    select(vec![0.1, 0.28, 0.3, 1.0 / 3.0, 0.5, 0.6, 2.0 / 3.0, 0.67, 0.75, 1.0])
}

/// Each of the four trip rules alone, none of them, and any of them together.
fn trip_rules() -> impl Strategy<Value = [bool; 4]> {
    prop_oneof![
        4 => (0_usize..4).prop_map(|only| std::array::from_fn(|rule| rule == only)),
        1 => Just([false; 4]),
        3 => any::<[bool; 4]>(),
    ]
}

fn window() -> impl Strategy<Value = Window> {
    prop_oneof![short().prop_map(Window::Time), (1_u32..=8).prop_map(Window::Calls)]
}

fn trips() -> impl Strategy<Value = Rules> {
    let counts = (1_u32..=4, 1_u32..=4, option::weighted(0.8, 1_u32..=6));
    let rates = (rate(), rate(), pause());
    let window = (window(), prop::bool::weighted(0.1));
    (trip_rules(), counts, rates, window).prop_map(|(rules, counts, rates, (window, without_window))| {
        let [by_streak, by_failures, by_failure_rate, by_slow_rate] = rules;
        let ((streak, failures, min_calls), (failure_rate, slow_rate, slow_call)) = (counts, rates);
        let any_rate = by_failure_rate || by_slow_rate;
        let window = (by_failures || any_rate && !without_window).then_some(window);
        let most = match window {
            Some(Window::Calls(calls)) => calls,
            _ => u32::MAX,
        };
        Rules {
            consecutive: by_streak.then_some(streak),
            failures: by_failures.then_some(failures.min(most)),
            failure_rate: by_failure_rate.then_some(failure_rate),
            slow: by_slow_rate.then_some(Slow { rate: slow_rate, call: slow_call }),
            window,
            min_calls: min_calls.filter(|_| any_rate).map(|calls| calls.min(most)),
            ..Rules::new()
        }
    })
}

pub(crate) fn rules() -> impl Strategy<Value = Rules> {
    let wait = (short(), 1_u32..=3, option::of(0_u64..=20), option::of(short()));
    let probes = (1_u32..=4).prop_flat_map(|probes| (Just(probes), 1..=probes, option::of(rate())));
    let limits = (option::of(short()), option::of(short()), any::<bool>());
    let on_cancel =
        prop_oneof![3 => Just(OnCancel::Unanswered), 1 => Just(OnCancel::Failure), 1 => Just(OnCancel::Ignore)];
    (trips(), wait, probes, limits, on_cancel).prop_map(|(rules, wait, probes, limits, on_cancel)| {
        let ((reset, backoff, longer, ramp), (timeout, patience, latency)) = (wait, limits);
        let (probes, successes, probe_failure_rate) = probes;
        // A limit that stops every call before it is slow is refused.
        let timeout = timeout.map(|limit: Duration| limit.max(rules.slow.map_or(limit, |slow| slow.call)));
        Rules {
            reset,
            backoff,
            max_reset: longer.map(|seconds| reset + Duration::from_secs(seconds)),
            ramp,
            probes,
            successes,
            probe_failure_rate,
            timeout,
            probe_timeout: patience.map(|more| more + timeout.unwrap_or_default()),
            on_cancel,
            latency,
            ..rules
        }
    })
}

/// How a dependency behaves for a while.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Mixed,
    Failing,
    /// Calls take long, and many are given up.
    Hanging,
    Well,
}

fn outcome(mood: Mood) -> impl Strategy<Value = Outcome> {
    let [success, failure, cancelled] = match mood {
        Mood::Mixed => [5, 5, 2],
        Mood::Failing => [2, 12, 1],
        Mood::Hanging => [2, 2, 12],
        Mood::Well => [12, 1, 1],
    };
    prop_oneof![
        success => Just(Outcome::Success),
        failure => Just(Outcome::Failure),
        1 => Just(Outcome::Ignored),
        cancelled => Just(Outcome::Cancelled),
    ]
}

fn calls_and_pauses(mood: Mood) -> impl Strategy<Value = Step> {
    let (at_once, pauses) = if let Mood::Hanging = mood { (0, 8) } else { (5, 4) };
    prop_oneof![
        6 => Just(Step::Start),
        6 => (any::<Index>(), outcome(mood)).prop_map(|(index, outcome)| Step::End(index.index(64), outcome)),
        at_once => outcome(mood).prop_map(Step::Call),
        pauses => pause().prop_map(Step::Advance),
        2 => (1_u32..=10).prop_map(Step::Tenths),
        1 => Just(Step::Wait),
    ]
}

fn by_hand() -> impl Strategy<Value = Step> {
    let modes = select(vec![
        Mode::Automatic,
        Mode::Automatic,
        Mode::Automatic,
        Mode::Disabled,
        Mode::ForcedOpen,
        Mode::MetricsOnly,
        Mode::MetricsOnly,
    ]);
    prop_oneof![1 => Just(Step::Close), 3 => modes.prop_map(Step::SetMode)]
}

fn in_parts<S: Strategy<Value = Step>>(step: fn(Mood) -> S) -> impl Strategy<Value = Vec<Step>> {
    let mood = select(vec![Mood::Mixed, Mood::Failing, Mood::Hanging, Mood::Well]);
    let part = mood.prop_flat_map(move |mood| vec(step(mood), 1..40));
    vec(part, 1..8).prop_map(|parts| parts.concat())
}

/// Half of the lives are left to themselves; somebody interferes with the others.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let touched = |mood| prop_oneof![20 => calls_and_pauses(mood), 1 => by_hand()];
    prop_oneof![in_parts(calls_and_pauses), in_parts(touched)]
}

/// Rules that take so many failures that most of them are known to be harmless.
pub(crate) fn large_rules() -> impl Strategy<Value = Rules> {
    let window = prop_oneof![short().prop_map(Window::Time), (60_u32..=300).prop_map(Window::Calls)];
    let limits = (option::of(25_u32..=60), option::weighted(0.8, rate()), 10_u32..=60);
    let streak = option::weighted(0.2, 30_u32..=60);
    (window, limits, streak).prop_map(|(window, (failures, failure_rate, min_calls), consecutive)| Rules {
        consecutive,
        // A window has to be looked at by something.
        failures: failures.or(failure_rate.is_none().then_some(40)),
        failure_rate,
        window: Some(window),
        min_calls: failure_rate.map(|_| min_calls),
        ..Rules::new()
    })
}

/// Many calls, most of them in runs.
pub(crate) fn many_steps() -> impl Strategy<Value = Vec<Step>> {
    let step = |mood| {
        prop_oneof![
            8 => (outcome(mood), 1_u32..=25).prop_map(|(outcome, many)| Step::Calls(outcome, many)),
            2 => outcome(mood).prop_map(Step::Call),
            1 => Just(Step::Start),
            1 => (any::<Index>(), outcome(mood)).prop_map(|(index, outcome)| Step::End(index.index(64), outcome)),
            2 => (1_u32..=10).prop_map(Step::Tenths),
            1 => Just(Step::Wait),
        ]
    };
    let mood = select(vec![Mood::Mixed, Mood::Failing, Mood::Well]);
    vec(mood.prop_flat_map(move |mood| vec(step(mood), 1..20)), 1..8).prop_map(|parts| parts.concat())
}

/// When the breaker is made, by its clock.
pub(crate) fn beginning() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(Duration::ZERO), short()]
}
