//! What the end of a call does to its breaker.
//!
//! *Orderings.* All that decides goes through [`super::cell`]. The beginning of a row of unanswered
//! calls is written before the exchange that counts its first one, and read by callers who have seen
//! that count; so it can be relaxed.

use std::thread;
use std::time::Duration;

use super::cell::Settled;
use super::in_force::{InForce, RECORDS};
use super::permit::{Ticket, Whose};
use super::reading::{End, Outlook, Read};
use super::totals::ThisThread;
use super::word::{Identity, Probe, Unfit, Word};
use super::{CircuitBreaker, Count};
use crate::class::{CANCELLED, PANIC, TIMEOUT};
use crate::clock::Time;
use crate::outcome::{Fault, Quote};
use crate::policy::OnCancel;
use crate::report::Rule;
use crate::state::State;
use crate::sync::Ordering;
#[cfg(feature = "tracing")]
use crate::traces;

/// From the first to the last of the unanswered calls in a row that trip a breaker.
const UNANSWERED_FOR: Duration = Duration::from_secs(10);

impl CircuitBreaker {
    #[expect(clippy::inline_always, reason = "as that of a permit which succeeds")]
    #[inline(always)]
    pub(super) fn succeeded(&self, ticket: Ticket, counters: Option<ThisThread<'_>>) {
        match self.tuning.recorded() {
            0 => self.succeeded_unrecorded(ticket.epoch(), counters),
            RECORDS => self.succeeded_recorded(ticket),
            _ => self.succeeded_among_calls(ticket.epoch(), counters),
        }
    }

    #[inline]
    fn succeeded_unrecorded(&self, epoch: Identity, counters: Option<ThisThread<'_>>) {
        self.totals.add_to(counters, Count::Succeeded);
        if !self.cell.load().is_unmarked(epoch) {
            self.succeeded_marked(epoch, false);
        }
    }

    // Cold, as `admit_slow`.
    #[cold]
    fn succeeded_recorded(&self, ticket: Ticket) {
        self.leave_place(ticket);
        self.totals.add(Count::Succeeded);
        self.in_force(|force| {
            let (settings, epoch) = (force.settings, ticket.epoch());
            if epoch.is_closed() {
                self.tell_end(force, epoch, "succeeded");
            }
            if settings.minds_slow() {
                self.succeeded_in_window(force, ticket);
            } else if !settings.times_ends() || settings.latency {
                self.succeeded_watched(force, ticket);
            } else {
                self.succeeded_in_time(force, epoch, self.clock.now());
            }
        });
    }

    /// A success of a breaker without a rule about slow calls, which keeps how long calls take all the same, tells of each
    /// call, or whose calls have places.
    fn succeeded_watched(&self, force: InForce<'_>, ticket: Ticket) {
        let epoch = ticket.epoch();
        let mut now = None;
        if force.settings.latency {
            let end = self.clock.now();
            force.keep_latency(ticket, end);
            if force.settings.times_ends() {
                return self.succeeded_in_time(force, epoch, end);
            }
            now = Some(end);
        }
        if force.settings.records() && epoch.is_closed() && !self.is_behind(epoch) {
            force.record_success_among_calls(epoch.epoch());
        }
        let word = self.cell.load();
        if !word.is_unmarked(epoch) {
            self.succeeded_slow(force, epoch, epoch.is_closed() && word.is_watched(), now, false);
        }
    }

    /// A success of a breaker that looks at the share of failures within a time, and at nothing else.
    #[inline]
    fn succeeded_in_time(&self, force: InForce<'_>, epoch: Identity, now: Time) {
        if self.is_late(epoch) {
            return;
        }
        let mut look = false;
        if epoch.is_closed() {
            look = force.record_success_in_time(epoch, now);
            let word = self.cell.load();
            if !look && word.is_unmarked(epoch) {
                return;
            }
            look |= word.is_watched();
        }
        self.succeeded_slow(force, epoch, look, Some(now), false);
    }

