//! How long calls took.

use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, Mode, Permit, Settings, State};

use crate::support::*;

const MILLI: Duration = Duration::from_millis(1);

fn kept() -> Settings {
    Settings::new().latency(true)
}

/// A call that has been running for this time.
fn running<'a>(breaker: &'a CircuitBreaker, clock: &ManualClock, time: Duration) -> Permit<&'a CircuitBreaker> {
    let call = admitted(breaker);
    clock.advance(time);
    call
}

#[test]
fn it_is_kept_only_where_that_is_asked_for_or_slow_calls_are_minded() {
    let slow = Settings::new().slow_rate(0.5).slow_call(MINUTE);
    for (settings, keeps) in
        [(Settings::new(), false), (Settings::new().failure_rate(0.5), false), (kept(), true), (slow, true)]
    {
        let (breaker, clock) = breaker(settings);
        assert_eq!(breaker.snapshot().latency, None, "nobody has called: {settings:?}");
        running(&breaker, &clock, SECOND).success();
        assert_eq!(breaker.snapshot().latency.map(|latency| latency.calls), keeps.then_some(1), "{settings:?}");
    }
}

#[test]
fn the_recent_minute_is_told_by_every_rule() {
    for settings in [
        kept(),
        kept().failures(90).window(MINUTE),
        kept().failures(90).window_calls(90),
        kept().failure_rate(0.99),
        kept().failure_rate(0.99).window_calls(1_000),
        kept().slow_rate(0.99).slow_call(MINUTE),
    ] {
        let (breaker, clock) = breaker(settings);
        // 80 seconds ago: forgotten.
        running(&breaker, &clock, 5 * SECOND).success();
        clock.advance(75 * SECOND);
        for number in 1..=100 {
            let call = running(&breaker, &clock, MILLI * number);
            match number % 10 {
                0 => call.failure(),
                1 => call.ignore(),
                _ => call.success(),
            }
        }
        let latency = breaker.snapshot().latency.expect("a hundred calls");
        assert_eq!((latency.calls, latency.mean, latency.max), (100, MILLI * 101 / 2, MILLI * 100), "{settings:?}");
        for (told, exact) in [(latency.p50, 50), (latency.p90, 90), (latency.p95, 95), (latency.p99, 99)] {
            let exact = MILLI * exact;
            assert!((exact..=exact * 9 / 8).contains(&told), "{told:?} for {exact:?}: {settings:?}");
        }
        clock.advance(75 * SECOND);
        assert_eq!(breaker.snapshot().latency, None);
    }
}

#[test]
fn what_is_kept_changes_no_decision() {
    let all = |settings: Settings| {
        let (breaker, clock) = breaker(settings.failure_rate(0.5).min_calls(4).window_calls(10));
        for end in [true, true, false, false] {
            let call = running(&breaker, &clock, SECOND);
            if end { call.success() } else { call.failure() }
        }
        (breaker.state(), breaker.totals())
    };
    assert_eq!(all(Settings::new()), all(kept()));
    assert_eq!(all(kept()).0, State::Open);
}

#[test]
fn cancelled_calls_have_no_end() {
    let (breaker, clock) = breaker(kept());
    drop(running(&breaker, &clock, SECOND));
    assert_eq!(breaker.snapshot().latency, None);
}

#[test]
fn late_calls_and_those_of_a_disabled_breaker_took_their_time_too() {
    let (breaker, clock) = breaker(kept().consecutive(1));
    let late = [admitted(&breaker), admitted(&breaker)];
    fail(&breaker);
    clock.advance(SECOND);
    let [first, second] = late;
    first.success();
    second.failure();
    assert_eq!(breaker.snapshot().latency.map(|latency| (latency.calls, latency.max)), Some((3, SECOND)));
    breaker.set_mode(Mode::Disabled);
    running(&breaker, &clock, 2 * SECOND).success();
    assert_eq!(breaker.snapshot().latency.map(|latency| (latency.calls, latency.max)), Some((4, 2 * SECOND)));
}

#[test]
fn it_can_be_asked_for_while_calls_are_under_way() {
    let (breaker, clock) = breaker(Settings::new());
    let before = admitted(&breaker);
    breaker.set_settings(kept()).unwrap();
    clock.advance(SECOND);
    before.success();
    assert_eq!(breaker.snapshot().latency, None, "nobody looked at the clock when it began");
    running(&breaker, &clock, MILLI).success();
    assert_eq!(breaker.snapshot().latency.map(|latency| latency.max), Some(MILLI));
    breaker.set_settings(Settings::new()).unwrap();
    running(&breaker, &clock, SECOND).success();
    assert_eq!(breaker.snapshot().latency.map(|latency| latency.calls), Some(1), "what was kept is still told");
}
