//! Everything that can be said about tripping and recovery, as data.

use std::fmt;
use std::time::Duration;

use super::around::Around;
use super::compact::{Few, Number, Seed, Share, Small, Span};
use super::rate::Rate;
use crate::text::{Counted, Plain};

/// What a cancelled call says about the dependency.
///
/// A call is cancelled when its future, or its [`Permit`](crate::Permit), is dropped before it has
/// ended by itself. One that had already run for the time limit ([`Settings::timeout`]) is recorded
/// as a failure under every setting but `Ignore`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnCancel {
    /// The default. When as many calls in a row as the count rule says (5 without one) were
    /// cancelled, none ended by itself between them, and 10 s or more lie between the first and
    /// the last, the breaker trips: callers that give up on a hung dependency trip it, a busy
    /// user who cancels his own requests does not.
    #[default]
    Unanswered,
    /// Every cancelled call is a failure.
    Failure,
    /// Cancelled calls count in the totals and nowhere else.
    Ignore,
}

/// What the rules that count calls look back on. Set by [`Settings::window`] or
/// [`Settings::window_calls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// So much time, up to now.
    Time(Duration),
    /// So many of the last calls that succeeded or failed.
    Calls(u32),
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Time(time) => write!(f, "{}", Plain(time)),
            Self::Calls(calls) => write!(f, "{}", Counted(calls.into(), "call")),
        }
    }
}

/// How a breaker trips and recovers.
///
/// `Settings::new()` holds the defaults; every method replaces one value, in constants too:
///
/// ```
/// use std::time::Duration;
/// use breaker_runtime::{CircuitBreaker, Settings};
///
/// static PRICING: CircuitBreaker = CircuitBreaker::new(
///     "pricing",
///     Settings::new().consecutive(3).reset(Duration::from_secs(30)),
/// );
/// # assert!(PRICING.settings().check().is_ok());
/// ```
///
/// Without any rule the breaker trips after 5 failures in a row. Values are checked when a breaker
/// is made of them: by [`CircuitBreaker::new`](crate::CircuitBreaker::new) when the code compiles,
/// by [`Builder::build`](crate::Builder::build) with an error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    pub(crate) consecutive: Number,
    pub(crate) failures: Number,
    pub(crate) failure_rate: Share,
    pub(crate) slow_rate: Share,
    pub(crate) slow_call: Span,
    /// Of the two kinds of window, one at most is set.
    window_time: Span,
    window_calls: Number,
    pub(crate) min_calls: Number,
    pub(crate) reset: Span,
    pub(crate) backoff: f64,
    pub(crate) max_reset: Span,
    pub(crate) jitter: f64,
    jitter_seed: Seed,
    pub(crate) probes: Small,
    pub(crate) successes: Number,
    pub(crate) probe_failure_rate: Share,
    pub(crate) probe_timeout: Span,
    pub(crate) ramp: Span,
    pub(crate) timeout: Span,
    pub(crate) max_concurrent: Number,
    /// Calls within a time; the time is set where they are.
    pub(crate) rate_calls: Number,
    rate_time: Span,
    pub(crate) burst: Number,
    pub(crate) on_cancel: OnCancel,
    pub(crate) latency: bool,
    pub(crate) span: bool,
    pub(crate) failure_samples: Few,
    pub(crate) history: Small,
    pub(super) around: Around,
}

/// Failures in a row that trip a breaker for which no rule was given.
pub(crate) const DEFAULT_CONSECUTIVE: u32 = 5;
/// Calls that a rate needs, unless it is said.
pub(crate) const DEFAULT_MIN_CALLS: u32 = 20;

const MINUTE: Duration = Duration::from_secs(60);

