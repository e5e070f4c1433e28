//! What a configuration says about one breaker: the values of all tables that are for it, the strongest of each key.

use std::collections::BTreeMap;

use super::document::{Entry, Table, Whose};
use super::key::{Key, Value, put, shortened};
use super::names;
use super::problem::Problem;
use super::traffic::Traffic;
use crate::mode::Mode;
use crate::policy::Settings;

/// What a breaker should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wish {
    pub(crate) settings: Settings,
    /// `None` where nothing is said.
    pub(crate) mode: Option<Mode>,
    /// What is usual for its calls, where that is said.
    pub(crate) traffic: Option<Traffic>,
}

/// How strong a table is for a breaker: by its kind, by how much of the name it says, and by its place among all.
type Strength = (u8, usize, usize);

/// What is known of each key: the strongest value, with the table that it is from.
type Known<'a> = BTreeMap<Key, (Strength, &'a Table, &'a Entry)>;

impl Table {
    /// How strong this is for the breaker with that name; `None` where it is for others.
    fn strength(&self, name: &str, place: usize) -> Option<Strength> {
        let (kind, precision) = match &self.whose {
            Whose::All => (0, 0),
            Whose::Pattern(pattern) if names::matches(pattern, name) => (1, names::precision(pattern)),
            Whose::Name(of) if of == name => (2, 0),
            Whose::AllByVariable => (3, 0),
            Whose::ByVariable(of) if *of == names::in_variables(name) => (4, 0),
            _ => return None,
        };
        Some((kind, precision, place))
    }

    /// Whether it is for more than one breaker, of which not each needs all its keys.
    fn is_shared(&self) -> bool {
        !matches!(self.whose, Whose::Name(_) | Whose::ByVariable(_))
    }
}

/// A breaker as a configuration sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of<'a> {
    pub(crate) name: &'a str,
    /// What it was made with; `None` where only the program knows, and what does not fit may fit there.
    pub(crate) made_with: Option<Settings>,
    /// Completes the sentence "it … these settings".
    pub(crate) has: &'static str,
}

/// What the tables say of a breaker, over the settings that it was made with.
pub(crate) fn wish(tables: &[Table], of: Of<'_>) -> Result<Wish, Problem> {
    let mut known = Known::new();
    for (place, table) in tables.iter().enumerate() {
        let Some(strength) = table.strength(of.name, place) else { continue };
        for entry in &table.entries {
            if known.get(&entry.key).is_none_or(|(before, ..)| *before <= strength) {
                known.insert(entry.key, (strength, table, entry));
            }
        }
    }
    let merge = Merge { known, of };
    let mut settings = of.made_with.unwrap_or_default();
    for (key, (_, _, entry)) in &merge.known {
        put(&mut settings, *key, entry.value);
    }
    merge.short_rule(&mut settings).map_err(|text| merge.problem(text, Some(Key::Threshold)))?;
    merge.one_way_to_decide_about_probes(&mut settings);
    merge.leave_out(&mut settings);
    if of.made_with.is_none() {
        merge.suppose(&mut settings);
    }
    settings.check().map_err(|refused| merge.problem(refused.text(), None))?;
    let mode = match merge.value(Key::Mode) {
        Some(Value::Mode(mode)) => Some(mode),
        _ => None,
    };
    Ok(Wish { settings, mode, traffic: merge.traffic() })
}

struct Merge<'a> {
    known: Known<'a>,
    of: Of<'a>,
}

