//! A crowd of threads, which call by hand.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Permit};
use fastrand::Rng;

use crate::panics;
use crate::probes::{Look, Place};
use crate::running::Running;
use crate::tally::Error;
use crate::world::World;

const THREADS: u64 = 8;
const CALLS: usize = 3_000;

pub(crate) fn run(world: &World) {
    thread::scope(|scope| {
        for number in 0..THREADS {
            scope.spawn(move || {
                let mut dice = world.dice(number);
                for _ in 0..CALLS {
                    call(world, &mut dice);
                }
            });
        }
    });
    end_all_that_were_left(world);
}

fn end_all_that_were_left(world: &World) {
    let mut dice = world.dice(THREADS);
    while let Some((permit, place)) = world.take(&mut dice) {
        end(world, permit, place, &mut dice);
    }
}

fn call(world: &World, dice: &mut Rng) {
    world.before_a_call();
    match dice.u32(..8) {
        0 => closure(world, dice),
        1 | 2 => leave(world, dice),
        _ => permit(world, dice),
    }
    // Others may have been interrupted where it matters.
    if dice.bool() {
        thread::yield_now();
    }
}

fn permit(world: &World, dice: &mut Rng) {
    if let Some((permit, place)) = admitted(world, || world.breaker.try_acquire(), dice) {
        world.turn(dice);
        if dice.bool() {
            thread::yield_now();
        }
        end(world, permit, place, dice);
    }
}

/// Begins a call for somebody else to end, or ends one that somebody began; sometimes both.
fn leave(world: &World, dice: &mut Rng) {
    if dice.bool() {
        if let Some(call) = admitted(world, || world.breaker.try_acquire_owned(), dice) {
            world.leave(call);
        }
    }
    if dice.u32(..3) > 0 {
        if let Some((permit, place)) = world.take(dice) {
            end(world, permit, place, dice);
        }
    }
}

fn admitted<B: Deref<Target = CircuitBreaker>>(
    world: &World,
    acquire: impl FnOnce() -> Result<Permit<B>, CircuitBreakerError>,
    dice: &mut Rng,
) -> Option<(Permit<B>, Option<Place>)> {
    // Not always, for looking takes time.
    let before = dice.bool().then(|| Look::at(&world.breaker));
    match acquire() {
        Ok(permit) => {
            world.tally.admitted.add();
            let place = before.and_then(|before| world.probes.admitted(before, &world.breaker));
            Some((permit, place))
        }
        Err(error) => {
            world.tally.answered(error.kind());
            world.turn(dice);
            None
        }
    }
}

fn end<B: Deref<Target = CircuitBreaker>>(world: &World, permit: Permit<B>, place: Option<Place>, dice: &mut Rng) {
    match dice.u32(..24) {
        0..=10 => {
            world.tally.succeeded.add();
            permit.success();
        }
        11..=15 => {
            world.tally.failed.add();
            permit.failure();
        }
        16 => {
            world.tally.failed.add();
            permit.failure_with(&"out of paper");
        }
        17 | 18 => {
            world.tally.failed.add();
            let dropped = catch_unwind(AssertUnwindSafe(|| {
                let _permit = permit;
                panics::panic();
            }));
            assert!(dropped.is_err());
        }
        19 | 20 => {
            world.tally.ignored.add();
            world.probes.give_back(place);
            permit.ignore();
        }
        _ => {
            world.tally.dropped.add();
            world.probes.give_back(place);
            drop(permit);
        }
    }
}

fn closure(world: &World, dice: &mut Rng) {
    let outcome = dice.u32(..4);
    let before = dice.bool().then(|| Look::at(&world.breaker));
    let answer = catch_unwind(AssertUnwindSafe(|| {
        world.breaker.call(|| {
            let running = Running::new(world, before);
            world.turn(dice);
            match outcome {
                0 => panics::panic(),
                1 => running.end(Err(Error::Failed)),
                _ => running.end(Ok(())),
            }
        })
    }));
    if let Ok(Err(Error::Breaker(kind))) = answer {
        world.tally.answered(kind);
    }
}