impl Settings {
    /// The defaults: 5 failures in a row, 60 s, one probe.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            consecutive: Number::NONE,
            failures: Number::NONE,
            failure_rate: Share::NONE,
            slow_rate: Share::NONE,
            slow_call: Span::NONE,
            window_time: Span::NONE,
            window_calls: Number::NONE,
            min_calls: Number::NONE,
            reset: Span::new(MINUTE),
            backoff: 1.0,
            max_reset: Span::NONE,
            jitter: 0.0,
            jitter_seed: Seed::NONE,
            probes: Small::new(1),
            successes: Number::NONE,
            probe_failure_rate: Share::NONE,
            probe_timeout: Span::NONE,
            ramp: Span::NONE,
            timeout: Span::NONE,
            max_concurrent: Number::NONE,
            rate_calls: Number::NONE,
            rate_time: Span::NONE,
            burst: Number::NONE,
            on_cancel: OnCancel::Unanswered,
            latency: false,
            span: false,
            around: Around::NONE,
            failure_samples: Few::new(5),
            history: Small::new(32),
        }
    }

    /// Trips after `n` failures in a row. A success sets the count to 0; ignored and cancelled calls
    /// leave it alone.
    ///
    /// - Limits: 1 to 65,535 failures.
    /// - Default: 5 where no other rule is set, enough that one bad answer is no outage, few enough that
    ///   an outage is noticed at once. Another rule alone does not add this one.
    /// - With [`on_cancel`](Self::on_cancel): so many unanswered calls in a row trip, too.
    #[must_use]
    pub const fn consecutive(mut self, n: u32) -> Self {
        self.consecutive = Number::new(n);
        self
    }

    /// Trips after `n` failures within the window, which must be set: by [`window`](Self::window) when
    /// the `n`-th most recent failure is younger than that, exactly; by
    /// [`window_calls`](Self::window_calls) when `n` of so many last calls failed, whether there were so
    /// many already or not. Successes do not reset it.
    ///
    /// - Limits: 1 to 65,535 failures, and no more than a window of calls holds. Within a time, takes 8
    ///   bytes for each of `n` failures, from the first failure on.
    /// - Default: off; a streak is the simpler rule, and needs no window.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use breaker_runtime::Settings;
    /// let within_time = Settings::new().failures(3).window(Duration::from_secs(30));
    /// let within_calls = Settings::new().failures(3).window_calls(20);
    /// # assert!(within_time.check().is_ok() && within_calls.check().is_ok());
    /// ```
    #[must_use]
    pub const fn failures(mut self, n: u32) -> Self {
        self.failures = Number::new(n);
        self
    }

    /// Trips when, of the calls in the window, at least the share `rate` failed. Read when a call has
    /// ended; ignored and cancelled calls are no part of it.
    ///
    /// - Limits: above 0, up to 1 (0.5 is half of the calls).
    /// - Default: off; a share says nothing where calls are few.
    /// - With [`min_calls`](Self::min_calls): not read before the window holds so many. With
    ///   [`window`](Self::window) or [`window_calls`](Self::window_calls): what it looks back on.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use breaker_runtime::Settings;
    /// // Half of the last 5 minutes' calls, if there were 50 or more:
    /// let settings = Settings::new().failure_rate(0.5).window(Duration::from_secs(300)).min_calls(50);
    /// # assert!(settings.check().is_ok());
    /// ```
    #[must_use]
    pub const fn failure_rate(mut self, rate: f64) -> Self {
        self.failure_rate = Share::new(rate);
        self
    }

    /// Trips when, of the calls in the window, at least the share `rate` was slow, whatever their
    /// outcome. A call under way counts as slow from the moment when it has run for
    /// [`slow_call`](Self::slow_call) (noticed a tenth of that later at most), so that calls that hang
    /// are noticed before they end.
    ///
    /// - Limits: above 0, up to 1. Needs `slow_call`. Costs two readings of the clock a call.
    /// - Default: off; what is slow, only you know.
    /// - With [`min_calls`](Self::min_calls) and the windows as [`failure_rate`](Self::failure_rate).
    ///   While half-open, a slow probe is a failed one, or counts for a share of slow probes under
    ///   [`probe_failure_rate`](Self::probe_failure_rate).
    #[must_use]
    pub const fn slow_rate(mut self, rate: f64) -> Self {
        self.slow_rate = Share::new(rate);
        self
    }

    /// From which time on a call is slow. A cancelled call that had run this long is recorded as a slow
    /// success.
    ///
    /// - Limits: longer than zero, and not longer than [`timeout`](Self::timeout), which would stop every
    ///   call before it is slow.
    /// - Default: none; [`slow_rate`](Self::slow_rate) needs it, and it needs `slow_rate`.
    #[must_use]
    pub const fn slow_call(mut self, time: Duration) -> Self {
        self.slow_call = Span::new(time);
        self
    }

    /// The window of `failures`, `failure_rate` and `slow_rate` as a time, up to now. For `failures`
    /// it is exact; the rates read ten slices of it, counted from the making of the breaker, so that a
    /// call counts for between nine tenths of the window and the window.
    ///
    /// - Limits: longer than zero. One window serves all three rules, and needs one of them.
    /// - Default: 60 s for the rates, long enough for [`min_calls`](Self::min_calls) in most services,
    ///   short enough that an outage does not drown in what was before; none for `failures`.
    #[must_use]
    pub const fn window(mut self, time: Duration) -> Self {
        (self.window_time, self.window_calls) = (Span::new(time), Number::NONE);
        self
    }

    /// The window of `failures`, `failure_rate` and `slow_rate` as a number of calls: the last so many
    /// that succeeded or failed. In the place of [`window`](Self::window).
    ///
    /// - Limits: 1 to 65,535 calls. Takes 8 bytes for each of them from the first failure on, and as much
    ///   again from the first slow call on.
    /// - Default: a window of time.
    #[must_use]
    pub const fn window_calls(mut self, calls: u32) -> Self {
        (self.window_time, self.window_calls) = (Span::NONE, Number::new(calls));
        self
    }

    /// How many calls the window must hold before a rate is read; needs
    /// [`failure_rate`](Self::failure_rate) or [`slow_rate`](Self::slow_rate).
    ///
    /// - Limits: 1 to 65,535 calls, and no more than a window of calls holds.
    /// - Default: 20, or the window of calls where that is smaller: with fewer, one failure is too large
    ///   a share.
    #[must_use]
    pub const fn min_calls(mut self, calls: u32) -> Self {
        self.min_calls = Number::new(calls);
        self
    }

    /// How long the breaker stays open before it lets a probe through.
    ///
    /// - Limits: longer than zero.
    /// - Default: 60 s, long enough for a restart, short enough to be waited for.
    /// - With [`backoff`](Self::backoff), [`max_reset`](Self::max_reset) and [`jitter`](Self::jitter): the
    ///   first delay. Should not be shorter than [`timeout`](Self::timeout): calls from before the trip
    ///   would still be under way when the first probe goes out.
    #[must_use]
    pub const fn reset(mut self, delay: Duration) -> Self {
        self.reset = Span::new(delay);
        self
    }

    /// Multiplies the delay by `factor` for every failed attempt to close again: the delay after `k` of
    /// them is `reset * factor^k`, at most [`max_reset`](Self::max_reset).
    ///
    /// - Limits: 1 or more.
    /// - Default: 1, the same delay every time, so that what people read in the settings is what happens.
    #[must_use]
    pub const fn backoff(mut self, factor: f64) -> Self {
        self.backoff = factor;
        self
    }

    /// The longest delay that [`backoff`](Self::backoff) and [`jitter`](Self::jitter) may reach. Jitter
    /// that would go beyond is spread below it.
    ///
    /// - Limits: not shorter than [`reset`](Self::reset).
    /// - Default: 10 times `reset` where `backoff` is above 1, so that a breaker that has been open all
    ///   night closes within minutes of the repair; else no limit.
    #[must_use]
    pub const fn max_reset(mut self, delay: Duration) -> Self {
        self.max_reset = Span::new(delay);
        self
    }

    /// Spreads each delay evenly between `1 - share` and `1 + share` of itself, so that a fleet does not
    /// probe at one moment. Drawn once for each trip.
    ///
    /// - Limits: 0 to 1.
    /// - Default: 0, so that what a rejection says of the delay is what the settings say.
    #[must_use]
    pub const fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// Makes the draws of [`jitter`](Self::jitter) repeatable, for tests.
    ///
    /// - Limits: none.
    /// - Default: a seed that differs from process to process, which is what jitter is for.
    #[must_use]
    pub const fn jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = Seed::new(seed);
        self
    }

    /// How many calls may try the dependency while half-open; the rest is rejected.
    ///
    /// - Limits: 1 to 255.
    /// - Default: 1, the least that a recovering dependency can be asked for.
    /// - With [`successes`](Self::successes): so many of them close the breaker. With
    ///   [`probe_failure_rate`](Self::probe_failure_rate): they decide together.
    #[must_use]
    pub const fn probes(mut self, n: u32) -> Self {
        self.probes = Small::new(n);
        self
    }

    /// How many probes must succeed before the breaker closes. One failed probe opens it.
    ///
    /// - Limits: 1 to [`probes`](Self::probes). Has no place beside
    ///   [`probe_failure_rate`](Self::probe_failure_rate), which asks all probes.
    /// - Default: `probes`; whoever asks for several wants to hear them.
    #[must_use]
    pub const fn successes(mut self, n: u32) -> Self {
        self.successes = Number::new(n);
        self
    }

    /// Lets the probes decide together: when [`probes`](Self::probes) of them have settled, at least
    /// the share `rate` of failed ones opens the breaker again, fewer close it. With
    /// [`slow_rate`](Self::slow_rate), that share of slow ones opens it too.
    ///
    /// - Limits: above 0, up to 1. In the place of [`successes`](Self::successes).
    /// - Default: off, and the first failed probe opens it: the safest answer to one probe.
    #[must_use]
    pub const fn probe_failure_rate(mut self, rate: f64) -> Self {
        self.probe_failure_rate = Share::new(rate);
        self
    }

    /// How long half-open may last without a decision, counted from its first probe. The call that
    /// arrives after it decides by what has settled: open, where nothing did, or less than is still in
    /// flight or was cancelled, or where the rates say so; else closed.
    ///
    /// - Limits: longer than zero, not shorter than [`timeout`](Self::timeout).
    /// - Default: the largest of the delay before, 60 s and `timeout`, so that a healthy but slow function
    ///   can answer.
    #[must_use]
    pub const fn probe_timeout(mut self, limit: Duration) -> Self {
        self.probe_timeout = Span::new(limit);
        self
    }

    /// After the probes have succeeded, lets a growing share of the calls through: from a tenth to all
    /// of them, evenly over `time`; the rest is rejected, so that a dependency that has just come back is
    /// not run over. The breaker is closed meanwhile, and trips as ever.
    ///
    /// - Limits: longer than zero.
    /// - Default: off; most dependencies bear their load at once, and a rejection is a rejection.
    #[must_use]
    pub const fn ramp(mut self, time: Duration) -> Self {
        self.ramp = Span::new(time);
        self
    }

    /// The time limit of the protected calls, as the breaker needs to know it: a call that is cancelled
    /// after it has run this long is recorded as a failure.
    ///
    /// The attribute's key `timeout` sets this and stops the call as well. By hand, whoever calls stops
    /// the call, with `tokio::time::timeout` for example.
    ///
    /// - Limits: longer than zero, not shorter than [`slow_call`](Self::slow_call), and not longer than
    ///   [`probe_timeout`](Self::probe_timeout).
    /// - Default: none; how long is too long, only you know.
    /// - With [`on_cancel`](Self::on_cancel): holds under every setting but `Ignore`.
    #[must_use]
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Span::new(limit);
        self
    }

    /// What cancelled calls say about the dependency.
    ///
    /// - Default: [`OnCancel::Unanswered`], by which a dependency that hangs is noticed although no call
    ///   ever ends, and a user who cancels his own requests does no harm.
    /// - With [`consecutive`](Self::consecutive), else [`failures`](Self::failures): so many unanswered
    ///   calls in a row trip, 5 without either. With [`timeout`](Self::timeout) and
    ///   [`slow_call`](Self::slow_call): a call that had run so long is recorded as they say.
    #[must_use]
    pub const fn on_cancel(mut self, rule: OnCancel) -> Self {
        self.on_cancel = rule;
        self
    }

    /// Keeps how long calls take, for [`Snapshot::latency`](crate::Snapshot::latency) and for metrics.
    ///
    /// - Default: off, since a call then reads the clock twice, which costs more than all else here (see
    ///   [`Clock`](crate::clock::Clock) for a cheaper one), and since each thread that calls takes 4.5 KB.
    /// - With [`slow_rate`](Self::slow_rate), which reads the clock anyway, times are always kept.
    #[must_use]
    pub const fn latency(mut self, on: bool) -> Self {
        self.latency = on;
        self
    }

    /// Tells traces of each admitted call how it ended, in the caller's span; needs the feature `tracing`, and without it
    /// does nothing. Rejections, fallbacks and probes are told anyway.
    ///
    /// - Default: off, since it is one event for each call.
    #[must_use]
    pub const fn span(mut self, on: bool) -> Self {
        self.span = on;
        self
    }

    /// How many of the last failures are kept, with their texts, for the report of a trip.
    ///
    /// A failure that so many more must follow before a rule about rows, or about the last calls, can trip that it
    /// would not be among them (with 16 to spare, for those that end at one moment) is not kept: its text is not even
    /// made. So a report quotes fewer where calls got no answer, or where a limit was lowered, far from a trip.
    ///
    /// - Limits: 0 to 100; 0 keeps none. Takes about 250 bytes for each, from the first failure on.
    /// - Default: 5, which fit on a screen and show whether they are alike.
    #[must_use]
    pub const fn failure_samples(mut self, n: u32) -> Self {
        self.failure_samples = Few::new(n);
        self
    }

    /// How many of the last changes of state, mode and settings are kept, for
    /// [`history`](crate::CircuitBreaker::history) and for the report that a rejection shows.
    ///
    /// - Limits: 0 to 1,000. Takes 8 bytes for each, and about 200 for what each tells, a report not
    ///   counted; 0 keeps none, and then rejections do not say why.
    /// - Default: 32, a night of a dependency that comes and goes.
    /// - Listeners hear every change, whatever is kept.
    #[must_use]
    pub const fn history(mut self, n: u32) -> Self {
        self.history = Small::new(n);
        self
    }

    /// How many calls may run at one moment: a bulkhead. More of them are rejected
    /// ([`ErrorKind::Full`](crate::ErrorKind)), which says nothing about the dependency: the breaker does not count it. A
    /// call that the breaker itself rejects takes no place.
    ///
    /// A dependency that answers slowly, or not at all, takes no more than so many threads, tasks or connections of its
    /// caller until the breaker opens. A call gives its place back when it ends, however it does. Calls that began before
    /// the limit was set have none.
    ///
    /// - Limits: 1 to 65,535 calls.
    /// - Default: none; how many your service can spare, only you know.
    /// - In the mode [`MetricsOnly`](crate::Mode) nothing is rejected, and
    ///   [`Totals::would_have_rejected`](crate::Totals) counts; in [`Disabled`](crate::Mode) no places are taken.
    ///
    /// ```
    /// use breaker_runtime::{CircuitBreaker, ErrorKind, Settings};
    ///
    /// static PRINTER: CircuitBreaker = CircuitBreaker::new("printer", Settings::new().max_concurrent(1));
    ///
    /// let printing = PRINTER.try_acquire()?;
    /// assert_eq!(PRINTER.try_acquire().unwrap_err().kind(), ErrorKind::Full);
    /// printing.success();
    /// assert!(PRINTER.try_acquire().is_ok());
    /// # Ok::<(), breaker_runtime::CircuitBreakerError>(())
    /// ```
    #[must_use]
    pub const fn max_concurrent(mut self, n: u32) -> Self {
        self.max_concurrent = Number::new(n);
        self
    }

    /// How many calls may be made within `time`, in the long run: more of them are rejected
    /// ([`ErrorKind::Limited`](crate::ErrorKind)), with the time after which one can be made. It says nothing about the
    /// dependency, and the breaker does not count it. A call that the breaker itself rejects is none, nor is one that finds
    /// no place ([`max_concurrent`](Self::max_concurrent)).
    ///
    /// The calls are spread: by the generic cell rate algorithm (ITU-T I.371) one can be made each `time / calls`, and after
    /// a pause so many at once as [`burst`](Self::burst) says: so within one `time` there can be as many as both together,
    /// less one.
    ///
    /// - Limits: 1 to 1,000,000,000 calls, in a time longer than zero, and no more than one in a nanosecond.
    /// - Default: none; what the dependency allows, only you know.
    /// - Modes: as [`max_concurrent`](Self::max_concurrent).
    ///
    /// ```
    /// use std::time::Duration;
    /// use breaker_runtime::clock::ManualClock;
    /// use breaker_runtime::{CircuitBreaker, ErrorKind, Settings};
    ///
    /// let clock = ManualClock::new();
    /// let settings = Settings::new().rate_limit(10, Duration::from_secs(1)).burst(1);
    /// let search = CircuitBreaker::builder("search").settings(settings).clock(&clock).build()?;
    /// search.try_acquire()?.success();
    /// let error = search.try_acquire().unwrap_err();
    /// assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Limited, Some(Duration::from_millis(100))));
    /// clock.advance(Duration::from_millis(100));
    /// search.try_acquire()?.success();
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use]
    pub const fn rate_limit(mut self, calls: u32, time: Duration) -> Self {
        (self.rate_calls, self.rate_time) = (Number::new(calls), Span::new(time));
        self
    }

    /// How many calls may come at once under [`rate_limit`](Self::rate_limit), which must be set, after a pause that is
    /// long enough.
    ///
    /// - Limits: 1 to 1,000,000,000 calls.
    /// - Default: as many as `rate_limit` allows within its time.
    #[must_use]
    pub const fn burst(mut self, calls: u32) -> Self {
        self.burst = Number::new(calls);
        self
    }

    /// Without the rate that was set.
    #[cfg(feature = "config")]
    pub(crate) const fn unlimited(mut self) -> Self {
        (self.rate_calls, self.rate_time) = (Number::NONE, Span::NONE);
        self
    }

    /// The limit to the calls within a time, as it is written.
    pub(crate) const fn rate_limit_set(&self) -> Option<(u32, Duration)> {
        match (self.rate_calls.get(), self.rate_time.get()) {
            (Some(calls), Some(time)) => Some((calls, time)),
            _ => None,
        }
    }

    /// The same, as it is reckoned with.
    pub(crate) fn rate(&self) -> Option<Rate> {
        let (calls, time) = self.rate_limit_set()?;
        Some(Rate::new(calls, time, self.burst.get().unwrap_or(calls)))
    }

    /// Without the window that was set.
    #[cfg(feature = "config")]
    pub(crate) const fn windowless(mut self) -> Self {
        (self.window_time, self.window_calls) = (Span::NONE, Number::NONE);
        self
    }

    /// The streak that trips, where one does.
    pub(crate) const fn streak_limit(&self) -> Option<u32> {
        match self.consecutive.get() {
            None if !self.failures.is_some() && !self.has_rate() => Some(DEFAULT_CONSECUTIVE),
            consecutive => consecutive,
        }
    }

    /// How many unanswered calls in a row are too many.
    pub(crate) fn unanswered_limit(&self) -> u32 {
        self.streak_limit().or(self.failures.get()).unwrap_or(DEFAULT_CONSECUTIVE)
    }

    pub(crate) const fn has_rate(&self) -> bool {
        self.failure_rate.is_some() || self.slow_rate.is_some()
    }

    /// The window, where one is set.
    pub(crate) const fn window_set(&self) -> Option<Window> {
        match (self.window_calls.get(), self.window_time.get()) {
            (Some(calls), _) => Some(Window::Calls(calls)),
            (None, Some(time)) => Some(Window::Time(time)),
            (None, None) => None,
        }
    }

    /// The window of the rates, and of `failures` where that is set.
    #[inline]
    pub(crate) const fn window_or_default(&self) -> Window {
        match self.window_set() {
            Some(window) => window,
            None => Window::Time(MINUTE),
        }
    }

    /// Whether outcomes are recorded in a window at all, that of `failures` within time left aside.
    #[inline]
    pub(crate) const fn records(&self) -> bool {
        self.has_rate() || (self.window_calls.is_some() && self.failures.is_some())
    }

    /// Whether it matters when a success ends.
    #[inline]
    pub(crate) const fn times_ends(&self) -> bool {
        self.slow_rate.is_some() || (self.failure_rate.is_some() && !self.window_calls.is_some())
    }

    /// Whether it matters when a failure ends.
    #[inline]
    pub(crate) const fn times_failures(&self) -> bool {
        self.times_ends() || (self.failures.is_some() && !self.window_calls.is_some())
    }

    /// Whether it matters when a call begins.
    #[inline]
    pub(crate) const fn times_beginnings(&self) -> bool {
        self.timeout.is_some() || self.keeps_latency()
    }

    /// Whether it is kept how long calls take.
    #[inline]
    pub(crate) const fn keeps_latency(&self) -> bool {
        self.latency || self.slow_rate.is_some()
    }

    /// The rule about slow calls.
    #[inline]
    pub(crate) const fn slow(&self) -> Option<Slow> {
        match (self.slow_rate.get(), self.slow_call.get()) {
            (Some(rate), Some(call)) => Some(Slow { rate, call }),
            _ => None,
        }
    }

    /// Whether the window is one of calls.
    #[inline]
    pub(crate) const fn counts_calls(&self) -> bool {
        self.window_calls.is_some()
    }

    /// Whether there is a rule about slow calls.
    #[inline]
    pub(crate) const fn minds_slow(&self) -> bool {
        self.slow_rate.is_some() && self.slow_call.is_some()
    }

    /// How many calls a rate needs.
    pub(crate) const fn min_calls_needed(&self) -> u32 {
        match (self.min_calls.get(), self.window_calls.get()) {
            (Some(calls), _) => calls,
            (None, Some(window)) if window < DEFAULT_MIN_CALLS => window,
            (None, _) => DEFAULT_MIN_CALLS,
        }
    }

    pub(crate) const fn successes_needed(&self) -> u32 {
        match self.successes.get() {
            Some(successes) => successes,
            None => self.probes.get(),
        }
    }

    pub(crate) const fn reset_delay(&self) -> Duration {
        match self.reset.get() {
            Some(delay) => delay,
            None => MINUTE,
        }
    }

    pub(crate) const fn seed(&self) -> Option<u64> {
        self.jitter_seed.get()
    }

    /// How long half-open may last after an open period of `delay`, with a first probe that may
    /// itself take as long as `limit`.
    pub(crate) fn probe_patience(&self, delay: Duration, limit: Option<Duration>) -> Duration {
        let longest_call = limit.or(self.timeout.get()).unwrap_or_default();
        self.probe_timeout.get().unwrap_or_else(|| delay.max(MINUTE).max(longest_call))
    }
}

