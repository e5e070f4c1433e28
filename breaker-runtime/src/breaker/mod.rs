//! The breaker: what it is made of, and how people use it by hand.
//!
//! Of its parts, [`cell`] and [`timeline`] hold what decides; [`admission`] and [`settling`] are the
//! two ends of a call, [`reading`] is what the windows say between them, and [`publish`] is what
//! follows a change of state.

mod admission;
mod builder;
mod cell;
mod classes;
pub(crate) mod due;
mod given_back;
mod here;
mod in_force;
mod limits;
mod permit;
mod places;
mod publish;
mod ramp;
mod rate;
mod reading;
mod seldom;
mod sequence;
mod settings;
mod settling;
mod tenancy;
mod timeline;
mod totals;
mod under_way;
mod view;
pub(crate) mod word;

use std::any::type_name;
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use once_cell::race::{OnceBox, OnceRef};

pub(crate) use admission::Rejected;
pub use builder::Builder;
pub(crate) use here::{Here, Holds};
pub(crate) use in_force::Replaced;
pub use permit::Permit;
pub(crate) use permit::Whose;
#[cfg(feature = "controls")]
pub(crate) use settings::NotSet;
pub(crate) use tenancy::{Leave, family_settings};
pub(crate) use totals::Count;
pub use totals::Totals;
#[cfg(feature = "tower")]
pub(crate) use under_way::End;
#[cfg(feature = "tokio")]
pub(crate) use under_way::Limited;
pub(crate) use under_way::{Asking, Finish, Watch};

use crate::about::About;
use crate::clock::{Clock, Time};
use crate::error::CircuitBreakerError;
use crate::history::History;
use crate::key::StoredKey;
use crate::mode::Mode;
use crate::origin::Origin;
use crate::outcome::{Fault, Quote, Verdict};
use crate::per_thread::Sharing;
use crate::policy::Settings;
use crate::state::State;
use crate::sync::AtomicU64;
use cell::StateCell;
use given_back::GivenBack;
use in_force::Tuning;
use seldom::Seldom;
use sequence::Sequence;
use timeline::Timeline;
use totals::TotalCounts;

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
/// the inner one is rejected; if the outer one fails for that, the breaker cannot close. Protect the
/// outermost call only.
#[repr(C)]
pub struct CircuitBreaker {
    // First what every call needs, in as few cache lines as can be.
    cell: StateCell,
    totals: TotalCounts,
    tuning: Tuning,
    timeline: Timeline,
    /// The first of the present row of unanswered calls.
    unanswered_since: AtomicU64,
    sequence: Sequence,
    given_back: GivenBack,
    seldom: OnceBox<Seldom>,
    history: OnceRef<'static, History>,
    clock: Clock,
    /// Of a breaker that belongs to a family.
    key: ArcSwapOption<StoredKey>,
    name: &'static str,
    dependency: Option<&'static str>,
    note: Option<&'static str>,
    location: &'static Location<'static>,
}

