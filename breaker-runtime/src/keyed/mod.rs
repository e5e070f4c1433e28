//! Families: one breaker for each client, host or tenant, bounded in number.

mod mode;
mod rest;
mod shortcuts;
mod slot;
mod table;

use std::cell::Cell;
use std::fmt;
use std::ops::Deref;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use once_cell::race::OnceBox;

use crate::about::About;
#[cfg(feature = "controls")]
use crate::breaker::NotSet;
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
use crate::breaker::Totals;
use crate::breaker::{Asking, Beginning, CircuitBreaker, Leave, Permit, Rejected, Replaced, Whose, family_settings};
use crate::clock::{Clock, Time};
use crate::error::CircuitBreakerError;
use crate::event::{Reason, Transition};
use crate::key::Key;
use crate::mode::Mode;
use crate::observe::Snapshot;
use crate::origin::Origin;
use crate::policy::{Settings, SettingsError};
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
use crate::state::State;
use crate::sync::{AtomicU64, Ordering, fence};
#[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
use rest::SHOWN;
use slot::Slot;
use table::{Found, Search, Table};

const DEFAULT_MAX_KEYS: u32 = 1_000;
const DEFAULT_IDLE: Duration = Duration::from_secs(600);
/// Nobody runs on the breaker that stands for a family, until a key finds no place.
const BEGINNING: Beginning = Beginning::new().in_mode(Mode::Disabled);
/// The largest number of keys that a family can have at one time.
const MOST_KEYS: u32 = 1_000_000;

/// A family of breakers: one for each key, all with the same settings.
///
/// Functions with the key `key = …` in their attribute have one each. By hand it goes like this:
///
/// ```
/// use breaker_runtime::{Breakers, Settings, State};
///
/// static HOSTS: Breakers = Breakers::new("hosts", Settings::new().consecutive(2));
///
/// fn fetch(host: &str) -> std::io::Result<()> {
///     HOSTS.call(host, || if host == "down.example" { Err(std::io::ErrorKind::TimedOut.into()) } else { Ok(()) })
/// }
///
/// for _ in 0..2 {
///     assert!(fetch("down.example").is_err());
/// }
/// assert_eq!(HOSTS.get("down.example").expect("was called").state(), State::Open);
/// assert!(fetch("up.example").is_ok());
/// assert_eq!(HOSTS.len(), 2);
/// ```
///
/// # How many
///
/// At most [`max_keys`](Self::max_keys) keys have a breaker at one time. One that was not called for
/// [`idle`](Self::idle) is forgotten. A key that comes when all places are taken gets that of the one that
/// was called longest ago (of a few that may leave): one that is closed and counts no failure, in the mode
/// of the family, with no call under way. A breaker that is open, or has failures in its window, never leaves
/// for another key. Where all are such ones, new keys run on one more breaker, which rejects nothing
/// ([`Mode::MetricsOnly`]) until places are free; [`overflow`](Self::overflow) tells.
///
/// A key takes about 600 bytes under a streak rule, and more where a window counts; failures and
/// changes of state take more, as for every breaker. All threads count in one place, so one key that many
/// threads call at once is slower than a breaker of its own. Texts of up to 30 bytes and integers are found by a
/// shorter way than other keys.
///
/// # When not
///
/// A breaker learns from its calls. A breaker for each user rarely makes sense: each sees too few calls to
/// learn from, and what a user does wrong is no outage of the dependency. Limit users by quotas or rates.
/// Use keys for what can fail alone: a host, a shard, a provider, a tenant with a database of his own.
pub struct Breakers {
    /// Stands for the family, and for the keys that found no place.
    own: CircuitBreaker,
    clock: Clock,
    max_keys: u32,
    idle: Duration,
    /// The mode in which keys run that found no place.
    overflow_mode: Mode,
    last_overflow: AtomicU64,
    /// Settings that took the place of the first ones.
    settings: ArcSwapOption<Replaced>,
    /// The mode of all its breakers, and who said so; automatic where nobody did.
    mode: ArcSwapOption<(Mode, Origin)>,
    table: OnceBox<Table>,
}

