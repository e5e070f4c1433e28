//! What a call that the breaker lets through needs besides: a token of the rate, and a place among those that run. The
//! breaker is asked first, so an open one spends neither.

use super::admission::Rejection;
use super::permit::Ticket;
use super::places::Places;
use super::rate::Tokens;
use super::word::Identity;
use super::{CircuitBreaker, Count};
use crate::clock::{Time, nanos};
use crate::error::{ErrorKind, Refusal};
use crate::mode::Mode;
use crate::policy::Settings;

/// What they are counted by.
#[derive(Debug, Default)]
pub(super) struct CallLimits {
    pub(super) places: Places,
    pub(super) tokens: Tokens,
}

impl CircuitBreaker {
    #[cold]
    pub(super) fn limit(&self, ticket: Ticket) -> Result<Ticket, Refusal> {
        let (rate, places) = self.in_force(|force| (force.settings.rate(), force.settings.max_concurrent.get()));
        if places.is_some() {
            self.tuning.begin_places();
        }
        match self.mode() {
            Mode::Automatic => {
                if let Some(early) = rate.and_then(|rate| self.take_token(rate).err()) {
                    return Err(self.turn_away(ticket, Count::RejectedLimited, ErrorKind::Limited, nanos(early)));
                }
                let Some(places) = places else { return Ok(ticket) };
                if self.take_place(places) {
                    return Ok(ticket.in_place());
                }
                if let Some(rate) = rate {
                    self.give_token_back(rate);
                }
                Err(self.turn_away(ticket, Count::RejectedFull, ErrorKind::Full, places.into()))
            }
            // The breaker itself would have rejected it, and has counted that.
            Mode::MetricsOnly if ticket.epoch() == Identity::UNHEARD => Ok(ticket),
            Mode::MetricsOnly => {
                let early = rate.is_some_and(|rate| self.take_token(rate).is_err());
                let full = places.is_some_and(|places| !self.take_place_at_all(places));
                if early || full {
                    self.count(Count::WouldHaveRejected);
                }
                if let Some(rate) = rate.filter(|_| full && !early) {
                    self.give_token_back(rate);
                }
                Ok(if places.is_some() { ticket.in_place() } else { ticket })
            }
            Mode::Disabled | Mode::ForcedOpen => Ok(ticket),
        }
    }

    /// Why a call could not be made now though the breaker let it through. An open breaker does not become half-open by
    /// such a one: half-open ends by what was called.
    pub(super) fn no_room(&self, settings: &Settings, now: Time) -> Option<Rejection> {
        if let Some(wait) = settings.rate().and_then(|rate| self.early_for_token(rate, now)) {
            return Some(Rejection::Limited { wait });
        }
        let places = settings.max_concurrent.get().filter(|places| self.has_no_place(*places))?;
        Some(Rejection::Full { places })
    }

    fn turn_away(&self, ticket: Ticket, what: Count, kind: ErrorKind, time: u64) -> Refusal {
        self.count(what);
        self.turned_away(ticket);
        Refusal::new(kind, self.number(self.cell.load().epoch()), time)
    }
}
