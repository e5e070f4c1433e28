//! The windows of a closed breaker: what is written into them when a call begins and ends, and what
//! the rules say of them.

use super::in_force::InForce;
use super::permit::Ticket;
use super::word::{Identity, Limits, Reading};
use crate::clock::{Clock, Time};
use crate::policy::{Window, about, reaches};
use crate::report::Rule;
use crate::window::{HELD_UP, WindowCounts};

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
    /// As in [`Outlook`].
    pub(super) harmless: u64,
}

/// How near to a trip a breaker is that a failure is about to be recorded of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// More failures away than a report quotes: then this one will not be among those.
    pub(super) far: bool,
    /// Up to which number failures among the last calls cannot trip.
    pub(super) harmless: u64,
}

impl InForce<'_> {
    /// Adds a call that succeeded or failed in `epoch`, which is closed, to the window of calls or
    /// the slices of time. Returns whether the rules must be read.
    #[inline]
    pub(super) fn record_end(self, epoch: Identity, now: Time, end: End) -> bool {
        let number = epoch.epoch();
        match self.settings.window_or_default() {
            Window::Calls(size) => {
                let successes = || self.successes(number);
                let look = if end.failed {
                    self.calls().failed(number, size, successes);
                    end.harmless == 0 || self.calls().numbered(number) > end.harmless
                } else {
                    self.record_success_among_calls(number);
                    false
                };
                if end.slow {
                    self.calls().slow(number, size, successes);
                }
                look || end.slow
            }
            Window::Time(_) => {
                let times = self.times();
                let slice = times.slice(self.since_made(now));
                let is_first = times.add(number, slice, end.failed, end.slow);
                let may_trip = end.failed && !times.is_harmless(number, slice, self.revision());
                is_first || may_trip || end.slow
            }
        }
    }

    /// Records a fast success of a closed breaker whose window is one of time, as [`record_end`](Self::record_end) does.
    #[inline]
    pub(super) fn record_success_in_time(self, epoch: Identity, now: Time) -> bool {
        let times = self.times();
        times.add_success(epoch.epoch(), times.slice(self.since_made(now)))
    }

    /// Records a success of a closed breaker that minds slow calls, as [`record_end`](Self::record_end) and
    /// [`record_running_end`](Self::record_running_end) do. Returns whether the rules must be read.
    #[inline]
    pub(super) fn record_timed_success(self, ticket: Ticket, now: Time, slow: bool) -> bool {
        let (epoch, running) = (ticket.epoch().epoch(), self.running());
        let slice = running.slice(self.since_made(now));
        if ticket.running_number() == self.running_number() {
            running.end(epoch, running.slice(self.since_made(ticket.began)), slice);
        }
        let look = if slow {
            self.record_end(ticket.epoch(), now, End { failed: false, slow, harmless: 0 })
        } else if self.settings.counts_calls() {
            self.record_success_among_calls(epoch);
            false
        } else {
            self.record_success_in_time(ticket.epoch(), now)
        };
        look || running.due(epoch, slice)
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
        if self.settings.minds_slow() && ticket.running_number() == self.running_number() {
            let running = self.running();
            let [began, now] = [ticket.began, now].map(|time| running.slice(self.since_made(time)));
            running.end(ticket.epoch().epoch(), began, now);
        }
    }

    /// A call ended `now`: how long it took is kept.
    #[inline]
    pub(super) fn keep_latency(self, ticket: Ticket, now: Time) {
        // One that began before anybody asked for it began at the end of time.
        if let Some(nanos) = now.nanos_since(ticket.began) {
            self.latencies().record(nanos, self.since_made(now));
        }
    }

    /// Whether the passing of time may have made running calls overdue since somebody last looked.
    #[inline]
    pub(super) fn must_look_at_running(self, epoch: Identity, now: Time) -> bool {
        if !self.settings.minds_slow() {
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
            // Fewer would be too few once there are enough calls.
            let needed = about(self.settings.min_calls_needed().into(), rate).max(1);
            read.watch |= window.has_failures(epoch, needed, size, || now);
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
        let (times, slice, enough) = (self.times(), self.slice(now), u64::from(self.settings.min_calls_needed()));
        let before = times.before_counting(epoch, slice);
        let WindowCounts { calls, failed, .. } = times.counts(epoch, slice);
        if calls < enough {
            read.watch |= failed > 0;
        } else if reaches(failed, calls, rate) {
            read.trip(Rule::FailureRate { limit: rate, failed, calls, window: self.settings.window_or_default() });
        }
        // Other rules about failures, or slow calls, are read every time.
        let more = about(calls.max(enough), rate).saturating_sub(failed + 1);
        if let Some(before) = before.filter(|_| more > 0 && !self.settings.minds_slow()) {
            times.remember(before, epoch, slice, self.revision(), more);
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

    /// The outlook of a closed breaker that has had `streak` failures in a row.
    pub(super) fn outlook(self, epoch: Identity, streak: u32) -> Outlook {
        let settings = self.settings;
        // Within a time, successes may leave the window at any moment, and the share grows by that: none is far.
        if settings.times_failures() {
            return Outlook { far: false, harmless: 0 };
        }
        let samples = u64::from(settings.failure_samples.get());
        let is_far = |limit: u32| u64::from(limit.saturating_sub(streak)) > samples + HELD_UP;
        let no_streak = settings.streak_limit().is_none_or(is_far);
        match settings.window_or_default() {
            Window::Calls(size) if settings.records() => {
                let (harmless, far) = self.harmless_among_calls(epoch.epoch(), size.into(), samples);
                Outlook { far: no_streak && far, harmless }
            }
            _ => Outlook { far: no_streak, harmless: 0 },
        }
    }

    /// Up to which number failures cannot trip, and whether the next one is more than `samples` ones away from there.
    fn harmless_among_calls(self, epoch: u64, size: u64, samples: u64) -> (u64, bool) {
        let (settings, window) = (self.settings, self.calls());
        let limit = |calls: u64| {
            let by_rate = settings.failure_rate.get().map_or(u64::MAX, |rate| about(calls, rate));
            by_rate.min(settings.failures.get().map_or(u64::MAX, u64::from))
        };
        if limit(size) <= samples + HELD_UP {
            // So few trip that all are near.
            return (0, false);
        }
        let next = window.numbered(epoch) + 1;
        let mut harmless = window.harmless(epoch, self.revision());
        if harmless < next + samples {
            let now = self.successes(epoch);
            let calls = window.calls(epoch, || now).max(settings.min_calls_needed().into()).min(size);
            harmless = window.find_harmless(epoch, self.revision(), limit(calls), size, || now);
        }
        (harmless, harmless >= next + samples)
    }

    /// The limits that the steps of the state word obey.
    pub(super) fn limits(self) -> Limits {
        let settings = self.settings;
        Limits {
            consecutive: settings.streak_limit(),
            probes: settings.probes.get(),
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
