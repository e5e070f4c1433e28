//! The settings in force, with the windows that they look back on.
//!
//! A breaker begins with the settings it was made with, which stand in it. Others that take their
//! place are published as one value, with the windows that go with them; so whoever uses settings has
//! all of one revision. Each step of a call (its admission, its end) takes the settings once, at its
//! beginning.
//!
//! *Orderings.* `flags` says what the way of a successful call needs to know, and whether to look for
//! other settings than the first. It is released after those were published, and acquired; who finds
//! it a moment too old records a success as the settings before said, and judges by those in force.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use once_cell::race::OnceBox;

use super::CircuitBreaker;
use super::totals::TotalCounts;
use super::word::Identity;
use crate::clock::{Time, nanos};
use crate::origin::Origin;
use crate::per_thread::Sharing;
use crate::policy::{Settings, Window};
use crate::sync::{AtomicU64, Ordering, fence};
use crate::window::{CallWindow, Latencies, RecentFailures, Running, Samples, TimeWindow, Windows};

/// It matters when a call begins.
const TIMED: u64 = 1;
/// Outcomes are recorded in a window, or how long calls took, or each is told.
pub(super) const RECORDS: u64 = 2;
/// All that is recorded of a success is that it was one more.
pub(super) const COUNTS: u64 = 4;
/// The first settings are not in force.
const REPLACED: u64 = 8;
/// There is a limit to the calls that run at one moment, or are made within a time.
const LIMITED: u64 = 16;
/// There is, or was, a limit to the calls that run at one moment.
const PLACED: u64 = 32;

/// So many windows of running calls can be told apart, one after another.
pub(super) const RUNNING_NUMBERS: u64 = 255;
/// How many settings can be taken back, one after another.
const KEPT: usize = 16;

#[derive(Debug)]
#[repr(C)]
pub(super) struct Tuning {
    // First what every call needs.
    flags: AtomicU64,
    first: Settings,
    replaced: ArcSwapOption<Replaced>,
    windows: OnceBox<Windows>,
    samples: OnceBox<Samples>,
    /// From when on slices of time are counted.
    made: Time,
}

/// Settings that took the place of others.
#[derive(Debug)]
pub(crate) struct Replaced {
    pub(super) settings: Settings,
    pub(crate) revision: u64,
    pub(super) origin: Origin,
    /// The ones before that, oldest first.
    pub(super) before: Vec<Settings>,
    own: Own,
}

/// The parts of the windows that are not those of the first settings.
#[derive(Clone, Debug, Default)]
struct Own {
    recent_failures: Option<Arc<OnceBox<RecentFailures>>>,
    calls: Option<Arc<CallWindow>>,
    times: Option<Arc<TimeWindow>>,
    running: Option<Arc<Running>>,
    /// Which one of the windows of running calls this is, after the first.
    running_number: u64,
    samples: Option<Arc<OnceBox<Samples>>>,
}

/// All that is in force at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct InForce<'a> {
    pub(super) settings: &'a Settings,
    totals: &'a TotalCounts,
    tuning: &'a Tuning,
    replaced: Option<&'a Replaced>,
}

/// Which evidence there is, for settings that take the place of others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) epoch: u64,
    pub(super) now: Time,
}

impl CircuitBreaker {
    /// Does something with what is in force now.
    #[inline]
    pub(super) fn in_force<R>(&self, use_it: impl FnOnce(InForce<'_>) -> R) -> R {
        self.tuning.in_force(&self.totals, use_it)
    }
}

impl Tuning {
    pub(super) const fn new(first: Settings, made: Time) -> Self {
        Self {
            flags: AtomicU64::new(flags_of(&first)),
            first,
            replaced: ArcSwapOption::const_empty(),
            windows: OnceBox::new(),
            samples: OnceBox::new(),
            made,
        }
    }

    /// The first settings.
    pub(super) const fn first(&self) -> Settings {
        self.first
    }

    /// Counts slices of time from another moment on: before anything is counted.
    pub(super) fn count_from(&mut self, made: Time) {
        self.made = made;
    }

    /// Whether nothing matters of a call's beginning.
    #[inline]
    pub(super) fn begins_plainly(&self) -> bool {
        self.flags.load(Ordering::Acquire) & (TIMED | LIMITED) == 0
    }

    /// Whether calls take places, or tokens.
    pub(super) fn is_limited(&self) -> bool {
        self.flags.load(Ordering::Acquire) & LIMITED != 0
    }

