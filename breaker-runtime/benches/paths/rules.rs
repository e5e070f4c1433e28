//! A closed breaker, by the rule that it obeys.

use std::hint::black_box;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, Settings};

use super::{Measure, ask, one_in_ten_fails};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// None of them trips when one call in ten fails.
static BREAKERS: [CircuitBreaker; 7] = [
    CircuitBreaker::new("streak", Settings::new().consecutive(5)),
    // A hundred failures take longer than a microsecond.
    CircuitBreaker::new("failures in time", Settings::new().failures(100).window(Duration::from_micros(1))),
    CircuitBreaker::new("failures among calls", Settings::new().failures(11).window_calls(20)),
    CircuitBreaker::new("rate of calls", Settings::new().failure_rate(0.5).window_calls(100)),
    CircuitBreaker::new("rate in time", Settings::new().failure_rate(0.5).window(MINUTE)),
    CircuitBreaker::new("slow calls", Settings::new().slow_rate(0.5).slow_call(SECOND).window(MINUTE)),
    CircuitBreaker::new(
        "all rules",
        Settings::new()
            .consecutive(5)
            .failures(65_535)
            .failure_rate(0.5)
            .slow_rate(0.5)
            .slow_call(SECOND)
            .window(SECOND),
    ),
];

pub(super) fn paths(measure: &mut impl Measure) {
    for breaker in &BREAKERS {
        let rule = breaker.name();
        measure.path(&format!("{rule}/success"), || || drop(black_box(breaker.call(|| ask(black_box(true))))));
        measure.path(&format!("{rule}/one in ten fails"), || {
            let mut works = one_in_ten_fails();
            move || drop(black_box(breaker.call(|| ask(works()))))
        });
    }
}
