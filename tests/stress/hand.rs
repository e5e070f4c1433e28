//! Somebody who sets modes and closes the breaker while a crowd calls, in step with it: neither gets far
//! ahead of the other, however the threads are scheduled.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use breaker_runtime::Mode;

use crate::world::World;

/// So many calls from one move to the next.
const CALLS: u64 = 8;
/// So many moves the crowd may be ahead.
const AHEAD: u64 = 8;

#[derive(Debug, Default)]
pub(crate) struct Hand {
    calls: AtomicU64,
    moves: AtomicU64,
    gone: AtomicBool,
}

impl Hand {
    /// One of the crowd is about to call.
    pub(crate) fn wait_for_me(&self) {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        while calls > (self.moves.load(Ordering::Relaxed) + AHEAD) * CALLS && !self.gone() {
            thread::yield_now();
        }
    }

    fn gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// Whoever leaves, the other shall not wait for.
struct Leaves<'a>(&'a Hand);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.gone.store(true, Ordering::Relaxed);
    }
}

/// Runs `crowd`, with a hand on the breaker where the world has one.
pub(crate) fn beside(world: &World, crowd: impl FnOnce()) {
    let Some(hand) = &world.hand else { return crowd() };
    thread::scope(|scope| {
        scope.spawn(|| interfere(world, hand));
        let _leaves = Leaves(hand);
        crowd();
    });
}

fn interfere(world: &World, hand: &Hand) {
    let (_leaves, mut dice) = (Leaves(hand), world.dice(1 << 32));
    while !hand.gone() {
        let moves = hand.moves.load(Ordering::Relaxed);
        if hand.calls.load(Ordering::Relaxed) < moves * CALLS {
            thread::yield_now();
            continue;
        }
        match dice.u32(..12) {
            0 => world.breaker.close(),
            1 => world.breaker.set_mode(Mode::Disabled),
            2 => world.breaker.set_mode(Mode::ForcedOpen),
            3 | 4 => world.breaker.set_mode(Mode::MetricsOnly),
            _ => world.breaker.set_mode(Mode::Automatic),
        }
        hand.moves.store(moves + 1, Ordering::Relaxed);
    }
}
