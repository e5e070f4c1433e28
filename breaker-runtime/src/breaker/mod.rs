//! The breaker: what it is made of, and how a call goes through it.

mod builder;
mod cell;
mod permit;
mod publish;
mod thread_slot;
mod timeline;
mod totals;
mod view;
mod word;

use std::any::type_name;
use std::fmt;
use std::ops::Deref;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use once_cell::race::{OnceBox, OnceRef};

pub use builder::Builder;
pub use permit::Permit;
pub(crate) use permit::{Ticket, Watch, Whose};
pub(crate) use totals::Count;
pub use totals::Totals;

use crate::clock::{Clock, Time};
use crate::error::CircuitBreakerError;
use crate::history::History;
use crate::outcome::{Quote, Verdict};
use crate::policy::{OnCancel, Settings};
use crate::report::Rule;
use crate::state::State;
use crate::window::{RecentFailures, Samples};
use cell::{Settled, StateCell};
use timeline::Timeline;
use totals::TotalCounts;
use word::{Identity, Limits, Step, Word};

/// From the first to the last of the unanswered calls in a row that trip a breaker.
const UNANSWERED_FOR: Duration = Duration::from_secs(10);

/// A circuit breaker.
///
/// Functions with the attribute [`circuit_breaker`](macro@crate::circuit_breaker) have one each, or
/// share one that is made by hand. By hand it goes like this:
///
/// ```
/// use std::time::Duration;
/// use breaker_runtime::{CircuitBreaker, Settings, State};
///
/// static PRICING: CircuitBreaker = CircuitBreaker::new(
///     "pricing",
///     Settings::new().consecutive(3).reset(Duration::from_secs(30)),
/// );
///
/// fn price(sku: &str) -> std::io::Result<f64> {
///     PRICING.call(|| {
///         // … ask the pricing service …
/// #       let _ = sku;
///         Ok(9.99)
///     })
/// }
///
/// assert_eq!(price("apple")?, 9.99);
/// assert_eq!(PRICING.state(), State::Closed);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// A call through a breaker takes no lock and waits for no other call. What it does, exactly:
/// closed, calls pass until a rule of the [`Settings`] trips it; open, they are rejected until the
/// reset delay has passed; half-open, a few pass as probes and decide.
///
/// A call inside a call on the same breaker takes a second permit: while half-open with one probe
/// the inner one is rejected. Protect the outermost call only.
pub struct CircuitBreaker {
    cell: StateCell,
    totals: TotalCounts,
    timeline: Timeline,
    /// The first of the present row of unanswered calls.
    unanswered_since: AtomicU64,
    /// The number of the last change of state that was published.
    changes: AtomicU64,
    recent_failures: OnceBox<RecentFailures>,
    samples: OnceBox<Samples>,
    history: OnceRef<'static, History>,
    settings: Settings,
    clock: Clock,
    name: &'static str,
    location: &'static Location<'static>,
}

