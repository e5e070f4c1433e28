//! What is done beside the calls: reading, new settings, listening.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, Event, Settings};

use super::{Measure, ask};

static READ: CircuitBreaker = CircuitBreaker::new("read", Settings::new());
static REPLACED: CircuitBreaker = CircuitBreaker::new("replaced", Settings::new());
static HEARD: CircuitBreaker =
    CircuitBreaker::new("heard", Settings::new().consecutive(1).reset(Duration::from_nanos(1)));

pub(super) fn paths(measure: &mut impl Measure) {
    READ.try_acquire().expect("closed").success();
    measure.path("control/snapshot", || || drop(black_box(READ.snapshot())));
    measure.path("control/snapshot after a trip", || {
        (0..5).for_each(|_| READ.try_acquire().expect("closed").failure());
        || drop(black_box(READ.snapshot()))
    });
    measure.path("control/state", || || _ = black_box(READ.state()));
    measure.path("control/totals", || || _ = black_box(READ.totals()));

    measure.path("control/new settings", || {
        let mut limit = 5;
        move || {
            limit ^= 1;
            REPLACED.set_settings(REPLACED.settings().consecutive(limit)).expect("good settings");
        }
    });
    measure.path("streak/success after new settings", || {
        REPLACED.set_settings(Settings::new().consecutive(4)).expect("good settings");
        || drop(black_box(REPLACED.call(|| ask(black_box(true)))))
    });

    let subscription = HEARD.listen(Arc::new(|event: &Event| _ = black_box(event))).expect("a thread");
    measure.path("streak/success, with a listener", || || drop(black_box(HEARD.call(|| ask(black_box(true))))));
    measure.path("recovery/cycle, with a listener", || {
        || {
            HEARD.try_acquire().expect("closed").failure();
            HEARD.try_acquire().expect("a probe").success();
        }
    });
    drop(subscription);
}
