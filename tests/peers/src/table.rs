//! The results as Markdown.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::thread;

use crate::contenders;
use crate::measure::median;
use crate::scenario::Scenario;

/// What was found for one contender in one row.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// It has nothing of the kind.
    Empty,
    /// It is left out, and why.
    Out(String),
    /// The medians of the runs, in nanoseconds, and what a reader must know.
    Measured { runs: Vec<f64>, note: Option<&'static str> },
}

/// One row of cells, in the order of the contenders.
pub(crate) struct Row<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) cells: Vec<Cell>,
}

/// The rows, with the ratio of the first contender to the best rival.
pub(crate) fn of_contenders(rows: &[Row<'_>]) -> String {
    let mut notes = Notes::default();
    let mut out = String::from("| ns over the bare call |");
    for contender in contenders::ALL {
        _ = match contender.rival {
            Some(package) => write!(out, " {} {} |", contender.name, version(package)),
            None => write!(out, " {} |", contender.name),
        };
    }
    out += " ratio to the best rival |\n| --- |";
    out += &" --: |".repeat(contenders::ALL.len());
    out += " --- |\n";
    for row in rows {
        _ = write!(out, "| {} |", row.scenario.title);
        for cell in &row.cells {
            _ = match cell {
                Cell::Empty => write!(out, " |"),
                Cell::Out(reason) => write!(out, " – {} |", notes.mark(reason)),
                Cell::Measured { runs, note: None } => write!(out, " {} |", figure(runs)),
                Cell::Measured { runs, note: Some(note) } => write!(out, " {} {} |", figure(runs), notes.mark(note)),
            };
        }
        _ = writeln!(out, " {} |", ratio(&row.cells));
    }
    out + &notes.list()
}

/// Operations and what they take.
pub(crate) fn of_operations(rows: &[(&'static str, Vec<f64>)]) -> String {
    let mut out = String::from("| floor | ns |\n| --- | --: |\n");
    for (title, runs) in rows {
        _ = writeln!(out, "| {title} | {} |", figure(runs));
    }
    out
}

/// What it was measured on. Read before measuring, for the load must be that of others.
pub(crate) fn machine() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown");
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let rustc = Command::new("rustc").arg("--version").output().ok().and_then(|out| String::from_utf8(out.stdout).ok());
    format!(
        "{}, {cores} cores, load {load} before; {}; breaker-runtime {}",
        model.unwrap_or("a processor without a name"),
        rustc.as_deref().map_or("rustc of unknown version", str::trim),
        version("breaker-runtime"),
    )
}

/// The version of a crate in this build.
fn version(package: &str) -> &'static str {
    let lock = include_str!("../../../Cargo.lock");
    let entry =
        lock.split("[[package]]").find(|entry| entry.lines().any(|line| line == format!("name = \"{package}\"")));
    let line = entry.and_then(|entry| entry.lines().find_map(|line| line.strip_prefix("version = ")));
    line.map_or("?", |line| line.trim_matches('"'))
}

/// The median of the runs, with the smallest and the largest.
fn figure(runs: &[f64]) -> String {
    let middle = shown(median(runs.to_vec()));
    let least = runs.iter().copied().fold(f64::INFINITY, f64::min);
    let most = runs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if runs.len() < 2 { middle } else { format!("{middle} ({}–{})", shown(least), shown(most)) }
}

/// With three digits, or what a tenth of a nanosecond allows.
fn shown(nanoseconds: f64) -> String {
    match nanoseconds.abs() {
        // Without a sign before nothing.
        ..0.05 => "0.0".to_owned(),
        ..99.95 => format!("{nanoseconds:.1}"),
        ..9_999.5 => format!("{nanoseconds:.0}"),
        _ => format!("{:.0} µs", nanoseconds / 1_000.0),
    }
}

fn ratio(cells: &[Cell]) -> String {
    let middle = |cell: &Cell| match cell {
        Cell::Measured { runs, .. } => Some(median(runs.clone())),
        Cell::Empty | Cell::Out(_) => None,
    };
    let rivals = contenders::ALL.iter().zip(cells).filter(|(one, _)| one.rival.is_some());
    let rivals = rivals.filter_map(|(one, cell)| Some((one.name, middle(cell)?)));
    let best = rivals.min_by(|(_, one), (_, other)| one.total_cmp(other));
    match (middle(&cells[0]), best) {
        (Some(ours), Some((name, best))) if best > 0.0 => format!("{:.2} ({name})", ours.max(0.0) / best),
        _ => String::new(),
    }
}

/// Notes under the table, each once.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn mark(&mut self, note: &str) -> String {
        let place = self.0.iter().position(|known| known == note).unwrap_or_else(|| {
            self.0.push(note.to_owned());
            self.0.len() - 1
        });
        raised(place + 1)
    }

    fn list(&self) -> String {
        let mut out = String::from("\n");
        for (place, note) in self.0.iter().enumerate() {
            _ = writeln!(out, "{} {note}  ", raised(place + 1));
        }
        out
    }
}

/// In brackets a number would be taken for a link where the table is part of documentation.
fn raised(number: usize) -> String {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    number.to_string().chars().filter_map(|digit| Some(digits[digit.to_digit(10)? as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_as_exact_as_they_are() {
        assert_eq!(figure(&[2.04]), "2.0");
        assert_eq!(figure(&[2.5, 2.0, 3.04]), "2.5 (2.0–3.0)");
        assert_eq!(figure(&[345.6, 300.0]), "323 (300–346)");
        assert_eq!(figure(&[74_600.0]), "75 µs");
    }

    #[test]
    fn every_rival_has_a_version() {
        for contender in contenders::ALL {
            assert!(contender.rival.is_none_or(|package| version(package) != "?"), "{}", contender.name);
        }
    }

    #[test]
    fn a_note_is_listed_once() {
        let mut notes = Notes::default();
        assert_eq!([notes.mark("a"), notes.mark("b"), notes.mark("a")], ["¹", "²", "¹"]);
        assert_eq!(notes.list(), "\n¹ a  \n² b  \n");
        assert_eq!(raised(12), "¹²");
    }
}
