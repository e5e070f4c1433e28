//! One copy of all that a breaker can tell.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::about::About;
use crate::breaker::{CircuitBreaker, Totals};
use crate::class::ClassCount;
#[cfg(feature = "config")]
use crate::config::{self, ConfigError};
use crate::event::Transition;
use crate::history::{History, Tally};
use crate::mode::Mode;
use crate::origin::Origin;
use crate::policy::{Settings, Window, share};
use crate::report::Report;
use crate::state::State;
use crate::window::{Latency, WindowCounts};

/// What a breaker looked like at one moment.
///
/// With the feature `serde` it is JSON, under these names, with those of [`About`] (`at` is `location`) among them. Times
/// that passed are seconds, and say so: `in_state_seconds`, `retry_after_seconds`, `open_seconds`, `mean_seconds`; times of
/// day are RFC 3339. States and modes are `closed`, `open`, `half_open`, `automatic`, `disabled`, `forced_open` and
/// `metrics_only`; settings are texts by their names in the attribute; `failures_by_class` is an object; rejections are one,
/// `rejected`, with `open`, `probing`, `recovering`, `forced_open`, `full` and `limited`; `window` has its `failure_rate` and `slow_rate`, and
/// what is not known is `null`. A [`Report`] and a [`Transition`] are told likewise, with `rule` and `reason` as words and
/// `why` and `text` as sentences.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// Which breaker.
    pub breaker: About,
    /// The state, as [`CircuitBreaker::state`] tells it.
    pub state: State,
    /// The state that it would be in, where the mode is metrics only.
    pub would_be: Option<State>,
    /// Who decides.
    pub mode: Mode,
    /// The number of the last change of state or mode; 0 before the first.
    pub epoch: u64,
    /// The settings in force.
    pub settings: Settings,
    /// The number of these settings; 1 for those that the breaker was made with.
    pub revision: u64,
    /// Who set them.
    pub origin: Origin,
    /// Since when it is in this state or mode, by the wall clock; `None` before the first change, and for the moment
    /// between a change and its being told.
    pub since: Option<SystemTime>,
    /// For how long; `None` where that is.
    pub in_state_for: Option<Duration>,
    /// Failures in a row, while closed and where a rule counts them. This and the following are of the
    /// state that it would be in, where the mode is metrics only.
    pub consecutive_failures: u32,
    /// What the window of the rules holds, while closed and where a rule counts calls.
    pub window: Option<WindowCounts>,
    /// How many calls a second that window holds, where it is one of time: over all of it, or since the breaker closed
    /// where that is known and shorter.
    pub requests_per_second: Option<f64>,
    /// The share of the calls that may pass, while a ramp lasts; from 0.1 to 1.
    pub share: Option<f64>,
    /// Probes under way, while half-open.
    pub probes_in_flight: u32,
    /// How often in a row it has failed to close.
    pub reopenings: u32,
    /// What is left of the reset delay, while open.
    pub retry_after: Option<Duration>,
    /// Open, and the delay has passed: the next call is a probe.
    pub probe_due: bool,
    /// Half-open, and it has lasted too long: the next call decides.
    pub probe_overdue: bool,
    /// How many calls there were of each kind.
    pub totals: Totals,
    /// How long the calls of the recent minute took; `None` where there were none, or none since that is kept
    /// ([`Settings::latency`]).
    pub latency: Option<Latency>,
    /// How many failures there were of each class since the breaker was made, the most frequent first
    /// and `other` last. At most 16 classes beside `other` are told apart; the rest counts as `other`. At
    /// rest they add up to [`Totals::failed`]; while calls are being made, to no more than that.
    pub failures_by_class: Vec<ClassCount>,
    /// How often a rule or a probe opened it. What only would have, in metrics only, does not count here and below.
    pub trips: u64,
    /// How long it has been open altogether, being forced open included.
    pub open_for: Duration,
    /// How old the last answer was that was given in the place of one (the attribute's `last_good`); `None` where none was.
    pub last_good_age: Option<Duration>,
    /// Why it opened last, as long as that is among the changes that are kept
    /// ([`Settings::history`]); in metrics only, also why it would have.
    pub last_trip: Option<Arc<Report>>,
    /// Why the last configuration that was tried was refused, for whatever breaker; `None` where it was taken, or none was
    /// tried.
    #[cfg(feature = "config")]
    pub config_refused: Option<Arc<ConfigError>>,
}

