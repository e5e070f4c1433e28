//! What is wrong with a configuration, and where.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

/// A configuration that was not taken: everything that is wrong with it. Nothing has changed.
///
/// Prints as one line.
///
/// ```
/// use breaker_runtime::config::Config;
///
/// let refused = Config::parse("breakers.toml", "[breaker.pricing]\nreset = 60\n").unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "breakers.toml:2:9: [breaker.pricing] `reset` accepts a time as text, such as `\"250ms\"`, `\"60s\"` or `\"5m\"`, \
///      and not `60`: write `\"60s\"`"
/// );
/// assert_eq!(refused.problems()[0].line(), Some(2));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    origin: Arc<str>,
    problems: Arc<[Problem]>,
    more: usize,
}

/// So many problems are told; of more only the number.
const TOLD: usize = 20;

impl ConfigError {
    /// Of at least one problem.
    pub(crate) fn new(origin: &Arc<str>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.at.cmp(&b.at));
        problems.dedup();
        let more = problems.len().saturating_sub(TOLD);
        problems.truncate(TOLD);
        Self { origin: Arc::clone(origin), problems: problems.into(), more }
    }

    /// Where the configuration comes from, such as the file's path.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What is wrong, in the order of the file; at least one, and at most 20.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            let between = if number == 0 { "" } else { "; " };
            match &problem.at {
                Place::Whole => write!(f, "{between}{}: {problem}", self.origin.escape_debug())?,
                Place::At { origin, line, column } => {
                    write!(f, "{between}{}:{line}:{column}: {problem}", origin.escape_debug())?;
                }
                Place::Variable(name) => write!(f, "{between}{}: {problem}", name.escape_debug())?,
            }
        }
        if self.more > 0 {
            write!(f, "; and {} more", self.more)?;
        }
        Ok(())
    }
}

// For `fn main() -> Result<(), …>`, which prints it so.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Error for ConfigError {}

/// One thing that is wrong with a configuration. Prints as one sentence, without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(crate) at: Place,
    /// The table, as it is written; empty where it is none's.
    pub(crate) table: String,
    pub(crate) key: Option<&'static str>,
    pub(crate) text: String,
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In all of it.
    Whole,
    /// In a text; both numbers from 1.
    At { origin: Arc<str>, line: usize, column: usize },
    /// In a variable of the environment.
    Variable(Arc<str>),
}

impl Problem {
    /// Of the configuration as a whole.
    pub(crate) fn of_all(text: String) -> Self {
        Self { at: Place::Whole, table: String::new(), key: None, text }
    }

    /// The table, as it is written, such as `[breaker.pricing]`; `None` where none is to blame.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        Some(&*self.table).filter(|table| !table.is_empty())
    }

    /// The key, where one that there is is to blame.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key
    }

    /// The line, from 1; `None` where no line is to blame.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self.at {
            Place::At { line, .. } => Some(line),
            _ => None,
        }
    }

    /// The character of the line, from 1.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        match self.at {
            Place::At { column, .. } => Some(column),
            _ => None,
        }
    }

    /// The variable of the environment, where it is to blame.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match &self.at {
            Place::Variable(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(table) = self.table() {
            write!(f, "{table} ")?;
        }
        f.write_str(&self.text)
    }
}

/// The last configuration that was tried, where it was refused.
static REFUSED: ArcSwapOption<ConfigError> = ArcSwapOption::const_empty();

/// Why the last configuration that was tried was refused; `None` where it was taken.
pub(crate) fn refused() -> Option<Arc<ConfigError>> {
    REFUSED.load_full()
}

/// Says what became of the last one.
pub(crate) fn set_refused(now: Option<&Arc<ConfigError>>) {
    REFUSED.store(now.cloned());
}