impl CircuitBreaker {
    /// A breaker for a `static`. Its name is how people find it; it need not be unique, but
    /// [`registry::check`](crate::registry::check) reports names that are used twice.
    ///
    /// # Panics
    ///
    /// On settings that [`Settings::check`] refuses: when the code compiles, in a `static`.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str, settings: Settings) -> Self {
        if let Err(refused) = settings.check() {
            panic!("{}", refused.text());
        }
        Self::made(name, settings, Clock::monotonic(), Location::caller())
    }

    /// A breaker whose name or settings are known at run time only, or with a clock of its own.
    #[track_caller]
    pub fn builder(name: &str) -> Builder {
        Builder::new(name, Location::caller())
    }

    pub(crate) const fn made(
        name: &'static str,
        settings: Settings,
        clock: Clock,
        location: &'static Location<'static>,
    ) -> Self {
        Self {
            cell: StateCell::new(),
            totals: TotalCounts::new(),
            timeline: Timeline::new(),
            unanswered_since: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            recent_failures: OnceBox::new(),
            samples: OnceBox::new(),
            history: OnceRef::new(),
            settings,
            clock,
            name,
            location,
        }
    }

    /// A fresh breaker like this one, on another clock.
    #[cfg(feature = "testing")]
    pub(crate) fn copy_on(&self, clock: Clock) -> Self {
        Self::made(self.name, self.settings, clock, self.location)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where the breaker was made: of an annotated function, where the attribute stands.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The present state. Reading changes nothing: an open breaker whose delay has passed stays
    /// open until a call arrives ([`Snapshot::probe_due`](crate::Snapshot) tells).
    #[must_use]
    pub fn state(&self) -> State {
        self.cell.load().state()
    }

    /// Runs `call`, unless the breaker rejects it. An `Err` is a failure, a panic too.
    ///
    /// # Errors
    ///
    /// What `call` returns, untouched; or, for a rejected call, [`CircuitBreakerError`] turned into
    /// the error of `call` by `From`.
    ///
    /// # Panics
    ///
    /// Where `call` does.
    pub fn call<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        E: From<CircuitBreakerError>,
    {
        let mut permit = Self::admit(&self, None, Whose::Waiting)?;
        permit.run();
        let output = call();
        permit.settle(by_type(&output));
        output
    }

    /// Runs `call`, unless the breaker rejects it: then `call` is dropped without having run.
    /// An `Err` is a failure, a panic too; dropping the returned future cancels the call.
    ///
    /// ```
    /// # use breaker_runtime::{CircuitBreaker, CircuitBreakerError};
    /// # async fn ask() -> Result<f64, CircuitBreakerError> { Ok(9.99) }
    /// static PRICING: CircuitBreaker = CircuitBreaker::new("pricing", breaker_runtime::Settings::new());
    ///
    /// # async fn example() -> Result<(), CircuitBreakerError> {
    /// let price = PRICING.call_async(ask()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// Where `call` does.
    pub async fn call_async<T, E>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, E>
    where
        E: From<CircuitBreakerError>,
    {
        let mut permit = Self::admit(&self, None, Whose::Waiting)?;
        let output = Watch::new(&mut permit, pin!(call)).await;
        permit.settle(by_type(&output));
        output
    }

    /// Leave to make one call, for code that cannot be put into a closure or a future.
    ///
    /// # Errors
    ///
    /// A rejection, where the breaker is open or has all its probes under way.
    pub fn try_acquire(&self) -> Result<Permit<&Self>, CircuitBreakerError> {
        // In the course of a panic, being dropped by it says nothing about the call.
        let whose = if thread::panicking() { Whose::Waiting } else { Whose::Callers };
        Self::admit(&self, None, whose)
    }

    /// Closes the breaker, whatever its state, and forgets all counts that decide. Calls under way
    /// end late: they count in the totals alone.
    pub fn close(&self) {
        let mut word = self.cell.load();
        loop {
            match self.cell.exchange(word, word.close()) {
                Ok(change) => return self.closed_by_hand(change),
                Err(found) => word = found,
            }
        }
    }

    /// How many calls there were of each kind.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals.read()
    }

    #[inline]
    pub(crate) fn admit<B>(breaker: &B, limit: Option<Duration>, whose: Whose) -> Result<Permit<B>, CircuitBreakerError>
    where
        B: Deref<Target = Self> + Clone,
    {
        let this: &Self = breaker;
        let word = this.cell.load();
        let epoch = if word.is_closed() { word.identity() } else { this.admit_slow(word)? };
        this.totals.add(Count::Started);
        let deadline = match limit.or(this.settings.timeout) {
            None => Time::END,
            Some(limit) => this.clock.now().after(limit),
        };
        Ok(Permit::new(breaker.clone(), Ticket { epoch, deadline, whose }))
    }

    /// Admission where the breaker was not closed a moment ago.
    #[cold]
    fn admit_slow(&self, mut word: Word) -> Result<Identity, CircuitBreakerError> {
        loop {
            let next = match word.state() {
                State::Closed => return Ok(word.identity()),
                State::Open => self.arrive_open(word)?,
                State::HalfOpen => match self.overdue_half_open(word) {
                    Some(found) => {
                        word = found;
                        continue;
                    }
                    None => word.admit_probe(self.limits()).ok_or_else(|| self.reject_probing(word))?,
                },
            };
            match self.cell.exchange(word, next) {
                Ok(change) => {
                    if word.state() == State::Open {
                        self.began_probing(change);
                    }
                    return Ok(next.identity());
                }
                Err(found) => word = found,
            }
        }
    }

    /// The half-open word that this call begins, or its rejection.
    fn arrive_open(&self, word: Word) -> Result<Word, CircuitBreakerError> {
        let Some(period) = self.timeline.open_period(word.identity()) else {
            // It has opened this very moment, and who opened it is about to say when it ends.
            return Err(self.reject_open(word, self.delay(word)));
        };
        let now = self.clock.now();
        if now < period.due() {
            return Err(self.reject_open(word, period.due().since(now)));
        }
        Ok(word.probe())
    }

    /// Ends a half-open period that has lasted too long, and returns what came after it; `None`
    /// where it may go on.
    fn overdue_half_open(&self, word: Word) -> Option<Word> {
        let overdue_at = self.timeline.overdue_at(word.identity())?;
        if self.clock.now() < overdue_at {
            return None;
        }
        let before = self.timeline.last_open_period();
        match self.cell.exchange(word, word.overdue(before.reopenings)) {
            Ok(change) => {
                self.ended_overdue(change, overdue_at);
                Some(change.to)
            }
            Err(found) => Some(found),
        }
    }

    #[inline]
    fn succeeded(&self, epoch: Identity) {
        self.totals.add(Count::Succeeded);
        if !self.cell.load().is_unmarked(epoch) {
            self.succeeded_slow(epoch);
        }
    }

    /// A success that has something to end, or that comes late.
    #[cold]
    fn succeeded_slow(&self, epoch: Identity) {
        let limits = self.limits();
        match self.cell.settle(epoch, |word| word.success(limits)) {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => self.recovered(change, limits.successes),
        }
    }

    #[cold]
    fn ignored(&self, epoch: Identity) {
        self.totals.add(Count::Ignored);
        if let Settled::Late = self.cell.settle(epoch, Word::ignored) {
            self.totals.add(Count::Late);
        }
    }

    #[cold]
    fn failed(&self, epoch: Identity, quote: Quote<'_>) {
        self.totals.add(Count::Failed);
        if self.cell.load().identity() != epoch {
            return self.totals.add(Count::Late);
        }
        let now = self.clock.now();
        self.samples().record(epoch.epoch(), now, quote);
        let trips = epoch.is_closed() && self.too_many_failures(epoch, now);
        let limits = self.limits();
        let reopenings = self.timeline.last_open_period().reopenings;
        match self.cell.settle(epoch, |word| word.failure(limits, trips, reopenings)) {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => self.opened(change, now, self.rule_of_failure(change.from)),
        }
    }

    fn too_many_failures(&self, epoch: Identity, now: Time) -> bool {
        self.settings.failures.is_some_and(|(limit, window)| {
            let ring = self.recent_failures.get_or_init(|| Box::new(RecentFailures::new(limit)));
            ring.record(epoch.epoch(), now, window)
        })
    }

    /// Which rule a failure met that opened the breaker.
    fn rule_of_failure(&self, from: Word) -> Rule {
        let measured = from.streak() + 1;
        match (self.settings.streak_limit(), self.settings.failures) {
            _ if from.state() == State::HalfOpen => Rule::ProbeFailed,
            (Some(limit), _) if measured >= limit => Rule::Consecutive { limit, measured },
            (_, Some((limit, window))) => Rule::Failures { limit, window },
            (limit, None) => Rule::Consecutive { limit: limit.unwrap_or(measured), measured },
        }
    }

    #[cfg(feature = "tokio")]
    #[cold]
    fn timed_out(&self, epoch: Identity) {
        self.totals.add(Count::TimedOut);
        self.failed(epoch, Quote::Plain("timed out"));
    }

    /// A permit was dropped that had not been settled.
    #[cold]
    fn dropped(&self, ticket: Ticket) {
        let epoch = ticket.epoch;
        let panicked = match ticket.whose {
            Whose::Callers => thread::panicking(),
            Whose::Waiting => false,
            Whose::Running => true,
        };
        if panicked {
            return self.failed(epoch, Quote::Plain("panicked"));
        }
        let ran_out = || ticket.deadline != Time::END && self.clock.now() >= ticket.deadline;
        match self.settings.on_cancel {
            OnCancel::Ignore => self.cancelled(epoch, Word::cancelled_unheard),
            _ if ran_out() => self.failed(epoch, Quote::Plain("cancelled after its time limit")),
            OnCancel::Failure => self.failed(epoch, Quote::Plain("cancelled")),
            OnCancel::Unanswered => self.unanswered(epoch),
        }
    }

    fn unanswered(&self, epoch: Identity) {
        let now = self.clock.now();
        let limit = self.settings.unanswered_limit();
        self.cancelled(epoch, |word| {
            if word.unanswered() == 0 {
                // The first of a row leaves its time before it is counted, so whoever counts on
                // sees it. A racer for first place that lost can only have a time from before
                // the winner was counted; of the two the later is kept.
                self.unanswered_since.fetch_max(now.as_nanos(), Ordering::Relaxed);
            }
            word.cancelled(|calls| calls >= limit && now.since(self.first_unanswered()) >= UNANSWERED_FOR)
        });
    }

    fn cancelled(&self, epoch: Identity, step: impl FnMut(Word) -> Step) {
        self.totals.add(Count::Cancelled);
        match self.cell.settle(epoch, step) {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => {
                let now = self.clock.now();
                let over = now.since(self.first_unanswered());
                let (limit, measured) = (self.settings.unanswered_limit(), change.from.unanswered() + 1);
                self.opened(change, now, Rule::NoAnswer { limit, measured, over });
            }
        }
    }

    fn first_unanswered(&self) -> Time {
        Time::from_nanos(self.unanswered_since.load(Ordering::Relaxed))
    }

    pub(crate) fn count(&self, what: Count) {
        self.totals.add(what);
    }

    fn limits(&self) -> Limits {
        Limits {
            consecutive: self.settings.streak_limit(),
            probes: self.settings.probes,
            successes: self.settings.successes_needed(),
        }
    }

    fn samples(&self) -> &Samples {
        self.samples.get_or_init(|| Box::new(Samples::new(self.settings.failure_samples)))
    }
}

/// The verdict on a result of which nothing is known but its type.
fn by_type<T, E>(output: &Result<T, E>) -> Verdict<'static> {
    match output {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure(Quote::Plain(type_name::<E>())),
    }
}

// A panic that passes by leaves a breaker as whole as any other end of a call.
impl UnwindSafe for CircuitBreaker {}
impl RefUnwindSafe for CircuitBreaker {}

impl Drop for CircuitBreaker {
    fn drop(&mut self) {
        if let Some(history) = self.history.get() {
            history.give_back();
        }
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("name", &self.name).field("state", &self.state()).finish_non_exhaustive()
    }
}