    /// A success of a breaker whose window counts calls: one more of them.
    // Cold, as `admit_slow`.
    #[cold]
    fn succeeded_among_calls(&self, epoch: Identity, counters: Option<ThisThread<'_>>) {
        if epoch.is_closed() && !self.is_behind(epoch) {
            self.totals.add_recorded(counters, epoch.epoch());
        } else {
            self.totals.add_to(counters, Count::Succeeded);
        }
        let word = self.cell.load();
        if !word.is_unmarked(epoch) {
            self.succeeded_marked(epoch, epoch.is_closed() && word.is_watched());
        }
    }

    /// Whether `epoch` has ended.
    #[inline]
    fn is_behind(&self, epoch: Identity) -> bool {
        self.cell.load().identity() != epoch
    }

    #[cold]
    fn succeeded_marked(&self, epoch: Identity, look: bool) {
        self.in_force(|force| self.succeeded_slow(force, epoch, look, None, false));
    }

    /// A success of a breaker that looks at slow calls.
    #[inline]
    fn succeeded_in_window(&self, force: InForce<'_>, ticket: Ticket) {
        let epoch = ticket.epoch();
        let now = self.clock.now();
        let slow = self.took(force, ticket, Some(now));
        if self.is_late(epoch) {
            return;
        }
        let mut look = false;
        if epoch.is_closed() {
            look = force.record_timed_success(ticket, now, slow);
            let word = self.cell.load();
            look |= word.is_watched();
            if !look && word.is_unmarked(epoch) {
                return;
            }
        }
        self.succeeded_slow(force, epoch, look, Some(now), slow);
    }

    /// A success that has something to end, or to decide, or that comes late.
    #[cold]
    fn succeeded_slow(&self, force: InForce<'_>, epoch: Identity, look: bool, now: Option<Time>, slow: bool) {
        if self.is_late(epoch) {
            return;
        }
        if !epoch.is_closed() {
            self.tell_end(force, epoch, "succeeded");
        }
        // Other settings than those that saw no need of it may be in force by now.
        let now = now.or_else(|| force.settings.times_ends().then(|| self.clock.now()));
        let (limits, reopenings) = (force.limits(), self.reopenings_if(epoch));
        let mut read = None;
        let settled = self.cell.settle(epoch, |word| {
            // Where nothing is recorded any more, this ends a watch that other settings began.
            let read_it = look || !force.settings.records();
            read = read_it.then(|| force.read_rules(epoch, now.unwrap_or(Time::END)));
            word.success(limits, slow, read.map(Read::into), reopenings)
        });
        self.settled(force, settled, now, read, Probe { failed: false, slow });
    }

    #[cold]
    pub(super) fn ignored(&self, ticket: Ticket) {
        self.leave_place(ticket);
        self.in_force(|force| self.ignored_by(force, ticket));
        self.totals.leave(&self.clock);
    }

    /// A call that the breaker let through was not made: it gives back what it has taken, and was none.
    pub(super) fn turned_away(&self, ticket: Ticket) {
        let epoch = ticket.epoch();
        if epoch == Identity::UNHEARD {
            return;
        }
        if epoch.is_closed() {
            self.in_force(|force| self.record_unrecorded_end(force, ticket));
        }
        // Where the state has ended meanwhile, there is nothing to give back.
        let _ = self.cell.settle(epoch, Word::cancelled_unheard);
    }

    fn ignored_by(&self, force: InForce<'_>, ticket: Ticket) {
        let epoch = ticket.epoch();
        self.totals.add(Count::Ignored);
        if force.settings.keeps_latency() {
            force.keep_latency(ticket, self.clock.now());
        }
        if self.is_late(epoch) {
            return;
        }
        self.tell_end(force, epoch, "ignored");
        if epoch.is_closed() {
            self.record_unrecorded_end(force, ticket);
        } else {
            self.given_back.ignored(epoch.epoch());
        }
        let settled = self.cell.settle(epoch, Word::ignored);
        self.count_if_late(settled);
    }

