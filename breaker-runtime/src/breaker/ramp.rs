//! A breaker that has just recovered lets a growing share of its calls through: by a counter, so
//! that the share is kept to the call.

use std::time::Duration;

use crate::clock::Time;
use crate::sync::{AtomicU64, Ordering};
use crate::window::{EPOCH_AT, stamped};

/// All calls.
const ALL: u64 = 1_000;
/// The share at the beginning.
const FIRST: u64 = 100;

/// The sum of the shares of all calls that have arrived, in thousandths, with its epoch. Whenever it
/// gets past a whole, a call passes.
#[derive(Debug)]
pub(crate) struct Ramp(AtomicU64);

impl Ramp {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }

    /// A call arrives in `epoch`, when so many thousandths may pass: whether this one does.
    ///
    /// *Orderings.* The sum is all that is shared; so it is relaxed.
    pub(crate) fn passes(&self, epoch: u64, share: u64) -> bool {
        let sum = |word: u64| if word >> EPOCH_AT == epoch { stamped(word, epoch) } else { ALL - FIRST };
        let next = |word: u64| Some((epoch << EPOCH_AT) | ((sum(word) + share) % ALL));
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or_default();
        sum(before) + share >= ALL
    }
}

impl Default for Ramp {
    fn default() -> Self {
        Self::new()
    }
}

/// How many thousandths of the calls may pass after `elapsed` of a ramp of `whole`; `None` when the
/// ramp is over.
pub(crate) fn share(elapsed: Duration, whole: Duration) -> Option<u64> {
    if elapsed >= whole {
        return None;
    }
    let grown = u128::from(ALL - FIRST) * elapsed.as_nanos() / whole.as_nanos();
    Some(FIRST + u64::try_from(grown).unwrap_or_default())
}

/// The share at the beginning of a ramp that nobody knows the beginning of yet.
pub(crate) fn share_since(since: Option<Time>, now: Time, whole: Duration) -> Option<u64> {
    since.map_or(Some(FIRST), |since| share(now.since(since), whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_share_grows_evenly_from_a_tenth_to_all() {
        let at = |seconds| share(Duration::from_secs(seconds), MINUTE);
        assert_eq!([0, 20, 30, 59, 60, 61].map(at), [Some(100), Some(400), Some(550), Some(985), None, None]);
        assert_eq!(share(Duration::from_nanos(59_999_999_999), MINUTE), Some(999));
    }

    #[test]
    fn the_first_call_passes_and_then_every_tenth() {
        let ramp = Ramp::new();
        let passed: Vec<usize> = (0..31).filter(|_| ramp.passes(7, 100)).collect();
        assert_eq!(passed, [0, 10, 20, 30]);
        assert!(ramp.passes(8, 100), "a new ramp begins anew");
        assert_eq!((0..1_000).filter(|_| ramp.passes(8, 550)).count(), 550);
    }
}
