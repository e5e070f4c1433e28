//! The state of a breaker as one 64-bit word: how it is packed, and the pure steps from one word
//! to the next. No atomics and no clock here: [`super::cell`] retries these steps, and the breaker
//! says what time it is.
//!
//! ```text
//! bits 44..64  epoch     grows by one at every change of state, wraps at 1,048,576
//! bits 40..44  kind      closed, open, half-open
//! bits  0..40  evidence  what decides in this state:
//!              closed      0..16 failures in a row, 16..32 unanswered calls in a row
//!              open        0..16 failed attempts to close since the breaker was last closed
//!              half-open   0..8 probes in flight, 8..16 successful probes,
//!                          24..40 balance: ignored probes less cancelled ones, within ±32,767
//! ```
//!
//! Epoch and kind together are the identity of a state: a permit that carries another identity is
//! late. For a permit to be mistaken, a call would have to last through exactly 1,048,576 changes
//! of state, or a multiple of it.

use crate::state::State;

const EVIDENCE: u64 = (1 << 40) - 1;
const KIND_AT: u32 = 40;
const KIND: u64 = 0xf << KIND_AT;
const CLOSED: u64 = 0 << KIND_AT;
const OPEN: u64 = 1 << KIND_AT;
const HALF_OPEN: u64 = 2 << KIND_AT;
const EPOCH_AT: u32 = 44;
/// How many epochs there are before they repeat.
pub(crate) const EPOCHS: u64 = 1 << (64 - EPOCH_AT);

const BYTE: u64 = 0xff;
const SHORT: u64 = 0xffff;

/// Which state, and which one of that kind: a word without its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u64);

impl Identity {
    /// The identity of no state: it has evidence in it.
    pub(crate) const NONE: Self = Self(u64::MAX);

    pub(crate) const fn epoch(self) -> u64 {
        self.0 >> EPOCH_AT
    }

    pub(crate) const fn is_closed(self) -> bool {
        self.0 & KIND == CLOSED
    }

    /// The open state before this half-open one.
    pub(crate) const fn open_before(self) -> Self {
        Self((self.epoch().wrapping_sub(1) % EPOCHS) << EPOCH_AT | OPEN)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(u64);

/// What an outcome that belongs to the present epoch does to the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// Nothing that the word knows of.
    Stay,
    /// Other evidence in the same state.
    Count(Word),
    /// Another state.
    Change(Word),
}

/// The limits that the steps obey.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Failures in a row that trip; `None` where no streak counts.
    pub(crate) consecutive: Option<u32>,
    pub(crate) probes: u32,
    pub(crate) successes: u32,
}

impl Word {
    /// Closed, with nothing counted: the beginning of every breaker.
    pub(crate) const FIRST: Self = Self(0);

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn state(self) -> State {
        match self.0 & KIND {
            OPEN => State::Open,
            HALF_OPEN => State::HalfOpen,
            _ => State::Closed,
        }
    }

    #[inline]
    pub(crate) const fn is_closed(self) -> bool {
        self.0 & KIND == CLOSED
    }

    #[inline]
    pub(crate) const fn identity(self) -> Identity {
        Identity(self.0 & !EVIDENCE)
    }

    /// Whether this is the state of `identity` with no evidence at all.
    #[inline]
    pub(crate) const fn is_unmarked(self, identity: Identity) -> bool {
        self.0 == identity.0
    }

    pub(crate) const fn epoch(self) -> u64 {
        self.0 >> EPOCH_AT
    }

    /// Failures in a row; 0 unless closed.
    pub(crate) fn streak(self) -> u32 {
        if self.is_closed() { self.field(0, SHORT) } else { 0 }
    }

    /// Calls in a row that were cancelled before they were answered; 0 unless closed.
    pub(crate) fn unanswered(self) -> u32 {
        if self.is_closed() { self.field(16, SHORT) } else { 0 }
    }

    /// Failed attempts to close; 0 unless open.
    pub(crate) fn reopenings(self) -> u32 {
        if self.state() == State::Open { self.field(0, SHORT) } else { 0 }
    }

    /// Probes in flight; 0 unless half-open.
    pub(crate) fn probes_in_flight(self) -> u32 {
        if self.state() == State::HalfOpen { self.field(0, BYTE) } else { 0 }
    }

    /// Probes that succeeded; 0 unless half-open.
    pub(crate) fn probes_succeeded(self) -> u32 {
        if self.state() == State::HalfOpen { self.field(8, BYTE) } else { 0 }
    }

    fn balance(self) -> i16 {
        let [low, high, ..] = self.field(24, SHORT).to_le_bytes();
        i16::from_le_bytes([low, high])
    }

