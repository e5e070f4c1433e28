//! The breakers of the process, from program start.
//!
//! Annotated functions are listed by the linker, called or not; a `static` that annotated functions
//! share is listed with them. Other breakers made by hand are listed once they were given to [`add`], and
//! those that are made by their names, by [`get_or_create`]. Families of breakers have lists of their own.
//!
//! Several breakers may have one name: [`About::at`](crate::About) and [`About::key`](crate::About) tell
//! them apart.

#[cfg(feature = "config")]
mod apply;
#[cfg(feature = "config")]
mod watch;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::Location;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "config")]
use apply::Target;
#[cfg(feature = "config")]
pub use apply::apply;
#[cfg(feature = "config")]
pub use watch::{Watch, load, watch, watch_source};

use crate::breaker::CircuitBreaker;
use crate::keyed::Breakers;
#[cfg(feature = "tokio")]
use crate::listen::Events;
use crate::listen::{self, Listener, Subscription};
use crate::policy::{Settings, SettingsError};
use crate::site::{Site, SiteId};

static ADDED: Mutex<Vec<&'static CircuitBreaker>> = Mutex::new(Vec::new());
static FAMILIES: Mutex<Vec<&'static Breakers>> = Mutex::new(Vec::new());

/// All breakers that are listed, by name; those with one name by file and line.
///
/// ```
/// use breaker_runtime::{circuit_breaker, registry};
///
/// #[circuit_breaker(name = "printer")]
/// fn print(page: &str) -> std::io::Result<()> {
/// #   let _ = page;
///     Ok(())
/// }
///
/// for breaker in registry::all() {
///     println!("{} at {}: {}", breaker.name(), breaker.location(), breaker.state());
/// }
/// # assert!(registry::get("printer").is_some());
/// ```
#[must_use]
pub fn all() -> Vec<&'static CircuitBreaker> {
    // Not under the lock: a breaker that is made at its first use runs the user's code here.
    let mut all: Vec<_> = Site::all().filter_map(Site::breaker).collect();
    all.extend(added().iter());
    all.sort_by_key(|breaker| {
        let at = breaker.location();
        (breaker.name(), at.file(), at.line(), at.column(), ptr::from_ref(*breaker))
    });
    all.dedup_by_key(|breaker| ptr::from_ref(*breaker));
    all
}

/// The first breaker with this name, in the order of [`all`].
#[must_use]
pub fn get(name: &str) -> Option<&'static CircuitBreaker> {
    all().into_iter().find(|breaker| breaker.name() == name)
}

/// Lists a breaker that was made by hand and that no annotated function uses. Once is enough; more
/// often does no harm.
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Settings, registry};
///
/// static MAIL: CircuitBreaker = CircuitBreaker::new("mail", Settings::new());
///
/// registry::add(&MAIL);
/// assert!(registry::get("mail").is_some());
/// ```
pub fn add(breaker: &'static CircuitBreaker) {
    let mut added = added();
    if !added.iter().any(|known| ptr::eq(*known, breaker)) {
        added.push(breaker);
        drop(added);
        #[cfg(feature = "config")]
        apply::listed(Target::One(breaker));
    }
}

/// The breaker with this name; a new one with these settings, where there is none. It is listed, and kept
/// until the process ends: make names of what is known, such as dependencies, not of requests, and for
/// what comes and goes a [family](Breakers).
///
/// Whoever asks for a name again must ask for the same settings. (They are compared with those that the
/// breaker was made with, not with others that took their place while it ran.)
///
/// ```
/// use breaker_runtime::{Settings, registry};
///
/// let scanner = registry::get_or_create("scanner", Settings::new().consecutive(3))?;
/// let same = registry::get_or_create("scanner", Settings::new().consecutive(3))?;
/// assert!(std::ptr::eq(scanner, same));
///
/// let refused = registry::get_or_create("scanner", Settings::new()).unwrap_err();
/// assert!(refused.to_string().contains("was made with consecutive 3, and is asked for with the defaults"));
/// # Ok::<(), registry::NotCreated>(())
/// ```
///
/// # Errors
///
/// Settings that no breaker can be made of; a name that belongs to a breaker with other settings, to
/// several breakers, or to a family.
#[track_caller]
pub fn get_or_create(name: &str, settings: Settings) -> Result<&'static CircuitBreaker, NotCreated> {
    settings.check().map_err(NotCreated::Settings)?;
    let location = Location::caller();
    // Before the lock, which must not be held while users' code runs.
    let (sites, families) = (all(), families());
    let mut added = added();
    let mut known: Vec<_> = sites.iter().chain(added.iter()).filter(|breaker| breaker.name() == name).collect();
    known.sort_by_key(|breaker| ptr::from_ref(**breaker));
    known.dedup_by_key(|breaker| ptr::from_ref(**breaker));
    let places = known.iter().map(|breaker| breaker.location());
    let of_families = families.iter().filter(|family| family.name() == name).map(|family| family.location());
    let places: Vec<_> = places.chain(of_families).collect();
    match (known[..].first(), &places[..]) {
        (None, []) => {
            let breaker = CircuitBreaker::named(name, settings, location);
            let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker));
            added.push(breaker);
            drop(added);
            #[cfg(feature = "config")]
            apply::listed(Target::One(breaker));
            Ok(breaker)
        }
        (Some(breaker), [at]) => {
            let made_with = breaker.first_settings();
            let name = breaker.lasting_name();
            if made_with == settings {
                Ok(breaker)
            } else {
                Err(NotCreated::Other(Box::new(OtherSettings { name, at, made_with, asked_for: settings })))
            }
        }
        _ => Err(NotCreated::Ambiguous { name: name.to_owned(), locations: places }),
    }
}

