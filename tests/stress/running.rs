//! A call under way in a function or a closure, which may panic and may be dropped anywhere.

use std::thread;

use crate::probes::{Look, Place};
use crate::tally::Error;
use crate::world::World;

/// Has failed when it panics, and was dropped when it does not end.
pub(crate) struct Running<'a> {
    world: &'a World,
    place: Option<Place>,
    ended: bool,
}

impl<'a> Running<'a> {
    /// A call that was admitted after `before`.
    pub(crate) fn new(world: &'a World, before: Option<Look>) -> Self {
        world.tally.admitted.add();
        let place = before.and_then(|before| world.probes.admitted(before, &world.breaker));
        Self { world, place, ended: false }
    }

    /// Ends with this answer, and returns it.
    pub(crate) fn end(mut self, answer: Result<(), Error>) -> Result<(), Error> {
        self.ended = true;
        let tally = &self.world.tally;
        match answer {
            Ok(()) => tally.succeeded.add(),
            Err(Error::Ignored) => {
                tally.ignored.add();
                self.world.probes.give_back(self.place);
            }
            Err(_) => tally.failed.add(),
        }
        answer
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.ended {
        } else if thread::panicking() {
            self.world.tally.failed.add();
        } else {
            self.world.tally.dropped.add();
            self.world.probes.give_back(self.place);
        }
    }
}
