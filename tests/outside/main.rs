//! Crates outside the workspace that depend on `breaker-runtime` by path.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Writes a crate of one file, with the versions of the workspace: all of them are at hand, so that
/// these tests need no network.
fn write_crate(name: &str, file: &str, source: &str, dependencies: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src").join(file), source).unwrap();
    let runtime = workspace.join("breaker-runtime").display().to_string();
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nbreaker-runtime = {{ path = {runtime:?} }}\n{dependencies}"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap()
}

/// Runs it, and expects that neither the compiler nor the program has anything to complain of.
fn run(folder: &Path, arguments: &[&str]) {
    let output = cargo(folder, &[&["run", "--quiet"], arguments].concat());
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert_eq!(out, "as promised\n");
    assert_eq!(err, "", "no warning");
}

#[test]
fn a_new_crate_compiles_without_a_warning_and_behaves() {
    run(&write_crate("user", "main.rs", include_str!("user.rs"), ""), &[]);
}

#[test]
fn a_library_whose_functions_nobody_calls_is_in_the_registry() {
    write_crate("library", "lib.rs", include_str!("library.rs"), "");
    let dependency = "library = { path = \"../library\" }\n";
    let lister = write_crate("lister", "main.rs", include_str!("lister.rs"), dependency);
    run(&lister, &[]);
    run(&lister, &["--release"]);
}

/// A crate whose tests link a helper that depends on the crate itself: both instances are in one program.
#[test]
fn a_crate_linked_beside_its_own_tests_keeps_its_accessors() {
    let core = "\n[dev-dependencies]\nhelper = { path = \"../helper\" }\n";
    let folder = write_crate("core-of-two", "lib.rs", include_str!("twice.rs"), core);
    let helper = "pub fn prod() -> bool { core_of_two::fetch(true).is_ok() }\n";
    write_crate("helper", "lib.rs", helper, "core-of-two = { path = \"../core-of-two\" }\n");
    let output = cargo(&folder, &["test", "--quiet", "--lib"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
