//! What few breakers need, behind one pointer: every key of a family has a breaker, and most never use it.

use once_cell::race::OnceBox;

use super::CircuitBreaker;
use super::classes::FailureClasses;
use super::limits::CallLimits;

#[derive(Debug, Default)]
pub(super) struct Seldom {
    /// From the first failure that has a class.
    classes: OnceBox<FailureClasses>,
    /// From the first call under a limit.
    limits: OnceBox<CallLimits>,
}

impl CircuitBreaker {
    pub(super) fn classes(&self, made: impl FnOnce() -> FailureClasses) -> &FailureClasses {
        self.seldom.get_or_init(Box::default).classes.get_or_init(|| Box::new(made()))
    }

    pub(super) fn classes_if_any(&self) -> Option<&FailureClasses> {
        self.seldom.get()?.classes.get()
    }

    pub(super) fn limits(&self) -> &CallLimits {
        self.seldom.get_or_init(Box::default).limits.get_or_init(Box::default)
    }

    pub(super) fn limits_if_any(&self) -> Option<&CallLimits> {
        self.seldom.get()?.limits.get()
    }
}
