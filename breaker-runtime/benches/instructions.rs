//! How many instructions each way through a breaker takes, counted by callgrind: figures that are the same on a busy
//! machine, and tomorrow.
//!
//! `cargo bench -p breaker-runtime --bench instructions`, or `… --bench instructions -- keys streak` for those with one of
//! these words in their names. It needs valgrind: `apt-get install valgrind`.
//!
//! The program runs itself under callgrind. There each path is run [`FEWER`] and then [`MORE`] times, and the difference is
//! what the table shows: what a run begins and ends with falls out. What the kernel does is not counted, and under
//! valgrind that includes reading the clock; the path `bare/clock reading` says what is left of it.

mod paths;

use std::env;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use paths::Measure;

/// Both are multiples of ten, for calls of which one in ten fails.
const FEWER: u64 = 100;
const MORE: u64 = 1_100;

/// Says to this program that it runs under callgrind.
const UNDER_CALLGRIND: &str = "--under-callgrind";

fn main() -> ExitCode {
    let mut words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == UNDER_CALLGRIND) {
        words.remove(0);
        paths::all(&mut Counted { words });
        return ExitCode::SUCCESS;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("instructions-{}", std::process::id()));
    let told = fs::create_dir_all(&folder).and_then(|()| count(&folder, &words)).and_then(|counts| table(&counts));
    let _ = fs::remove_dir_all(&folder);
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

struct Counted {
    words: Vec<String>,
}

impl Measure for Counted {
    fn path<F: FnMut()>(&mut self, name: &str, ready: impl FnOnce() -> F) {
        // The bare calls are what the others are compared with.
        let wanted = self.words.is_empty() || self.words.iter().any(|word| name.contains(word.as_str()));
        if !wanted && !name.starts_with("bare/call") {
            return;
        }
        let mut call = ready();
        let mut run = |times| (0..times).for_each(|_| call());
        run(FEWER);
        callgrind_dumps_here();
        run(FEWER);
        callgrind_dumps_here();
        run(MORE);
        callgrind_dumps_here();
        println!("{name}");
    }
}

/// Before each call of this function callgrind writes down what it has counted since the one before.
#[inline(never)]
fn callgrind_dumps_here() {
    std::hint::black_box(());
}

/// Each path that was run, with its instructions a call.
fn count(folder: &Path, words: &[String]) -> io::Result<Vec<(String, f64)>> {
    let written = folder.join("counts");
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--dump-before=*callgrind_dumps_here*"])
        .arg(format!("--callgrind-out-file={}", written.display()))
        .arg(env::current_exe()?)
        .arg(UNDER_CALLGRIND)
        .args(words)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => io::Error::other("this needs valgrind: apt-get install valgrind"),
            _ => error,
        })?;
    if !ran.status.success() {
        return Err(io::Error::other(format!("callgrind: {}", ran.status)));
    }
    let part = |number: usize| total(&folder.join(format!("counts.{number}")));
    let names = String::from_utf8_lossy(&ran.stdout).into_owned();
    // Three parts for each path: what came before, few runs, many.
    let instructions = |(path, name): (usize, &str)| {
        let more = part(3 * path + 3)?.saturating_sub(part(3 * path + 2)?);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 instructions")]
        Ok((name.to_owned(), more as f64 / (MORE - FEWER) as f64))
    };
    names.lines().enumerate().map(instructions).collect()
}

/// All instructions in one part of what callgrind has written.
fn total(part: &Path) -> io::Result<u64> {
    let text = fs::read_to_string(part)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    total
        .and_then(|total| total.trim().parse().ok())
        .ok_or_else(|| io::Error::other(format!("{} has no total", part.display())))
}

fn table(counts: &[(String, f64)]) -> io::Result<()> {
    let bare = |name: &str| {
        let kind = ["async", "one in ten fails"].into_iter().find(|kind| name.ends_with(kind));
        let bare = kind.map_or("bare/call".to_owned(), |kind| format!("bare/call, {kind}"));
        counts.iter().find(|(name, _)| *name == bare).map_or(0.0, |(_, instructions)| *instructions)
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{:<44} {:>12} {:>10}", "", "instructions", "over bare")?;
    for (name, instructions) in counts {
        let is_call = !name.starts_with("bare/") && !name.starts_with("control/");
        let over = if is_call { format!("{:.1}", instructions - bare(name)) } else { String::new() };
        writeln!(out, "{name:<44} {instructions:>12.1} {over:>10}")?;
    }
    Ok(())
}
