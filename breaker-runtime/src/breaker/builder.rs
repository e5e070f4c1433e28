//! Breakers that are made at run time.

use std::collections::HashSet;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use super::{Beginning, CircuitBreaker};
use crate::clock::Clock;
use crate::policy::{Settings, SettingsError};

/// Makes a breaker at run time; see [`CircuitBreaker::builder`].
///
/// The text of each different name is kept until the process ends, so that errors can carry it
/// without counting references: make names of what is known, such as hosts, not of requests.
///
/// ```
/// use std::sync::Arc;
/// use breaker_runtime::{CircuitBreaker, Settings};
///
/// struct Client {
///     breaker: Arc<CircuitBreaker>,
/// }
///
/// fn client(host: &str) -> Result<Client, breaker_runtime::SettingsError> {
///     let breaker = CircuitBreaker::builder(host).settings(Settings::new().consecutive(3)).build()?;
///     Ok(Client { breaker: Arc::new(breaker) })
/// }
/// # assert_eq!(client("db-1")?.breaker.name(), "db-1");
/// # Ok::<(), breaker_runtime::SettingsError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    name: String,
    settings: Settings,
    clock: Clock,
    location: &'static Location<'static>,
}

impl Builder {
    pub(super) fn new(name: &str, location: &'static Location<'static>) -> Self {
        Self { name: name.to_owned(), settings: Settings::new(), clock: Clock::monotonic(), location }
    }

    /// How it trips and recovers. Default: [`Settings::new`].
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Where it gets its time from. Default: [`Clock::monotonic`].
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// The breaker.
    ///
    /// # Errors
    ///
    /// Settings that [`Settings::check`] refuses.
    pub fn build(self) -> Result<CircuitBreaker, SettingsError> {
        self.settings.check()?;
        let beginning = Beginning::on(&self.clock);
        Ok(CircuitBreaker::made(interned(&self.name), self.settings, self.location, self.clock, beginning))
    }
}

impl CircuitBreaker {
    /// A breaker of settings that were checked.
    pub(crate) fn named(name: &str, settings: Settings, location: &'static Location<'static>) -> Self {
        let clock = Clock::monotonic();
        let beginning = Beginning::on(&clock);
        Self::made(interned(name), settings, location, clock, beginning)
    }
}

/// The same text for the rest of the process.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        assert!(std::ptr::eq(interned("some name"), interned(&String::from("some name"))));
    }
}
