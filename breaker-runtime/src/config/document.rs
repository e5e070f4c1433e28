//! A configuration as it is written: tables of keys.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{Key, Value, Written, shortened};
use super::names;
use super::problem::{Place, Problem};

/// The values of one table, or of the variables that have one name in common.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) whose: Whose,
    pub(crate) at: Place,
    pub(crate) entries: Vec<Entry>,
}

/// For which breakers a table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// `[defaults]`
    All,
    /// `[breaker."shop::*"]`
    Pattern(String),
    /// `[breaker."pricing"]`
    Name(String),
    /// `BREAKER__ALL__…`
    AllByVariable,
    /// `BREAKER__PRICING__…`
    ByVariable(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) value: Value,
    pub(crate) at: Place,
}

impl Table {
    /// As people write it.
    pub(crate) fn title(&self) -> String {
        match &self.whose {
            Whose::All => "[defaults]".to_owned(),
            Whose::Pattern(name) | Whose::Name(name) => title(name),
            Whose::AllByVariable | Whose::ByVariable(_) => String::new(),
        }
    }
}

fn title(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { format!("[breaker.{name}]") } else { format!("[breaker.\"{}\"]", shortened(name)) }
}

/// What a file may be at most: far more than thousands of breakers need, and little enough to be read twice a second.
pub(crate) const MOST_BYTES: usize = 1 << 20;

/// The tables of a text in TOML, or all that is wrong with it.
pub(crate) fn parse(origin: &Arc<str>, text: &str) -> Result<Vec<Table>, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > MOST_BYTES {
        return Err(vec![Problem::of_all(format!("is {} bytes long, and at most {MOST_BYTES} are read", text.len()))]);
    }
    if text.trim().is_empty() {
        let text = "is empty, as files are that were not written to the end: for a configuration that says nothing, write \
                    `[defaults]`";
        return Err(vec![Problem::of_all(text.to_owned())]);
    }
    let lines = Lines::of(origin, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem = |error: &toml::de::Error| Problem {
            at: lines.place(error.span().map_or(text.len(), |span| span.start)),
            table: String::new(),
            key: None,
            text: format!("is not TOML: {}", error.message()),
        };
        return Err(errors.iter().map(problem).collect());
    }
    let mut reader = Reader { lines, tables: Vec::new(), problems: Vec::new(), keys_told: false };
    reader.root(root.get_ref());
    // As they are written, not by their names.
    reader.tables.sort_by(|a, b| a.at.cmp(&b.at));
    if reader.problems.is_empty() { Ok(reader.tables) } else { Err(reader.problems) }
}

struct Reader<'t> {
    lines: Lines<'t>,
    tables: Vec<Table>,
    problems: Vec<Problem>,
    /// Whether somebody has been told which keys there are: once for a file is enough.
    keys_told: bool,
}

impl<'t> Reader<'t> {
    fn root(&mut self, root: &DeTable<'_>) {
        for (name, value) in root {
            match name.get_ref().as_ref() {
                "defaults" => self.table(Whose::All, "[defaults]", name.span().start, value.get_ref()),
                "breaker" => match value.get_ref() {
                    DeValue::Table(breakers) => self.breakers(breakers),
                    other => {
                        let text = format!("`breaker` is for tables such as `[breaker.pricing]`, not {}", a(other));
                        self.problem(name.span().start, "", text);
                    }
                },
                other => {
                    let known = names::nearest(other, ["defaults", "breaker"].into_iter());
                    let meant = match known {
                        _ if Key::named(other).is_some() => ": write it under `[defaults]` or `[breaker.…]`".to_owned(),
                        Some(known) => format!(": write `{known}`"),
                        None => ": there are `[defaults]` and `[breaker.…]`".to_owned(),
                    };
                    self.problem(name.span().start, "", format!("`{}` is unknown{meant}", shortened(other)));
                }
            }
        }
    }

    fn breakers(&mut self, breakers: &DeTable<'_>) {
        for (name, value) in breakers {
            let (at, name) = (name.span().start, name.get_ref().as_ref());
            let whose = if name.contains('*') { Whose::Pattern(name.to_owned()) } else { Whose::Name(name.to_owned()) };
            if name.trim().is_empty() {
                self.problem(at, &title(name), "has no name".to_owned());
            } else {
                self.table(whose, &title(name), at, value.get_ref());
            }
        }
    }

