//! The state of a breaker as one 64-bit word: how it is packed, and the pure steps from one word
//! to the next. No atomics and no clock here: [`super::cell`] retries these steps, and the breaker
//! says what time it is.
//!
//! ```text
//! bits 44..64  epoch     grows by one at every change of state or mode, wraps at 1,048,576
//! bits 42..44  mode      automatic, disabled, forced open, metrics only
//! bits 40..42  state     closed, open, half-open
//! bits  0..40  evidence  what decides in this state:
//!              closed      0..16 failures in a row, 16..32 unanswered calls in a row,
//!                          32 ramp: not all calls may pass, 34..40 watch: a success can trip too;
//!                          0 where none can, else how often that has been found, modulo 63
//!              open        0..16 failed attempts to close since the breaker was last closed
//!              half-open   0..8 probes in flight, 8..16 successful ones, 16..24 failed ones,
//!                          24..32 slow ones among the last two
//! ```
//!
//! All but the evidence is the identity of a state: a permit that carries another identity is late.
//! For a permit to be mistaken, a call would have to last through exactly 1,048,576 changes of state,
//! or a multiple of it.

use crate::mode::Mode;
use crate::policy::reaches;
use crate::state::State;

const EVIDENCE: u64 = (1 << 40) - 1;
const STATE: u64 = 0b11 << 40;
const CLOSED: u64 = 0;
const OPEN: u64 = 1 << 40;
const HALF_OPEN: u64 = 2 << 40;
const MODE: u64 = 0b11 << 42;
const AUTOMATIC: u64 = 0;
const DISABLED: u64 = 1 << 42;
const FORCED_OPEN: u64 = 2 << 42;
const METRICS_ONLY: u64 = 3 << 42;
const EPOCH_AT: u32 = 44;
/// How many epochs there are before they repeat.
pub(crate) const EPOCHS: u64 = 1 << (64 - EPOCH_AT);

const BYTE: u64 = 0xff;
const SHORT: u64 = 0xffff;

const STREAK: u32 = 0;
const UNANSWERED: u32 = 16;
const RAMP: u64 = 1 << 32;
const WATCH: u32 = 34;
const WATCHES: u64 = 0x3f;
const IN_FLIGHT: u32 = 0;
const SUCCEEDED: u32 = 8;
const FAILED: u32 = 16;
const SLOW: u32 = 24;

/// Which state, and which one of that kind: a word without its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u64);

impl Identity {
    /// The identity of no state, for calls of which nobody takes notice: it has evidence in it.
    pub(crate) const UNHEARD: Self = Self(1 << 39);

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn epoch(self) -> u64 {
        self.0 >> EPOCH_AT
    }

    pub(crate) const fn is_closed(self) -> bool {
        self.0 & STATE == CLOSED
    }

    /// The open state before this half-open one.
    pub(crate) const fn open_before(self) -> Self {
        Self((self.epoch().wrapping_sub(1) % EPOCHS) << EPOCH_AT | self.0 & MODE | OPEN)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(u64);

/// A mode, with the state of its own that it has, or this one.
const fn bits_of(mode: Mode, state: u64) -> u64 {
    match mode {
        Mode::Automatic => AUTOMATIC | state,
        Mode::Disabled => DISABLED | CLOSED,
        Mode::ForcedOpen => FORCED_OPEN | OPEN,
        Mode::MetricsOnly => METRICS_ONLY | state,
    }
}

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
    /// The share of failed probes that opens again; `None` where one does.
    pub(crate) probe_failure_rate: Option<f64>,
    /// The share of slow calls that trips.
    pub(crate) slow_rate: Option<f64>,
    /// Whether a breaker that has recovered begins with a share of the calls.
    pub(crate) ramp: bool,
}

/// What the rules that look back on a window say of a closed breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) trips: bool,
    /// Whether there are too few calls yet, so that a success can trip.
    pub(crate) watch: bool,
}

/// How a probe ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

