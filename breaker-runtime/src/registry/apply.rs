//! A configuration is put in force: for all breakers, or for none.
//!
//! One thread does so at a time. What it wants of each breaker is found out and checked first; then nothing can go wrong
//! any more. A breaker is left alone where the configuration says the same of it as the last one did: so what a person
//! has changed meanwhile stays, until somebody writes something else.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::slice;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread;

use super::{all, families};
use crate::breaker::CircuitBreaker;
use crate::config::{Applied, Config, ConfigError, Named, Problem, Wish, refused, set_refused};
use crate::event::Event;
use crate::keyed::Breakers;
use crate::listen;
use crate::mode::Mode;
use crate::origin::Origin;
use crate::policy::Settings;
#[cfg(feature = "tracing")]
use crate::traces;

/// Puts a configuration in force, in the place of the one before: all of it, or nothing where something is wrong. There is
/// one at a time for a process, and what the environment says is put over each.
///
/// What it says is put over what each breaker was made with. A breaker of which it says the same as the one before is
/// left as it is, whatever was changed by hand meanwhile; one of which it says nothing any more goes back to what it was
/// made with. A breaker that is [listed](super::add) later gets its settings when it is. Settings change before the mode
/// does. What it changes is told by events, each with the configuration's origin, and can be
/// [taken back](CircuitBreaker::rollback) for each breaker.
///
/// # Errors
///
/// All that is wrong: variables of the environment, settings that no breaker can be made of, an exact name that several
/// breakers or families have. Nothing has changed, and all [snapshots](crate::Snapshot) tell of it until one is taken. Also
/// where it is called by what is told of a change by `tracing` while another one is applied; of that no snapshot tells.
///
/// # Panics
///
/// Where what is told of a change by `tracing` does; all is changed by then.
pub fn apply(config: &Config) -> Result<Applied, ConfigError> {
    put_in_force(Ok(config.clone()), || true)
}

/// The same with a configuration that is perhaps none; nothing, where it is not wanted any more.
pub(super) fn put_in_force(
    config: Result<Config, ConfigError>,
    is_wanted: impl Fn() -> bool,
) -> Result<Applied, ConfigError> {
    let config = config.and_then(|config| Ok(config.and(Config::from_environment()?)));
    // Before the lock: a breaker that is made at its first use runs the user's code here.
    let targets: Vec<Target> =
        all().into_iter().map(Target::One).chain(families().into_iter().map(Target::Family)).collect();
    // Whatever comes: some may have been listed while this was at it.
    let _late = GiveToLateOnes;
    let turn = match Turn::take() {
        Ok(turn) => turn,
        Err(text) => {
            let origin = config.as_ref().map_or_else(ConfigError::origin, Config::origin).into();
            return Err(ConfigError::new(&origin, vec![Problem::of_all(text)]));
        }
    };
    let mut present = PRESENT.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_wanted() {
        // Nobody looks at this.
        return Ok(Applied { origin: Arc::default(), changed: Vec::new(), unknown: Vec::new() });
    }
    let (outcome, panic) = match config {
        Ok(config) => present.replace(config, targets),
        Err(refused) => (refuse(refused), None),
    };
    let event = match &outcome {
        Ok(applied) => Event::Configured(Arc::new(applied.clone())),
        Err(refused) => Event::ConfigRefused(Arc::new(refused.clone())),
    };
    // Under the lock, so that the last one that is told of is the last one that came.
    listen::tell_all(slice::from_ref(&event));
    drop(present);
    drop(turn);
    trace(&event);
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
    outcome
}

fn trace(event: &Event) {
    #[cfg(feature = "tracing")]
    traces::configured(event);
    #[cfg(not(feature = "tracing"))]
    let _ = event;
}

/// Where it is dropped, by a panic too, whoever was listed meanwhile gets what is said of it.
struct GiveToLateOnes;

impl Drop for GiveToLateOnes {
    fn drop(&mut self) {
        give_to_late_ones();
    }
}

/// What is in force.
struct Present {
    config: Option<Config>,
    /// The breakers that it was put in force for.
    targets: Vec<Target>,
    /// What was last said of each, by its address.
    said: Option<HashMap<usize, Said>>,
}

type Said = (Settings, Option<Mode>);

