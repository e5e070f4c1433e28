//! What a protected call costs, beside other breakers, in one run.
//!
//! `cargo run --release -p breaker-peers` prints a Markdown table: the nanoseconds that a breaker adds to a call, the
//! median of three runs with the smallest and the largest; then what the machine's own operations cost. `--quick` takes
//! one short run, `--runs 5` five, `--contracts` measures nothing, and words pick the rows that have them all in their
//! titles. Progress goes to stderr.

mod contenders;
mod contract;
mod feed;
mod floor;
mod measure;
mod scenario;
mod subject;
mod table;
mod work;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use contenders::{Contender, Purpose};
use contract::Contracts;
use measure::{Plan, median_over, rounds};
use scenario::Scenario;
use subject::Subject;
use table::{Cell, Row};

struct Options {
    plan: Plan,
    contracts_only: bool,
    words: Vec<String>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        plan: Plan { runs: 3, rounds: 21, turn: Duration::from_millis(8) },
        contracts_only: false,
        words: Vec::new(),
    };
    let mut runs = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.plan = Plan { runs: 1, rounds: 9, turn: Duration::from_millis(4) },
            "--runs" => {
                let count = arguments.next().and_then(|count| count.parse().ok()).filter(|&count| count > 0);
                runs = Some(count.ok_or("--runs wants a number")?);
            }
            "--contracts" => options.contracts_only = true,
            unknown if unknown.starts_with('-') => {
                return Err(format!(
                    "{unknown} is unknown; there are --quick, --runs NUMBER, --contracts, and words of titles"
                ));
            }
            word => options.words.push(word.to_owned()),
        }
    }
    options.plan.runs = runs.unwrap_or(options.plan.runs);
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options(env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let picked = |scenario: &&Scenario| options.words.iter().all(|word| scenario.title.contains(word.as_str()));
    let scenarios = scenario::ALL.iter().filter(picked);
    let mut contracts = Contracts::default();
    if options.contracts_only {
        return show(scenarios, &mut contracts);
    }
    let mut benches: Vec<Bench> = scenarios.map(|scenario| Bench::new(scenario, &mut contracts)).collect();
    let machine = table::machine();
    let mut floor: Vec<(&str, Vec<f64>)> = Vec::new();
    for run in 1..=options.plan.runs {
        for bench in &mut benches {
            eprintln!("run {run} of {}: {}", options.plan.runs, bench.scenario.title);
            bench.measure(&options.plan);
        }
        eprintln!("run {run} of {}: floor", options.plan.runs);
        for (place, (title, time)) in floor_of(&options.plan).into_iter().enumerate() {
            if run == 1 {
                floor.push((title, Vec::new()));
            }
            floor[place].1.push(time);
        }
    }
    let rows: Vec<Row> = benches.iter().map(Bench::row).collect();
    println!("{}", table::of_contenders(&rows));
    println!("{}", table::of_operations(&floor));
    println!("{machine}");
    ExitCode::SUCCESS
}

/// Says of each contender in each row whether it keeps its contract; fails where one of ours does not.
fn show<'a>(scenarios: impl Iterator<Item = &'a Scenario>, contracts: &mut Contracts) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for scenario in scenarios {
        println!("{}", scenario.title);
        for contender in contenders::ALL {
            match contracts.of(contender, scenario.task) {
                None => {}
                Some(Ok(())) => println!("  {}: kept", contender.name),
                Some(Err(reason)) => {
                    println!("  {}: NOT KEPT: {reason}", contender.name);
                    if contender.rival.is_none() {
                        code = ExitCode::FAILURE;
                    }
                }
            }
        }
    }
    code
}

/// A contender in a row.
struct Entry {
    subject: Option<Subject>,
    /// Why it is left out.
    out: Option<String>,
    runs: Vec<f64>,
}

/// A row with its contenders, in their order.
struct Bench {
    scenario: &'static Scenario,
    bare: Subject,
    entries: Vec<Entry>,
}

impl Bench {
    /// Every contender that has such a breaker, and keeps the contract with it.
    fn new(scenario: &'static Scenario, contracts: &mut Contracts) -> Self {
        let entries =
            contenders::ALL.iter().map(|one| entry(one, scenario, contracts.of(one, scenario.task))).collect();
        Self { scenario, bare: contenders::bare(scenario.task), entries }
    }

    fn measure(&mut self, plan: &Plan) {
        let mut subjects = vec![&self.bare];
        subjects.extend(self.entries.iter().filter_map(|entry| entry.subject.as_ref()));
        let times = rounds(&subjects, self.scenario.threads, plan);
        let bare = (!self.scenario.whole()).then_some(times[0].as_slice());
        let measured = self.entries.iter_mut().filter(|entry| entry.subject.is_some());
        for (entry, times) in measured.zip(&times[1..]) {
            entry.runs.push(median_over(bare, times));
            // One that has opened, or closed, meanwhile has measured something else.
            if entry.subject.as_ref().is_some_and(|subject| !subject.holds(self.scenario.task)) {
                *entry = left_out("it changed its state while it was measured".to_owned());
            }
        }
    }

    fn row(&self) -> Row<'_> {
        let cells = self.entries.iter().map(|entry| match entry {
            Entry { out: Some(reason), .. } => Cell::Out(reason.clone()),
            Entry { subject: None, .. } => Cell::Empty,
            Entry { subject: Some(subject), runs, .. } => Cell::Measured { runs: runs.clone(), note: subject.note },
        });
        Row { scenario: self.scenario, cells: cells.collect() }
    }
}

fn entry(contender: &Contender, scenario: &Scenario, contract: Option<Result<(), String>>) -> Entry {
    match contract {
        None => Entry { subject: None, out: None, runs: Vec::new() },
        Some(Err(reason)) => {
            eprintln!("{} is left out of `{}`: {reason}", contender.name, scenario.title);
            left_out(reason)
        }
        Some(Ok(())) => match (contender.subject)(scenario.task, Purpose::Measure) {
            Some(subject) if subject.begin(scenario.task) => {
                Entry { subject: Some(subject), out: None, runs: Vec::new() }
            }
            _ => left_out("it does not get into the state that is measured".to_owned()),
        },
    }
}

fn left_out(reason: String) -> Entry {
    Entry { subject: None, out: Some(reason), runs: Vec::new() }
}

/// Nanoseconds of each operation over an empty loop.
fn floor_of(plan: &Plan) -> Vec<(&'static str, f64)> {
    let nothing = floor::nothing();
    let times = floor::all().into_iter().map(|operation| {
        let times = rounds(&[&nothing, &operation.subject], operation.threads, plan);
        (operation.title, median_over(Some(&times[0]), &times[1]))
    });
    times.collect()
}