    /// The next closed epoch.
    pub(crate) fn close(self) -> Self {
        self.change(CLOSED, 0)
    }

    /// The next open epoch, after so many failed attempts to close.
    pub(crate) fn open(self, reopenings: u32) -> Self {
        self.change(OPEN, u64::from(reopenings.min(0xffff)))
    }

    /// The next half-open epoch, its first probe in flight.
    pub(crate) fn probe(self) -> Self {
        self.change(HALF_OPEN, 1)
    }

    /// One more probe, where there is a place: probes in flight and settled ones hold one each.
    pub(crate) fn admit_probe(self, limits: Limits) -> Option<Self> {
        let taken = self.probes_in_flight() + self.probes_succeeded();
        (taken < limits.probes).then(|| self.with(0, BYTE, self.probes_in_flight() + 1))
    }

    /// A success: ends both streaks; or the probe that may close.
    pub(crate) fn success(self, limits: Limits) -> Step {
        match self.state() {
            State::Closed if self.0 & EVIDENCE == 0 => Step::Stay,
            State::Closed => Step::Count(Self(self.0 & !EVIDENCE)),
            State::Open => Step::Stay,
            State::HalfOpen => {
                let succeeded = self.probes_succeeded() + 1;
                if succeeded >= limits.successes {
                    Step::Change(self.close())
                } else {
                    Step::Count(self.end_probe().with(8, BYTE, succeeded))
                }
            }
        }
    }

    /// A failure. `trips` is what the rules say that are not kept in the word; `reopenings` how
    /// many attempts to close had failed when the present half-open period began.
    pub(crate) fn failure(self, limits: Limits, trips: bool, reopenings: u32) -> Step {
        match self.state() {
            State::Closed => {
                let streak = limits.consecutive.map_or(0, |_| (self.streak() + 1).min(0xffff));
                let counted = self.with(0, SHORT, streak).with(16, SHORT, 0);
                if trips || limits.consecutive.is_some_and(|limit| streak >= limit) {
                    Step::Change(self.open(0))
                } else if counted == self {
                    Step::Stay
                } else {
                    Step::Count(counted)
                }
            }
            State::Open => Step::Stay,
            State::HalfOpen => Step::Change(self.open(reopenings.saturating_add(1))),
        }
    }

    /// A call that ended by itself and says nothing about the dependency, but that it answers.
    pub(crate) fn ignored(self) -> Step {
        match self.state() {
            State::Closed if self.unanswered() == 0 => Step::Stay,
            State::Closed => Step::Count(self.with(16, SHORT, 0)),
            State::Open => Step::Stay,
            State::HalfOpen => Step::Count(self.end_probe().with_balance(self.balance().saturating_add(1))),
        }
    }

    /// A cancelled call that is no failure. `too_long` says whether `unanswered` calls in a row,
    /// this one among them, are too many for the time they took.
    pub(crate) fn cancelled(self, too_long: impl FnOnce(u32) -> bool) -> Step {
        match self.state() {
            State::Closed => {
                let unanswered = (self.unanswered() + 1).min(0xffff);
                if too_long(unanswered) {
                    Step::Change(self.open(0))
                } else {
                    Step::Count(self.with(16, SHORT, unanswered))
                }
            }
            State::Open => Step::Stay,
            State::HalfOpen => Step::Count(self.end_probe().with_balance(self.balance().saturating_sub(1))),
        }
    }

    /// A cancelled call that says nothing at all.
    pub(crate) fn cancelled_unheard(self) -> Step {
        match self.state() {
            State::Closed | State::Open => Step::Stay,
            State::HalfOpen => self.cancelled(|_| false),
        }
    }

    /// What an overdue half-open period becomes: open, where fewer probes settled than are in
    /// flight or were cancelled (so also where none settled), else closed. A failed probe would
    /// have opened at once.
    pub(crate) fn overdue(self, reopenings: u32) -> Self {
        let settled_less_cancelled = i64::from(self.probes_succeeded()) + i64::from(self.balance());
        if settled_less_cancelled < i64::from(self.probes_in_flight()) {
            self.open(reopenings.saturating_add(1))
        } else {
            self.close()
        }
    }

    fn end_probe(self) -> Self {
        self.with(0, BYTE, self.probes_in_flight().saturating_sub(1))
    }

    fn change(self, kind: u64, evidence: u64) -> Self {
        let epoch = (self.epoch() + 1) % EPOCHS;
        Self(epoch << EPOCH_AT | kind | evidence)
    }

    fn field(self, at: u32, mask: u64) -> u32 {
        u32::try_from(self.0 >> at & mask).unwrap_or(u32::MAX)
    }

    fn with(self, at: u32, mask: u64, value: u32) -> Self {
        Self(self.0 & !(mask << at) | (u64::from(value) & mask) << at)
    }

