//! The ways through a breaker that are measured: in nanoseconds by `times.rs`, in instructions by `instructions.rs`.

mod bare;
mod control;
mod families;
mod outcomes;
mod recovery;
mod rules;
mod windows;

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use breaker_runtime::CircuitBreakerError;

/// Something that runs each path very often.
pub(crate) trait Measure {
    /// One path. What `ready` returns does it once; nothing else is measured.
    fn path<F: FnMut()>(&mut self, name: &str, ready: impl FnOnce() -> F);
}

pub(crate) fn all(measure: &mut impl Measure) {
    bare::paths(measure);
    rules::paths(measure);
    outcomes::paths(measure);
    recovery::paths(measure);
    windows::paths(measure);
    families::paths(measure);
    control::paths(measure);
}

/// What the protected calls fail with.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the service answered {0}")]
    Status(u16),
    #[error(transparent)]
    Unavailable(#[from] CircuitBreakerError),
}

/// The call itself: next to nothing, and out of line, so that it is the same with and without a breaker.
#[inline(never)]
fn ask(works: bool) -> Result<u32, Error> {
    if works { Ok(black_box(1)) } else { Err(Error::Status(503)) }
}

/// Says of each tenth call that it does not work.
fn one_in_ten_fails() -> impl FnMut() -> bool {
    let mut calls = 0_u32;
    move || {
        calls = calls.wrapping_add(1);
        calls % 10 != 0
    }
}

/// The output of a future that never waits.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
