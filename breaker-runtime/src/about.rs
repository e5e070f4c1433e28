//! Which breaker: what travels with it into reports, events, metrics and pages.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// What tells a breaker from all others, and what people should know of it.
///
/// Prints as the name, with the key of a breaker that belongs to a family in brackets; characters that
/// would harm a log are escaped.
///
/// ```
/// use breaker_runtime::{CircuitBreaker, Settings};
///
/// static MAIL: CircuitBreaker = CircuitBreaker::new("mail", Settings::new())
///     .dependency("smtp_relay")
///     .note("queued mail is sent later; nobody has to be woken");
///
/// let about = MAIL.about();
/// assert_eq!(about.to_string(), "mail");
/// assert_eq!(about.dependency, Some("smtp_relay"));
/// assert!(about.at.file().ends_with(".rs"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct About {
    /// The name. Others may have the same one: together with `at` and `key` it is one breaker's alone.
    pub name: &'static str,
    /// The key, where the breaker belongs to a family.
    pub key: Option<Arc<str>>,
    /// Where the breaker was made: of an annotated function, where the attribute stands.
    pub at: &'static Location<'static>,
    /// What the protected calls depend on.
    pub dependency: Option<&'static str>,
    /// What the person on call should know.
    pub note: Option<&'static str>,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name.escape_debug())?;
        match &self.key {
            Some(key) => write!(f, "[{}]", key.escape_debug()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_are_data() {
        let about = About {
            name: "a\nb",
            key: Some(Arc::from("\u{1b}[31mred")),
            at: Location::caller(),
            dependency: None,
            note: None,
        };
        assert_eq!(about.to_string(), r"a\nb[\u{1b}[31mred]");
    }
}
