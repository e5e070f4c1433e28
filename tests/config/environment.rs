//! What the environment says: of a process of its own, since nobody can change that of this one.

use std::process::Command;
use std::time::Duration;

use breaker_runtime::config::Config;
use breaker_runtime::{Mode, Settings, registry};

use super::{Directory, breaker};

/// Runs a test of this program where variables are set; what it says.
fn run(test: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env("CONFIG_TEST", test)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    )
}

/// Whether this is the process in which that test is to run.
fn is_child(test: &str) -> bool {
    std::env::var("CONFIG_TEST").is_ok_and(|name| name == test)
}

#[test]
fn it_is_stronger_than_a_file() {
    const NAME: &str = "environment::it_is_stronger_than_a_file";
    if is_child(NAME) {
        let (directory, mine) = (Directory::new(), breaker("env::mine-is mine", Settings::new()));
        let other = breaker("env::other", Settings::new());
        let path =
            directory.write("b.toml", "[breaker.\"env::mine-is mine\"]\nreset = '2s'\nprobes = 2\nmode = 'disabled'");
        registry::watch(&path).unwrap().end();
        assert_eq!(mine.settings(), Settings::new().reset(Duration::from_secs(9)).probes(2).jitter(0.5));
        assert_eq!((mine.mode(), other.mode()), (Mode::ForcedOpen, Mode::ForcedOpen));
        assert_eq!(other.settings(), Settings::new().jitter(0.1));
        let origin = mine.snapshot().origin.to_string();
        assert!(origin.ends_with("b.toml and the environment"), "{origin}");
        return;
    }
    let (fine, said) = run(
        NAME,
        &[
            ("BREAKER__ENV_MINE_IS_MINE__RESET", "9s"),
            ("BREAKER__ENV_MINE_IS_MINE__JITTER", "50%"),
            ("BREAKER__ALL__JITTER", "0.1"),
            ("BREAKER__ALL__MODE", "forced_open"),
        ],
    );
    assert!(fine && said.contains("1 passed"), "{said}");
}

#[test]
fn what_is_wrong_with_it_is_told_by_the_variable() {
    const NAME: &str = "environment::what_is_wrong_with_it_is_told_by_the_variable";
    if is_child(NAME) {
        let mine = breaker("env::wrong", Settings::new());
        let refused = registry::apply(&Config::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "BREAKER__ENV_WRONG__PROBES: `probes` accepts a whole number from 1 to 255, and not `\"many\"`"
        );
        assert_eq!(refused.problems()[0].variable(), Some("BREAKER__ENV_WRONG__PROBES"));
        let directory = Directory::new();
        let path = directory.write("b.toml", "[defaults]\nreset = '2s'");
        assert!(registry::load(&path).is_err() && registry::watch(&path).is_err());
        assert_eq!(mine.settings(), Settings::new());
        return;
    }
    let (fine, said) = run(NAME, &[("BREAKER__ENV_WRONG__PROBES", "many")]);
    assert!(fine && said.contains("1 passed"), "{said}");
}

#[test]
fn a_variable_that_no_breaker_has_or_two_have_is_told() {
    const NAME: &str = "environment::a_variable_that_no_breaker_has_or_two_have_is_told";
    if is_child(NAME) {
        breaker("env::pricing", Settings::new());
        breaker("env::a.b", Settings::new());
        let apply = || registry::apply(&Config::default());
        let applied = apply().unwrap();
        assert_eq!(
            applied.to_string(),
            "the environment: 1 breaker changed; BREAKER__ENV_PRCING__PROBES: is no breaker's name: did you mean `ENV_PRICING`?"
        );
        breaker("env::a-b", Settings::new());
        let refused = apply().unwrap_err().to_string();
        assert!(refused.starts_with("BREAKER__ENV_A_B__PROBES: means 2 breakers: `env::a-b` at "), "{refused}");
        return;
    }
    let (fine, said) = run(NAME, &[("BREAKER__ENV_PRCING__PROBES", "2"), ("BREAKER__ENV_A_B__PROBES", "2")]);
    assert!(fine && said.contains("1 passed"), "{said}");
}
