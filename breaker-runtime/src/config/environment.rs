//! Variables of the environment as tables: `BREAKER__PRICING__RESET=10s`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use super::document::{Entry, Table, Whose, written_in_variable};
use super::key::{Key, shortened};
use super::names;
use super::problem::{Place, Problem};

/// What the names of all such variables begin with.
const PREFIX: &str = "BREAKER__";
/// In the place of a breaker's name: all of them.
const ALL: &str = "ALL";

/// The tables of those of the variables that are for breakers, or all that is wrong with them.
pub(super) fn parse(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<Table>, Vec<Problem>> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut problems = Vec::new();
    // In the order of their names, so that messages have one, too.
    let ours: BTreeMap<_, _> =
        variables.filter(|(name, _)| name.as_encoded_bytes().starts_with(PREFIX.as_bytes())).collect();
    for (name, value) in ours {
        let at = Place::Variable(name.to_string_lossy().into());
        match entry(&name, &value, &at) {
            Ok((whose, entry)) => {
                let new = || Table {
                    whose: if whose == ALL { Whose::AllByVariable } else { Whose::ByVariable(whose.clone()) },
                    at,
                    entries: Vec::new(),
                };
                tables.entry(whose.clone()).or_insert_with(new).entries.push(entry);
            }
            Err((key, text)) => problems.push(Problem { at, table: String::new(), key, text }),
        }
    }
    if problems.is_empty() { Ok(tables.into_values().collect()) } else { Err(problems) }
}

/// The breaker's name and its value, or the key and what is wrong with it.
fn entry(name: &OsString, value: &OsString, at: &Place) -> Result<(String, Entry), (Option<&'static str>, String)> {
    let (whose, key, value) = split(name, value).map_err(|text| (None, text))?;
    let value = key.read(&written_in_variable(value)).map_err(|text| (Some(key.name()), text))?;
    Ok((whose.to_owned(), Entry { key, value, at: at.clone() }))
}

fn split<'a>(name: &'a OsString, value: &'a OsString) -> Result<(&'a str, Key, &'a str), String> {
    let name = name.to_str().ok_or("has a name that is not UTF-8")?;
    let value = value.to_str().ok_or("has a value that is not UTF-8")?;
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    let Some((whose, key)) = rest.rsplit_once("__").filter(|(whose, _)| !whose.is_empty()) else {
        return Err(format!("names a breaker and a key, such as `{PREFIX}PRICING__RESET`, or `{PREFIX}{ALL}__MODE`"));
    };
    if names::in_variables(whose) != whose {
        let meant = names::in_variables(whose);
        return Err(format!(
            "names a breaker in capitals, with one `_` for what is no letter or digit: write `{meant}`"
        ));
    }
    let lower = key.to_lowercase();
    let Some(key) = Key::named(&lower).filter(|_| lower.to_uppercase() == key) else {
        let nearest = names::nearest(&lower, Key::names()).map(|near| format!(": write `{}`", near.to_uppercase()));
        return Err(format!("has an unknown key `{}`{}", shortened(key), nearest.unwrap_or_default()));
    };
    Ok((whose, key, value))
}

/// All variables that there are.
pub(super) fn all() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// What messages call them.
pub(super) fn origin() -> Arc<str> {
    "the environment".into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::key::Value;
    use super::*;
    use crate::mode::Mode;

    fn parsed(variables: &[(&str, &str)]) -> Result<Vec<Table>, Vec<String>> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let place = |problem: &Problem| format!("{}: {problem}", problem.variable().unwrap_or_default());
        parse(variables).map_err(|problems| problems.iter().map(place).collect())
    }

    #[test]
    fn variables_are_tables() {
        let tables = parsed(&[
            ("PATH", "/bin"),
            ("BREAKER__SHOP_PRICING__RESET", "10s"),
            ("BREAKER__SHOP_PRICING__FAILURE_RATE", "50%"),
            ("BREAKER__ALL__MODE", "disabled"),
            ("BREAKER__ALL__PROBES", " 3 "),
        ])
        .unwrap();
        let seen: Vec<_> = tables
            .iter()
            .map(|table| (table.whose.clone(), table.entries.iter().map(|entry| (entry.key, entry.value)).collect()))
            .collect();
        let all: Vec<(Key, Value)> = vec![(Key::Mode, Value::Mode(Mode::Disabled)), (Key::Probes, Value::Count(3))];
        let one = vec![(Key::FailureRate, Value::Number(0.5)), (Key::Reset, Value::Time(Duration::from_secs(10)))];
        assert_eq!(seen, [(Whose::AllByVariable, all), (Whose::ByVariable("SHOP_PRICING".to_owned()), one)]);
    }

    #[test]
    fn all_that_is_wrong_is_said() {
        let said = parsed(&[
            ("BREAKER__PRICING__RESETS", "10s"),
            ("BREAKER__RESET", "10s"),
            ("BREAKER__pricing__RESET", "10s"),
            ("BREAKER__PRICING__RESET", "10"),
            ("BREAKER__PRICING__PROBES", "many"),
        ])
        .unwrap_err();
        assert_eq!(
            said,
            [
                "BREAKER__PRICING__PROBES: `probes` accepts a whole number from 1 to 255, and not `\"many\"`",
                "BREAKER__PRICING__RESET: `reset` accepts a time as text, such as `\"250ms\"`, `\"60s\"` or `\"5m\"`, and not \
                 `10`: write `\"10s\"`",
                "BREAKER__PRICING__RESETS: has an unknown key `RESETS`: write `RESET`",
                "BREAKER__RESET: names a breaker and a key, such as `BREAKER__PRICING__RESET`, or `BREAKER__ALL__MODE`",
                "BREAKER__pricing__RESET: names a breaker in capitals, with one `_` for what is no letter or digit: write \
                 `PRICING`",
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        let value = OsString::from_vec(vec![0xff]);
        let problems = parse([("BREAKER__A__RESET".into(), value)].into_iter()).unwrap_err();
        assert_eq!(problems[0].to_string(), "has a value that is not UTF-8");
    }
}
