//! Settings from files, from the environment, and from wherever else (feature `config`).
//!
//! A [`Config`] is data: what is said of which breakers. [`registry::watch`](crate::registry::watch) puts a file in force
//! and keeps an eye on it, [`registry::load`](crate::registry::load) reads one once, and
//! [`registry::apply`](crate::registry::apply) takes what the program has got elsewhere.
//!
//! ```toml
//! [defaults]                     # every breaker
//! reset = "30s"
//!
//! [breaker."shop::*"]            # those whose names match; of several, the one that says more of the name is stronger
//! mode = "metrics_only"
//!
//! [breaker.pricing]              # this one
//! failure_rate = "50%"
//! window = "30s"
//! ```
//!
//! Keys and values are those of the attribute: `threshold`, `consecutive`, `failures`, `failure_rate`, `slow_rate`,
//! `slow_call`, `window`, `min_calls`, `on_cancel`, `reset`, `backoff`, `max_reset`, `jitter`, `probes`, `successes`,
//! `probe_failure_rate`, `probe_timeout`, `ramp`, `timeout`, `total_timeout`, `max_concurrent`, `rate_limit`, `burst`,
//! `latency`, `span`; those within `retry(…)` as `retry_attempts`, `retry_backoff`, `retry_factor`, `retry_max` and
//! `retry_jitter`; and beside them `failure_samples`, `history` ([`Settings`]), `mode` ([`Mode`](crate::Mode)), and for [`lint`] alone `expected_rps` and
//! `expected_error`. `"none"` takes back what something weaker has set.
//!
//! Each key counts by itself: the strongest that says something of it wins, and what nobody says stays as the code has it.
//! From the weakest to the strongest: the code (the attribute), `[defaults]`, patterns, the exact name, the environment.
//! Of what `[defaults]` and patterns say, `window`, `min_calls`, `slow_call`, `threshold`, `total_timeout` and the waits of
//! `retry` are taken by those breakers who have use for them, and by the others left out.
//!
//! `timeout` stops the calls of functions whose attribute has that key; of other calls it only says which are failures when
//! they are cancelled. So, too, `total_timeout` and what begins with `retry_` are for functions whose attribute has
//! `total_timeout` and `retry`, and say nothing of others: `retry_attempts = 1` ends all retries in an outage. A function on a
//! breaker that is held elsewhere (`breaker = …`) has these by its attribute alone.
//!
//! A variable is `BREAKER__<NAME>__<KEY>`: the breaker's name in capitals, with `_` for what is no letter of ASCII and no
//! digit, or `ALL`: `BREAKER__SHOP_PRICING__RESET=10s`, `BREAKER__ALL__MODE=disabled`. The environment is read whenever
//! something is applied, and is put over it.

mod applied;
#[cfg(feature = "controls")]
mod change;
mod document;
mod environment;
mod key;
pub(crate) mod lint;
mod names;
mod problem;
mod scan;
mod source;
mod traffic;
mod wish;

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub use applied::Applied;
#[cfg(feature = "controls")]
pub(crate) use change::{Given, changed, mode};
use document::{Table, Whose};
pub use lint::{Finding, lint};
pub use problem::{ConfigError, Problem};
pub(crate) use problem::{refused, set_refused};
pub(crate) use source::text;
pub use source::{File, Source};
pub use traffic::Traffic;
use wish::Of;
pub(crate) use wish::Wish;

use crate::policy::Settings;

/// What is said of breakers, checked as far as it can be without them. The [module](self) tells how it is written.
///
/// ```
/// use breaker_runtime::config::Config;
/// use breaker_runtime::{Settings, registry};
///
/// let mail = registry::get_or_create("mail", Settings::new().consecutive(3))?;
///
/// let config = Config::parse("the desk", "[breaker.mail]\nconsecutive = 10\n")?;
/// let applied = registry::apply(&config)?;
/// assert_eq!(mail.settings(), Settings::new().consecutive(10));
/// assert_eq!(applied.to_string(), "the desk: 1 breaker changed");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
/// The default says nothing, so that with [`apply`](crate::registry::apply) the environment alone has its say.
#[derive(Clone)]
pub struct Config {
    origin: Arc<str>,
    tables: Vec<Table>,
}

