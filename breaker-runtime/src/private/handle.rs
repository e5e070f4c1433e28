//! Which breaker a call goes through.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use once_cell::race::OnceRef;

use crate::breaker::{CircuitBreaker, Here, Holds};
#[cfg(feature = "tokio")]
use crate::clock::nanos;
#[cfg(feature = "tokio")]
use crate::error::{CircuitBreakerError, ErrorKind, Refusal};
use crate::keyed::Breakers;
use crate::registry;
use crate::site::{Site, SiteId};
#[cfg(feature = "tokio")]
use crate::stack::{AttemptLimit, Deadline};

/// What a permit holds on to: a static breaker, or a share in one.
pub trait Handle: Holds + Clone {}
impl Handle for &'static CircuitBreaker {}
impl Handle for Here<'static> {}
impl Handle for Arc<CircuitBreaker> {}

/// The breaker that stands for a static one where this code runs: itself, outside of tests.
#[inline]
#[must_use]
pub fn current(breaker: &'static CircuitBreaker) -> &'static CircuitBreaker {
    #[cfg(feature = "testing")]
    let breaker = crate::testing::current(breaker);
    breaker
}

/// What `breaker = …` may be, behind one `&`.
#[diagnostic::on_unimplemented(
    message = "`breaker = …` needs a breaker that outlives the call",
    label = "this is no breaker that a call can hold on to",
    note = "give a `static` breaker, a `&'static CircuitBreaker`, an `Arc<CircuitBreaker>`, or a `static` `LazyLock` of either"
)]
pub trait Shared {
    /// What is kept during the call.
    type Handle: Handle;
    /// The handle.
    fn handle(self) -> Self::Handle;
}

impl Shared for &'static CircuitBreaker {
    type Handle = Self;
    fn handle(self) -> Self {
        current(self)
    }
}
impl Shared for &&'static CircuitBreaker {
    type Handle = &'static CircuitBreaker;
    fn handle(self) -> Self::Handle {
        current(self)
    }
}
impl Shared for &Arc<CircuitBreaker> {
    type Handle = Arc<CircuitBreaker>;
    fn handle(self) -> Self::Handle {
        Arc::clone(self)
    }
}
impl Shared for &&Arc<CircuitBreaker> {
    type Handle = Arc<CircuitBreaker>;
    fn handle(self) -> Self::Handle {
        Arc::clone(self)
    }
}
impl Shared for &'static LazyLock<CircuitBreaker> {
    type Handle = &'static CircuitBreaker;
    fn handle(self) -> Self::Handle {
        current(self)
    }
}
impl Shared for &'static LazyLock<Arc<CircuitBreaker>> {
    type Handle = &'static CircuitBreaker;
    fn handle(self) -> Self::Handle {
        current(self)
    }
}

/// A static breaker behind a path, for the registry and the accessor.
#[diagnostic::on_unimplemented(
    message = "`breaker = <path>` must name a `static` breaker",
    label = "this is no `static` `CircuitBreaker`, nor a `static` `LazyLock` of one",
    note = "for a breaker that is held elsewhere, give an expression such as `self.breaker`"
)]
pub trait Static {
    /// The breaker.
    fn breaker(self) -> &'static CircuitBreaker;
}

impl Static for &'static CircuitBreaker {
    fn breaker(self) -> &'static CircuitBreaker {
        self
    }
}
impl Static for &'static &'static CircuitBreaker {
    fn breaker(self) -> &'static CircuitBreaker {
        self
    }
}
impl Static for &'static LazyLock<CircuitBreaker> {
    fn breaker(self) -> &'static CircuitBreaker {
        self
    }
}
impl Static for &'static LazyLock<Arc<CircuitBreaker>> {
    fn breaker(self) -> &'static CircuitBreaker {
        self
    }
}