    fn with_balance(self, balance: i16) -> Self {
        self.with(24, SHORT, u32::from(u16::from_le_bytes(balance.to_le_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { consecutive: Some(3), probes: 2, successes: 2 };

    fn counted(step: Step) -> Word {
        match step {
            Step::Count(word) => word,
            other => panic!("{other:?}"),
        }
    }

    fn changed(step: Step) -> Word {
        match step {
            Step::Change(word) => word,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_streak_of_failures_opens_and_a_success_ends_it() {
        let one = counted(Word::FIRST.failure(LIMITS, false, 0));
        let two = counted(one.failure(LIMITS, false, 0));
        assert_eq!(two.streak(), 2);
        assert_eq!(counted(two.success(LIMITS)), Word::FIRST);
        let open = changed(two.failure(LIMITS, false, 0));
        assert_eq!((open.state(), open.epoch(), open.reopenings()), (State::Open, 1, 0));
    }

    #[test]
    fn a_success_with_nothing_counted_changes_nothing() {
        assert_eq!(Word::FIRST.success(LIMITS), Step::Stay);
        assert!(Word::FIRST.is_unmarked(Word::FIRST.identity()));
    }

    #[test]
    fn ignored_and_cancelled_calls_leave_the_streak_of_failures_alone() {
        let one = counted(Word::FIRST.failure(LIMITS, false, 0));
        assert_eq!(one.ignored(), Step::Stay);
        let cancelled = counted(one.cancelled(|_| false));
        assert_eq!((cancelled.streak(), cancelled.unanswered()), (1, 1));
        assert_eq!(counted(cancelled.ignored()), one);
        assert_eq!(counted(cancelled.failure(LIMITS, false, 0)).unanswered(), 0);
    }

    #[test]
    fn probes_take_places_and_give_them_back_unless_they_succeed() {
        let first = Word::FIRST.open(0).probe();
        assert_eq!(first.identity().open_before(), Word::FIRST.open(0).identity());
        let both = first.admit_probe(LIMITS).expect("a second place");
        assert_eq!(both.admit_probe(LIMITS), None);
        assert!(counted(both.ignored()).admit_probe(LIMITS).is_some());
        assert!(counted(both.cancelled(|_| true)).admit_probe(LIMITS).is_some());
        let one_succeeded = counted(both.success(LIMITS));
        assert_eq!((one_succeeded.probes_in_flight(), one_succeeded.probes_succeeded()), (1, 1));
        assert_eq!(one_succeeded.admit_probe(LIMITS), None);
        assert_eq!(changed(one_succeeded.success(LIMITS)).state(), State::Closed);
        let reopened = changed(one_succeeded.failure(LIMITS, false, 4));
        assert_eq!((reopened.state(), reopened.reopenings()), (State::Open, 5));
    }

    #[test]
    fn an_overdue_half_open_period_opens_unless_enough_has_settled() {
        let limits = Limits { probes: 3, successes: 3, ..LIMITS };
        let hung = Word::FIRST.open(0).probe();
        assert_eq!(hung.overdue(0).state(), State::Open);
        let cancelled = counted(hung.cancelled(|_| false));
        assert_eq!(cancelled.overdue(0).state(), State::Open);
        let ignored = counted(hung.ignored());
        assert_eq!(ignored.overdue(0).state(), State::Closed);
        let one_of_two = counted(hung.admit_probe(limits).unwrap().success(limits));
        assert_eq!(one_of_two.overdue(0).state(), State::Closed);
        let one_of_three = one_of_two.admit_probe(limits).unwrap();
        assert_eq!(one_of_three.overdue(0).state(), State::Open);
        assert_eq!(counted(one_of_three.cancelled(|_| false)).overdue(0).state(), State::Open);
    }

    #[test]
    fn fields_saturate_and_epochs_wrap_without_touching_their_neighbours() {
        let limits = Limits { consecutive: Some(65_535), ..LIMITS };
        let last = Word::FIRST.with(0, SHORT, 65_534);
        assert_eq!(changed(last.failure(limits, false, 0)).state(), State::Open);
        let many = Word::FIRST.with(16, SHORT, 65_535);
        assert_eq!(counted(many.cancelled(|n| n > 65_535)), many);
        assert_eq!(Word::FIRST.open(u32::MAX).reopenings(), 65_535);
        let full = Word::FIRST.open(0).probe().with_balance(i16::MAX);
        assert_eq!(counted(full.ignored()).balance(), i16::MAX);
        assert_eq!(full.with_balance(-1).balance(), -1);
        let end = Word((EPOCHS - 1) << EPOCH_AT);
        assert_eq!(end.close(), Word::FIRST);
    }
}