impl CircuitBreaker {
    /// One copy of the state and all that belongs to it. The state and its numbers are of one
    /// moment; totals and history may be a moment younger.
    ///
    /// ```
    /// # use breaker_runtime::{CircuitBreaker, Settings, State};
    /// static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", Settings::new());
    /// let now = PRICING.snapshot();
    /// assert_eq!((now.state, now.totals.admitted), (State::Closed, 0));
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let view = self.view();
        let last = self.change(view.number);
        let (history, tally) = (self.history_kept(), self.tally());
        let since = tally.since();
        // A part is read before the whole that it belongs to.
        let failures_by_class = self.failures_by_class();
        Snapshot {
            breaker: self.about(),
            state: view.state,
            would_be: view.would_be,
            mode: view.mode,
            window: view.window,
            share: view.share.map(|thousandths| share(thousandths, 1_000)),
            epoch: view.number,
            settings: view.settings,
            revision: view.revision,
            origin: view.origin,
            since: since.map(|(at, _)| at),
            in_state_for: since.map(|(_, seen)| view.now.since(seen)),
            requests_per_second: view.window.and_then(|counts| {
                let Window::Time(window) = view.settings.window_or_default() else { return None };
                let closed_for = last.map(|change| view.now.since(change.time));
                let seconds = closed_for.map_or(window, |time| time.min(window)).as_secs_f64();
                #[expect(clippy::cast_precision_loss, reason = "a window with 2^53 calls")]
                (seconds > 0.0).then(|| counts.calls as f64 / seconds)
            }),
            consecutive_failures: view.streak,
            probes_in_flight: view.probes_in_flight,
            reopenings: view.reopenings,
            retry_after: view.due.map(|due| due.since(view.now)),
            probe_due: view.due.is_some_and(|due| view.now >= due),
            probe_overdue: view.overdue_at.is_some_and(|overdue_at| view.now >= overdue_at),
            totals: self.totals(),
            latency: view.latency,
            failures_by_class,
            trips: tally.trips,
            open_for: history.map(|history| history.open_for(&tally, view.now)).unwrap_or_default(),
            last_good_age: self.served_age(),
            #[cfg(feature = "config")]
            config_refused: config::refused(),
            last_trip: self.history().iter().rev().find_map(|change| {
                let happened = change.mode != Mode::MetricsOnly || view.mode == Mode::MetricsOnly;
                change.report().filter(|_| happened).cloned()
            }),
        }
    }

    /// What all its changes add up to.
    pub(crate) fn tally(&self) -> Tally {
        self.history_kept().map(History::tally).unwrap_or_default()
    }

    /// The last changes of state, mode and settings, oldest first: as many as
    /// [`Settings::history`] says, 32 unless it is set.
    ///
    /// ```
    /// # use breaker_runtime::{CircuitBreaker, Settings};
    /// let breaker = CircuitBreaker::builder("pricing").settings(Settings::new().consecutive(1)).build()?;
    /// breaker.try_acquire()?.failure();
    /// let changes: Vec<String> = breaker.history().iter().map(|change| change.to_string()).collect();
    /// assert_eq!(changes, ["closed → open: 1 failure in a row (limit 1); next probe after 60 s"]);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use]
    pub fn history(&self) -> Vec<Arc<Transition>> {
        self.history_kept().map(History::all).unwrap_or_default()
    }
}
