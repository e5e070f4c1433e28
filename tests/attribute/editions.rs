//! The same functions in every edition, in a crate that knows the runtime by another name.

use std::fs;
use std::path::Path;
use std::process::Command;

const EDITIONS: [&str; 3] = ["2018", "2021", "2024"];

#[test]
fn every_edition_compiles_and_runs() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editions");
    let mut manifest = format!(
        "[package]\nname = \"editions\"\nversion = \"0.0.0\"\nedition = \"2018\"\nresolver = \"2\"\n\n[workspace]\n\n\
         [dependencies]\nrenamed = {{ package = \"breaker-runtime\", path = {:?}, features = [\"tokio\"] }}\n",
        workspace.join("breaker-runtime")
    );
    for edition in EDITIONS {
        manifest +=
            &format!("\n[[bin]]\nname = \"edition-{edition}\"\nedition = \"{edition}\"\npath = \"{edition}.rs\"\n");
    }
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    for edition in EDITIONS {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/attribute/editions/main.rs");
        fs::copy(source, package.join(edition).with_extension("rs")).unwrap();
    }
    for edition in EDITIONS {
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--bin", &format!("edition-{edition}")])
            .current_dir(&package)
            .env("CARGO_TARGET_DIR", package.join("target"))
            .env_remove("RUSTFLAGS")
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "edition {edition}:\n{err}");
        assert_eq!((&*out, &*err), ("as promised\n", ""), "edition {edition}");
    }
}
