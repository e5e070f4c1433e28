//! A crate outside the workspace that depends on `breaker-runtime` by path alone.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn a_new_crate_compiles_without_a_warning_and_behaves() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let user = Path::new(env!("CARGO_TARGET_TMPDIR")).join("user");
    fs::create_dir_all(user.join("src")).unwrap();
    fs::write(user.join("src/main.rs"), include_str!("user.rs")).unwrap();
    fs::write(
        user.join("Cargo.toml"),
        format!(
            "[package]\nname = \"user\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\nbreaker-runtime = {{ path = {:?} }}\n",
            workspace.join("breaker-runtime")
        ),
    )
    .unwrap();
    // The versions of the workspace, all of which are at hand: this test needs no network.
    fs::copy(workspace.join("Cargo.lock"), user.join("Cargo.lock")).unwrap();

    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(&user)
        .env("CARGO_TARGET_DIR", user.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert_eq!(out, "as promised\n");
    assert_eq!(err, "", "no warning");
}