impl CircuitBreaker {
    /// So many bytes at its beginning are what a call of a key needs that succeeds.
    #[cfg(test)]
    pub(crate) const NEEDED_BY_CALLS: usize = std::mem::offset_of!(Self, tuning) + size_of::<AtomicU64>();

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
        Self::made(name, settings, Location::caller(), Clock::monotonic(), Beginning::new())
    }

    /// A breaker whose name or settings are known at run time only, or with a clock of its own.
    #[track_caller]
    pub fn builder(name: &str) -> Builder {
        Builder::new(name, Location::caller())
    }

    pub(crate) const fn made(
        name: &'static str,
        settings: Settings,
        location: &'static Location<'static>,
        clock: Clock,
        beginning: Beginning,
    ) -> Self {
        let Beginning { made, mode, sharing } = beginning;
        Self {
            cell: StateCell::new(mode),
            totals: TotalCounts::new(sharing),
            timeline: Timeline::new(),
            unanswered_since: AtomicU64::new(0),
            sequence: Sequence::new(),
            given_back: GivenBack::new(),
            tuning: Tuning::new(settings, made),
            seldom: OnceBox::new(),
            history: OnceRef::new(),
            clock,
            key: ArcSwapOption::const_empty(),
            name,
            dependency: None,
            note: None,
            location,
        }
    }

    /// A fresh breaker like this one.
    pub(crate) fn copy(&self, clock: Clock, beginning: Beginning) -> Self {
        let beginning = Beginning { made: clock.now(), ..beginning };
        let mut copy = Self::made(self.name, self.tuning.first(), self.location, clock, beginning);
        (copy.dependency, copy.note) = (self.dependency, self.note);
        copy
    }

    /// Says what the protected calls depend on: goes into reports, events and metrics, where breakers of
    /// one dependency can be looked at together. Default: nothing.
    #[must_use]
    pub const fn dependency(mut self, name: &'static str) -> Self {
        self.dependency = Some(name);
        self
    }

    /// Says what the person on call should know: goes into reports, events and pages. Default: nothing.
    #[must_use]
    pub const fn note(mut self, text: &'static str) -> Self {
        self.note = Some(text);
        self
    }

    /// The same as [`dependency`](Self::dependency) and [`note`](Self::note), in place.
    pub(crate) const fn describe(&mut self, dependency: Option<&'static str>, note: Option<&'static str>) {
        if dependency.is_some() {
            self.dependency = dependency;
        }
        if note.is_some() {
            self.note = note;
        }
    }

    /// The same on another clock, before it is used.
    pub(crate) fn moved_to(mut self, clock: Clock) -> Self {
        self.tuning.count_from(clock.now());
        self.clock = clock;
        self
    }

    /// What tells this breaker from all others, and what people should know of it.
    #[must_use]
    pub fn about(&self) -> About {
        let key = self.key.load().as_ref().map(|key| key.text().into());
        About { name: self.name, key, at: self.location, dependency: self.dependency, note: self.note }
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

    /// The present state. Reading changes nothing: an open breaker whose delay has passed stays
    /// open until a call arrives ([`Snapshot::probe_due`](crate::Snapshot) tells). In the modes
    /// disabled and metrics only it reads closed, forced open it reads open.
    #[must_use]
    pub fn state(&self) -> State {
        self.cell.load().shown()
    }

    /// The state that a breaker in [`Mode::MetricsOnly`] would be in; `None` in all other modes.
    #[must_use]
    pub fn would_be(&self) -> Option<State> {
        let word = self.cell.load();
        (word.mode() == Mode::MetricsOnly).then(|| word.state())
    }

    /// Who decides at present.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.cell.load().mode()
    }

    /// Says who decides from now on. Whoever leaves [`Mode::ForcedOpen`] finds the breaker half-open,
    /// so that a probe decides; every other change begins closed, with nothing counted. Calls under
    /// way end late: they count in the totals alone. Setting the present mode changes nothing.
    ///
    /// ```
    /// use breaker_runtime::{CircuitBreaker, Mode, State};
    ///
    /// let breaker = CircuitBreaker::builder("pricing").build()?;
    /// breaker.set_mode(Mode::ForcedOpen);
    /// assert!(breaker.try_acquire().is_err());
    /// breaker.set_mode(Mode::Automatic);
    /// breaker.try_acquire()?.success();
    /// assert_eq!(breaker.state(), State::Closed);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[track_caller]
    pub fn set_mode(&self, mode: Mode) {
        self.set_mode_by(mode, Origin::here());
    }

    /// The same as [`set_mode`](Self::set_mode), on behalf of somebody else: a file, a person.
    ///
    /// ```
    /// # use breaker_runtime::{CircuitBreaker, Mode};
    /// # let breaker = CircuitBreaker::builder("pricing").build()?;
    /// breaker.set_mode_by(Mode::ForcedOpen, "Ann, for the move of the database");
    /// let change = breaker.history().pop().expect("the last change");
    /// assert!(change.to_string().ends_with("from automatic to forced open by Ann, for the move of the database"));
    /// # Ok::<(), breaker_runtime::SettingsError>(())
    /// ```
    pub fn set_mode_by(&self, mode: Mode, origin: impl Into<Origin>) {
        let mut word = self.cell.load();
        while word.mode() != mode {
            match self.cell.exchange(word, word.enter(mode)) {
                Ok(change) => return self.mode_set(change, origin.into()),
                Err(found) => word = found,
            }
        }
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
        match Self::admit_by_handle(Here::new(self), None, Whose::Waiting) {
            Ok(permit) => permit.call(call),
            Err((_, rejected)) => Err(rejected.into()),
        }
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
    pub fn call_async<T, E>(&self, call: impl Future<Output = Result<T, E>>) -> impl Future<Output = Result<T, E>>
    where
        E: From<CircuitBreakerError>,
    {
        Asking::new(move || Self::admit(self, None, Whose::Waiting), call)
    }

    /// Leave to make one call, for code that cannot be put into a closure or a future.
    ///
    /// # Errors
    ///
    /// A rejection, where the breaker is open or has all its probes under way.
    #[expect(clippy::inline_always, reason = "out of line, the permit is copied through memory")]
    #[inline(always)]
    pub fn try_acquire(&self) -> Result<Permit<&Self>, CircuitBreakerError> {
        Self::admit(self, None, Whose::of_caller()).map_err(|(_, rejected)| rejected)
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
    #[expect(clippy::inline_always, reason = "as `try_acquire`")]
    #[inline(always)]
    pub fn try_acquire_owned(self: &Arc<Self>) -> Result<Permit<Arc<Self>>, CircuitBreakerError> {
        Self::admit(Arc::clone(self), None, Whose::of_caller()).map_err(|(_, rejected)| rejected)
    }

    /// Closes the breaker, whatever its state, and forgets all counts that decide. Calls under way
    /// end late: they count in the totals alone. In [`Mode::Disabled`] and [`Mode::ForcedOpen`], where
    /// the state is not the breaker's own, this changes nothing.
    #[track_caller]
    pub fn close(&self) {
        self.close_by(Origin::here());
    }

    /// The same as [`close`](Self::close), on behalf of somebody else: a person, a service.
    ///
    /// ```
    /// # use breaker_runtime::{CircuitBreaker, Settings};
    /// # let breaker = CircuitBreaker::builder("pricing").settings(Settings::new().consecutive(1)).build()?;
    /// breaker.try_acquire()?.failure();
    /// breaker.close_by("Ann");
    /// let change = breaker.history().pop().expect("the last change");
    /// assert_eq!(change.to_string(), "open → closed: closed by hand by Ann");
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn close_by(&self, origin: impl Into<Origin>) {
        let mut word = self.cell.load();
        while matches!(word.mode(), Mode::Automatic | Mode::MetricsOnly) {
            match self.cell.exchange(word, word.close()) {
                Ok(change) => return self.closed_by_hand(change, origin.into()),
                Err(found) => word = found,
            }
        }
    }

    /// How many calls there were of each kind.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals.read()
    }

    pub(crate) fn count(&self, what: Count) {
        self.totals.add(what);
    }
}

/// How a breaker begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    /// From when on slices of time are counted.
    made: Time,
    mode: Mode,
    sharing: Sharing,
}

impl Beginning {
    pub(crate) const fn new() -> Self {
        Self { made: Time::from_nanos(0), mode: Mode::Automatic, sharing: Sharing::PerThread }
    }

    /// At the present time of this clock.
    pub(crate) fn on(clock: &Clock) -> Self {
        Self { made: clock.now(), ..Self::new() }
    }

    /// In another mode.
    #[must_use]
    pub(crate) const fn in_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// With one place for the counts of all threads.
    #[must_use]
    pub(crate) const fn lean(mut self) -> Self {
        self.sharing = Sharing::OneForAll;
        self
    }
}

/// The verdict on a result of which nothing is known but its type.
#[inline]
pub(crate) fn by_type<T, E>(output: &Result<T, E>) -> Verdict<'static> {
    match output {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure(fault_by_type::<E>()),
    }
}

/// The failure of a call of which nothing is known but the type of its error.
pub(crate) fn fault_by_type<E>() -> Fault<'static> {
    Fault::new(Quote::Plain(type_name::<E>()))
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