impl Breakers {
    /// A family for a `static`. Its name is how people find it.
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
        Self {
            own: CircuitBreaker::made(name, settings, Location::caller(), Clock::monotonic(), BEGINNING),
            clock: Clock::monotonic(),
            max_keys: DEFAULT_MAX_KEYS,
            idle: DEFAULT_IDLE,
            overflow_mode: Mode::MetricsOnly,
            last_overflow: AtomicU64::new(0),
            settings: ArcSwapOption::const_empty(),
            mode: ArcSwapOption::const_empty(),
            table: OnceBox::new(),
        }
    }

    /// How many keys have a breaker at one time.
    ///
    /// - Limits: 1 to 1,000,000. Up to 48 bytes are taken for each at the first call.
    /// - Default: 1,000, which is about 600 KB of short keys under a streak rule, and more hosts than most programs talk to.
    ///
    /// # Panics
    ///
    /// On any other number: when the code compiles, in a `static`.
    #[must_use]
    #[track_caller]
    pub const fn max_keys(mut self, n: u32) -> Self {
        assert!(n >= 1 && n <= MOST_KEYS, "`max_keys` must be from 1 to 1000000");
        self.max_keys = n;
        self
    }

    /// After how long a key that nobody calls is forgotten; counted from the beginning of its last call, or
    /// from the end of one that did not succeed. A breaker that is open keeps its key until its
    /// delay has passed too, and one whose window of time holds failures until they have left it.
    ///
    /// - Limits: longer than zero.
    /// - Default: 10 minutes, longer than most pauses between calls, and than most reset delays.
    ///
    /// # Panics
    ///
    /// On zero: when the code compiles, in a `static`.
    #[must_use]
    #[track_caller]
    pub const fn idle(mut self, time: Duration) -> Self {
        assert!(!time.is_zero(), "`idle` must be longer than zero");
        self.idle = time;
        self
    }

    /// Lets the keys that found no place share a breaker that rejects, as every other does. Without this,
    /// theirs rejects nothing: what one of them does says little about the others.
    #[must_use]
    pub const fn overflow_shared(mut self) -> Self {
        self.overflow_mode = Mode::Automatic;
        self
    }

    /// Says what the protected calls depend on; see [`CircuitBreaker::dependency`].
    #[must_use]
    pub const fn dependency(mut self, name: &'static str) -> Self {
        self.own.describe(Some(name), None);
        self
    }

    /// Says what the person on call should know; see [`CircuitBreaker::note`].
    #[must_use]
    pub const fn note(mut self, text: &'static str) -> Self {
        self.own.describe(None, Some(text));
        self
    }

    /// Where the breakers get their time from. Default: [`Clock::monotonic`].
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self.own = self.own.moved_to(self.clock.clone());
        self
    }

    /// A fresh family like this one, on another clock.
    #[cfg(feature = "testing")]
    pub(crate) fn copy_on(&self, clock: Clock) -> Self {
        Self {
            own: self.own.copy(clock.clone(), BEGINNING),
            clock,
            max_keys: self.max_keys,
            idle: self.idle,
            overflow_mode: self.overflow_mode,
            last_overflow: AtomicU64::new(0),
            settings: ArcSwapOption::const_empty(),
            mode: ArcSwapOption::const_empty(),
            table: OnceBox::new(),
        }
    }

    /// What tells this family from all others, and what people should know of it.
    #[must_use]
    pub fn about(&self) -> About {
        self.own.about()
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.own.name()
    }

    /// The name, for what may outlive the family.
    #[cfg(feature = "config")]
    pub(crate) fn lasting_name(&self) -> &'static str {
        self.own.lasting_name()
    }

    /// The settings that the family was made with.
    #[cfg(feature = "config")]
    pub(crate) fn first_settings(&self) -> Settings {
        self.own.first_settings()
    }

    /// Where the family was made: of an annotated function, where the attribute stands.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.own.location()
    }

    /// The settings of all its breakers.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.own.settings()
    }

    /// Puts other settings in force for all breakers of the family, as
    /// [`CircuitBreaker::set_settings`] does for one: this is one change, of the family. (One breaker of a
    /// family cannot be given settings of its own.) Returns their revision.
    ///
    /// # Errors
    ///
    /// Settings that [`Settings::check`] refuses: nothing has changed.
    #[track_caller]
    pub fn set_settings(&self, settings: Settings) -> Result<u64, SettingsError> {
        self.set_settings_by(settings, Origin::here())
    }

    /// The same as [`set_settings`](Self::set_settings), on behalf of somebody else: a file, a person.
    ///
    /// # Errors
    ///
    /// As [`set_settings`](Self::set_settings).
    pub fn set_settings_by(&self, settings: Settings, origin: impl Into<Origin>) -> Result<u64, SettingsError> {
        // Also where whoever is told of it panics.
        let _spread = Spread(self);
        self.own.set_settings_by(settings, origin)
    }

    /// The same, if the settings in force are those with this revision.
    #[cfg(feature = "controls")]
    pub(crate) fn set_settings_if(&self, revision: u64, settings: Settings, origin: Origin) -> Result<u64, NotSet> {
        let _spread = Spread(self);
        self.own.set_settings_if(revision, settings, origin)
    }

    /// Takes the last change of the settings back, as [`CircuitBreaker::rollback`] does for one breaker.
    #[track_caller]
    pub fn rollback(&self) -> Option<u64> {
        self.rollback_by(Origin::here())
    }

    /// The same as [`rollback`](Self::rollback), on behalf of somebody else.
    pub fn rollback_by(&self, origin: impl Into<Origin>) -> Option<u64> {
        let _spread = Spread(self);
        self.own.rollback_by(origin)
    }

    /// The same, if the settings in force are those with this revision.
    #[cfg(feature = "controls")]
    pub(crate) fn rollback_if(&self, revision: u64, origin: Origin) -> Result<u64, NotSet> {
        let _spread = Spread(self);
        self.own.rollback_if(revision, origin)
    }

    /// The breaker of a key that was called, and is not forgotten.
    ///
    /// ```
    /// # use breaker_runtime::{Breakers, Settings};
    /// static TENANTS: Breakers = Breakers::new("tenants", Settings::new());
    ///
    /// TENANTS.try_acquire(&7_u32)?.success();
    /// assert_eq!(TENANTS.get(&7_u32).expect("was called").totals().succeeded, 1);
    /// assert!(TENANTS.get(&8_u32).is_none());
    /// # Ok::<(), breaker_runtime::CircuitBreakerError>(())
    /// ```
    #[must_use]
    pub fn get<K: Key + ?Sized>(&self, key: &K) -> Option<Member<'_>> {
        let table = self.table.get()?;
        let found = table.find(key)?;
        self.forget_if_idle(table, found, self.clock.now());
        Member::of(found)
    }

    /// The breakers of all keys that were called, and are not forgotten. What happens meanwhile may be
    /// seen or not.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        self.forget_idle();
        Iter { table: self.table.get(), next: 0 }
    }

    /// How many keys have a breaker.
    #[must_use]
    pub fn len(&self) -> usize {
        self.forget_idle();
        self.table.get().map_or(0, |table| table.all().count())
    }

    /// Whether no key has a breaker.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The breaker of the keys that found no place; `None` while all do. It is begun and ended by an event
    /// each: ended when no key had to run on it for as long as [`idle`](Self::idle) says.
    ///
    /// ```
    /// # use breaker_runtime::{Breakers, Mode, Settings};
    /// static HOSTS: Breakers = Breakers::new("hosts", Settings::new()).max_keys(1);
    ///
    /// HOSTS.try_acquire("down.example")?.failure();
    /// assert!(HOSTS.overflow().is_none());
    /// HOSTS.try_acquire("up.example")?.success();
    /// let overflow = HOSTS.overflow().expect("the only place is taken by a key in trouble");
    /// assert_eq!((overflow.mode, overflow.totals.admitted), (Mode::MetricsOnly, 1));
    /// # Ok::<(), breaker_runtime::CircuitBreakerError>(())
    /// ```
    #[must_use]
    pub fn overflow(&self) -> Option<Snapshot> {
        self.end_overflow(self.clock.now());
        let snapshot = self.own.snapshot();
        (snapshot.mode != Mode::Disabled).then_some(snapshot)
    }

    /// The last changes of the family as a whole: of its settings, and the beginnings and ends of an
    /// [`overflow`](Self::overflow), with what became of that. Each breaker has a history of its own.
    #[must_use]
    pub fn history(&self) -> Vec<Arc<Transition>> {
        self.own.history()
    }

    /// The number of the settings in force; see [`CircuitBreaker::revision`].
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.own.revision()
    }

    /// On which keys without a place run, and whose settings are the family's.
    #[cfg(feature = "axum")]
    pub(crate) fn without_place(&self) -> &CircuitBreaker {
        self.end_overflow(self.clock.now());
        &self.own
    }

    /// The same, while there are such keys.
    #[cfg(feature = "axum")]
    pub(crate) fn overflow_breaker(&self) -> Option<&CircuitBreaker> {
        Some(self.without_place()).filter(|breaker| breaker.mode() != Mode::Disabled)
    }

    /// What people see of the family as a whole: its mode and settings, and of the keys without a place all else.
    #[cfg(feature = "axum")]
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot { mode: self.mode(), ..self.without_place().snapshot() }
    }

    /// The keys that metrics tell apart.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(crate) fn shown(&self) -> impl Iterator<Item = Member<'_>> {
        let table = self.table.get();
        self.forget_idle();
        (0..SHOWN).filter_map(move |place| table?.at(place).and_then(Member::of))
    }

    /// The other ones, the overflow among them: their breakers that are in use, and what all of them have counted.
    /// Nothing where there never were any.
    #[cfg(any(feature = "prometheus", feature = "opentelemetry"))]
    pub(crate) fn rest(&self) -> Option<(Vec<State>, Totals)> {
        let overflow = self.own.totals();
        let beyond = self.table.get().filter(|table| table.places_there_are() > SHOWN);
        let mut totals = beyond.map(Table::rest).unwrap_or_default().plus(&overflow);
        if totals.admitted + totals.rejected() == 0 {
            return None;
        }
        // Ends that came while beginnings were read.
        totals.admitted = totals.admitted.max(totals.succeeded + totals.failed + totals.ignored + totals.cancelled);
        let members = (SHOWN..beyond.map_or(0, Table::places_there_are)).filter_map(|place| beyond?.at(place));
        let mut states: Vec<_> = members.map(|found| found.slot.breaker.state()).collect();
        if self.own.mode() != Mode::Disabled {
            states.push(self.own.state());
        }
        Some((states, totals))
    }

    /// The limit for all attempts of a call.
    #[cfg(feature = "tokio")]
    pub(crate) fn total_limit(&self) -> Option<Duration> {
        self.own.total_limit()
    }

    /// The time limit of the calls.
    #[inline]
    pub(crate) fn time_limit(&self) -> Option<Duration> {
        self.own.time_limit()
    }

    /// Leave to make one call for this key.
    ///
    /// # Errors
    ///
    /// A rejection, where the breaker of the key is open or has all its probes under way.
    pub fn try_acquire<K: Key + ?Sized>(&self, key: &K) -> Result<Permit<&CircuitBreaker>, CircuitBreakerError> {
        self.admit(key, None, Whose::of_caller()).map_err(|(_, rejected)| rejected)
    }

    /// Runs `call`, unless the breaker of the key rejects it; see [`CircuitBreaker::call`].
    ///
    /// # Errors
    ///
    /// What `call` returns, untouched; or, for a rejected call, [`CircuitBreakerError`] turned into
    /// the error of `call` by `From`.
    ///
    /// # Panics
    ///
    /// Where `call` does.
    pub fn call<K, T, E>(&self, key: &K, call: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        K: Key + ?Sized,
        E: From<CircuitBreakerError>,
    {
        match self.admit(key, None, Whose::Waiting) {
            Ok(permit) => permit.call(call),
            Err((_, rejected)) => Err(rejected.into()),
        }
    }

    /// Runs `call`, unless the breaker of the key rejects it; see [`CircuitBreaker::call_async`].
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// Where `call` does.
    pub fn call_async<K, T, E>(
        &self,
        key: &K,
        call: impl Future<Output = Result<T, E>>,
    ) -> impl Future<Output = Result<T, E>>
    where
        K: Key + ?Sized,
        E: From<CircuitBreakerError>,
    {
        Asking::new(move || self.admit(key, None, Whose::Waiting), call)
    }

    /// The answer of the breaker of the key.
    pub(crate) fn admit<K: Key + ?Sized>(
        &self,
        key: &K,
        limit: Option<Duration>,
        whose: Whose,
    ) -> Result<Permit<&CircuitBreaker>, Rejected<&CircuitBreaker>> {
        let table = self.table.get_or_init(|| Box::new(Table::new(self.max_keys)));
        let now = self.clock.now();
        let mut known = table.find(key);
        loop {
            let found = match known {
                Some(found) if !self.forget_if_idle(table, found, now) => found,
                _ => {
                    let Some(found) = self.insert(table, key, now) else {
                        let answer = CircuitBreaker::admit(self.overflowing(now), limit, whose);
                        return answer.map_err(|(_, rejected)| (&self.own, rejected));
                    };
                    found
                }
            };
            let breaker = &found.slot.breaker;
            breaker.used(now);
            let answer = CircuitBreaker::admit(breaker, limit, whose);
            if found.is_current() {
                return answer;
            }
            // Another key's meanwhile: nobody there has to hear of this call, and this key needs a place.
            if let Ok(permit) = answer {
                permit.ignore();
            }
            known = None;
        }
    }

    #[cold]
    fn insert<'a, K: Key + ?Sized>(&'a self, table: &'a Table, key: &K, now: Time) -> Option<Found<'a>> {
        let make = || self.own.member(self.clock.clone());
        let search = Search { now, idle: self.idle, thorough: self.own.mode() == Mode::Disabled, mode: self.mode() };
        let began = Cell::new(None);
        let found = table.insert(key, search, make, |breaker| {
            self.give_settings(breaker);
            self.begin_in_mode(breaker);
            began.set(Some(breaker.mode()));
        })?;
        // Whoever changes the settings writes before he looks for breakers, and here it is the other way
        // round; so one of the two gives the new ones to this breaker.
        fence(Ordering::SeqCst);
        self.give_settings(&found.slot.breaker);
        if let Some(began) = began.get() {
            self.give_mode(&found.slot.breaker, began);
        }
        self.end_overflow(now);
        Some(found)
    }

    /// Gives the family's settings to all breakers. Those that are made meanwhile look for them; of two who
    /// do this at one moment, the one who comes last with older settings is not heard.
    fn spread_settings(&self) {
        let present = family_settings(&self.own);
        self.settings.rcu(|known| match known {
            Some(known) if known.revision >= present.revision => Some(Arc::clone(known)),
            _ => Some(Arc::clone(&present)),
        });
        fence(Ordering::SeqCst);
        for member in self {
            self.give_settings(&member);
        }
    }

    fn give_settings(&self, breaker: &CircuitBreaker) {
        if let Some(settings) = &*self.settings.load() {
            breaker.adopt(settings);
        }
    }

    fn overflowing(&self, now: Time) -> &CircuitBreaker {
        self.last_overflow.fetch_max(now.as_nanos(), Ordering::Relaxed);
        if self.own.mode() == Mode::Disabled {
            let reason = Reason::Overflowed { max_keys: self.max_keys };
            self.own.enter(Mode::Disabled, self.overflow_mode(), reason);
            // It may have been set meanwhile.
            if let Some(mode) = &*self.mode.load() {
                self.spread_to_overflow(mode);
            }
        }
        &self.own
    }

    /// Ends an overflow that nobody has needed for long.
    fn end_overflow(&self, now: Time) {
        let mode = self.own.mode();
        let last = Time::from_nanos(self.last_overflow.load(Ordering::Relaxed));
        if mode != Mode::Disabled && now.since(last) >= self.idle {
            self.own.enter(mode, Mode::Disabled, Reason::OverflowEnded);
        }
    }

    #[inline]
    fn forget_if_idle(&self, table: &Table, found: Found<'_>, now: Time) -> bool {
        now.since(found.slot.breaker.last_used()) >= self.idle && self.try_to_forget(table, found, now)
    }

    #[cold]
    fn try_to_forget(&self, table: &Table, found: Found<'_>, now: Time) -> bool {
        table.evict(found, Leave::Idle(self.mode()), now)
    }

    fn forget_idle(&self) {
        let now = self.clock.now();
        if let Some(table) = self.table.get() {
            for found in table.all() {
                self.forget_if_idle(table, found, now);
            }
        }
        self.end_overflow(now);
    }
}