    /// What is recorded of a success: of [`RECORDS`] and [`COUNTS`] those that hold.
    #[inline]
    pub(super) fn recorded(&self) -> u64 {
        self.flags.load(Ordering::Acquire) & (RECORDS | COUNTS)
    }

    #[inline]
    fn in_force<R>(&self, totals: &TotalCounts, use_it: impl FnOnce(InForce<'_>) -> R) -> R {
        let replaced = (self.flags.load(Ordering::Acquire) & REPLACED != 0).then(|| self.replaced.load());
        let replaced = replaced.as_ref().and_then(|replaced| replaced.as_deref());
        let settings = replaced.map_or(&self.first, |replaced| &replaced.settings);
        use_it(InForce { settings, totals, tuning: self, replaced })
    }

    /// Settings that are to take the place of those in force, with what can be kept of the evidence.
    pub(super) fn replacement(
        &self,
        settings: Settings,
        origin: Origin,
        before: Vec<Settings>,
        at: Moment,
        totals: &TotalCounts,
    ) -> Replaced {
        self.in_force(totals, |old| Replaced {
            own: old.own_for(&settings, at),
            settings,
            revision: old.revision() + 1,
            origin,
            before: before.into_iter().rev().take(KEPT).rev().collect(),
        })
    }

    pub(super) fn replace(&self, replaced: Replaced, totals: &TotalCounts) {
        let settings = replaced.settings;
        self.replaced.store(Some(Arc::new(replaced)));
        self.flag(&settings);
        self.forget_harmless(totals);
    }

    /// Says what calls need to know of other settings; that places were taken stays, for they are to be given back.
    fn flag(&self, settings: &Settings) {
        let flags = |before: u64| Some(with_places(flags_of(settings) | REPLACED, before & PLACED));
        let _ = self.flags.fetch_update(Ordering::AcqRel, Ordering::Acquire, flags);
    }

    /// Before the first place is taken: so every call that takes one is looked at when it ends, whoever changes settings
    /// at this moment.
    pub(super) fn begin_places(&self) {
        if self.flags.load(Ordering::Acquire) & PLACED == 0 {
            let flags = |before: u64| Some(with_places(before, PLACED));
            let _ = self.flags.fetch_update(Ordering::AcqRel, Ordering::Acquire, flags);
        }
    }

    /// What failures cannot trip is another matter by other settings.
    fn forget_harmless(&self, totals: &TotalCounts) {
        self.in_force(totals, |force| {
            if let Some(calls) = force.calls_if_any() {
                calls.forget_harmless();
            }
            if let Some(times) = force.times_if_any() {
                times.forget_harmless();
            }
        });
    }

    /// Puts the settings of a family in force, unless later ones are. Several may do so at one moment.
    pub(super) fn adopt(&self, shared: &Arc<Replaced>, at: Moment, totals: &TotalCounts) {
        let own = |old: InForce<'_>| (old.revision() < shared.revision).then(|| old.own_for(&shared.settings, at));
        let own = self.in_force(totals, own);
        let Some(own) = own else { return };
        let new = if own.is_none() {
            Arc::clone(shared)
        } else {
            let Replaced { settings, revision, ref origin, .. } = **shared;
            Arc::new(Replaced { settings, revision, origin: origin.clone(), before: Vec::new(), own })
        };
        self.replaced.rcu(|present| match present {
            Some(present) if present.revision >= new.revision => Some(Arc::clone(present)),
            _ => Some(Arc::clone(&new)),
        });
        // Whoever comes last has flags that go with what is in force.
        let mut said = 0;
        while let Some(present) = self.replaced.load_full().filter(|present| present.revision != said) {
            self.flag(&present.settings);
            fence(Ordering::SeqCst);
            said = present.revision;
        }
        self.forget_harmless(totals);
    }

    /// How long calls took will not be asked for again.
    pub(super) fn forget_latencies(&self) {
        if let Some(latencies) = self.windows.get().and_then(|windows| windows.latencies.get()) {
            latencies.forget();
        }
    }

    /// What was counted by epochs before this one will not be asked for again.
    pub(super) fn forget_before(&self, epoch: u64, totals: &TotalCounts) {
        self.in_force(totals, |force| {
            if let Some(ring) = force.recent_failures_box().and_then(OnceBox::get) {
                ring.begin(epoch);
            }
            if let Some(calls) = force.calls_if_any() {
                calls.begin(epoch);
            }
            if epoch % 256 == 0 {
                if let Some(times) = force.times_if_any() {
                    times.forget(epoch);
                }
                if let Some(running) = force.running_if_any() {
                    running.forget(epoch);
                }
            }
        });
    }
}

/// With places, each success is looked at.
const fn with_places(flags: u64, placed: u64) -> u64 {
    if (flags | placed) & PLACED == 0 { flags } else { (flags | PLACED | RECORDS) & !COUNTS }
}

const fn flags_of(settings: &Settings) -> u64 {
    let limited = if settings.max_concurrent.is_some() || settings.rate_calls.is_some() { LIMITED } else { 0 };
    let timed = if settings.times_beginnings() { TIMED | limited } else { limited };
    if settings.max_concurrent.is_some() {
        return timed | RECORDS | PLACED;
    }
    if settings.times_ends() || settings.keeps_latency() || settings.span {
        timed | RECORDS
    } else if settings.records() {
        timed | RECORDS | COUNTS
    } else {
        timed
    }
}

impl Own {
    fn is_none(&self) -> bool {
        let Self { recent_failures, calls, times, running, running_number: _, samples } = self;
        let windows = recent_failures.is_none() && calls.is_none() && times.is_none();
        windows && running.is_none() && samples.is_none()
    }
}

impl Replaced {
    /// Settings that a family gives to all its breakers.
    pub(super) fn for_all(settings: Settings, revision: u64, origin: Origin) -> Self {
        Self { settings, revision, origin, before: Vec::new(), own: Own::default() }
    }
}

impl<'a> InForce<'a> {
    /// The windows that are these settings' own, if any are.
    #[inline]
    fn own(self) -> Option<&'a Own> {
        self.replaced.map(|replaced| &replaced.own)
    }

