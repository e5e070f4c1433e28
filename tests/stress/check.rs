//! What must be true when all calls have ended.

use breaker_runtime::{ErrorKind, Mode, OnCancel, State};

use crate::SECOND;
use crate::world::World;

pub(crate) fn at_rest(world: &World) {
    the_totals_add_up(world);
    let snapshot = world.breaker.snapshot();
    assert_eq!((snapshot.totals.in_flight(), snapshot.probes_in_flight), (0, 0));
    assert!(snapshot.epoch > 10, "only {} changes", snapshot.epoch);
    let (most, probes) = (world.probes.most(), world.kind.probes);
    println!("{} changes; at most {most} probes at once", snapshot.epoch);
    assert!((1..=probes).contains(&most), "{most} probes at once of one half-open period, and not 1 to {probes}");
    the_history_has_no_gap(world);
}

fn the_totals_add_up(world: &World) {
    let (totals, tally) = (world.breaker.totals(), &world.tally);
    println!("{totals:?}\n{tally:?}");
    assert_eq!(totals.admitted, tally.admitted.get());
    assert_eq!(totals.admitted, totals.succeeded + totals.failed + totals.ignored + totals.cancelled);
    assert_eq!(totals.ignored, tally.ignored.get());
    assert_eq!(totals.timed_out, tally.timed_out.get());
    assert_eq!(totals.rejected_open, tally.rejected_open.get());
    assert_eq!(totals.rejected_probing, tally.rejected_probing.get());
    assert_eq!(totals.rejected_recovering, tally.rejected_recovering.get());
    assert_eq!(totals.rejected_forced_open, tally.rejected_forced_open.get());

    // A call that was dropped can have been recorded as a failure, or as a slow success.
    let cancelled = tally.dropped.get() - tally.timed_out.get();
    let as_failure = totals.failed.checked_sub(tally.failed.get() + tally.timed_out.get()).expect("all failures");
    let as_success = totals.succeeded.checked_sub(tally.succeeded.get()).expect("all successes");
    assert_eq!(totals.cancelled + as_failure + as_success, cancelled);
    let kind = &world.kind;
    match kind.on_cancel {
        OnCancel::Failure => assert_eq!((as_failure, as_success), (cancelled, 0)),
        OnCancel::Ignore => assert_eq!((as_failure, as_success), (0, 0)),
        _ => {
            assert!(as_failure == 0 || kind.limited, "{as_failure} cancelled calls became failures");
            assert!(as_success == 0 || kind.slow_call.is_some(), "{as_success} cancelled calls became successes");
        }
    }
    assert!(totals.slow == 0 || kind.slow_call.is_some(), "{} slow calls", totals.slow);
    assert!(totals.slow <= totals.succeeded + totals.failed);
    assert!(totals.late <= totals.admitted);
    assert!(totals.would_have_rejected == 0 || world.kind.by_hand);
}

fn the_history_has_no_gap(world: &World) {
    let (history, epoch) = (world.breaker.history(), world.breaker.snapshot().epoch);
    let numbers: Vec<u64> = history.iter().map(|change| change.number).collect();
    let last = (epoch.saturating_sub(31)).max(1)..=epoch;
    assert_eq!(numbers, last.collect::<Vec<_>>());
    if !world.kind.by_hand {
        for pair in history.windows(2) {
            assert_eq!(pair[0].to, pair[1].from, "{} and then {}", pair[0], pair[1]);
        }
        assert_eq!(history.last().map(|change| change.to), Some(world.breaker.state()));
    }
}

/// Whatever state it was left in, it recovers as soon as time passes and calls succeed; then it trips.
pub(crate) fn still_opens_and_closes(world: &World) {
    world.breaker.set_mode(Mode::Automatic);
    for _ in 0..3 {
        recovers(world);
        trips(world);
    }
    recovers(world);
    let totals = world.breaker.totals();
    assert_eq!(totals.in_flight(), 0);
    the_history_has_no_gap(world);
}

/// Longer than every reset delay and every time limit of half-open.
const LONG: u32 = 3_600;

fn recovers(world: &World) {
    world.clock.advance(LONG * SECOND);
    // What it was half-open with may say no; then it opens once more, that long ago.
    for _ in 0..=2 * world.kind.probes {
        if world.breaker.state() == State::Closed {
            return;
        }
        let probe = world.breaker.try_acquire().expect("the reset delay has passed, and no probe is under way");
        probe.success();
    }
    assert_eq!(world.breaker.state(), State::Closed);
}

fn trips(world: &World) {
    world.clock.advance(LONG * SECOND);
    for _ in 0..50 {
        match world.breaker.try_acquire() {
            Ok(permit) => {
                world.clock.advance(world.kind.slow_call.unwrap_or_default());
                permit.failure();
            }
            Err(error) => return assert_eq!(error.kind(), ErrorKind::Open),
        }
    }
    panic!("fifty failures trip nothing");
}
