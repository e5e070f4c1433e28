//! A crowd of tasks, which call annotated functions and futures.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use breaker_runtime::circuit_breaker;
use fastrand::Rng;
use tokio::runtime;
use tokio::task::{JoinHandle, yield_now};

use crate::panics;
use crate::probes::Look;
use crate::running::Running;
use crate::tally::Error;
use crate::world::World;

const TASKS: u64 = 1_500;
const CALLS: usize = 12;
/// So many tasks there are at one time.
const AT_ONCE: usize = 24;

#[derive(Clone, Copy, Debug)]
enum End {
    Success,
    Failure,
    Ignored,
    Panic,
    Never,
}

pub(crate) fn run(world: &Arc<World>) {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build();
    runtime.expect("a runtime").block_on(crowd(world));
}

async fn crowd(world: &Arc<World>) {
    let mut dice = world.dice(TASKS);
    let mut tasks = Vec::new();
    for number in 0..TASKS {
        let (world, mut own) = (Arc::clone(world), world.dice(number));
        tasks.push(tokio::spawn(async move {
            for _ in 0..CALLS {
                call(&world, &mut own).await;
            }
        }));
        if tasks.len() >= AT_ONCE {
            let task = tasks.swap_remove(dice.usize(..AT_ONCE));
            end(task, &mut dice).await;
        }
    }
    for task in tasks {
        end(task, &mut dice).await;
    }
}

/// Waits for a task, or ends it wherever it is.
async fn end(task: JoinHandle<()>, dice: &mut Rng) {
    if dice.u32(..3) == 0 {
        for _ in 0..dice.u32(..10) {
            yield_now().await;
        }
        task.abort();
    }
    if let Err(error) = task.await {
        assert!(error.is_cancelled() || panics::is_ours(error.into_panic().as_ref()), "a task of the test has failed");
    }
}

async fn call(world: &Arc<World>, dice: &mut Rng) {
    world.before_a_call();
    let end = match dice.u32(..32) {
        0 => End::Panic,
        1 | 2 => End::Ignored,
        3..=14 => End::Failure,
        _ => End::Success,
    };
    let before = dice.bool().then(|| Look::at(&world.breaker));
    let answer = match dice.u32(..16) {
        0 => limited(world, End::Never, before, dice).await,
        1..=3 => limited(world, end, before, dice).await,
        4 => {
            let polls = dice.u32(1..4);
            at_most(polls, unlimited(world, End::Never, before, dice)).await
        }
        5..=7 => {
            let polls = dice.u32(1..4);
            at_most(polls, unlimited(world, end, before, dice)).await
        }
        8..=10 if !matches!(end, End::Ignored) => world.breaker.call_async(body(world, end, before, dice)).await,
        _ => unlimited(world, end, before, dice).await,
    };
    if let Err(Error::Breaker(kind)) = answer {
        world.tally.answered(kind);
        world.turn(dice);
    }
}

#[circuit_breaker(breaker = world.breaker, ignore = Error::Ignored)]
async fn unlimited(world: &World, end: End, before: Option<Look>, dice: &mut Rng) -> Result<(), Error> {
    body(world, end, before, dice).await
}

/// A call that never ends is stopped, however short the limit is.
#[circuit_breaker(breaker = world.breaker, ignore = Error::Ignored, timeout = "1ms")]
async fn limited(world: &World, end: End, before: Option<Look>, dice: &mut Rng) -> Result<(), Error> {
    body(world, end, before, dice).await
}

async fn body(world: &World, end: End, before: Option<Look>, dice: &mut Rng) -> Result<(), Error> {
    let running = Running::new(world, before);
    for _ in 0..dice.u32(..4) {
        yield_now().await;
    }
    world.turn(dice);
    match end {
        End::Success => running.end(Ok(())),
        End::Failure => running.end(Err(Error::Failed)),
        End::Ignored => running.end(Err(Error::Ignored)),
        End::Panic => panics::panic(),
        End::Never => pending().await,
    }
}

/// Drops a call that has not ended after so many polls. Its answer is a success then, which nobody looks at.
async fn at_most(polls: u32, call: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let (mut call, mut left) = (pin!(call), polls);
    poll_fn(|context| {
        let polled = call.as_mut().poll(context);
        left -= 1;
        if polled.is_pending() && left == 0 {
            return Poll::Ready(Ok(()));
        }
        // Nobody else wakes a call that never ends.
        context.waker().wake_by_ref();
        polled
    })
    .await
}
