//! Crowds of calls, on threads and as tasks, with everything that can happen to a call: outcomes, panics,
//! drops, aborts, time limits, permits settled by somebody else, a clock that jumps, and a hand on the
//! breaker. Afterwards every number must add up, and the breaker must still do its work.
//!
//! No time is measured and none is slept away: the breakers' clock is turned by hand, by the calls
//! themselves. The dice of a failed run are its seed, which it prints: `STRESS_SEED=… cargo test …`
//! throws them again, though threads may interleave otherwise.

mod check;
mod crowd;
mod hand;
mod panics;
mod probes;
mod running;
mod tally;
mod tasks;
mod world;

use std::sync::Arc;
use std::time::Duration;

use breaker_runtime::{OnCancel, Settings};

use world::{Kind, World};

const SECOND: Duration = Duration::from_secs(1);
const TENTH: Duration = Duration::from_millis(100);

/// Runs a crowd of threads, and a crowd of tasks, some of which have a time limit of their own.
fn stress(kind: &Kind) {
    panics::keep_ours_quiet();
    in_a_world(kind, |world| crowd::run(world));
    in_a_world(&kind.limited(), tasks::run);
}

fn in_a_world(kind: &Kind, crowd: impl FnOnce(&Arc<World>)) {
    let world = Arc::new(World::new(kind));
    println!("STRESS_SEED={}", world.seed);
    hand::beside(&world, || crowd(&world));
    check::at_rest(&world);
    check::still_opens_and_closes(&world);
}

/// Settings that recover fast.
fn settings() -> Settings {
    Settings::new().reset(SECOND)
}

#[test]
fn a_streak() {
    stress(&Kind::new(settings().consecutive(3)));
}

#[test]
fn failures_in_time() {
    stress(&Kind::new(settings().failures(4).window(2 * SECOND).backoff(2.0).successes(2)).probes(3));
}

#[test]
fn failures_of_the_last_calls() {
    let rules = settings().failures(5).window_calls(12).failure_rate(0.5).min_calls(6);
    stress(&Kind::new(rules).on_cancel(OnCancel::Failure));
}

#[test]
fn rates_in_time_with_slow_calls() {
    let rules = settings().failure_rate(0.6).slow_rate(0.5).window(5 * SECOND).min_calls(8).probe_failure_rate(0.5);
    stress(&Kind::new(rules).slow_call(2 * TENTH).probes(3));
}

#[test]
fn rates_of_the_last_calls_with_slow_calls() {
    let rules = settings().failure_rate(0.6).slow_rate(0.5).window_calls(20).min_calls(8).probe_timeout(5 * SECOND);
    stress(&Kind::new(rules).slow_call(2 * TENTH).probes(3).on_cancel(OnCancel::Ignore));
}

#[test]
fn three_probes_decide_together() {
    let rules = settings().consecutive(2).probe_failure_rate(0.67).probe_timeout(2 * SECOND);
    stress(&Kind::new(rules).probes(3));
}

#[test]
fn a_ramp() {
    stress(&Kind::new(settings().consecutive(4).failure_rate(0.7).min_calls(5).ramp(3 * SECOND)).probes(2));
}

#[test]
fn time_limits() {
    stress(&Kind::new(settings().consecutive(5).timeout(3 * TENTH).probe_timeout(SECOND)).limited());
}

#[test]
fn modes_and_closing_by_hand() {
    let rules = settings().failure_rate(0.6).slow_rate(0.5).window(5 * SECOND).min_calls(8).consecutive(4);
    let rules = rules.probe_failure_rate(0.5).ramp(2 * SECOND);
    stress(&Kind::new(rules).slow_call(2 * TENTH).probes(3).by_hand());
}