impl Merge<'_> {
    fn value(&self, key: Key) -> Option<Value> {
        self.known.get(&key).map(|(_, _, entry)| entry.value)
    }

    fn strength(&self, key: Key) -> Option<Strength> {
        self.known.get(&key).map(|(strength, ..)| *strength)
    }

    /// Whether it was said of several breakers, or nobody knows what this one was made with.
    fn may_be_left_out(&self, key: Key) -> bool {
        self.known.get(&key).is_some_and(|(_, table, _)| table.is_shared() || self.of.made_with.is_none())
    }

    fn traffic(&self) -> Option<Traffic> {
        let number = |key| match self.value(key) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        };
        Traffic::new(number(Key::ExpectedRps)?, number(Key::ExpectedError).unwrap_or_default())
    }

    /// `threshold` is `failures` where there is a window, and `consecutive` where there is none. Of these it takes the
    /// place of one that is weaker, also of the other one, unless the code has both.
    fn short_rule(&self, settings: &mut Settings) -> Result<(), &'static str> {
        let (Some(Value::Count(n)), Some(strength)) = (self.value(Key::Threshold), self.strength(Key::Threshold))
        else {
            return Ok(());
        };
        let counts = |key| matches!(self.value(key), Some(Value::Count(_)));
        let beside = |key| self.strength(key).filter(|_| counts(key));
        let exact = [Key::Consecutive, Key::Failures].map(beside);
        if exact.contains(&Some(strength)) {
            return Err("`threshold` is the short word for `consecutive` or `failures`: keep only one of them");
        }
        if exact.iter().flatten().any(|exact| *exact > strength) {
            return Ok(());
        }
        if settings.has_rate() {
            return if self.may_be_left_out(Key::Threshold) {
                Ok(())
            } else {
                Err("`threshold` has no clear meaning beside a rate: write `consecutive` for failures in a row, or \
                     `failures` for failures within `window`")
            };
        }
        // A window that several share makes no windowed rule of one that looks back on none.
        let own = self.of.made_with.is_some_and(|made| made.failures.is_some()) || !self.may_be_left_out(Key::Window);
        let (key, other) = match settings.window_set().filter(|_| own) {
            Some(_) => (Key::Failures, Key::Consecutive),
            None => (Key::Consecutive, Key::Failures),
        };
        // What something stronger took back stays so.
        if self.value(key) == Some(Value::None) && self.strength(key) > Some(strength) {
            return Ok(());
        }
        let has_both = self.of.made_with.is_some_and(|made| made.consecutive.is_some() && made.failures.is_some());
        if !has_both {
            put(settings, other, Value::None);
        }
        put(settings, key, Value::Count(n));
        Ok(())
    }

    /// Of `successes` and `probe_failure_rate` the stronger one takes the place of the other.
    fn one_way_to_decide_about_probes(&self, settings: &mut Settings) {
        let said = |key| self.strength(key).filter(|_| self.value(key) != Some(Value::None));
        let weaker = match (said(Key::Successes), said(Key::ProbeFailureRate)) {
            (successes, rate) if successes > rate => Key::ProbeFailureRate,
            (successes, rate) if successes < rate => Key::Successes,
            _ => return,
        };
        put(settings, weaker, Value::None);
    }

    /// Of what is said of several breakers at once, each takes what one of its rules has use for.
    fn leave_out(&self, settings: &mut Settings) {
        let of = self.of.made_with;
        let never_again = of.is_some_and(|of| !of.retries()) && !settings.retries();
        let useless = [
            (Key::Burst, settings.rate_limit_set().is_none()),
            (Key::SlowCall, !settings.slow_rate.is_some()),
            (Key::Window, !settings.has_rate() && !settings.failures.is_some()),
            (Key::MinCalls, !settings.has_rate()),
            (Key::TotalTimeout, of.is_some_and(|of| of.total_limit().is_none())),
            (Key::RetryBackoff, never_again),
            (Key::RetryMax, never_again),
            // Said in one breath they are a mistake.
            (
                Key::Successes,
                self.strength(Key::Successes) != self.strength(Key::Probes)
                    && settings.successes.get().is_some_and(|successes| successes > settings.probes.get()),
            ),
        ];
        for (key, is_useless) in useless {
            if self.may_be_left_out(key) && is_useless {
                put(settings, key, Value::None);
            }
        }
        if never_again && self.may_be_left_out(Key::RetryBackoff) {
            *settings = settings.with_backoff_of(&of.unwrap_or_default());
        }
    }

    /// The other halves that the code may have: what is not said is taken to fit.
    fn suppose(&self, settings: &mut Settings) {
        let unsaid = |key: Key| self.value(key).is_none();
        if settings.slow_rate.is_some() && unsaid(Key::SlowCall) {
            put(settings, Key::SlowRate, Value::None);
        }
        if settings.retry_max_set().is_some() && unsaid(Key::RetryBackoff) {
            put(settings, Key::RetryMax, Value::None);
        }
        if settings.failures.is_some() && unsaid(Key::Window) {
            put(settings, Key::Failures, Value::None);
        }
        if let (Some(max_reset), true) = (settings.max_reset.get(), unsaid(Key::Reset)) {
            put(settings, Key::Reset, Value::Time(settings.reset_delay().min(max_reset)));
        }
    }

    /// What is wrong, at the strongest of the values that it is about.
    fn problem(&self, text: &str, key: Option<Key>) -> Problem {
        let named: Vec<Key> = text.split('`').skip(1).step_by(2).filter_map(Key::named).collect();
        let keys = key.into_iter().chain(named.iter().copied()).chain([Key::Threshold]);
        // Of those that are as strong, the one that the sentence begins with.
        let blamed = keys.filter_map(|key| self.known.get(&key)).reduce(|a, b| if b.0 > a.0 { b } else { a });
        // Something else must be to blame where none of them is known: a breaker's own settings are right.
        let blamed = blamed.or_else(|| self.known.values().max_by_key(|(strength, ..)| *strength));
        let Some((_, table, entry)) = blamed else { return Problem::of_all(text.to_owned()) };
        let mut text = text.to_owned();
        if table.is_shared() && !self.of.name.is_empty() {
            text = format!("for the breaker `{}`, {text}", shortened(self.of.name));
        }
        let made_with = self.of.made_with.unwrap_or_default().to_string();
        let own = named.iter().filter(|key| !self.known.contains_key(key));
        let own: Vec<_> =
            own.filter(|key| made_with.split(", ").any(|set| set.starts_with(&format!("{} ", key.name())))).collect();
        if !own.is_empty() {
            text = format!("{text} (it {} {made_with})", self.of.has);
        }
        Problem { at: entry.at.clone(), table: table.title(), key: Some(entry.key.name()), text }
    }
}
