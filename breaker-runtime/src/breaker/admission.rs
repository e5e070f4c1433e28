//! Who gets a permit.

use std::ops::Deref;
use std::time::Duration;

use super::cell::Settled;
use super::in_force::InForce;
use super::permit::{Permit, TAG_BITS, Ticket, Whose};
use super::ramp;
use super::reading::Read;
use super::settling::probe_rule;
use super::totals::ThisThread;
use super::word::{Identity, Word};
use super::{CircuitBreaker, Count, Holds};
use crate::clock::Time;
use crate::error::{CircuitBreakerError, Refusal};
use crate::mode::Mode;
use crate::state::State;

/// What one look at the state word says to a call.
enum Answer {
    /// It may run, and its outcome belongs to this state.
    Admitted(Identity),
    Rejected(Rejection),
    /// The word has changed meanwhile to this one.
    Again(Word),
}

/// Why a call may not run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rejection {
    Open { retry_after: Duration },
    Probing,
    Recovering,
    ForcedOpen,
    Limited { wait: Duration },
    Full { places: u32 },
}

/// A ticket, or why there is none, in two words, which are handed on in registers. A `Result` of them would be written to
/// memory in pieces and read there as a whole, for which processors wait.
#[derive(Clone, Copy)]
struct Packed {
    /// The tag of the ticket; or [`REFUSED`] and, from [`EPOCH_AND_KIND_AT`] on, what the refusal says. An epoch's number
    /// has 41 bits at most, for changes of settings are not counted in it; so there is room.
    what: u64,
    time: u64,
}

/// No tag has this bit.
const REFUSED: u64 = 1 << TAG_BITS;
const EPOCH_AND_KIND_AT: u32 = TAG_BITS + 1;

impl From<Result<Ticket, Refusal>> for Packed {
    #[inline]
    fn from(result: Result<Ticket, Refusal>) -> Self {
        match result {
            Ok(ticket) => Self { what: ticket.tag(), time: ticket.began.as_nanos() },
            Err(Refusal { epoch_and_kind, time }) => Self { what: epoch_and_kind << EPOCH_AND_KIND_AT | REFUSED, time },
        }
    }
}

impl Packed {
    #[inline]
    fn unpacked(self) -> Result<Ticket, Refusal> {
        let Self { what, time } = self;
        if what & REFUSED == 0 {
            Ok(Ticket::of_tag(what, Time::from_nanos(time)))
        } else {
            Err(Refusal { epoch_and_kind: what >> EPOCH_AND_KIND_AT, time })
        }
    }
}

/// What is left of a breaker's handle and a call that it rejected.
pub(crate) type Rejected<B> = (B, CircuitBreakerError);

impl CircuitBreaker {
    #[expect(clippy::inline_always, reason = "out of line, copying its result costs more than all it does")]
    #[inline(always)]
    pub(crate) fn admit<B>(breaker: B, limit: Option<Duration>, whose: Whose) -> Result<Permit<B>, Rejected<B>>
    where
        B: Deref<Target = Self>,
    {
        Self::admit_and(breaker, limit, whose, |breaker| _ = breaker.count_beginning())
    }

    /// The same, where the handle may keep the counters for the end of the call.
    #[expect(clippy::inline_always, reason = "as `admit`")]
    #[inline(always)]
    pub(crate) fn admit_by_handle<B>(
        breaker: B,
        limit: Option<Duration>,
        whose: Whose,
    ) -> Result<Permit<B>, Rejected<B>>
    where
        B: Holds,
    {
        Self::admit_and(breaker, limit, whose, B::begin)
    }

    #[expect(clippy::inline_always, reason = "as `admit`")]
    #[inline(always)]
    fn admit_and<B>(
        mut breaker: B,
        limit: Option<Duration>,
        whose: Whose,
        begin: impl FnOnce(&mut B),
    ) -> Result<Permit<B>, Rejected<B>>
    where
        B: Deref<Target = Self>,
    {
        let this: &Self = &breaker;
        let word = this.cell.load();
        let ticket = if word.lets_all_pass() && this.tuning.begins_plainly() && limit.is_none() {
            Ticket::new(word.identity(), Time::END, whose)
        } else {
            match this.admit_slow(word, limit, whose).unpacked() {
                Ok(ticket) => ticket,
                Err(refusal) => {
                    let error = this.refused(refusal);
                    return Err((breaker, error));
                }
            }
        };
        begin(&mut breaker);
        Ok(Permit::new(breaker, ticket))
    }