/// The static breaker of one function.
#[inline]
#[must_use]
pub fn own(breaker: &'static CircuitBreaker) -> &'static CircuitBreaker {
    current(breaker)
}

/// The same of a function that is not async.
#[inline]
#[must_use]
pub fn own_here(breaker: &'static CircuitBreaker) -> Here<'static> {
    Here::new(current(breaker))
}

/// The static family of one function that has a breaker for each key; in tests, what stands for it where this code
/// runs.
#[inline]
#[must_use]
pub fn own_family(family: &'static Breakers) -> &'static Breakers {
    #[cfg(feature = "testing")]
    let family = crate::testing::current_family(family);
    family
}

/// A breaker with the time limit of its calls, as its settings say now. Without one the limit is never
/// reached.
#[inline]
#[must_use]
pub fn with_limit(breaker: &'static CircuitBreaker) -> (&'static CircuitBreaker, Duration) {
    (breaker, breaker.time_limit().unwrap_or(Duration::MAX))
}

/// The same for a family.
#[inline]
#[must_use]
pub fn family_with_limit(family: &'static Breakers) -> (&'static Breakers, Duration) {
    (family, family.time_limit().unwrap_or(Duration::MAX))
}

/// What may have a limit for all attempts of a call, as its settings say now.
#[cfg(feature = "tokio")]
pub trait Total {
    /// The limit.
    fn total_limit(&self) -> Option<Duration>;
}
#[cfg(feature = "tokio")]
impl<H: Handle> Total for H {
    fn total_limit(&self) -> Option<Duration> {
        (**self).total_limit()
    }
}
#[cfg(feature = "tokio")]
impl Total for &'static Breakers {
    fn total_limit(&self) -> Option<Duration> {
        (**self).total_limit()
    }
}

/// The same with what is left of the time for all attempts, where that is shorter.
#[cfg(feature = "tokio")]
#[inline]
pub fn within<T: Total>((handle, limit): (T, Duration), deadline: &mut Deadline) -> (T, AttemptLimit) {
    let limit = deadline.of_attempt(limit, handle.total_limit());
    (handle, limit)
}

/// The same where the attribute alone says how long that is.
#[cfg(feature = "tokio")]
#[inline]
pub fn within_total<H>((handle, limit): (H, Duration), deadline: &mut Deadline, total: Duration) -> (H, AttemptLimit) {
    (handle, deadline.of_attempt(limit, Some(total)))
}

/// That the time for all attempts was over before another one could begin. No attempt failed by that, so nothing is counted.
#[cfg(feature = "tokio")]
pub fn over<H: Handle>(breaker: &H, deadline: &Deadline) -> Option<CircuitBreakerError> {
    over_total(breaker, deadline, breaker.total_limit()?)
}

/// The same where the attribute alone says how long that is.
#[cfg(feature = "tokio")]
pub fn over_total<H: Handle>(breaker: &H, deadline: &Deadline, total: Duration) -> Option<CircuitBreakerError> {
    let is_over = deadline.left(Some(total)).is_some_and(|left| left.is_zero());
    let refusal = || Refusal::new(ErrorKind::TotalTimedOut, 0, nanos(total));
    is_over.then(|| CircuitBreakerError::new(breaker.lasting_name(), None, refusal()))
}

/// What is left of the time for all attempts.
#[cfg(feature = "tokio")]
pub fn left<T: Total>(handle: &T, deadline: &Deadline) -> Option<Duration> {
    deadline.left(handle.total_limit())
}

/// The breaker of `breaker = …`.
#[inline]
pub fn shared<S: Shared>(breaker: S) -> S::Handle {
    breaker.handle()
}

/// The static breaker that a path names.
#[inline]
pub fn breaker_of<S: Static>(breaker: S) -> &'static CircuitBreaker {
    breaker.breaker()
}

/// How an accessor finds a static that stands inside another function: in the linker's list, once.
#[derive(Debug)]
pub struct Accessor {
    id: SiteId,
    found: OnceRef<'static, Site>,
}

impl Accessor {
    /// For the function `id`.
    #[must_use]
    pub const fn new(id: SiteId) -> Self {
        Self { id, found: OnceRef::new() }
    }

    /// The breaker.
    ///
    /// # Panics
    ///
    /// Where the linker's list does not have it exactly once: on targets that `inventory` does not
    /// know, or where something else than cargo builds a library and a binary from the same module.
    #[must_use]
    pub fn get(&self) -> &'static CircuitBreaker {
        current(self.find(Site::breaker))
    }

    /// The same for a function that has a breaker for each key.
    ///
    /// # Panics
    ///
    /// As [`get`](Self::get).
    #[must_use]
    pub fn family(&self) -> &'static Breakers {
        own_family(self.find(Site::breakers))
    }

    fn find<T>(&self, what: fn(&Site) -> Option<&'static T>) -> &'static T {
        if let Some(known) = self.found.get().and_then(what) {
            return known;
        }
        let mut found = registry::find(self.id).filter_map(|site| Some((site, what(site)?)));
        match (found.next(), found.next()) {
            (Some((site, one)), None) => {
                // Whoever else was here has found the same.
                let _ = self.found.set(site);
                one
            }
            (None, _) => panic!("the linker's list of breakers lacks {:?}", self.id),
            (Some(_), Some(_)) => panic!("the linker's list of breakers has two of {:?}", self.id),
        }
    }
}
