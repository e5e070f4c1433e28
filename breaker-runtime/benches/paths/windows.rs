//! Windows by the number of calls that they hold: a large one should cost what a small one does.

use std::hint::black_box;
use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, Settings};

use super::{Measure, ask, one_in_ten_fails};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn paths(measure: &mut impl Measure) {
    for calls in [100, 1_000, 65_535] {
        measure.path(&format!("window/last {calls} calls"), || {
            let window = Settings::new().window_calls(calls).failure_rate(0.5);
            let breaker = CircuitBreaker::builder("calls").settings(window).build().expect("good settings");
            let mut works = one_in_ten_fails();
            let mut call = move || drop(black_box(breaker.call(|| ask(works()))));
            (0..calls).for_each(|_| call());
            call
        });
    }
    for calls in [100, 1_000, 100_000] {
        measure.path(&format!("window/a time with {calls} calls"), || {
            let clock = ManualClock::new();
            let window = Settings::new().window(MINUTE).failure_rate(0.5);
            let breaker =
                CircuitBreaker::builder("time").settings(window).clock(&clock).build().expect("good settings");
            let mut works = one_in_ten_fails();
            let mut call = move || {
                clock.advance(MINUTE / calls);
                drop(black_box(breaker.call(|| ask(works()))));
            };
            (0..calls).for_each(|_| call());
            call
        });
    }
}
