//! The one atomic word that holds a breaker's state, and its retry loop.
//!
//! Protocol: whoever wants to change the word loads it, computes the next one by a pure step, and
//! exchanges the two only where nobody else came between. So each change of state has exactly one
//! winner, and the winner alone publishes what goes with it.
//!
//! *Orderings.* A load acquires and an exchange releases: who sees a state also sees all that its
//! winner wrote before. What a winner publishes after the exchange (the end of an open period, a
//! report) carries the identity of its state and is not believed under another one; see
//! [`super::timeline`]. Nothing needs a single order of several words, hence no `SeqCst`.

use super::word::{Identity, Step, Word};
use crate::mode::Mode;
use crate::sync::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct StateCell(AtomicU64);

/// A change of state that this caller has won.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) from: Word,
    pub(crate) to: Word,
}

/// What became of an outcome.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub(crate) enum Settled {
    /// It belongs to an epoch that has ended.
    Late,
    /// It was counted, or there was nothing to count.
    Counted,
    /// It changed the state.
    Changed(Change),
}

impl StateCell {
    pub(crate) const fn new(mode: Mode) -> Self {
        Self(AtomicU64::new(Word::first(mode).bits()))
    }

    #[inline]
    pub(crate) fn load(&self) -> Word {
        Word::from_bits(self.0.load(Ordering::Acquire))
    }

    /// Puts `to` in the place of `from`, or says what is there instead.
    pub(crate) fn exchange(&self, from: Word, to: Word) -> Result<Change, Word> {
        match self.0.compare_exchange(from.bits(), to.bits(), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(Change { from, to }),
            Err(found) => Err(Word::from_bits(found)),
        }
    }

    /// Takes a step for an outcome of the epoch `identity`, unless that has ended.
    pub(crate) fn settle(&self, identity: Identity, mut step: impl FnMut(Word) -> Step) -> Settled {
        let mut word = self.load();
        loop {
            if word.identity() != identity {
                return Settled::Late;
            }
            let (next, changes) = match step(word) {
                Step::Stay => return Settled::Counted,
                Step::Count(next) => (next, false),
                Step::Change(next) => (next, true),
            };
            match self.exchange(word, next) {
                Ok(change) if changes => return Settled::Changed(change),
                Ok(_) => return Settled::Counted,
                Err(found) => word = found,
            }
        }
    }
}