    #[cold]
    pub(super) fn failed(&self, ticket: Ticket, fault: Fault<'_>) {
        self.leave_place(ticket);
        self.in_force(|force| self.failed_by(force, ticket, fault));
        self.totals.leave(&self.clock);
    }

    fn failed_by(&self, force: InForce<'_>, ticket: Ticket, fault: Fault<'_>) {
        let epoch = ticket.epoch();
        self.totals.add(Count::Failed);
        let class = self.count_class(fault.class);
        if self.is_late(epoch) {
            self.took(force, ticket, None);
            return;
        }
        self.tell_end(force, epoch, "failed");
        let outlook = epoch.is_closed().then(|| force.outlook(epoch, self.cell.load().streak()));
        let now = if outlook.is_some_and(|outlook| outlook.far) {
            if let Some(samples) = force.samples_if_any() {
                samples.pass_over();
            }
            None
        } else {
            Some(force.samples().record(epoch.epoch(), fault, ticket.began, || self.clock.now()))
        };
        self.sort_failure(epoch, class);
        let slow = self.took(force, ticket, now);
        let time = now.unwrap_or(Time::END);
        let mut recorded = None;
        if let Some(Outlook { harmless, .. }) = outlook {
            force.record_running_end(ticket, time);
            let end = End { failed: true, slow, harmless };
            recorded = self.record_failure(force, epoch, time, end);
            if recorded.is_none() && force.settings.streak_limit().is_none() && self.cell.load().is_unmarked(epoch) {
                return;
            }
        }
        let (limits, reopenings) = (force.limits(), self.reopenings_if(epoch));
        let mut read = None;
        let settled = self.cell.settle(epoch, |word| {
            read = recorded.map(|recorded| recorded.or_else(|| force.read_rules(epoch, time)));
            word.failure(limits, slow, read.map(Read::into), reopenings)
        });
        self.settled(force, settled, now, read, Probe { failed: true, slow });
    }

    /// How often the breaker will have failed to close, if `state` ends that way.
    fn reopenings_if(&self, state: Identity) -> u32 {
        if state.is_closed() { 0 } else { self.next_reopening(state) }
    }

    /// Records a failure of a closed breaker. What it is known to trip by; nothing where the rules need not be read.
    fn record_failure(&self, force: InForce<'_>, epoch: Identity, now: Time, end: End) -> Option<Read> {
        let mut read = Read::default();
        if let (true, Some(limit)) =
            (force.too_many_recent_failures(epoch, now, &self.clock), force.settings.failures.get())
        {
            read.trip(Rule::Failures { limit, measured: limit, window: force.settings.window_or_default() });
        }
        let look = force.settings.records() && force.record_end(epoch, now, end);
        (look || read.rule.is_some()).then_some(read)
    }

    #[cfg(feature = "tokio")]
    #[cold]
    pub(super) fn timed_out(&self, ticket: Ticket) {
        self.leave_place(ticket);
        let fault = Fault::of(TIMEOUT, Quote::Plain("timed out"));
        self.in_force(|force| self.failed_by(force, ticket, fault));
        self.totals.add(Count::TimedOut);
        self.totals.leave(&self.clock);
    }

    /// A permit was dropped that had not been settled.
    #[cold]
    pub(super) fn dropped(&self, ticket: Ticket) {
        let panicked = match ticket.whose() {
            Whose::Callers => thread::panicking(),
            Whose::Waiting | Whose::InTime | Whose::Overdue => false,
            Whose::Running => true,
        };
        if panicked {
            return self.failed(ticket, Fault::of(PANIC, Quote::Plain("panicked")));
        }
        self.leave_place(ticket);
        self.in_force(|force| self.cancelled(force, ticket));
        self.totals.leave(&self.clock);
    }