// A panic that passes by leaves it as whole as any other end of a call.
impl UnwindSafe for Breakers {}
impl RefUnwindSafe for Breakers {}

impl<'a> IntoIterator for &'a Breakers {
    type Item = Member<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breakers").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// Gives the settings to all breakers of the family when it is dropped.
struct Spread<'a>(&'a Breakers);

impl Drop for Spread<'_> {
    fn drop(&mut self) {
        self.0.spread_settings();
    }
}

/// The breakers of a family; see [`Breakers::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    table: Option<&'a Table>,
    next: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let table = self.table?;
        // One at a time: what is looked at keeps its key.
        while self.next < table.places_there_are() {
            self.next += 1;
            if let Some(member) = table.at(self.next - 1).and_then(Member::of) {
                return Some(member);
            }
        }
        None
    }
}

/// A breaker of a family, whose key keeps it as long as this is held.
pub struct Member<'a>(&'a Slot);

impl<'a> Member<'a> {
    fn of(found: Found<'a>) -> Option<Self> {
        found.slot.pin(found.tenancy).then(|| Self(found.slot))
    }
}

impl Deref for Member<'_> {
    type Target = CircuitBreaker;

    fn deref(&self) -> &CircuitBreaker {
        &self.0.breaker
    }
}

impl Clone for Member<'_> {
    fn clone(&self) -> Self {
        self.0.pin_again();
        Self(self.0)
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        self.0.unpin();
    }
}

impl fmt::Debug for Member<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Member").field(&self.about().to_string()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Short;

    #[test]
    fn from_their_third_calls_on_short_keys_are_found_by_shortcuts() {
        let family = Breakers::new("hosts", Settings::new()).max_keys(100);
        let keys: Vec<String> = (0..100).map(|key| key.to_string()).collect();
        let call_all = || keys.iter().for_each(|key| family.try_acquire(key.as_str()).expect("closed").success());
        let known = || {
            let table = family.table.get().expect("there were calls");
            keys.iter().filter_map(|key| table.find_short(&Short::of(key)?)).count()
        };
        call_all();
        assert_eq!(known(), 0);
        call_all();
        // But for those that are third ones of an entry, which has room for two.
        assert!(known() > 90, "{}", known());
    }
}