/// Why the probes open a breaker again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unfit {
    Failed,
    Slow,
    FailureRate { failed: u32, probes: u32 },
    SlowRate { slow: u32, probes: u32 },
}

impl Word {
    /// Closed, with nothing counted: the beginning of every breaker.
    #[cfg(test)]
    pub(crate) const FIRST: Self = Self(0);

    /// The beginning in this mode.
    pub(crate) const fn first(mode: Mode) -> Self {
        Self(bits_of(mode, CLOSED))
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// The state of the machine, whatever the mode shows of it.
    pub(crate) const fn state(self) -> State {
        match self.0 & STATE {
            OPEN => State::Open,
            HALF_OPEN => State::HalfOpen,
            _ => State::Closed,
        }
    }

    pub(crate) const fn mode(self) -> Mode {
        match self.0 & MODE {
            DISABLED => Mode::Disabled,
            FORCED_OPEN => Mode::ForcedOpen,
            METRICS_ONLY => Mode::MetricsOnly,
            _ => Mode::Automatic,
        }
    }

    /// The state that people see.
    pub(crate) const fn shown(self) -> State {
        match self.mode() {
            Mode::MetricsOnly => State::Closed,
            _ => self.state(),
        }
    }

    /// Whether every call may pass and is heard: closed, automatic, and not ramping.
    #[inline]
    pub(crate) const fn lets_all_pass(self) -> bool {
        self.0 & (STATE | MODE | RAMP) == CLOSED | AUTOMATIC
    }

    /// Open by a rule.
    #[inline]
    pub(crate) const fn is_open(self) -> bool {
        self.0 & (STATE | MODE) == OPEN | AUTOMATIC
    }

    #[inline]
    pub(crate) const fn is_closed(self) -> bool {
        self.0 & STATE == CLOSED
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
        self.field_of(State::Closed, STREAK, SHORT)
    }

    /// Calls in a row that were cancelled before they were answered; 0 unless closed.
    pub(crate) fn unanswered(self) -> u32 {
        self.field_of(State::Closed, UNANSWERED, SHORT)
    }

    /// Whether a success can trip; only closed.
    pub(crate) const fn is_watched(self) -> bool {
        self.is_closed() && self.0 & (WATCHES << WATCH) != 0
    }

    /// Whether not all calls may pass; only closed.
    pub(crate) const fn is_ramping(self) -> bool {
        self.is_closed() && self.0 & RAMP != 0
    }

    /// Failed attempts to close; 0 unless open.
    pub(crate) fn reopenings(self) -> u32 {
        self.field_of(State::Open, 0, SHORT)
    }

    /// Probes in flight; 0 unless half-open.
    pub(crate) fn probes_in_flight(self) -> u32 {
        self.field_of(State::HalfOpen, IN_FLIGHT, BYTE)
    }

    /// Probes that succeeded; 0 unless half-open.
    pub(crate) fn probes_succeeded(self) -> u32 {
        self.field_of(State::HalfOpen, SUCCEEDED, BYTE)
    }

    fn probes_failed(self) -> u32 {
        self.field_of(State::HalfOpen, FAILED, BYTE)
    }

    fn probes_slow(self) -> u32 {
        self.field_of(State::HalfOpen, SLOW, BYTE)
    }

    fn probes_settled(self) -> u32 {
        self.probes_succeeded() + self.probes_failed()
    }

    /// The next closed epoch.
    pub(crate) fn close(self) -> Self {
        self.change(CLOSED, 0)
    }

    /// The next closed epoch after probes that succeeded.
    pub(crate) fn recover(self, limits: Limits) -> Self {
        self.change(CLOSED, if limits.ramp { RAMP } else { 0 })
    }

    /// The next open epoch, after so many failed attempts to close.
    pub(crate) fn open(self, reopenings: u32) -> Self {
        self.change(OPEN, u64::from(reopenings.min(0xffff)))
    }

    /// The next half-open epoch, its first probe in flight.
    pub(crate) fn probe(self) -> Self {
        self.change(HALF_OPEN, 1)
    }

    /// The next epoch, in another mode.
    pub(crate) fn enter(self, mode: Mode) -> Self {
        let was_forced = self.mode() == Mode::ForcedOpen;
        let beginning = if was_forced { HALF_OPEN } else { CLOSED };
        Self(self.next_epoch() | bits_of(mode, beginning))
    }

    /// All calls may pass from now on.
    pub(crate) fn end_ramp(self) -> Self {
        Self(self.0 & !RAMP)
    }

    /// One more probe, where there is a place: probes in flight and settled ones hold one each.
    pub(crate) fn admit_probe(self, limits: Limits) -> Option<Self> {
        let taken = self.probes_in_flight() + self.probes_settled();
        (taken < limits.probes).then(|| self.with(IN_FLIGHT, BYTE, self.probes_in_flight() + 1))
    }

    /// A success: ends both streaks; or a probe. `reading` is what the rules say, where they were
    /// read; `reopenings` how often the breaker will have failed to close if this probe opens it.
    pub(crate) fn success(self, limits: Limits, slow: bool, reading: Option<Reading>, reopenings: u32) -> Step {
        match self.state() {
            State::Closed => self.read(reading, self.with(STREAK, SHORT, 0).with(UNANSWERED, SHORT, 0)),
            State::Open => Step::Stay,
            State::HalfOpen => self.probed(limits, Probe { failed: false, slow }, reopenings),
        }
    }

    /// A failure.
    pub(crate) fn failure(self, limits: Limits, slow: bool, reading: Option<Reading>, reopenings: u32) -> Step {
        match self.state() {
            State::Closed => {
                let streak = limits.consecutive.map_or(0, |_| (self.streak() + 1).min(0xffff));
                if limits.consecutive.is_some_and(|limit| streak >= limit) {
                    return Step::Change(self.open(0));
                }
                self.read(reading, self.with(STREAK, SHORT, streak).with(UNANSWERED, SHORT, 0))
            }
            State::Open => Step::Stay,
            State::HalfOpen => self.probed(limits, Probe { failed: true, slow }, reopenings),
        }
    }

    /// What a rule says of a closed breaker when a call arrives. Not all are read then, so what is
    /// watched goes on being watched.
    pub(crate) fn arrival(self, reading: Reading) -> Step {
        let says_something = reading.trips || reading.watch;
        if self.is_closed() && says_something { self.read(Some(reading), self) } else { Step::Stay }
    }

    /// A reading must have been taken after this word was loaded. Whoever finds that a success can
    /// trip changes the word, even where it says so already; so whoever has read less, at the same
    /// moment, does not take that back.
    fn read(self, reading: Option<Reading>, counted: Self) -> Step {
        let next = match reading {
            Some(Reading { trips: true, .. }) => return Step::Change(self.open(0)),
            Some(Reading { watch: true, .. }) => {
                let watches = u32::try_from(self.0 >> WATCH & WATCHES).unwrap_or(0);
                counted.with(WATCH, WATCHES, watches % 63 + 1)
            }
            Some(Reading { watch: false, .. }) => counted.with(WATCH, WATCHES, 0),
            None => counted,
        };
        if next == self { Step::Stay } else { Step::Count(next) }
    }

    /// A probe has settled.
    fn probed(self, limits: Limits, probe: Probe, reopenings: u32) -> Step {
        let counted = self.with_probe(probe);
        if self.unfit(limits, probe).is_some() {
            return Step::Change(self.open(reopenings));
        }
        let done = match limits.probe_failure_rate {
            Some(_) => counted.probes_settled() >= limits.probes,
            None => counted.probes_succeeded() >= limits.successes,
        };
        if done { Step::Change(self.recover(limits)) } else { Step::Count(counted) }
    }

    /// Why this probe opens the breaker again, if it does.
    pub(crate) fn unfit(self, limits: Limits, probe: Probe) -> Option<Unfit> {
        if limits.probe_failure_rate.is_some() {
            let counted = self.with_probe(probe);
            return if counted.probes_settled() >= limits.probes { counted.unfit_by_rates(limits) } else { None };
        }
        match probe {
            Probe { failed: true, .. } => Some(Unfit::Failed),
            Probe { slow: true, .. } if limits.slow_rate.is_some() => Some(Unfit::Slow),
            Probe { .. } => None,
        }
    }

    /// Why the probes that have settled open the breaker again, by limits that ask for no more of them.
    pub(crate) fn unfit_as_settled(self, limits: Limits) -> Option<Unfit> {
        match limits.probe_failure_rate {
            Some(_) => self.unfit_by_rates(limits),
            None => (self.probes_failed() > 0).then_some(Unfit::Failed),
        }
    }

    /// What the rates say of the probes that have settled.
    fn unfit_by_rates(self, limits: Limits) -> Option<Unfit> {
        let (failed, slow, probes) = (self.probes_failed(), self.probes_slow(), self.probes_settled());
        let too_many =
            |part: u32, rate: Option<f64>| rate.is_some_and(|rate| reaches(part.into(), probes.into(), rate));
        if too_many(failed, limits.probe_failure_rate) {
            Some(Unfit::FailureRate { failed, probes })
        } else if limits.probe_failure_rate.is_some() && too_many(slow, limits.slow_rate) {
            Some(Unfit::SlowRate { slow, probes })
        } else {
            None
        }
    }

    /// A call that ended by itself and says nothing about the dependency, but that it answers.
    pub(crate) fn ignored(self) -> Step {
        match self.state() {
            State::Closed if self.unanswered() == 0 => Step::Stay,
            State::Closed => Step::Count(self.with(UNANSWERED, SHORT, 0)),
            State::Open => Step::Stay,
            State::HalfOpen => Step::Count(self.end_probe()),
        }
    }

    /// A cancelled call that is no failure. `too_long` says whether so many unanswered calls in a
    /// row, this one among them, are too many for the time they took.
    pub(crate) fn cancelled(self, too_long: impl FnOnce(u32) -> bool) -> Step {
        match self.state() {
            State::Closed => {
                let unanswered = (self.unanswered() + 1).min(0xffff);
                if too_long(unanswered) {
                    Step::Change(self.open(0))
                } else {
                    Step::Count(self.with(UNANSWERED, SHORT, unanswered))
                }
            }
            State::Open => Step::Stay,
            State::HalfOpen => Step::Count(self.end_probe()),
        }
    }

    /// A cancelled call that had been slow: a slow success, that was not answered either.
    pub(crate) fn cancelled_slow(
        self,
        limits: Limits,
        reading: Option<Reading>,
        reopenings: u32,
        too_long: impl FnOnce(u32) -> bool,
    ) -> Step {
        if !self.is_closed() {
            return self.success(limits, true, reading, reopenings);
        }
        let unanswered = (self.unanswered() + 1).min(0xffff);
        if too_long(unanswered) {
            return Step::Change(self.open(0));
        }
        self.read(reading, self.with(STREAK, SHORT, 0).with(UNANSWERED, SHORT, unanswered))
    }

    /// A cancelled call that says nothing at all.
    pub(crate) fn cancelled_unheard(self) -> Step {
        match self.state() {
            State::Closed | State::Open => Step::Stay,
            State::HalfOpen => Step::Count(self.end_probe()),
        }
    }

    /// What an overdue half-open period becomes, where so many probes were `ignored` and `cancelled`:
    /// open, where none settled, or fewer than are in flight or were cancelled, or where the rates say
    /// so of those that did; else closed. (By the default rule, a failed probe would have opened at
    /// once.)
    pub(crate) fn overdue(self, limits: Limits, ignored: u32, cancelled: u32, reopenings: u32) -> Self {
        let answered = u64::from(self.probes_settled()) + u64::from(ignored);
        let unanswered = u64::from(self.probes_in_flight()) + u64::from(cancelled);
        if answered == 0 || answered < unanswered || self.unfit_by_rates(limits).is_some() {
            self.open(reopenings)
        } else {
            self.recover(limits)
        }
    }

    fn end_probe(self) -> Self {
        self.with(IN_FLIGHT, BYTE, self.probes_in_flight().saturating_sub(1))
    }

    fn with_probe(self, probe: Probe) -> Self {
        let ended = self.end_probe();
        let counted = if probe.failed {
            ended.with(FAILED, BYTE, ended.probes_failed() + 1)
        } else {
            ended.with(SUCCEEDED, BYTE, ended.probes_succeeded() + 1)
        };
        if probe.slow { counted.with(SLOW, BYTE, counted.probes_slow() + 1) } else { counted }
    }

    fn change(self, state: u64, evidence: u64) -> Self {
        Self(self.next_epoch() | self.0 & MODE | state | evidence)
    }

    fn next_epoch(self) -> u64 {
        ((self.epoch() + 1) % EPOCHS) << EPOCH_AT
    }

    fn field_of(self, state: State, at: u32, mask: u64) -> u32 {
        if self.state() == state { u32::try_from(self.0 >> at & mask).unwrap_or(u32::MAX) } else { 0 }
    }

    fn with(self, at: u32, mask: u64, value: u32) -> Self {
        Self(self.0 & !(mask << at) | (u64::from(value) & mask) << at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        consecutive: Some(3),
        probes: 2,
        successes: 2,
        probe_failure_rate: None,
        slow_rate: None,
        ramp: false,
    };
    const QUIET: Reading = Reading { trips: false, watch: false };

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

    fn failure(word: Word, limits: Limits) -> Step {
        word.failure(limits, false, None, 0)
    }

    fn success(word: Word, limits: Limits) -> Step {
        word.success(limits, false, None, 0)
    }

    fn half_open() -> Word {
        Word::FIRST.open(0).probe()
    }

    #[test]
    fn every_reading_that_watches_is_seen_until_many_more_have_come() {
        let watch = Reading { trips: false, watch: true };
        let (mut word, mut seen) = (Word::FIRST, vec![]);
        for _ in 0..63 {
            let Step::Count(next) = word.arrival(watch) else { panic!("{word:?}") };
            assert!(next.is_watched() && next != word && !seen.contains(&next), "{next:?}");
            seen.push(next);
            word = next;
        }
        assert_eq!(word.arrival(watch), Step::Count(seen[0]));
    }

    #[test]
    fn a_streak_of_failures_opens_and_a_success_ends_it() {
        let one = counted(failure(Word::FIRST, LIMITS));
        let two = counted(failure(one, LIMITS));
        assert_eq!(two.streak(), 2);
        assert_eq!(counted(success(two, LIMITS)), Word::FIRST);
        let open = changed(failure(two, LIMITS));
        assert_eq!((open.state(), open.epoch(), open.reopenings()), (State::Open, 1, 0));
    }

    #[test]
    fn a_success_with_nothing_counted_changes_nothing() {
        assert_eq!(success(Word::FIRST, LIMITS), Step::Stay);
        assert!(Word::FIRST.is_unmarked(Word::FIRST.identity()));
    }

    #[test]
    fn what_the_rules_say_trips_or_is_watched_until_they_say_otherwise() {
        let no_streak = Limits { consecutive: None, ..LIMITS };
        let trips = Reading { trips: true, watch: true };
        let watch = Reading { trips: false, watch: true };
        assert_eq!(changed(Word::FIRST.success(no_streak, false, Some(trips), 0)).state(), State::Open);
        assert_eq!(changed(Word::FIRST.failure(no_streak, false, Some(trips), 0)).state(), State::Open);
        assert_eq!(changed(Word::FIRST.arrival(trips)).state(), State::Open);
        let watched = counted(Word::FIRST.failure(no_streak, false, Some(watch), 0));
        assert!(watched.is_watched() && !watched.is_unmarked(Word::FIRST.identity()));
        assert_eq!(success(watched, no_streak), Step::Stay);
        assert_eq!(watched.ignored(), Step::Stay);
        assert_ne!(counted(watched.success(no_streak, false, Some(watch), 0)), watched, "who reads less must notice");
        assert_eq!(counted(watched.success(no_streak, false, Some(QUIET), 0)), Word::FIRST);
        assert_eq!(half_open().arrival(trips), Step::Stay);
    }

    #[test]
    fn ignored_and_cancelled_calls_leave_the_streak_of_failures_alone() {
        let one = counted(failure(Word::FIRST, LIMITS));
        assert_eq!(one.ignored(), Step::Stay);
        let cancelled = counted(one.cancelled(|_| false));
        assert_eq!((cancelled.streak(), cancelled.unanswered()), (1, 1));
        assert_eq!(counted(cancelled.ignored()), one);
        assert_eq!(counted(failure(cancelled, LIMITS)).unanswered(), 0);
        let slow = counted(cancelled.cancelled_slow(LIMITS, None, 0, |_| false));
        assert_eq!((slow.streak(), slow.unanswered()), (0, 2));
    }

    #[test]
    fn probes_take_places_and_give_them_back_unless_they_settle() {
        let first = half_open();
        assert_eq!(first.identity().open_before(), Word::FIRST.open(0).identity());
        let both = first.admit_probe(LIMITS).expect("a second place");
        assert_eq!(both.admit_probe(LIMITS), None);
        assert!(counted(both.ignored()).admit_probe(LIMITS).is_some());
        assert!(counted(both.cancelled(|_| true)).admit_probe(LIMITS).is_some());
        let one_succeeded = counted(success(both, LIMITS));
        assert_eq!((one_succeeded.probes_in_flight(), one_succeeded.probes_succeeded()), (1, 1));
        assert_eq!(one_succeeded.admit_probe(LIMITS), None);
        assert_eq!(changed(success(one_succeeded, LIMITS)).state(), State::Closed);
        let reopened = changed(one_succeeded.failure(LIMITS, false, None, 5));
        assert_eq!((reopened.state(), reopened.reopenings()), (State::Open, 5));
    }

    #[test]
    fn a_slow_probe_is_a_failed_one_only_where_slowness_is_a_rule() {
        let one = Limits { probes: 1, successes: 1, ..LIMITS };
        assert_eq!(changed(half_open().success(one, true, None, 1)).state(), State::Closed);
        let slow = Limits { slow_rate: Some(0.5), ..one };
        assert_eq!(changed(half_open().success(slow, true, None, 1)).state(), State::Open);
    }

    #[test]
    fn by_a_rate_the_probes_decide_together() {
        let limits = Limits { probes: 4, probe_failure_rate: Some(0.5), slow_rate: Some(0.75), ..LIMITS };
        let after = |ends: &str| {
            let end = |word: Word, end: char| {
                let slow = end.is_uppercase();
                match end {
                    'f' | 'F' => word.failure(limits, slow, None, 1),
                    _ => word.success(limits, slow, None, 1),
                }
            };
            let all = (1..4).fold(half_open(), |word, _| word.admit_probe(limits).unwrap());
            let (last, others) = (ends.len() - 1, &ends[..ends.len() - 1]);
            let before = others.chars().fold(all, |word, one| counted(end(word, one)));
            changed(end(before, ends.as_bytes()[last].into())).state()
        };
        assert_eq!(after("sfss"), State::Closed);
        assert_eq!(after("fsfs"), State::Open);
        assert_eq!(after("SSss"), State::Closed);
        assert_eq!(after("SSsS"), State::Open);
    }

    #[test]
    fn an_overdue_half_open_period_opens_unless_enough_has_settled() {
        let limits = Limits { probes: 3, successes: 3, ..LIMITS };
        let overdue = |word: Word, ignored, cancelled| word.overdue(limits, ignored, cancelled, 1).state();
        let hung = half_open();
        assert_eq!(overdue(hung, 0, 0), State::Open);
        assert_eq!(overdue(counted(hung.cancelled(|_| false)), 0, 1), State::Open);
        assert_eq!(overdue(counted(hung.ignored()), 1, 0), State::Closed);
        assert_eq!(overdue(counted(hung.ignored()), 70_000, 70_001), State::Open);
        let one_of_two = counted(success(hung.admit_probe(limits).unwrap(), limits));
        assert_eq!(overdue(one_of_two, 0, 0), State::Closed);
        let one_of_three = one_of_two.admit_probe(limits).unwrap();
        assert_eq!(overdue(one_of_three, 0, 0), State::Open);
        let rate = Limits { probe_failure_rate: Some(0.5), ..limits };
        let one_failed = counted(hung.failure(rate, false, None, 1));
        assert_eq!(one_failed.overdue(rate, 0, 0, 1).state(), State::Open);
        assert_eq!(counted(success(hung, rate)).overdue(rate, 0, 0, 1).state(), State::Closed);
    }

    #[test]
    fn modes_begin_as_they_should() {
        let closed = counted(failure(Word::FIRST, LIMITS));
        let forced = closed.enter(Mode::ForcedOpen);
        assert_eq!((forced.mode(), forced.shown(), forced.epoch()), (Mode::ForcedOpen, State::Open, 1));
        let released = forced.enter(Mode::Automatic);
        assert_eq!(
            (released.mode(), released.state(), released.probes_in_flight()),
            (Mode::Automatic, State::HalfOpen, 0)
        );
        let metrics = Word::FIRST.open(0).enter(Mode::MetricsOnly);
        assert_eq!((metrics.state(), metrics.shown()), (State::Closed, State::Closed));
        let would_be_open = metrics.open(0);
        assert_eq!((would_be_open.state(), would_be_open.shown()), (State::Open, State::Closed));
        assert_eq!(would_be_open.probe().identity().open_before(), would_be_open.identity());
        let disabled = would_be_open.enter(Mode::Disabled);
        assert_eq!((disabled.shown(), disabled.enter(Mode::Automatic).state()), (State::Closed, State::Closed));
        assert!([forced, metrics, disabled].iter().all(|word| !word.lets_all_pass()));
    }

    #[test]
    fn a_ramp_begins_with_recovery_alone() {
        let limits = Limits { probes: 1, successes: 1, ramp: true, ..LIMITS };
        let recovered = changed(success(half_open(), limits));
        assert!(recovered.is_ramping() && !recovered.lets_all_pass());
        assert!(recovered.end_ramp().lets_all_pass());
        assert!(!half_open().close().is_ramping());
        assert_eq!(success(recovered, limits), Step::Stay);
    }

    #[test]
    fn fields_saturate_and_epochs_wrap_without_touching_their_neighbours() {
        let limits = Limits { consecutive: Some(65_535), ..LIMITS };
        let last = Word::FIRST.with(STREAK, SHORT, 65_534);
        assert_eq!(changed(failure(last, limits)).state(), State::Open);
        let many = Word::FIRST.with(UNANSWERED, SHORT, 65_535);
        assert_eq!(counted(many.cancelled(|n| n > 65_535)), many);
        assert_eq!(Word::FIRST.open(u32::MAX).reopenings(), 65_535);
        let full = Limits { probes: 255, successes: 255, ..LIMITS };
        let all = (1..255).fold(half_open(), |word, _| word.admit_probe(full).unwrap());
        assert_eq!((all.probes_in_flight(), all.admit_probe(full)), (255, None));
        let end = Word((EPOCHS - 1) << EPOCH_AT);
        assert_eq!(end.close(), Word::FIRST);
    }
}
