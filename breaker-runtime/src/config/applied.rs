//! What came of a configuration that was taken.

use std::fmt;
use std::sync::Arc;

use super::problem::{ConfigError, Problem};
use crate::text::Counted;

/// A configuration that was taken. Prints as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub(crate) origin: Arc<str>,
    pub(crate) changed: Vec<&'static str>,
    pub(crate) unknown: Vec<Problem>,
}

impl Applied {
    /// Where it comes from, such as the file's path.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The names of the breakers, and of the families of breakers, whose settings or mode have changed. Each tells the
    /// change itself, too: in its history, and to those who listen.
    #[must_use]
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }

    /// The names and patterns that mean no breaker, with the one that was probably meant. It may be one that is not
    /// [listed](crate::registry::add) yet, and will have its settings when it is; else it is a mistake.
    #[must_use]
    pub fn unknown(&self) -> &[Problem] {
        &self.unknown
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changed = Counted(self.changed.len() as u64, "breaker");
        write!(f, "{}: {changed} changed", self.origin.escape_debug())?;
        if !self.unknown.is_empty() {
            write!(f, "; {}", ConfigError::new(&self.origin, self.unknown.clone()))?;
        }
        Ok(())
    }
}
