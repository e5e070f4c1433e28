//! The windows of a closed breaker: what is written into them when a call begins and ends, and what
//! the rules say of them.

use std::time::Duration;

use super::in_force::InForce;
use super::permit::Ticket;
use super::word::{Identity, Limits, Reading};
use crate::clock::{Clock, Time};
use crate::policy::{Window, about, reaches};
use crate::report::Rule;
use crate::window::WindowCounts;

/// So many more failures may be under way at one moment, each of which takes itself for the only one.
const AT_ONCE: u64 = 16;

/// What the rules say, and which one trips.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Read {
    pub(super) rule: Option<Rule>,
    watch: bool,
}

impl From<Read> for Reading {
    fn from(read: Read) -> Self {
        Self { trips: read.rule.is_some(), watch: read.watch }
    }
}

/// How a recorded call ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) failed: bool,
    pub(super) slow: bool,
}

impl InForce<'_> {
    /// Adds a call that succeeded or failed in `epoch`, which is closed, to the window of calls or
    /// the slices of time. Returns whether the rules must be read, although it was no failure.
    #[inline]
    pub(super) fn record_end(self, epoch: Identity, now: Time, end: End) -> bool {
        let number = epoch.epoch();
        match self.settings.window_or_default() {
            Window::Calls(size) => {
                let successes = || self.successes(number);
                if end.failed {
                    self.calls().failed(number, size, successes);
                } else {
                    self.record_success(number);
                }
                if end.slow {
                    self.calls().slow(number, size, successes);
                }
                end.slow
            }
            Window::Time(_) => {
                let times = self.times();
                times.add(number, times.slice(self.since_made(now)), end.failed, end.slow) || end.slow
            }
        }
    }

    /// A failure of `epoch`, which is closed, for the rule "n failures within a time": whether it
    /// holds now.
    pub(super) fn too_many_recent_failures(self, epoch: Identity, now: Time, clock: &Clock) -> bool {
        let (Some(limit), Window::Time(window)) = (self.settings.failures.get(), self.settings.window_or_default())
        else {
            return false;
        };
        self.recent_failures(limit, epoch.epoch()).record(epoch.epoch(), now, window, || clock.now())
    }

    /// When a call that begins `now` will have run for its time limit.
    #[inline]
    pub(super) fn deadline(self, now: Time, limit: Option<Duration>) -> Time {
        limit.or(self.settings.timeout.get()).map_or(Time::END, |limit| now.after(limit))
    }

    /// A call is admitted at `began`, while closed; unless running calls must be looked at first.
    #[inline]
    pub(super) fn record_beginning_unless_due(self, epoch: Identity, began: Time) -> bool {
        let (running, epoch) = (self.running(), epoch.epoch());
        let slice = running.slice(self.since_made(began));
        let due = running.is_due(epoch, slice);
        if !due {
            running.begin(epoch, slice);
        }
        !due
    }

    /// A call has been admitted at `began`, while closed.
    #[inline]
    pub(super) fn record_beginning(self, epoch: Identity, began: Time) {
        self.running().begin(epoch.epoch(), self.beginning_slice(began));
    }

    /// A call that was admitted while closed has ended, in any way, and its epoch lasts.
    #[inline]
    pub(super) fn record_running_end(self, ticket: Ticket, now: Time) {
        if self.settings.slow().is_some() && ticket.running_number() == self.running_number() {
            let running = self.running();
            let [began, now] = [ticket.began, now].map(|time| running.slice(self.since_made(time)));
            running.end(ticket.epoch().epoch(), began, now);
        }
    }

    /// Whether the passing of time may have made running calls overdue since somebody last looked.
    #[inline]
    pub(super) fn must_look_at_running(self, epoch: Identity, now: Time) -> bool {
        if self.settings.slow().is_none() {
            return false;
        }
        let running = self.running();
        running.due(epoch.epoch(), running.slice(self.since_made(now)))
    }

    /// What the rules about shares, and about failures among calls, say of `epoch`. The shares are of
    /// ended calls, and those of slow calls also of running ones that are slow already.
    pub(super) fn read_rules(self, epoch: Identity, now: Time) -> Read {
        let epoch = epoch.epoch();
        let mut read = Read::default();
        if !self.settings.records() {
            return read;
        }
        match self.settings.window_or_default() {
            Window::Calls(size) => {
                self.read_failures_among_calls(epoch, size, &mut read);
                self.read_failure_rate_of_calls(epoch, size, &mut read);
                self.read_slow_rate_of_calls(epoch, size, now, &mut read);
            }
            Window::Time(_) => {
                self.read_failure_rate_of_time(epoch, now, &mut read);
                self.read_slow_rate_of_time(epoch, now, &mut read);
            }
        }
        read
    }

    /// What the rule about slow calls says when a call arrives: the others are read when calls end.
    pub(super) fn read_on_arrival(self, epoch: Identity, now: Time) -> Read {
        let epoch = epoch.epoch();
        let mut read = Read::default();
        match self.settings.window_or_default() {
            Window::Calls(size) => self.read_slow_rate_of_calls(epoch, size, now, &mut read),
            Window::Time(_) => self.read_slow_rate_of_time(epoch, now, &mut read),
        }
        read
    }

    fn read_failures_among_calls(self, epoch: u64, size: u32, read: &mut Read) {
        let Some(limit) = self.settings.failures.get() else { return };
        let successes = || self.successes(epoch);
        if self.calls().has_failures(epoch, limit.into(), size.into(), successes) {
            let failed = self.calls().counts(epoch, size.into(), successes).failed;
            let measured = u32::try_from(failed).unwrap_or(u32::MAX);
            read.trip(Rule::Failures { limit, measured, window: Window::Calls(size) });
        }
    }

    fn read_failure_rate_of_calls(self, epoch: u64, size: u32, read: &mut Read) {
        let Some(rate) = self.settings.failure_rate.get() else { return };
        let (window, size, now) = (self.calls(), u64::from(size), self.successes(epoch));
        let calls = window.calls(epoch, || now).min(size);
        if calls < u64::from(self.settings.min_calls_needed()) {
            read.watch |= window.has_failures(epoch, 1, size, || now);
            return;
        }
        // To count them takes longer. Calls that end meanwhile make this first look too strict, never too lax.
        if !window.has_failures(epoch, about(calls, rate), size, || now) {
            return;
        }
        let WindowCounts { calls, failed, .. } = window.counts(epoch, size, || self.successes(epoch));
        if reaches(failed, calls, rate) {
            read.trip(Rule::FailureRate { limit: rate, failed, calls, window: self.settings.window_or_default() });
        }
    }

    fn read_slow_rate_of_calls(self, epoch: u64, size: u32, now: Time, read: &mut Read) {
        let Some(slow) = self.settings.slow() else { return };
        let size = u64::from(size);
        let overdue = || self.running().overdue(epoch, self.beginning_slice(now)).min(size);
        let running = overdue();
        let successes = || self.successes(epoch);
        let ended = self.calls().counts(epoch, size - running, successes).slow;
        // A call leaves the running ones before it enters the window. So one that has done both since
        // they were counted is missing from them now, and is not counted twice.
        let running = running.min(overdue());
        let (calls, measured) = ((self.calls().calls(epoch, successes) + running).min(size), ended + running);
        if calls < u64::from(self.settings.min_calls_needed()) {
            read.watch |= measured > 0;
        } else if reaches(measured, calls, slow.rate) {
            let (limit, window, slow_call) = (slow.rate, self.settings.window_or_default(), slow.call);
            read.trip(Rule::SlowRate { limit, slow: measured, calls, window, slow_call });
        }
    }

    fn read_failure_rate_of_time(self, epoch: u64, now: Time, read: &mut Read) {
        let Some(rate) = self.settings.failure_rate.get() else { return };
        let WindowCounts { calls, failed, .. } = self.times().counts(epoch, self.slice(now));
        if calls < u64::from(self.settings.min_calls_needed()) {
            read.watch |= failed > 0;
        } else if reaches(failed, calls, rate) {
            read.trip(Rule::FailureRate { limit: rate, failed, calls, window: self.settings.window_or_default() });
        }
    }

    fn read_slow_rate_of_time(self, epoch: u64, now: Time, read: &mut Read) {
        let Some(slow) = self.settings.slow() else { return };
        // Ended calls first, as above.
        let ended = self.times().counts(epoch, self.slice(now));
        let counts = ended.with_running(self.running().overdue(epoch, self.beginning_slice(now)));
        if counts.calls < u64::from(self.settings.min_calls_needed()) {
            read.watch |= counts.slow > 0;
        } else if reaches(counts.slow, counts.calls, slow.rate) {
            let (limit, window, slow_call) = (slow.rate, self.settings.window_or_default(), slow.call);
            read.trip(Rule::SlowRate { limit, slow: counts.slow, calls: counts.calls, window, slow_call });
        }
    }

    /// Whether a closed breaker that has had `streak` failures in a row is more failures away from a trip than
    /// a report quotes: then this one will not be among those.
    pub(super) fn is_far_from_a_trip(self, epoch: Identity, streak: u32) -> bool {
        let (settings, epoch) = (self.settings, epoch.epoch());
        let near = u64::from(settings.failure_samples) + AT_ONCE;
        if settings.streak_limit().is_some_and(|limit| u64::from(limit.saturating_sub(streak)) <= near) {
            return false;
        }
        let size = match settings.window_or_default() {
            // Within a time, successes may leave the window at any moment, and the share grows by that.
            _ if settings.times_failures() => return false,
            Window::Time(_) => return true,
            Window::Calls(size) => u64::from(size),
        };
        let (window, now) = (self.calls(), self.successes(epoch));
        let far = |limit: u64| limit > near && !window.has_failures(epoch, limit - near, size, || now);
        let calls = || window.calls(epoch, || now).max(settings.min_calls_needed().into()).min(size);
        settings.failures.get().is_none_or(|limit| far(limit.into()))
            && settings.failure_rate.get().is_none_or(|rate| far(about(calls(), rate)))
    }

    /// The limits that the steps of the state word obey.
    pub(super) fn limits(self) -> Limits {
        let settings = self.settings;
        Limits {
            consecutive: settings.streak_limit(),
            probes: settings.probes,
            successes: settings.successes_needed(),
            probe_failure_rate: settings.probe_failure_rate.get(),
            slow_rate: settings.slow_rate.get(),
            ramp: settings.ramp.is_some(),
        }
    }

    /// What the window holds, where there is one that counts all calls.
    pub(super) fn window_counts(self, epoch: Identity, now: Time) -> Option<WindowCounts> {
        if !self.settings.records() || !epoch.is_closed() {
            return None;
        }
        let epoch = epoch.epoch();
        let running = match self.settings.slow() {
            Some(_) => self.running().overdue(epoch, self.beginning_slice(now)),
            None => 0,
        };
        Some(match self.settings.window_or_default() {
            Window::Calls(size) => {
                let size = u64::from(size);
                let running = running.min(size);
                self.calls().counts(epoch, size - running, || self.successes(epoch)).with_running(running)
            }
            Window::Time(_) => self.times().counts(epoch, self.slice(now)).with_running(running),
        })
    }

    /// The slice of the window in which `time` is.
    fn slice(self, time: Time) -> u64 {
        self.times().slice(self.since_made(time))
    }

    /// The slice, as those of running calls are, in which `time` is.
    fn beginning_slice(self, time: Time) -> u64 {
        self.running().slice(self.since_made(time))
    }
}

impl Read {
    /// The first rule that holds is the one that trips.
    pub(super) fn trip(&mut self, rule: Rule) {
        self.rule.get_or_insert(rule);
    }

    /// The same, where it trips already; else what `other` reads.
    pub(super) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.rule.is_some() { self } else { other() }
    }
}