    #[inline]
    pub(super) fn count_beginning(&self) -> ThisThread<'_> {
        self.totals.begin()
    }

    #[inline]
    fn limited(&self, ticket: Ticket) -> Result<Ticket, Refusal> {
        if self.tuning.is_limited() { self.limit(ticket) } else { Ok(ticket) }
    }

    /// Admission where the breaker was not closed a moment ago, or where the call's time counts. A call that comes
    /// before a probe is due is rejected at once, if that is known already.
    // Some breakers come here at every call. Cold all the same, so that the compiler puts it behind the way of a success
    // under the default rule.
    #[cold]
    fn admit_slow(&self, word: Word, limit: Option<Duration>, whose: Whose) -> Packed {
        // The longest time stands for no limit.
        let limit = limit.filter(|limit| *limit != Duration::MAX);
        if word.lets_all_pass() {
            return self.admit_timed(word, limit, whose).and_then(|ticket| self.limited(ticket)).into();
        }
        if let Some(due) = self.timeline.due(word.identity()).filter(|_| word.is_open()) {
            if let Some(retry_after @ 1..) = due.nanos_since(self.clock.now()) {
                return Err(self.reject_open(word, retry_after)).into();
            }
        }
        self.admit_by_rules(word, limit, whose).and_then(|ticket| self.limited(ticket)).into()
    }

    /// Admission to a closed breaker that lets all pass, of a call whose time counts; where it is the first in its
    /// slice, it must look at the running ones.
    fn admit_timed(&self, word: Word, limit: Option<Duration>, whose: Whose) -> Result<Ticket, Refusal> {
        let ticket = self.in_force(|force| {
            let (epoch, now) = (word.identity(), self.clock.now());
            let ticket = Ticket::new(epoch, now, whose);
            if !force.settings.minds_slow() {
                return Some(ticket);
            }
            let recorded = force.record_beginning_unless_due(epoch, now);
            recorded.then(|| ticket.counted_in(force.running_number()))
        });
        match ticket {
            Some(ticket) => Ok(ticket),
            None => self.admit_by_rules(word, limit, whose),
        }
    }

    #[cold]
    fn admit_by_rules(&self, word: Word, limit: Option<Duration>, whose: Whose) -> Result<Ticket, Refusal> {
        self.in_force(|force| self.admit_by(force, word, limit, whose))
    }

    fn admit_by(
        &self,
        force: InForce<'_>,
        mut word: Word,
        limit: Option<Duration>,
        whose: Whose,
    ) -> Result<Ticket, Refusal> {
        let now = self.clock.now();
        let epoch = loop {
            match self.answer(force, word, now, limit) {
                Answer::Admitted(epoch) => break epoch,
                Answer::Rejected(_) if word.mode() == Mode::MetricsOnly => {
                    self.totals.add(Count::WouldHaveRejected);
                    break Identity::UNHEARD;
                }
                Answer::Rejected(rejection) => return Err(self.reject(word, rejection)),
                Answer::Again(found) => word = found,
            }
        };
        let ticket = Ticket::new(epoch, now, whose);
        if force.settings.minds_slow() && epoch.is_closed() && epoch != Identity::UNHEARD {
            force.record_beginning(epoch, now);
            return Ok(ticket.counted_in(force.running_number()));
        }
        Ok(ticket)
    }

    fn answer(&self, force: InForce<'_>, word: Word, now: Time, limit: Option<Duration>) -> Answer {
        match (word.mode(), word.state()) {
            (Mode::Disabled, _) => Answer::Admitted(Identity::UNHEARD),
            (Mode::ForcedOpen, _) => Answer::Rejected(Rejection::ForcedOpen),
            (_, State::Closed) => self.arrive_closed(force, word, now),
            (_, State::Open) => self.arrive_open(force, word, now, limit),
            (_, State::HalfOpen) => self.arrive_half_open(force, word, now, limit),
        }
    }

    fn arrive_closed(&self, force: InForce<'_>, word: Word, now: Time) -> Answer {
        let epoch = word.identity();
        if force.must_look_at_running(epoch, now) {
            let mut read = Read::default();
            let settled = self.cell.settle(epoch, |word| {
                read = force.read_on_arrival(epoch, now);
                word.arrival(read.into())
            });
            if let (Settled::Changed(change), Some(rule)) = (settled, read.rule) {
                self.opened(force, change, now, rule);
                return Answer::Again(change.to);
            }
        }
        if word.is_ramping() { self.arrive_ramping(force, word, now) } else { Answer::Admitted(epoch) }
    }

    fn arrive_ramping(&self, force: InForce<'_>, word: Word, now: Time) -> Answer {
        let whole = force.settings.ramp.get().unwrap_or_default();
        match ramp::share_since(self.ramp_since(word.identity()), now, whole) {
            None => match self.cell.exchange(word, word.end_ramp()) {
                Ok(change) => Answer::Admitted(change.to.identity()),
                Err(found) => Answer::Again(found),
            },
            Some(share) if self.ramp().passes(word.epoch(), share) => Answer::Admitted(word.identity()),
            Some(_) => Answer::Rejected(Rejection::Recovering),
        }
    }

    /// An open breaker whose delay has passed becomes half-open, with this call as its first probe.
    fn arrive_open(&self, force: InForce<'_>, word: Word, now: Time, limit: Option<Duration>) -> Answer {
        let Some(period) = self.timeline.open_period(word.identity()) else {
            // It has opened this very moment, and who opened it is about to say when it ends.
            return Answer::Rejected(Rejection::Open { retry_after: self.delay(force, word) });
        };
        if now < period.due() {
            return Answer::Rejected(Rejection::Open { retry_after: period.due().since(now) });
        }
        if word.mode() == Mode::Automatic && self.tuning.is_limited() {
            if let Some(rejection) = self.no_room(force.settings, now) {
                return Answer::Rejected(rejection);
            }
        }
        match self.cell.exchange(word, word.probe()) {
            Ok(change) => {
                self.began_probing(force, change, now, period.delay, limit);
                Answer::Admitted(change.to.identity())
            }
            Err(found) => Answer::Again(found),
        }
    }

    /// A call takes a place as a probe. A half-open period that has lasted too long ends here.
    fn arrive_half_open(&self, force: InForce<'_>, word: Word, now: Time, limit: Option<Duration>) -> Answer {
        let state = word.identity();
        let period = self.half_open_period(state);
        if let Some(period) = period.filter(|period| now >= period.overdue_at) {
            let (ignored, cancelled) = self.given_back.of(word.epoch());
            let next = word.overdue(force.limits(), ignored, cancelled, self.next_reopening(state));
            return Answer::Again(match self.cell.exchange(word, next) {
                Ok(change) => {
                    self.ended_overdue(force, change, period, now);
                    change.to
                }
                Err(found) => found,
            });
        }
        let Some(next) = word.admit_probe(force.limits()) else {
            return if word.probes_in_flight() > 0 {
                Answer::Rejected(Rejection::Probing)
            } else {
                self.decide_by_settled(force, word, now)
            };
        };
        match self.cell.exchange(word, next) {
            Ok(change) => {
                if period.is_none() {
                    // The first probe after somebody ended a forced opening, or one that comes on the
                    // heels of the first.
                    let opened = self.timeline.open_period(state.open_before());
                    let delay = opened.map_or(force.settings.reset_delay(), |opened| opened.delay);
                    self.began_half_open(force, state, now, delay, limit);
                }
                Answer::Admitted(change.to.identity())
            }
            Err(found) => Answer::Again(found),
        }
    }

    /// All probes that new settings ask for have settled under the old ones.
    fn decide_by_settled(&self, force: InForce<'_>, word: Word, now: Time) -> Answer {
        let unfit = word.unfit_as_settled(force.limits());
        let next = match unfit {
            Some(_) => word.open(self.next_reopening(word.identity())),
            None => word.recover(force.limits()),
        };
        Answer::Again(match self.cell.exchange(word, next) {
            Ok(change) => {
                match unfit {
                    Some(unfit) => self.opened(force, change, now, probe_rule(force, unfit)),
                    None => self.recovered(change, now, word.probes_succeeded()),
                }
                change.to
            }
            Err(found) => found,
        })
    }

    /// How often the breaker will have failed to close, if the half-open period `state` fails.
    pub(super) fn next_reopening(&self, state: Identity) -> u32 {
        // Who began the half-open state had to read the open period, so it is known; unless there was
        // none, where somebody had forced the breaker open.
        self.timeline.open_period(state.open_before()).map_or(0, |before| before.reopenings.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_ticket_and_a_refusal_are_unpacked_as_they_were_packed() {
        let last = Identity::from_bits(u64::MAX << 40);
        for epoch in [Word::FIRST.identity(), Word::FIRST.open(0).close().identity(), last, Identity::UNHEARD] {
            let ticket = Ticket::new(epoch, Time::END, Whose::Overdue).counted_in(255).in_place();
            let unpacked = Packed::from(Ok(ticket)).unpacked().expect("it was admitted");
            assert_eq!((unpacked.tag(), unpacked.began), (ticket.tag(), ticket.began));
        }
        for kind in [ErrorKind::Open, ErrorKind::Limited] {
            let refusal = Refusal::new(kind, (1 << 41) - 1, u64::MAX);
            let unpacked = Packed::from(Err(refusal)).unpacked().expect_err("it was rejected");
            assert_eq!((unpacked.epoch_and_kind, unpacked.time), (refusal.epoch_and_kind, refusal.time));
        }
    }
}