static PRESENT: Mutex<Present> = Mutex::new(Present { config: None, targets: Vec::new(), said: None });
/// Breakers that were listed after the configuration was put in force.
static LATE: Mutex<Vec<Target>> = Mutex::new(Vec::new());

/// Gives a breaker that was just listed what the configuration says of it. Does not wait: whoever puts one in force at this
/// moment does it afterwards.
pub(super) fn listed(late: Target) {
    LATE.lock().unwrap_or_else(PoisonError::into_inner).push(late);
    give_to_late_ones();
}

fn give_to_late_ones() {
    let is_empty = || LATE.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
    // Again after the lock is free: who came before that has found it taken.
    while !is_empty() {
        let mut present = match PRESENT.try_lock() {
            Ok(present) => present,
            Err(TryLockError::Poisoned(present)) => present.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let Ok(turn) = Turn::take() else { return };
        let late = LATE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(late) = late else { continue };
        let (refused, panic) = present.add(late);
        let event = refused.map(|refused| Event::ConfigRefused(Arc::new(refused)));
        if let Some(event) = &event {
            listen::tell_all(slice::from_ref(event));
        }
        drop(present);
        drop(turn);
        if let Some(event) = &event {
            trace(event);
        }
        // In the course of another panic, this one is told by its message alone.
        if let Some(panic) = panic.filter(|_| !thread::panicking()) {
            resume_unwind(panic);
        }
    }
}

/// To be called under the lock, so that the last one that is tried is the last one that is told of.
fn refuse(refused: ConfigError) -> Result<Applied, ConfigError> {
    set_refused(Some(&Arc::new(refused.clone())));
    Err(refused)
}

type Panic = Option<Box<dyn Any + Send>>;

impl Present {
    fn replace(&mut self, config: Config, mut targets: Vec<Target>) -> (Result<Applied, ConfigError>, Panic) {
        // Some were listed after those were looked for.
        for late in &self.targets {
            if !targets.iter().any(|target| target.address() == late.address()) {
                targets.push(*late);
            }
        }
        let mut problems = ambiguous(&config, &targets, None);
        let mut wishes = Vec::new();
        for target in &targets {
            match config.wish(target.name(), target.made_with()) {
                Ok(Wish { settings, mode, .. }) => wishes.push((target, (settings, mode))),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return (refuse(ConfigError::new(&config.origin().into(), problems)), None);
        }
        let origin: Arc<str> = config.origin().into();
        let (mut changed, mut panic) = (Vec::new(), None);
        for (target, wish) in wishes {
            match self.say(target, wish, &origin) {
                Ok(true) => changed.push(target.name()),
                Ok(false) => {}
                // The others must not be left with half of a configuration.
                Err(what) => panic = Some(what),
            }
        }
        let named = config.named().filter(|named| !targets.iter().any(|target| named.means(target.name())));
        // Nobody reads more of them, and to look for what was meant takes time.
        let unknown = named.take(100).map(|named| named.unknown(targets.iter().map(Target::name))).collect();
        (self.config, self.targets) = (Some(config), targets);
        set_refused(None);
        (Ok(Applied { origin, changed, unknown }), panic)
    }

    /// Says it to one breaker, unless it was said before; whether that has changed something.
    fn say(&mut self, target: &Target, wish: Said, origin: &Arc<str>) -> Result<bool, Box<dyn Any + Send>> {
        let said = self.said.get_or_insert_default();
        let before = said.insert(target.address(), wish).unwrap_or((target.made_with(), None));
        if before == wish {
            return Ok(false);
        }
        target.take(before, wish, origin)
    }

    /// One more breaker: what is wrong with the configuration for it, which leaves it as it is.
    fn add(&mut self, late: Target) -> (Option<ConfigError>, Panic) {
        if !self.targets.iter().any(|target| target.address() == late.address()) {
            self.targets.push(late);
        }
        let Some(config) = self.config.take() else { return (None, None) };
        let origin: Arc<str> = config.origin().into();
        let ambiguous = ambiguous(&config, &self.targets, Some(&late)).into_iter().next();
        let wish = ambiguous.map_or_else(|| config.wish(late.name(), late.made_with()), Err);
        self.config = Some(config);
        match wish {
            Ok(wish) => (None, self.say(&late, (wish.settings, wish.mode), &origin).err()),
            Err(problem) => {
                let wrong = ConfigError::new(&origin, vec![problem]);
                // A file that was refused since is worse.
                if refused().is_none() {
                    set_refused(Some(&Arc::new(wrong.clone())));
                }
                (Some(wrong), None)
            }
        }
    }
}

/// The exact names that several have, of which one is `which`.
fn ambiguous(config: &Config, targets: &[Target], which: Option<&Target>) -> Vec<Problem> {
    let concerned = |named: &Named<'_>| which.is_none_or(|which| named.means(which.name()));
    let exact = config.named().filter(|named| named.is_exact() && concerned(named));
    let several = exact.filter_map(|named| {
        let meant: Vec<_> = targets.iter().filter(|target| named.means(target.name())).collect();
        (meant.len() > 1).then(|| {
            let place = |target: &&Target| format!("`{}` at {}", target.name(), target.location());
            let places: Vec<_> = meant.iter().map(place).collect();
            named.problem(format!(
                "means {} breakers: {}: give them names of their own, or write a pattern with `*` for all of them",
                meant.len(),
                places.join(", ")
            ))
        })
    });
    several.collect()
}

/// A breaker, or a family, which has settings and a mode as one.
#[derive(Clone, Copy)]
pub(super) enum Target {
    One(&'static CircuitBreaker),
    Family(&'static Breakers),
}

impl Target {
    fn name(&self) -> &'static str {
        match self {
            Self::One(breaker) => breaker.lasting_name(),
            Self::Family(family) => family.lasting_name(),
        }
    }

    fn location(&self) -> &'static Location<'static> {
        match self {
            Self::One(breaker) => breaker.location(),
            Self::Family(family) => family.location(),
        }
    }

    fn made_with(&self) -> Settings {
        match self {
            Self::One(breaker) => breaker.first_settings(),
            Self::Family(family) => family.first_settings(),
        }
    }

    fn address(&self) -> usize {
        match *self {
            Self::One(breaker) => std::ptr::from_ref(breaker).addr(),
            Self::Family(family) => std::ptr::from_ref(family).addr(),
        }
    }

    /// Takes what is said now, in the place of what was said before; whether anything has changed by that.
    fn take(&self, before: Said, now: Said, origin: &Arc<str>) -> Result<bool, Box<dyn Any + Send>> {
        let origin = || Origin::Named(Arc::clone(origin));
        let (settings, mode) = (self.settings(), self.mode());
        // Where the one panics, the other must be done all the same.
        let mut panics = Vec::new();
        if before.0 != now.0 {
            let set = || match self {
                Self::One(breaker) => breaker.set_settings_by(now.0, origin()),
                Self::Family(family) => family.set_settings_by(now.0, origin()),
            };
            let taken = catch_unwind(AssertUnwindSafe(set)).map_err(|panic| panics.push(panic));
            debug_assert!(!matches!(taken, Ok(Err(_))), "they were checked");
        }
        if before.1 != now.1 {
            // A mode of which nothing is said any more ends.
            let mode = now.1.unwrap_or_default();
            let set = || match self {
                Self::One(breaker) => breaker.set_mode_by(mode, origin()),
                Self::Family(family) => family.set_mode_by(mode, origin()),
            };
            let _ = catch_unwind(AssertUnwindSafe(set)).map_err(|panic| panics.push(panic));
        }
        match panics.pop() {
            Some(panic) => Err(panic),
            None => Ok((settings, mode) != (self.settings(), self.mode())),
        }
    }

    fn settings(&self) -> Settings {
        match self {
            Self::One(breaker) => breaker.settings(),
            Self::Family(family) => family.settings(),
        }
    }

    fn mode(&self) -> Mode {
        match self {
            Self::One(breaker) => breaker.mode(),
            Self::Family(family) => family.mode(),
        }
    }
}

/// This thread puts a configuration in force. Whoever is told of a change by `tracing`, on this thread, cannot begin
/// another one before this is at its end.
struct Turn;

thread_local!(static TAKEN: Cell<bool> = const { Cell::new(false) });

impl Turn {
    fn take() -> Result<Self, String> {
        if TAKEN.replace(true) {
            return Err("cannot be applied by what is told of a change while another one is applied".to_owned());
        }
        Ok(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TAKEN.set(false);
    }
}