impl Config {
    /// A configuration in TOML. `origin` is where it comes from, for people: changes and messages show it.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, with lines and columns.
    pub fn parse(origin: impl AsRef<str>, text: &str) -> Result<Self, ConfigError> {
        let origin: Arc<str> = origin.as_ref().into();
        match document::parse(&origin, text) {
            Ok(tables) => Ok(Self { origin, tables }),
            Err(problems) => Err(ConfigError::new(&origin, problems)),
        }
    }

    /// The same from a file, read once.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, that is larger than 1 MiB, or not UTF-8; and as [`parse`](Self::parse).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::of(&mut File::new(path))
    }

    /// What a source says now.
    pub(crate) fn of(source: &mut dyn Source) -> Result<Self, ConfigError> {
        let origin: Arc<str> = source.origin().into();
        let text = source::text(source).map_err(|text| ConfigError::new(&origin, vec![Problem::of_all(text)]))?;
        Self::parse(origin, &text)
    }

    /// What the environment says, and nothing else.
    pub(crate) fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(environment::all())
    }

    /// The same of these variables.
    pub(crate) fn from_variables(variables: Vec<(OsString, OsString)>) -> Result<Self, ConfigError> {
        let origin = environment::origin();
        match environment::parse(variables.into_iter()) {
            Ok(tables) => Ok(Self { origin, tables }),
            Err(problems) => Err(ConfigError::new(&origin, problems)),
        }
    }

    /// Both together. Of one key for one breaker the place decides, as told in the [module](self); of two equal places,
    /// the second.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        if !other.tables.is_empty() {
            if self.tables.is_empty() && self.origin == Self::default().origin {
                return other;
            }
            self.origin = format!("{} and {}", self.origin, other.origin).into();
            self.tables.extend(other.tables);
        }
        self
    }

    /// Where it comes from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it says of one breaker.
    pub(crate) fn wish(&self, name: &str, made_with: Settings) -> Result<Wish, Problem> {
        wish::wish(&self.tables, Of { name, made_with: Some(made_with), has: "was made with" })
    }

    /// The names and patterns that it says something of, each with its place.
    pub(crate) fn named(&self) -> impl Iterator<Item = Named<'_>> {
        self.tables.iter().filter_map(|table| match &table.whose {
            Whose::All | Whose::AllByVariable => None,
            Whose::Name(name) => Some(Named { name, how: How::Name, table }),
            Whose::Pattern(name) => Some(Named { name, how: How::Pattern, table }),
            Whose::ByVariable(name) => Some(Named { name, how: How::Variable, table }),
        })
    }
}

/// Says nothing.
impl Default for Config {
    fn default() -> Self {
        Self { origin: "no configuration".into(), tables: Vec::new() }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// A name that a configuration says something of.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    name: &'a str,
    how: How,
    table: &'a Table,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Name,
    Pattern,
    Variable,
}

impl Named<'_> {
    /// Whether it means the breaker with this name.
    pub(crate) fn means(&self, name: &str) -> bool {
        match self.how {
            How::Name => self.name == name,
            How::Pattern => names::matches(self.name, name),
            How::Variable => self.name == names::in_variables(name),
        }
    }

    /// Whether it means one breaker only.
    pub(crate) fn is_exact(&self) -> bool {
        self.how != How::Pattern
    }

    /// That it means none, with the one that was probably meant.
    pub(crate) fn unknown<'n>(&self, known: impl Iterator<Item = &'n str>) -> Problem {
        let none = if self.how == How::Pattern { "matches no breaker" } else { "is no breaker's name" };
        let all: Vec<&str> = known.collect();
        let nearest = match self.how {
            How::Variable => {
                let as_variables: Vec<String> = all.iter().map(|name| names::in_variables(name)).collect();
                names::nearest(self.name, as_variables.iter().map(String::as_str)).map(str::to_owned)
            }
            _ => names::nearest(self.name, all.into_iter()).map(str::to_owned),
        };
        let meant = nearest.map(|name| format!(": did you mean `{}`?", key::shortened(&name)));
        self.problem(format!("{none}{}", meant.unwrap_or_default()))
    }

    pub(crate) fn problem(&self, text: String) -> Problem {
        Problem { at: self.table.at.clone(), table: self.table.title(), key: None, text }
    }
}