    fn table(&mut self, whose: Whose, title: &str, at: usize, value: &DeValue<'_>) {
        let DeValue::Table(values) = value else {
            let hint = if Key::named(title.trim_start_matches("[breaker.").trim_end_matches(']')).is_some() {
                ", for keys of one breaker stand under its name"
            } else {
                ""
            };
            return self.problem(at, title, format!("must be a table, not {}{hint}", a(value)));
        };
        let mut entries = Vec::new();
        for (name, value) in values {
            let Some(key) = Key::named(name.get_ref()) else {
                self.unknown(title, name, value);
                continue;
            };
            match key.read(&self.written(value)) {
                Ok(value_read) => {
                    entries.push(Entry { key, value: value_read, at: self.lines.place(value.span().start) });
                }
                Err(text) => {
                    let at = self.lines.place(value.span().start);
                    self.problems.push(Problem { at, table: title.to_owned(), key: Some(key.name()), text });
                }
            }
        }
        let at = self.lines.place(at);
        self.tables.push(Table { whose, at, entries });
    }

    /// The value, as a key reads it.
    fn written<'a>(&self, value: &'a Spanned<DeValue<'_>>) -> Written<'a>
    where
        't: 'a,
    {
        let as_written = self.lines.text.get(value.span()).unwrap_or_default();
        match value.get_ref() {
            DeValue::String(text) => Written::Text(text),
            DeValue::Integer(number) => {
                Written::Integer(as_written, i64::from_str_radix(number.as_str(), number.radix()).ok())
            }
            DeValue::Float(number) => Written::Float(as_written, number.as_str().parse().ok()),
            DeValue::Boolean(flag) => Written::Flag(*flag),
            other => Written::Other(a(other)),
        }
    }

    fn unknown(&mut self, title: &str, name: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let key = name.get_ref();
        // Nobody reads more of them.
        let nearest = if self.problems.len() < 100 { names::nearest(key, Key::names()) } else { None };
        let meant = match nearest {
            _ if value.get_ref().is_table() => {
                ": a name with dots in it is written in quotes, `[breaker.\"a.b\"]`".to_owned()
            }
            Some(known) => format!(": write `{known}`"),
            None if self.keys_told => String::new(),
            None => {
                self.keys_told = true;
                let all: Vec<_> = Key::names().map(|name| format!("`{name}`")).collect();
                format!(": there are {}", all.join(", "))
            }
        };
        self.problem(name.span().start, title, format!("`{}` is unknown{meant}", shortened(key)));
    }

    fn problem(&mut self, at: usize, table: &str, text: String) {
        self.problems.push(Problem { at: self.lines.place(at), table: table.to_owned(), key: None, text });
    }
}

fn a(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a time of day",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The value of a variable: a number or a flag where it reads as one, else a text.
pub(crate) fn written_in_variable(text: &str) -> Written<'_> {
    let trimmed = text.trim();
    match trimmed {
        "true" => Written::Flag(true),
        "false" => Written::Flag(false),
        _ if trimmed.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') => {
            match trimmed.parse::<i64>() {
                Ok(number) => Written::Integer(trimmed, Some(number)),
                Err(_) => match trimmed.parse::<f64>() {
                    Ok(number) => Written::Float(trimmed, Some(number)),
                    Err(_) => Written::Text(text),
                },
            }
        }
        _ => Written::Text(text),
    }
}

/// Where the lines of a text begin.
struct Lines<'t> {
    origin: Arc<str>,
    text: &'t str,
    starts: Arc<[usize]>,
}

impl<'t> Lines<'t> {
    fn of(origin: &Arc<str>, text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { origin: Arc::clone(origin), text, starts }
    }

    fn place(&self, at: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts[line - 1];
        let before = self.text.get(start..at.min(self.text.len())).unwrap_or_default();
        Place::At { origin: Arc::clone(&self.origin), line, column: before.chars().count() + 1 }
    }
}
