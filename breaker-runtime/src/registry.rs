//! The breakers of the process, from program start.
//!
//! Annotated functions are listed by the linker, called or not; a `static` that annotated functions
//! share is listed with them. Other breakers made by hand are listed once they were given to [`add`].

use std::collections::BTreeMap;
use std::panic::Location;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use crate::breaker::CircuitBreaker;
use crate::keyed::Breakers;
use crate::site::{Site, SiteId};

static ADDED: Mutex<Vec<&'static CircuitBreaker>> = Mutex::new(Vec::new());

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

/// The names that more than one breaker has. A program may want to stop at its start, or a test to
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
    by_name
        .into_iter()
        .filter(|(_, locations)| locations.len() > 1)
        .map(|(name, locations)| SharedName { name, locations })
        .collect()
}

/// The breakers of the function `id`, which should be one.
pub(crate) fn find(id: SiteId) -> impl Iterator<Item = &'static CircuitBreaker> {
    Site::all().filter(move |site| site.id() == id).filter_map(Site::breaker)
}

/// The family of the function `id`, which should be one.
pub(crate) fn find_family(id: SiteId) -> impl Iterator<Item = &'static Breakers> {
    Site::all().filter(move |site| site.id() == id).filter_map(Site::breakers)
}

fn added() -> std::sync::MutexGuard<'static, Vec<&'static CircuitBreaker>> {
    ADDED.lock().unwrap_or_else(PoisonError::into_inner)
}