    fn cancelled(&self, force: InForce<'_>, ticket: Ticket) {
        let ran_out = || match ticket.whose() {
            Whose::InTime => false,
            Whose::Overdue => true,
            _ => force.settings.timeout.get().is_some_and(|limit| self.has_run_for(ticket, limit)),
        };
        match force.settings.on_cancel {
            OnCancel::Ignore => self.cancelled_unheard(force, ticket),
            _ if ran_out() => {
                self.failed_by(force, ticket, Fault::of(TIMEOUT, Quote::Plain("cancelled after its time limit")));
            }
            OnCancel::Failure => self.failed_by(force, ticket, Fault::of(CANCELLED, Quote::Plain("cancelled"))),
            OnCancel::Unanswered => self.unanswered(force, ticket),
        }
    }

    /// Whether a call has been running for this time, as far as is known.
    pub(super) fn has_run_for(&self, ticket: Ticket, limit: Duration) -> bool {
        ticket.began != Time::END && self.clock.now() >= ticket.began.after(limit)
    }

    fn cancelled_unheard(&self, force: InForce<'_>, ticket: Ticket) {
        let epoch = ticket.epoch();
        self.totals.add(Count::Cancelled);
        if self.is_late(epoch) {
            return;
        }
        self.tell_end(force, epoch, "cancelled");
        self.gave_up(force, ticket);
        let settled = self.cell.settle(epoch, Word::cancelled_unheard);
        self.count_if_late(settled);
    }

    /// A cancelled call that may be one of a row. One that had been slow is a slow success as well.
    fn unanswered(&self, force: InForce<'_>, ticket: Ticket) {
        let (epoch, now) = (ticket.epoch(), self.clock.now());
        let slow = is_slow(force, ticket, now);
        self.totals.add(if slow { Count::Succeeded } else { Count::Cancelled });
        if slow {
            self.totals.add(Count::Slow);
        }
        if self.is_late(epoch) {
            return;
        }
        self.tell_end(force, epoch, if slow { "succeeded" } else { "cancelled" });
        if !slow {
            self.gave_up(force, ticket);
        } else if epoch.is_closed() {
            force.record_running_end(ticket, now);
            force.record_end(epoch, now, End { failed: false, slow, harmless: 0 });
        }
        let (limits, reopenings) = (force.limits(), self.reopenings_if(epoch));
        let limit = force.settings.unanswered_limit();
        let mut read = None;
        let settled = self.cell.settle(epoch, |word| {
            if word.unanswered() == 0 {
                // The first of a row leaves its time before it is counted, so whoever counts on
                // sees it. A racer for first place that lost can only have a time from before
                // the winner was counted; of the two the later is kept.
                self.unanswered_since.fetch_max(now.as_nanos(), Ordering::Relaxed);
            }
            let too_long = |calls| calls >= limit && now.since(self.first_unanswered()) >= UNANSWERED_FOR;
            if slow {
                read = epoch.is_closed().then(|| force.read_rules(epoch, now));
                word.cancelled_slow(limits, read.map(Read::into), reopenings, too_long)
            } else {
                word.cancelled(too_long)
            }
        });
        self.settled(force, settled, Some(now), read, Probe { failed: false, slow });
    }

    /// A call ended without an outcome: it runs no more, and has given its place back.
    fn gave_up(&self, force: InForce<'_>, ticket: Ticket) {
        if ticket.epoch().is_closed() {
            self.record_unrecorded_end(force, ticket);
        } else {
            self.given_back.cancelled(ticket.epoch().epoch());
        }
    }

    fn record_unrecorded_end(&self, force: InForce<'_>, ticket: Ticket) {
        if force.settings.minds_slow() {
            force.record_running_end(ticket, self.clock.now());
        }
    }

    fn settled(&self, force: InForce<'_>, settled: Settled, now: Option<Time>, read: Option<Read>, probe: Probe) {
        match settled {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => {
                let now = now.unwrap_or_else(|| self.clock.now());
                if change.to.state() == State::Open {
                    self.opened(force, change, now, self.rule_met(force, change.from, now, read, probe));
                } else {
                    let successes = change.from.probes_succeeded() + u32::from(!probe.failed);
                    self.recovered(change, now, successes);
                }
            }
        }
    }

