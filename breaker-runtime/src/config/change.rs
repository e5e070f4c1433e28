//! Changes of one breaker that runs, in the words of a configuration.

use super::document::{Entry, Table, Whose};
use super::key::{Key, Value, Written, shortened};
use super::names;
use super::problem::Place;
use super::wish::{Of, wish};
use crate::mode::Mode;
use crate::policy::Settings;

/// So many mistakes are told.
const TOLD: usize = 20;

/// A value as it was given, not in a file but as data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// The same as the text `none`.
    Nothing,
    Flag(bool),
    /// As it is shown, and the number where it is not too large.
    Integer(String, Option<i64>),
    Float(f64),
    Text(String),
    /// Something that no key accepts.
    Other(&'static str),
}

impl Given {
    fn read_as(&self, key: Key) -> Result<Value, String> {
        match self {
            Self::Nothing => key.read(&Written::Text("none")).or_else(|_| key.read(&Written::Other("`null`"))),
            Self::Flag(flag) => key.read(&Written::Flag(*flag)),
            Self::Integer(text, number) => key.read(&Written::Integer(text, *number)),
            Self::Float(number) => key.read(&Written::Float(&format!("{number:?}"), Some(*number))),
            Self::Text(text) => key.read(&Written::Text(text)),
            Self::Other(what) => key.read(&Written::Other(what)),
        }
    }
}

/// The mode that is given, or what is accepted.
pub(crate) fn mode(given: &Given) -> Result<Mode, String> {
    match given.read_as(Key::Mode)? {
        Value::Mode(mode) => Ok(mode),
        _ => Err("`mode` is no mode".to_owned()),
    }
}

/// The settings of the breaker `name` with changes laid over them, or all that is wrong with these.
pub(crate) fn changed(name: &str, present: Settings, changes: &[(String, Given)]) -> Result<Settings, String> {
    let mut entries = Vec::new();
    let mut wrong = Vec::new();
    for (key, given) in changes {
        match setting(key).and_then(|key| Ok((key, given.read_as(key)?))) {
            Ok((key, value)) => entries.push(Entry { key, value, at: Place::Whole }),
            Err(text) => wrong.push(text),
        }
        if wrong.len() == TOLD {
            break;
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    let said = Table { whose: Whose::Name(name.to_owned()), at: Place::Whole, entries };
    let of = Of { name, made_with: Some(present), has: "has" };
    wish(&[said], of).map(|wish| wish.settings).map_err(|problem| problem.text)
}

/// The key with this name, if it is one of settings.
fn setting(name: &str) -> Result<Key, String> {
    match Key::named(name) {
        Some(Key::Mode) => Err("`mode` is no setting: it has a route of its own".to_owned()),
        Some(Key::ExpectedRps | Key::ExpectedError) => {
            Err(format!("`{name}` is no setting: it is for the lint of a file"))
        }
        Some(key) => Ok(key),
        None => {
            let settings = || Key::names().filter(|name| setting(name).is_ok());
            let meant = match names::nearest(name, settings()) {
                Some(known) => format!("write `{known}`"),
                None => {
                    format!("there are {}", settings().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
                }
            };
            Err(format!("`{}` is unknown: {meant}", shortened(name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn changes(all: &[(&str, Given)]) -> Vec<(String, Given)> {
        all.iter().map(|(key, given)| ((*key).to_owned(), given.clone())).collect()
    }

    fn text(text: &str) -> Given {
        Given::Text(text.to_owned())
    }

    #[test]
    fn changes_are_laid_over_what_is_in_force() {
        let present = Settings::new().consecutive(3).failure_rate(0.5).window(Duration::from_secs(30));
        let all = changes(&[
            ("reset", text("5s")),
            ("probes", Given::Integer("3".to_owned(), Some(3))),
            ("jitter", Given::Float(0.2)),
            ("latency", Given::Flag(true)),
            ("consecutive", Given::Nothing),
        ]);
        let expected = Settings::new()
            .failure_rate(0.5)
            .window(Duration::from_secs(30))
            .reset(Duration::from_secs(5))
            .probes(3)
            .jitter(0.2)
            .latency(true);
        assert_eq!(changed("pricing", present, &all), Ok(expected));
        assert_eq!(changed("pricing", present, &[]), Ok(present));
        let short = changes(&[("threshold", Given::Integer("9".to_owned(), Some(9)))]);
        assert_eq!(changed("pricing", Settings::new().consecutive(3), &short), Ok(Settings::new().consecutive(9)));
    }

    #[test]
    fn all_that_is_wrong_is_said() {
        let wrong = |all: &[(&str, Given)]| {
            changed("pricing", Settings::new().consecutive(3).jitter(0.2), &changes(all)).unwrap_err()
        };
        assert_eq!(
            wrong(&[("resets", text("5s")), ("probes", Given::Nothing), ("reset", Given::Other("a list"))]),
            "`resets` is unknown: write `reset`; `probes` accepts a whole number from 1 to 255, and not `null`; `reset` \
             accepts a time as text, such as `\"250ms\"`, `\"60s\"` or `\"5m\"`, and not a list"
        );
        assert_eq!(wrong(&[("mode", text("disabled"))]), "`mode` is no setting: it has a route of its own");
        assert!(wrong(&[("expected_rps", Given::Float(1.0))]).contains("for the lint"));
        let all = wrong(&[("quux", Given::Nothing)]);
        assert!(all.contains("there are `threshold`, `consecutive`") && !all.contains("`mode`"), "{all}");
        let needs_more = wrong(&[("min_calls", Given::Integer("5".to_owned(), Some(5)))]);
        assert_eq!(needs_more, "`min_calls` needs `failure_rate` or `slow_rate`");
        let present = Settings::new().backoff(2.0).max_reset(Duration::from_secs(120));
        let contradicts = changed("pricing", present, &changes(&[("reset", text("5m"))])).unwrap_err();
        assert!(contradicts.contains("`max_reset`") && contradicts.contains("(it has "), "{contradicts}");
    }
}
