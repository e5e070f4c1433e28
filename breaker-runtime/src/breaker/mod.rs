//! The breaker: what it is made of, and how a call goes through it.
//!
//! *Orderings.* All that decides goes through [`cell`] and [`timeline`], which argue for theirs. The
//! beginning of a row of unanswered calls is written before the exchange that counts its first one,
//! and read by callers who have seen that count; so it can be relaxed.

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
use std::sync::Arc;
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
use cell::{Change, Settled, StateCell};
use timeline::Timeline;
use totals::TotalCounts;
use word::{Identity, Limits, Step, Word};

/// The state in which a call was admitted, or a word that is to be looked at instead.
type Attempt = Result<Identity, Word>;

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
    /// A breaker for a `static`. Its name is how people find it; it need not be unique, but of the
    /// breakers that the [registry](crate::registry) lists, `check` reports those with equal names.
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
    pub fn name(&self) -> &str {
        self.name
    }

    /// The name, for an error that may outlive the breaker.
    pub(crate) fn lasting_name(&self) -> &'static str {
        self.name
    }

    /// Where the breaker was made: of an annotated function, where the attribute stands.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
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
    #[inline]
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
    /// The returned future is about twice as large as `call`; box a very large one. (The attribute
    /// does not double it.)
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
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<&Self>, CircuitBreakerError> {
        Self::admit(&self, None, Whose::of_caller())
    }

    /// The same as [`try_acquire`](Self::try_acquire), with a permit that holds a share of the
    /// breaker and can go where the breaker's owner cannot: into a spawned task, say.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use breaker_runtime::CircuitBreaker;
    /// let breaker = Arc::new(CircuitBreaker::builder("printer").build()?);
    /// let permit = breaker.try_acquire_owned()?;
    /// std::thread::spawn(move || permit.success()).join().unwrap();
    /// assert_eq!(breaker.totals().succeeded, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A rejection, where the breaker is open or has all its probes under way.
    #[inline]
    pub fn try_acquire_owned(self: &Arc<Self>) -> Result<Permit<Arc<Self>>, CircuitBreakerError> {
        Self::admit(self, None, Whose::of_caller())
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

    #[expect(clippy::inline_always, reason = "out of line, copying its result costs more than all it does")]
    #[inline(always)]
    pub(crate) fn admit<B>(breaker: &B, limit: Option<Duration>, whose: Whose) -> Result<Permit<B>, CircuitBreakerError>
    where
        B: Deref<Target = Self> + Clone,
    {
        let this: &Self = breaker;
        let word = this.cell.load();
        let epoch = if word.is_closed() { word.identity() } else { this.admit_slow(word, limit)? };
        this.totals.add(Count::Started);
        let deadline = match limit.or(this.settings.timeout) {
            None => Time::END,
            Some(limit) => this.clock.now().after(limit),
        };
        Ok(Permit::new(breaker.clone(), Ticket { epoch, deadline, whose }))
    }

    /// Admission where the breaker was not closed a moment ago.
    #[cold]
    fn admit_slow(&self, mut word: Word, limit: Option<Duration>) -> Result<Identity, CircuitBreakerError> {
        loop {
            let attempt = match word.state() {
                State::Closed => return Ok(word.identity()),
                State::Open => self.arrive_open(word, limit)?,
                State::HalfOpen => self.arrive_half_open(word)?,
            };
            match attempt {
                Ok(identity) => return Ok(identity),
                Err(found) => word = found,
            }
        }
    }

    /// The half-open state that this call begins as its first probe, or the word that it found
    /// instead; or its rejection.
    fn arrive_open(&self, word: Word, limit: Option<Duration>) -> Result<Attempt, CircuitBreakerError> {
        let Some(period) = self.timeline.open_period(word.identity()) else {
            // It has opened this very moment, and who opened it is about to say when it ends.
            return Err(self.reject_open(word, self.delay(word)));
        };
        let now = self.clock.now();
        if now < period.due() {
            return Err(self.reject_open(word, period.due().since(now)));
        }
        Ok(self.cell.exchange(word, word.probe()).map(|change| {
            self.began_probing(change, now, period.delay, limit);
            change.to.identity()
        }))
    }

    /// The half-open state in which this call takes a place, or the word that there is instead; or
    /// its rejection. A half-open period that has lasted too long ends here.
    fn arrive_half_open(&self, word: Word) -> Result<Attempt, CircuitBreakerError> {
        if let Some(period) = self.timeline.half_open_period(word.identity()) {
            let now = self.clock.now();
            if now >= period.overdue_at {
                let next = word.overdue(self.reopenings(word.identity()));
                return Ok(Err(match self.cell.exchange(word, next) {
                    Ok(change) => {
                        self.ended_overdue(change, period, now);
                        change.to
                    }
                    Err(found) => found,
                }));
            }
        }
        let next = word.admit_probe(self.limits()).ok_or_else(|| self.reject_probing(word))?;
        Ok(self.cell.exchange(word, next).map(|change| change.to.identity()))
    }

    /// How many attempts to close had failed when the half-open state `state` began.
    fn reopenings(&self, state: Identity) -> u32 {
        // Known for certain: who began the half-open state had to read it.
        self.timeline.open_period(state.open_before()).map_or(0, |before| before.reopenings)
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
        let now = self.samples().record(epoch.epoch(), quote, || self.clock.now());
        let trips = epoch.is_closed() && self.too_many_failures(epoch, now);
        let limits = self.limits();
        let reopenings = self.reopenings(epoch);
        match self.cell.settle(epoch, |word| word.failure(limits, trips, reopenings)) {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => self.opened(change, now, self.rule_of_failure(change.from)),
        }
    }

    fn too_many_failures(&self, epoch: Identity, now: Time) -> bool {
        self.settings.failures.is_some_and(|(limit, window)| {
            let ring = self.recent_failures.get_or_init(|| Box::new(RecentFailures::new(limit, epoch.epoch())));
            ring.record(epoch.epoch(), now, window, || self.clock.now())
        })
    }

    /// Which rule a failure met that opened the breaker.
    fn rule_of_failure(&self, from: Word) -> Rule {
        let measured = from.streak() + 1;
        match (self.settings.streak_limit(), self.settings.failures) {
            _ if from.state() == State::HalfOpen => Rule::ProbeFailed,
            (Some(limit), _) if measured >= limit => Rule::Consecutive { limit, measured },
            (_, Some((limit, window))) => Rule::Failures { limit, measured: limit, window },
            (limit, None) => Rule::Consecutive { limit: limit.unwrap_or(measured), measured },
        }
    }

    #[cfg(feature = "tokio")]
    #[cold]
    fn timed_out(&self, epoch: Identity) {
        self.failed(epoch, Quote::Plain("timed out"));
        self.totals.add(Count::TimedOut);
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
            OnCancel::Ignore => {
                self.cancelled(epoch, Word::cancelled_unheard);
            }
            _ if ran_out() => self.failed(epoch, Quote::Plain("cancelled after its time limit")),
            OnCancel::Failure => self.failed(epoch, Quote::Plain("cancelled")),
            OnCancel::Unanswered => self.unanswered(epoch),
        }
    }

    fn unanswered(&self, epoch: Identity) {
        let now = self.clock.now();
        let limit = self.settings.unanswered_limit();
        let change = self.cancelled(epoch, |word| {
            if word.unanswered() == 0 {
                // The first of a row leaves its time before it is counted, so whoever counts on
                // sees it. A racer for first place that lost can only have a time from before
                // the winner was counted; of the two the later is kept.
                self.unanswered_since.fetch_max(now.as_nanos(), Ordering::Relaxed);
            }
            word.cancelled(|calls| calls >= limit && now.since(self.first_unanswered()) >= UNANSWERED_FOR)
        });
        if let Some(change) = change {
            let over = now.since(self.first_unanswered());
            let measured = change.from.unanswered() + 1;
            self.opened(change, now, Rule::NoAnswer { limit, measured, over });
        }
    }

    fn cancelled(&self, epoch: Identity, step: impl FnMut(Word) -> Step) -> Option<Change> {
        self.totals.add(Count::Cancelled);
        match self.cell.settle(epoch, step) {
            Settled::Late => self.totals.add(Count::Late),
            Settled::Counted => {}
            Settled::Changed(change) => return Some(change),
        }
        None
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
#[inline]
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
