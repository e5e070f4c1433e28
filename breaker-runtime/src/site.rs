//! The list of protected functions that the linker makes.

use crate::breaker::CircuitBreaker;

/// One protected function, as the linker knows it.
#[derive(Debug)]
pub struct Site {
    id: SiteId,
    breaker: fn() -> &'static CircuitBreaker,
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
        Self { id, breaker }
    }

    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        inventory::iter::<Self>.into_iter()
    }

    pub(crate) fn id(&self) -> SiteId {
        self.id
    }

    pub(crate) fn breaker(&self) -> &'static CircuitBreaker {
        (self.breaker)()
    }
}

inventory::collect!(Site);
