//! Who gets a permit.

use std::ops::Deref;
use std::time::Duration;

use super::permit::{Permit, Ticket, Whose};
use super::word::{Identity, Word};
use super::{CircuitBreaker, Count};
use crate::clock::Time;
use crate::error::CircuitBreakerError;
use crate::state::State;

/// The state in which a call was admitted, or a word that is to be looked at instead.
type Attempt = Result<Identity, Word>;

impl CircuitBreaker {
    #[expect(clippy::inline_always, reason = "out of line, copying its result costs more than all it does")]
    #[inline(always)]
    pub(crate) fn admit<B>(breaker: &B, limit: Option<Duration>, whose: Whose) -> Result<Permit<B>, CircuitBreakerError>
    where
        B: Deref<Target = Self> + Clone,
    {
        let this: &Self = breaker;
        let word = this.cell.load();
        let epoch = if word.is_closed() { word.identity() } else { this.admit_slow(word, limit)? };
        this.totals.add(Count::Started);
        let deadline = match limit.or(this.settings.timeout) {
            None => Time::END,
            Some(limit) => this.clock.now().after(limit),
        };
        Ok(Permit::new(breaker.clone(), Ticket { epoch, deadline, whose }))
    }

    /// Admission where the breaker was not closed a moment ago.
    #[cold]
    fn admit_slow(&self, mut word: Word, limit: Option<Duration>) -> Result<Identity, CircuitBreakerError> {
        loop {
            let attempt = match word.state() {
                State::Closed => return Ok(word.identity()),
                State::Open => self.arrive_open(word, limit)?,
                State::HalfOpen => self.arrive_half_open(word)?,
            };
            match attempt {
                Ok(identity) => return Ok(identity),
                Err(found) => word = found,
            }
        }
    }

    /// The half-open state that this call begins as its first probe, or the word that it found
    /// instead; or its rejection.
    fn arrive_open(&self, word: Word, limit: Option<Duration>) -> Result<Attempt, CircuitBreakerError> {
        let Some(period) = self.timeline.open_period(word.identity()) else {
            // It has opened this very moment, and who opened it is about to say when it ends.
            return Err(self.reject_open(word, self.delay(word)));
        };
        let now = self.clock.now();
        if now < period.due() {
            return Err(self.reject_open(word, period.due().since(now)));
        }
        Ok(self.cell.exchange(word, word.probe()).map(|change| {
            self.began_probing(change, now, period.delay, limit);
            change.to.identity()
        }))
    }

    /// The half-open state in which this call takes a place, or the word that there is instead; or
    /// its rejection. A half-open period that has lasted too long ends here.
    fn arrive_half_open(&self, word: Word) -> Result<Attempt, CircuitBreakerError> {
        if let Some(period) = self.timeline.half_open_period(word.identity()) {
            let now = self.clock.now();
            if now >= period.overdue_at {
                let next = word.overdue(self.reopenings(word.identity()));
                return Ok(Err(match self.cell.exchange(word, next) {
                    Ok(change) => {
                        self.ended_overdue(change, period, now);
                        change.to
                    }
                    Err(found) => found,
                }));
            }
        }
        let next = word.admit_probe(self.limits()).ok_or_else(|| self.reject_probing(word))?;
        Ok(self.cell.exchange(word, next).map(|change| change.to.identity()))
    }

    /// How many attempts to close had failed when the half-open state `state` began.
    pub(super) fn reopenings(&self, state: Identity) -> u32 {
        // Known for certain: who began the half-open state had to read it.
        self.timeline.open_period(state.open_before()).map_or(0, |before| before.reopenings)
    }
}
