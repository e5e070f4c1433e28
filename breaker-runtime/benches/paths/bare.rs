//! The same calls without a breaker, and what the parts of a breaker cost by themselves.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::{Measure, ask, at_once, one_in_ten_fails};

pub(super) fn paths(measure: &mut impl Measure) {
    measure.path("bare/call", || || drop(black_box(ask(black_box(true)))));
    measure.path("bare/call, async", || || drop(black_box(at_once(async { ask(black_box(true)) }))));
    measure.path("bare/call, one in ten fails", || {
        let mut works = one_in_ten_fails();
        move || drop(black_box(ask(works())))
    });
    let number = AtomicU64::new(0);
    measure.path("bare/load", || || _ = black_box(number.load(Ordering::Acquire)));
    measure.path("bare/locked add", || || _ = black_box(number.fetch_add(1, Ordering::AcqRel)));
    measure.path("bare/clock reading", || || _ = black_box(Instant::now()));
}