    /// The number of these settings: 1 for the first.
    pub(super) fn revision(self) -> u64 {
        self.replaced.map_or(1, |replaced| replaced.revision)
    }

    /// Where these settings come from, unless they are the first.
    pub(super) fn origin(self) -> Option<&'a Origin> {
        self.replaced.map(|replaced| &replaced.origin)
    }

    /// The settings before, oldest first.
    pub(super) fn before(self) -> &'a [Settings] {
        self.replaced.map_or(&[], |replaced| &replaced.before)
    }

    /// How many successes have been recorded among the calls of `epoch`.
    pub(super) fn successes(self, epoch: u64) -> u64 {
        self.totals.recorded(epoch)
    }

    /// Records a success among the calls of `epoch`.
    pub(super) fn record_success_among_calls(self, epoch: u64) {
        self.totals.record(epoch);
    }

    pub(super) fn recent_failures(self, limit: u32, epoch: u64) -> &'a RecentFailures {
        let place = match self.own().and_then(|own| own.recent_failures.as_deref()) {
            Some(own) => own,
            None => &self.windows().recent_failures,
        };
        place.get_or_init(|| Box::new(RecentFailures::new(limit, epoch)))
    }

    #[inline]
    pub(super) fn calls(self) -> &'a CallWindow {
        match self.own().and_then(|own| own.calls.as_deref()) {
            Some(own) => own,
            None => &self.windows().calls,
        }
    }

    #[inline]
    pub(super) fn times(self) -> &'a TimeWindow {
        match self.own().and_then(|own| own.times.as_deref()) {
            Some(own) => own,
            None => &self.windows().times,
        }
    }

    #[inline]
    pub(super) fn running(self) -> &'a Running {
        match self.own().and_then(|own| own.running.as_deref()) {
            Some(own) => own,
            None => &self.windows().running,
        }
    }

    #[inline]
    pub(super) fn latencies(self) -> &'a Latencies {
        self.windows().latencies.get_or_init(|| Box::new(Latencies::new(self.totals.sharing())))
    }

    pub(super) fn latencies_if_any(self) -> Option<&'a Latencies> {
        self.tuning.windows.get()?.latencies.get()
    }

    /// For the rule "n failures within a time": whether one counts that would count later.
    pub(super) fn has_recent_failure(self, epoch: Identity, now: Time) -> bool {
        let Window::Time(window) = self.settings.window_or_default() else { return false };
        let recent = self.recent_failures_box().and_then(OnceBox::get);
        self.settings.failures.is_some() && recent.is_some_and(|recent| recent.has_any(epoch.epoch(), now, window))
    }

    /// Which window of running calls this is: a call that was counted in one is not counted out of
    /// another. Never 0.
    pub(super) fn running_number(self) -> u64 {
        1 + self.own().map_or(0, |own| own.running_number)
    }

    /// Nanoseconds since slices of time are counted.
    #[inline]
    pub(super) fn since_made(self, time: Time) -> u64 {
        time.as_nanos().saturating_sub(self.tuning.made.as_nanos())
    }

    pub(super) fn samples(self) -> &'a Samples {
        self.samples_box().get_or_init(|| Box::new(Samples::new(self.settings.failure_samples.get())))
    }

    pub(super) fn samples_if_any(self) -> Option<&'a Samples> {
        self.samples_box().get()
    }

    fn samples_box(self) -> &'a OnceBox<Samples> {
        self.own().and_then(|own| own.samples.as_deref()).unwrap_or(&self.tuning.samples)
    }

    #[inline]
    fn windows(self) -> &'a Windows {
        match self.tuning.windows.get() {
            Some(windows) => windows,
            None => first_windows(self.tuning, self.totals.sharing()),
        }
    }

    fn recent_failures_box(self) -> Option<&'a OnceBox<RecentFailures>> {
        let own = self.own().and_then(|own| own.recent_failures.as_deref());
        own.or_else(|| self.tuning.windows.get().map(|windows| &windows.recent_failures))
    }

    fn calls_if_any(self) -> Option<&'a CallWindow> {
        let own = self.own().and_then(|own| own.calls.as_deref());
        own.or_else(|| self.tuning.windows.get().map(|windows| &windows.calls))
    }

    fn times_if_any(self) -> Option<&'a TimeWindow> {
        let own = self.own().and_then(|own| own.times.as_deref());
        own.or_else(|| self.tuning.windows.get().map(|windows| &windows.times))
    }

    fn running_if_any(self) -> Option<&'a Running> {
        let own = self.own().and_then(|own| own.running.as_deref());
        own.or_else(|| self.tuning.windows.get().map(|windows| &windows.running))
    }

    /// The windows for settings that follow these: the same where they look back on the same, with
    /// another size or length where only that differs, and new ones where the kind does.
    fn own_for(self, new: &Settings, at: Moment) -> Own {
        let (old, sharing) = (self.settings, self.totals.sharing());
        let mut own = self.own().cloned().unwrap_or_default();
        let kind = |settings: &Settings| settings.records().then(|| settings.window_or_default());
        match (kind(old), kind(new)) {
            (_, None) => {}
            (Some(before), Some(after)) if before == after => {}
            (Some(Window::Calls(before)), Some(Window::Calls(size))) => {
                let resized = self.calls().resized(at.epoch, before, size, || self.successes(at.epoch));
                own.calls = Some(Arc::new(resized));
            }
            (Some(Window::Time(_)), Some(Window::Time(after))) => {
                let now = self.since_made(at.now);
                own.times = Some(Arc::new(self.times().resliced(at.epoch, now, nanos(after), sharing)));
            }
            (_, Some(Window::Calls(_))) => {
                own.calls = Some(Arc::new(CallWindow::beginning(at.epoch, || self.successes(at.epoch))));
            }
            (_, Some(Window::Time(time))) => own.times = Some(Arc::new(TimeWindow::new(nanos(time), sharing))),
        }
        let slow_call = |settings: &Settings| settings.slow().map(|slow| slow.call);
        if let Some(call) = slow_call(new).filter(|_| slow_call(new) != slow_call(old)) {
            own.running = Some(Arc::new(Running::new(nanos(call), sharing)));
            own.running_number = (own.running_number + 1) % RUNNING_NUMBERS;
        }
        let limit = |settings: &Settings| match settings.window_or_default() {
            Window::Time(_) => settings.failures.get(),
            Window::Calls(_) => None,
        };
        match (limit(old), limit(new)) {
            (_, None) => {}
            (Some(before), Some(after)) if before == after => {}
            (before, Some(after)) => {
                let place = OnceBox::new();
                let kept = before.and_then(|_| self.recent_failures_box()?.get());
                if let Some(kept) = kept {
                    // A new place: nobody else sets it.
                    let _ = place.set(Box::new(kept.resized(after, at.epoch)));
                }
                own.recent_failures = Some(Arc::new(place));
            }
        }
        if old.failure_samples != new.failure_samples {
            let place = OnceBox::new();
            if let Some(samples) = self.samples_if_any() {
                let _ = place.set(Box::new(samples.resized(new.failure_samples.get())));
            }
            own.samples = Some(Arc::new(place));
        }
        own
    }
}

#[cold]
fn first_windows(tuning: &Tuning, sharing: Sharing) -> &Windows {
    tuning.windows.get_or_init(|| Box::new(Windows::new(&tuning.first, sharing)))
}
