//! What the project's own pages say of the project.

use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(page: &str) -> String {
    fs::read_to_string(workspace().join(page)).unwrap()
}

/// What stands in backquotes and looks like a path of this project.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|quoted| {
        let ours = ["breaker-macros/", "breaker-runtime/", "tests/", "examples/", ".ci/"];
        ours.iter().any(|top| quoted.starts_with(top)) && !quoted.contains('*')
    })
}

#[test]
fn every_path_on_the_contributors_page_exists() {
    let page = read("CONTRIBUTING.md");
    let named: Vec<&str> = paths(&page).collect();
    assert!(named.len() >= 15, "the page names few paths: {named:?}");
    for path in named {
        assert!(workspace().join(path).exists(), "CONTRIBUTING.md names {path}, which does not exist");
    }
}

#[test]
fn every_path_in_the_readme_exists() {
    let page = read("README.md");
    let image = page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://"));
    for path in paths(&page).chain(image) {
        assert!(workspace().join(path).exists(), "README.md names {path}, which does not exist");
    }
}

#[test]
fn the_lists_of_keys_agree() {
    let changelog = read("CHANGELOG.md");
    let reference = read("breaker-macros/src/lib.rs");
    let listed = changelog.split("the keys `").nth(1).and_then(|rest| rest.split("`.\n").next()).unwrap();
    let keys: Vec<&str> = listed.split('`').step_by(2).collect();
    assert_eq!(keys.len(), 42, "{keys:?}");
    for key in keys {
        assert!(reference.contains(&format!("`{key}")), "the attribute's reference does not describe {key}");
    }
}