    /// Which rule an outcome met that opened the breaker.
    fn rule_met(&self, force: InForce<'_>, from: Word, now: Time, read: Option<Read>, probe: Probe) -> Rule {
        let limits = force.limits();
        if from.state() == State::HalfOpen {
            return from.unfit(limits, probe).map_or(Rule::ProbeFailed, |unfit| probe_rule(force, unfit));
        }
        let measured = from.streak() + 1;
        match limits.consecutive {
            Some(limit) if probe.failed && measured >= limit => Rule::Consecutive { limit, measured },
            _ => read.and_then(|read| read.rule).unwrap_or_else(|| Rule::NoAnswer {
                limit: force.settings.unanswered_limit(),
                measured: from.unanswered() + 1,
                over: now.since(self.first_unanswered()),
            }),
        }
    }

    /// Whether nobody takes notice of the outcome: it belongs to a state that has ended, which is
    /// counted, or to none.
    #[inline]
    fn is_late(&self, epoch: Identity) -> bool {
        if epoch == Identity::UNHEARD {
            return true;
        }
        let late = self.cell.load().identity() != epoch;
        if late {
            self.totals.add(Count::Late);
        }
        late
    }

    fn count_if_late(&self, settled: Settled) {
        if let Settled::Late = settled {
            self.totals.add(Count::Late);
        }
    }

    /// Keeps how long a call took that succeeded or failed, where that is asked for, and tells whether it was slow.
    #[inline]
    fn took(&self, force: InForce<'_>, ticket: Ticket, now: Option<Time>) -> bool {
        if !force.settings.keeps_latency() {
            return false;
        }
        let now = now.unwrap_or_else(|| self.clock.now());
        force.keep_latency(ticket, now);
        let slow = is_slow(force, ticket, now);
        if slow {
            self.totals.add(Count::Slow);
        }
        slow
    }

    /// A call of this epoch has ended: traces are told if it was a probe, or if they are told of each.
    #[cfg_attr(not(feature = "tracing"), expect(clippy::unused_self, reason = "there are no traces"))]
    fn tell_end(&self, force: InForce<'_>, epoch: Identity, outcome: &'static str) {
        #[cfg(feature = "tracing")]
        if force.settings.span || !epoch.is_closed() {
            let what = if epoch.is_closed() { "ended" } else { "a probe has ended" };
            traces::call(|| (self.about(), self.state()), outcome, what);
        }
        #[cfg(not(feature = "tracing"))]
        let _ = (force, epoch, outcome);
    }

    fn first_unanswered(&self) -> Time {
        Time::from_nanos(self.unanswered_since.load(Ordering::Relaxed))
    }
}

/// Whether a call that ends at `now` has been slow, by a rule that asks for it.
#[inline]
fn is_slow(force: InForce<'_>, ticket: Ticket, now: Time) -> bool {
    let settings = force.settings;
    // The end of time is after every end.
    settings.minds_slow() && now.nanos_since(ticket.began).is_some_and(|nanos| nanos >= settings.slow_call.nanos())
}

/// The rule by which probes open a breaker again.
pub(super) fn probe_rule(force: InForce<'_>, unfit: Unfit) -> Rule {
    let (limits, limit) = (force.limits(), |rate: Option<f64>| rate.unwrap_or_default());
    match unfit {
        Unfit::Failed => Rule::ProbeFailed,
        Unfit::Slow => Rule::ProbeSlow { slow_call: force.settings.slow().map(|slow| slow.call).unwrap_or_default() },
        Unfit::FailureRate { failed, probes } => {
            Rule::ProbeFailureRate { limit: limit(limits.probe_failure_rate), failed, probes }
        }
        Unfit::SlowRate { slow, probes } => Rule::ProbeSlowRate { limit: limit(limits.slow_rate), slow, probes },
    }
}
