//! The windows of a closed breaker: what is written into them when a call begins and ends, and what
//! the rules say of them.

use super::in_force::InForce;
use super::permit::Ticket;
use super::word::{Identity, Limits, Reading};
use crate::clock::{Clock, Time, nanos};
use crate::policy::{Window, reaches};
use crate::report::Rule;
use crate::window::{Running, TimeWindow, WindowCounts};

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
                if end.failed {
                    self.calls().failed(number, size);
                } else {
                    self.calls().succeeded(number);
                }
                if end.slow {
                    self.calls().slow(number, size);
                }
                end.slow
            }
            Window::Time(_) => self.times().add(number, self.slice(now), end.failed, end.slow) || end.slow,
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

    /// A call has been admitted at `began`, while closed.
    #[inline]
    pub(super) fn record_beginning(self, epoch: Identity, began: Time) {
        self.running().begin(epoch.epoch(), self.beginning_slice(began));
    }

    /// A call that was admitted while closed has ended, in any way, and its epoch lasts.
    #[inline]
    pub(super) fn record_running_end(self, ticket: Ticket, now: Time) {
        if self.settings.slow().is_some() && ticket.running_number() == self.running_number() {
            let (began, now) = (self.beginning_slice(ticket.began), self.beginning_slice(now));
            self.running().end(ticket.epoch().epoch(), began, now);
        }
    }

    /// Whether the passing of time may have made running calls overdue since somebody last looked.
    #[inline]
    pub(super) fn must_look_at_running(self, epoch: Identity, now: Time) -> bool {
        self.settings.slow().is_some() && self.running().due(epoch.epoch(), self.beginning_slice(now))
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
        if self.calls().has_failures(epoch, limit.into(), size.into()) {
            let measured = u32::try_from(self.calls().counts(epoch, size.into()).failed).unwrap_or(u32::MAX);
            read.trip(Rule::Failures { limit, measured, window: Window::Calls(size) });
        }
    }

    fn read_failure_rate_of_calls(self, epoch: u64, size: u32, read: &mut Read) {
        let Some(rate) = self.settings.failure_rate.get() else { return };
        let WindowCounts { calls, failed, .. } = self.calls().counts(epoch, size.into());
        if calls < u64::from(self.settings.min_calls_needed()) {
            read.watch |= failed > 0;
        } else if reaches(failed, calls, rate) {
            read.trip(Rule::FailureRate { limit: rate, failed, calls, window: self.settings.window_or_default() });
        }
    }

    fn read_slow_rate_of_calls(self, epoch: u64, size: u32, now: Time, read: &mut Read) {
        let Some(slow) = self.settings.slow() else { return };
        let size = u64::from(size);
        let overdue = || self.running().overdue(epoch, self.beginning_slice(now)).min(size);
        let running = overdue();
        let ended = self.calls().counts(epoch, size - running).slow;
        // A call leaves the running ones before it enters the window. So one that has done both since
        // they were counted is missing from them now, and is not counted twice.
        let running = running.min(overdue());
        let (calls, measured) = ((self.calls().recorded(epoch) + running).min(size), ended + running);
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
                self.calls().counts(epoch, size - running).with_running(running)
            }
            Window::Time(_) => self.times().counts(epoch, self.slice(now)).with_running(running),
        })
    }

    /// The slice of the window in which `time` is.
    fn slice(self, time: Time) -> u64 {
        let nanos = match self.settings.window_or_default() {
            Window::Time(window) => TimeWindow::slice_of(nanos(window)),
            Window::Calls(_) => 1,
        };
        self.since_made(time) / nanos
    }

    /// The slice, as those of running calls are, in which `time` is.
    fn beginning_slice(self, time: Time) -> u64 {
        let nanos = self.settings.slow().map_or(1, |slow| Running::slice_of(nanos(slow.call)));
        self.since_made(time) / nanos
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