/// The rule about slow calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slow {
    pub(crate) rate: f64,
    pub(crate) call: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_streak_rule_is_the_default_only_where_there_is_no_rule() {
        let window = Duration::from_secs(1);
        let counted = Settings::new().failures(3).window(window);
        assert_eq!(Settings::new().streak_limit(), Some(5));
        assert_eq!(counted.streak_limit(), None);
        assert_eq!(counted.consecutive(2).streak_limit(), Some(2));
        assert_eq!(counted.unanswered_limit(), 3);
        assert_eq!(Settings::new().failure_rate(0.5).streak_limit(), None);
        assert_eq!(Settings::new().slow_rate(0.5).unanswered_limit(), 5);
    }

    #[test]
    fn calls_are_recorded_and_timed_where_a_rule_asks_for_it() {
        let second = Duration::from_secs(1);
        let slow = Settings::new().slow_rate(0.5).slow_call(second);
        let needs = |settings: Settings| {
            (settings.records(), settings.times_ends(), settings.times_beginnings(), settings.slow().is_some())
        };
        for (settings, expected) in [
            (Settings::new(), (false, false, false, false)),
            (Settings::new().timeout(second), (false, false, true, false)),
            (Settings::new().failures(3).window(second), (false, false, false, false)),
            (Settings::new().failures(3).window_calls(9), (true, false, false, false)),
            (Settings::new().failure_rate(0.5).window_calls(9), (true, false, false, false)),
            (Settings::new().failure_rate(0.5), (true, true, false, false)),
            (slow, (true, true, true, true)),
            (slow.window_calls(9), (true, true, true, true)),
        ] {
            assert_eq!(needs(settings), expected, "{settings}");
        }
    }

    #[test]
    fn half_open_lasts_as_long_as_the_longest_of_delay_minute_and_call() {
        let (minute, hour) = (MINUTE, 60 * MINUTE);
        let settings = Settings::new();
        assert_eq!(settings.probe_patience(Duration::ZERO, None), minute);
        assert_eq!(settings.probe_patience(hour, None), hour);
        assert_eq!(settings.timeout(hour).probe_patience(minute, None), hour);
        assert_eq!(settings.timeout(minute).probe_patience(minute, Some(hour)), hour);
        assert_eq!(settings.probe_timeout(Duration::from_secs(1)).probe_patience(hour, None), Duration::from_secs(1));
        assert_eq!((settings.probes(3).successes_needed(), settings.probes(3).successes(2).successes_needed()), (3, 2));
        assert_eq!(
            (settings.seed(), settings.jitter_seed(0).seed(), settings.jitter_seed(7).seed()),
            (None, Some(0), Some(7))
        );
    }

    #[test]
    fn a_rate_needs_twenty_calls_or_as_many_as_the_window_holds() {
        let rate = Settings::new().failure_rate(0.5);
        assert_eq!(rate.min_calls_needed(), 20);
        assert_eq!(rate.window_calls(100).min_calls_needed(), 20);
        assert_eq!([19, 20, 21].map(|calls| rate.window_calls(calls).min_calls_needed()), [19, 20, 20]);
        assert_eq!(rate.window_calls(8).min_calls_needed(), 8);
        assert_eq!(rate.window_calls(8).min_calls(3).min_calls_needed(), 3);
        assert_eq!(rate.window_or_default(), Window::Time(MINUTE));
    }

    #[test]
    fn every_setting_is_described_with_its_default_and_its_limits() {
        let (code, _tests) = include_str!("settings.rs").split_once("mod tests").unwrap();
        let setters = code.split("pub const fn ").collect::<Vec<_>>();
        let described = setters.windows(2).filter(|pair| pair[1].contains("(mut self, "));
        let names: Vec<&str> = described
            .map(|pair| {
                let name = pair[1].split('(').next().unwrap_or_default();
                let docs = pair[0].rsplit("}\n").next().unwrap_or_default();
                assert!(docs.contains("/// - Default: "), "{name} has no default");
                let is_a_choice = ["on_cancel", "latency", "span"].contains(&name);
                assert!(docs.contains("/// - Limits: ") || is_a_choice, "{name} has no limits");
                name
            })
            .collect();
        assert_eq!(names.len(), 27, "{names:?}");
    }
}
