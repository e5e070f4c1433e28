//! Looks at configuration files without starting the service: `lint FILE… [--rps NUMBER] [--error SHARE]`.
//!
//! What is usual for a breaker's calls is `expected_rps` and `expected_error` in the file, or the options. Exit status: 0
//! where nothing is found, 1 where something is, 2 where a file would be refused.

use std::env;
use std::process::ExitCode;

use breaker_runtime::config::{Config, Traffic};

fn main() -> ExitCode {
    let (mut files, mut rps, mut error) = (Vec::new(), None, None);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        // What is no number is none that the traffic takes.
        let mut number = || Some(words.next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(f64::NAN));
        match word.as_str() {
            "--rps" => rps = number(),
            "--error" => error = number(),
            _ => files.push(word),
        }
    }
    let traffic = rps.and_then(|rps| Traffic::new(rps, error.unwrap_or_default()));
    if files.is_empty() || (traffic.is_none() && (rps.is_some() || error.is_some())) {
        eprintln!("usage: lint FILE… [--rps NUMBER] [--error SHARE]   such as --rps 50 --error 0.01");
        return ExitCode::from(2);
    }
    let mut worst = 0;
    for file in files {
        match Config::read(&file).and_then(|config| config.lint(traffic.as_ref())) {
            Ok(found) => {
                for finding in found {
                    let level = if finding.is_note { "note" } else { "warning" };
                    println!("{file}: {level}: {finding}");
                    worst = worst.max(u8::from(!finding.is_note));
                }
            }
            Err(refused) => {
                println!("error: {refused}");
                worst = 2;
            }
        }
    }
    ExitCode::from(worst)
}
