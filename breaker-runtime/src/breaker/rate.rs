//! How many calls may be made within a time: so that a dependency is not asked more often than it allows, or bears.
//!
//! The generic cell rate algorithm (ITU-T I.371, annex A): each call that is let through moves one moment on by the time
//! that the rate has for a call, never behind now. A call whose moment would lie more than the burst ahead comes too early,
//! by as much. That moment is all there is to keep, so a limit can change while calls run, and each key of a family has one.
//!
//! *Orderings.* One number, changed by exchanges, decides; nothing else is read by it, so they may be relaxed.

use std::time::Duration;

use super::CircuitBreaker;
use crate::clock::Time;
use crate::policy::Rate;
use crate::sync::{AtomicU64, Ordering};

/// The moment up to which the rate is used up, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Tokens(AtomicU64);

impl Tokens {
    /// Takes one, or says in how many nanoseconds there is one.
    fn take(&self, rate: Rate, now: Time) -> Result<(), u64> {
        self.forget_other(rate, now);
        let now = now.as_nanos();
        let mut early = 0;
        let moved = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            early = used.saturating_sub(now).saturating_sub(rate.ahead());
            (early == 0).then(|| used.max(now).saturating_add(rate.of_one()))
        });
        moved.map(drop).map_err(|_| early)
    }

    /// In how many nanoseconds there is one, where there is none now.
    fn is_early(&self, rate: Rate, now: Time) -> Option<u64> {
        self.forget_other(rate, now);
        let early = self.0.load(Ordering::Relaxed).saturating_sub(now.as_nanos()).saturating_sub(rate.ahead());
        (early > 0).then_some(early)
    }

    /// What another rate has used up before is, from now on, no more than this one can have.
    fn forget_other(&self, rate: Rate, now: Time) {
        let most = now.as_nanos().saturating_add(rate.ahead()).saturating_add(rate.of_one());
        self.0.fetch_min(most, Ordering::Relaxed);
    }

    fn give_back(&self, rate: Rate) {
        let _ =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(used.saturating_sub(rate.of_one())));
    }

    /// There are as many as there can be.
    pub(super) fn begin_anew(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl CircuitBreaker {
    /// Takes a token of this rate, or says how long to wait for one.
    pub(super) fn take_token(&self, rate: Rate) -> Result<(), Duration> {
        self.limits().tokens.take(rate, self.clock.now()).map_err(Duration::from_nanos)
    }

    /// How long to wait for a token, where there is none now.
    pub(super) fn early_for_token(&self, rate: Rate, now: Time) -> Option<Duration> {
        self.limits_if_any()?.tokens.is_early(rate, now).map(Duration::from_nanos)
    }

    /// The call was not made after all.
    pub(super) fn give_token_back(&self, rate: Rate) {
        self.limits().tokens.give_back(rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::nanos;

    fn at(millis: u64) -> Time {
        Time::from_nanos(nanos(Duration::from_millis(millis)))
    }

    #[test]
    fn a_burst_and_then_one_by_one() {
        // Ten a second, two at once.
        let (tokens, rate) = (Tokens::default(), Rate::new(10, Duration::from_secs(1), 2));
        let millis = |taken: Result<(), u64>| taken.map_err(|early| early / 1_000_000);
        assert_eq!([(); 3].map(|()| millis(tokens.take(rate, at(500)))), [Ok(()), Ok(()), Err(100)]);
        assert_eq!([(); 2].map(|()| millis(tokens.take(rate, at(560)))), [Err(40), Err(40)]);
        assert_eq!([(); 2].map(|()| millis(tokens.take(rate, at(600)))), [Ok(()), Err(100)]);
        // However long nobody came, there are no more than two.
        assert_eq!([(); 3].map(|()| millis(tokens.take(rate, at(9_000)))), [Ok(()), Ok(()), Err(100)]);
        tokens.give_back(rate);
        assert_eq!([(); 2].map(|()| millis(tokens.take(rate, at(9_000)))), [Ok(()), Err(100)]);
        tokens.begin_anew();
        assert_eq!(millis(tokens.take(rate, at(9_000))), Ok(()));
    }

    #[test]
    fn another_rate_owes_nothing_of_the_one_before() {
        let tokens = Tokens::default();
        let (hourly, quick) = (Rate::new(1, Duration::from_secs(3_600), 1), Rate::new(10, Duration::from_secs(1), 2));
        assert_eq!((tokens.take(hourly, at(0)), tokens.take(hourly, at(0)).is_err()), (Ok(()), true));
        assert_eq!(tokens.take(quick, at(0)), Err(100_000_000));
        assert_eq!(tokens.is_early(quick, at(0)), Some(100_000_000));
        assert_eq!((tokens.take(quick, at(99)).is_err(), tokens.take(quick, at(100))), (true, Ok(())));
    }

    #[test]
    fn no_rate_and_no_time_overflows() {
        for rate in [
            Rate::new(1, Duration::from_nanos(u64::MAX - 1), u32::MAX),
            Rate::new(u32::MAX, Duration::from_nanos(1), u32::MAX),
            Rate::new(1, Duration::from_nanos(1), 1),
        ] {
            for now in [0, 1, u64::MAX - 2, u64::MAX - 1] {
                let tokens = Tokens::default();
                for _ in 0..5 {
                    let _ = tokens.take(rate, Time::from_nanos(now));
                }
                tokens.give_back(rate);
            }
        }
    }
}
