//! The list of protected functions that the linker makes.

use crate::breaker::CircuitBreaker;
use crate::keyed::Breakers;

/// One protected function, as the linker knows it.
#[derive(Debug)]
pub struct Site {
    id: SiteId,
    holds: Holds,
}

/// What a protected function asks.
#[derive(Debug)]
enum Holds {
    One(fn() -> &'static CircuitBreaker),
    Family(fn() -> &'static Breakers),
}

/// What tells a protected function from all others of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteId {
    /// The module of the function, which begins with the crate.
    pub module: &'static str,
    /// The binary, where one is built: it may share modules and crate name with a library.
    pub bin: Option<&'static str>,
    /// Whether it was compiled for the tests of its own crate, beside which the crate itself may be
    /// linked.
    pub test: bool,
    /// The version of the package: a program may hold two.
    pub version: Option<&'static str>,
    /// A number made of the function's text.
    pub item: u64,
    /// Which one of the functions with the same text.
    pub nth: u32,
}

impl Site {
    /// The function `id` with its breaker.
    #[must_use]
    pub const fn new(id: SiteId, breaker: fn() -> &'static CircuitBreaker) -> Self {
        Self { id, holds: Holds::One(breaker) }
    }

    /// The function `id` with a breaker for each key.
    #[must_use]
    pub const fn family(id: SiteId, breakers: fn() -> &'static Breakers) -> Self {
        Self { id, holds: Holds::Family(breakers) }
    }

    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        inventory::iter::<Self>.into_iter()
    }

    pub(crate) fn id(&self) -> SiteId {
        self.id
    }

    /// Its breaker, where it has one alone.
    pub(crate) fn breaker(&self) -> Option<&'static CircuitBreaker> {
        match self.holds {
            Holds::One(breaker) => Some(breaker()),
            Holds::Family(_) => None,
        }
    }

    /// Its breakers, where it has one for each key.
    pub(crate) fn breakers(&self) -> Option<&'static Breakers> {
        match self.holds {
            Holds::One(_) => None,
            Holds::Family(breakers) => Some(breakers()),
        }
    }
}

inventory::collect!(Site);