/// Why [`get_or_create`] gave no breaker.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NotCreated {
    /// No breaker can be made of these settings.
    Settings(SettingsError),
    /// The breaker with this name has other settings.
    Other(Box<OtherSettings>),
    /// Several breakers have this name, or a family has it.
    #[non_exhaustive]
    Ambiguous {
        /// The name.
        name: String,
        /// Where they were made.
        locations: Vec<&'static Location<'static>>,
    },
}

/// One name, two settings.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OtherSettings {
    /// The name.
    pub name: &'static str,
    /// Where the breaker was made.
    pub at: &'static Location<'static>,
    /// What it was made with.
    pub made_with: Settings,
    /// What it was asked for with.
    pub asked_for: Settings,
}

impl fmt::Display for NotCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(refused) => write!(f, "{refused}"),
            Self::Other(other) => {
                let OtherSettings { name, at, made_with, asked_for } = &**other;
                let name = name.escape_debug();
                write!(
                    f,
                    "circuit breaker `{name}` at {at} was made with {made_with}, and is asked for with {asked_for}"
                )
            }
            Self::Ambiguous { name, locations } => {
                write!(f, "`{}` is no single circuit breaker's name:", name.escape_debug())?;
                locations
                    .iter()
                    .enumerate()
                    .try_for_each(|(number, at)| write!(f, "{} {at}", if number == 0 { "" } else { "," }))
            }
        }
    }
}

impl Error for NotCreated {}

/// All families of breakers that are listed, by name; those with one name by file and line. Annotated
/// functions with the key `key` are listed by the linker, others once they were given to [`add_family`].
///
/// ```
/// use breaker_runtime::{circuit_breaker, registry};
///
/// #[circuit_breaker(key = host)]
/// fn fetch(host: &str) -> std::io::Result<()> {
/// #   let _ = host;
///     Ok(())
/// }
///
/// fetch("eu.example")?;
/// for family in registry::families() {
///     println!("{}: {} keys", family.name(), family.len());
/// }
/// # assert!(registry::families().iter().any(|family| std::ptr::eq(*family, fetch_breakers())));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn families() -> Vec<&'static Breakers> {
    let mut all: Vec<_> = Site::all().filter_map(Site::breakers).collect();
    all.extend(FAMILIES.lock().unwrap_or_else(PoisonError::into_inner).iter());
    all.sort_by_key(|family| {
        let at = family.location();
        (family.name(), at.file(), at.line(), at.column(), ptr::from_ref(*family))
    });
    all.dedup_by_key(|family| ptr::from_ref(*family));
    all
}

/// Lists a family that was made by hand. Once is enough; more often does no harm.
pub fn add_family(family: &'static Breakers) {
    let mut families = FAMILIES.lock().unwrap_or_else(PoisonError::into_inner);
    if !families.iter().any(|known| ptr::eq(*known, family)) {
        families.push(family);
        drop(families);
        #[cfg(feature = "config")]
        apply::listed(Target::Family(family));
    }
}

/// Several breakers with one name: whoever looks for that name in a log or a metric finds them all
/// at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedName {
    /// The name.
    pub name: &'static str,
    /// Where the breakers were made.
    pub locations: Vec<&'static Location<'static>>,
}

/// The names that more than one breaker, or family of breakers, has. A program may want to stop at its start, or a test to
/// fail, where there are any.
///
/// ```
/// use breaker_runtime::registry;
///
/// for shared in registry::check() {
///     eprintln!("{} breakers are called {}", shared.locations.len(), shared.name);
/// }
/// ```
#[must_use]
pub fn check() -> Vec<SharedName> {
    let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for breaker in all() {
        by_name.entry(breaker.name()).or_default().push(breaker.location());
    }
    for family in families() {
        by_name.entry(family.name()).or_default().push(family.location());
    }
    by_name
        .into_iter()
        .filter(|(_, locations)| locations.len() > 1)
        .map(|(name, locations)| SharedName { name, locations })
        .collect()
}

/// Calls `listener` for every event of every breaker of this process from now on, listed or not, also
/// of those in isolations of [`testing`](crate::testing). The events of one breaker come in the order of their
/// [numbers](crate::Transition::number).
///
/// Otherwise as [`CircuitBreaker::listen`]: on a thread of its own, which ends with the subscription, and
/// with the same limits and costs.
///
/// ```
/// use std::sync::Arc;
/// use breaker_runtime::{Event, registry};
///
/// registry::listen(Arc::new(|event: &Event| eprintln!("{event}")))?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Where the system can start no thread.
pub fn listen(listener: Arc<impl Listener + ?Sized>) -> io::Result<Subscription> {
    listen::listen(listen::of_all(), listener)
}

/// The events of every breaker of this process from now on, as a stream for async code; as
/// [`CircuitBreaker::events`].
///
/// ```
/// use breaker_runtime::registry;
///
/// # #[expect(unused)]
/// async fn log() {
///     let mut events = registry::events();
///     while let Some(event) = events.next().await {
///         eprintln!("{event}");
///     }
/// }
/// ```
#[cfg(feature = "tokio")]
#[must_use]
pub fn events() -> Events {
    Events::new(listen::of_all())
}

/// How many events listeners and streams of this process have missed, being too far behind. Should be 0;
/// [`Subscription::missed`] tells whose.
///
/// ```
/// assert_eq!(breaker_runtime::registry::lagged(), 0);
/// ```
#[must_use]
pub fn lagged() -> u64 {
    listen::lagged()
}

/// The function `id`, which should be one.
pub(crate) fn find(id: SiteId) -> impl Iterator<Item = &'static Site> {
    Site::all().filter(move |site| site.id() == id)
}

fn added() -> std::sync::MutexGuard<'static, Vec<&'static CircuitBreaker>> {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner)
}
