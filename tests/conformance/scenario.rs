//! Recorded scenarios: the life of one breaker each, one line of JSON each.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

/// Every file of scenarios in a folder, by name; none where there is no such folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    files.retain(|file| {
        let name = file.to_string_lossy();
        name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")
    });
    files.sort();
    files
}

/// The scenarios of one file.
pub(crate) fn scenarios(file: &Path) -> Vec<Value> {
    let text = read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed = text.lines().map(serde_json::from_str);
    parsed.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let mut plain = File::open(file)?;
    if file.extension() == Some(OsStr::new("gz")) {
        GzDecoder::new(plain).read_to_string(&mut text)?;
    } else {
        plain.read_to_string(&mut text)?;
    }
    Ok(text)
}
