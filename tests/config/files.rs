//! A file that is watched while it changes, in all the ways in which files change.

use std::fs;
use std::time::Duration;

use breaker_runtime::{Mode, Settings, registry};

use super::{Directory, Ears, breaker, short, turn};

const SECOND: Duration = Duration::from_secs(1);

fn text(name: &str, seconds: u64) -> String {
    format!("[breaker.\"{name}\"]\nreset = \"{seconds}s\"\n")
}

#[test]
fn a_file_is_read_once() {
    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("files::once", Settings::new()));
    let path = directory.write("b.toml", text("files::once", 7));
    let applied = registry::load(&path).unwrap();
    assert_eq!((applied.changed(), applied.origin()), (&["files::once"][..], &*path.display().to_string()));
    assert_eq!(breaker.settings(), Settings::new().reset(7 * SECOND));
    let missing = registry::load(directory.path("nothing.toml")).unwrap_err();
    assert!(missing.to_string().contains("nothing.toml: No such file"), "{missing}");
    assert_eq!(breaker.snapshot().config_refused.unwrap().to_string(), missing.to_string());
    directory.write("b.toml", "[defaults]");
    registry::load(&path).unwrap();
    assert_eq!(breaker.settings(), Settings::new());
}

#[test]
fn an_edit_and_another_file_in_its_place_are_seen() {
    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("files::edited", Settings::new()));
    let path = directory.write("b.toml", text("files::edited", 1));
    let watch = registry::watch(&path).unwrap();
    assert_eq!(
        (watch.applied().changed(), breaker.settings()),
        (&["files::edited"][..], Settings::new().reset(SECOND))
    );
    let ears = Ears::new();
    // The same once more is no news.
    directory.replace("b.toml", text("files::edited", 1));
    registry::watch(directory.write("other.toml", text("files::edited", 1))).unwrap().end();
    assert!(ears.taken().ends_with("other.toml: 0 breakers changed"));
    directory.write("b.toml", text("files::edited", 2));
    assert!(ears.edited().ends_with("b.toml: 1 breaker changed"));
    assert_eq!(breaker.settings(), Settings::new().reset(2 * SECOND));
    directory.replace("b.toml", text("files::edited", 3));
    ears.taken();
    assert_eq!(breaker.settings(), Settings::new().reset(3 * SECOND));
    // What a file says that was there before can come again.
    directory.replace("b.toml", text("files::edited", 2));
    ears.taken();
    directory.replace("b.toml", "[defaults]");
    ears.taken();
    assert_eq!(breaker.settings(), Settings::new());
    watch.end();
}

#[cfg(unix)]
#[test]
fn a_volume_of_kubernetes_is_seen_to_change() {
    use std::os::unix::fs::symlink;

    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("files::kubernetes", Settings::new()));
    let version = |number: u32| {
        let name = format!("..2026_11_21_0{number}");
        fs::create_dir(directory.path(&name)).unwrap();
        directory.write(&format!("{name}/b.toml"), text("files::kubernetes", number.into()));
        symlink(&name, directory.path("..data_tmp")).unwrap();
        fs::rename(directory.path("..data_tmp"), directory.path("..data")).unwrap();
    };
    version(1);
    symlink("..data/b.toml", directory.path("b.toml")).unwrap();
    let watch = registry::watch(directory.path("b.toml")).unwrap();
    assert_eq!(breaker.settings(), Settings::new().reset(SECOND));
    let ears = Ears::new();
    for number in 2..5 {
        version(number);
        ears.taken();
        assert_eq!(breaker.settings(), Settings::new().reset(number * SECOND));
        fs::remove_dir_all(directory.path(&format!("..2026_11_21_0{}", number - 1))).unwrap();
    }
    watch.end();
}

#[cfg(unix)]
#[test]
fn a_link_to_a_file_elsewhere_and_a_link_on_the_way_are_followed() {
    use std::os::unix::fs::symlink;

    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("files::linked", Settings::new()));
    for (release, seconds) in [("one", 1), ("two", 2)] {
        fs::create_dir_all(directory.path(release)).unwrap();
        directory.write(&format!("{release}/b.toml"), text("files::linked", seconds));
    }
    fs::create_dir(directory.path("here")).unwrap();
    symlink("one", directory.path("current")).unwrap();
    symlink("../current/b.toml", directory.path("here/b.toml")).unwrap();
    let watch = registry::watch(directory.path("here/b.toml")).unwrap();
    let ears = Ears::new();
    // In the place to which the link leads.
    directory.write("one/b.toml", text("files::linked", 5));
    ears.edited();
    assert_eq!(breaker.settings(), Settings::new().reset(5 * SECOND));
    // Of this no directory on either end tells.
    symlink("two", directory.path("next")).unwrap();
    fs::rename(directory.path("next"), directory.path("current")).unwrap();
    ears.taken();
    assert_eq!(breaker.settings(), Settings::new().reset(2 * SECOND));
    directory.write("two/b.toml", text("files::linked", 6));
    ears.edited();
    assert_eq!(breaker.settings(), Settings::new().reset(6 * SECOND));
    watch.end();
}

#[test]
fn a_file_that_is_wrong_changes_nothing_and_the_next_good_one_is_taken() {
    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("files::wrong", Settings::new()));
    let path = directory.write("b.toml", text("files::wrong", 4));
    let watch = registry::watch(&path).unwrap();
    let (in_force, revision) = (breaker.settings(), breaker.revision());
    let ears = Ears::new();
    let said = |wrong: &dyn Fn()| {
        wrong();
        let said = ears.refused();
        assert_eq!((breaker.settings(), breaker.revision()), (in_force, revision));
        assert_eq!(breaker.snapshot().config_refused.unwrap().to_string(), said);
        short(said, &directory.0)
    };
    let half = said(&|| directory.replace("b.toml", "[breaker.\"files::wrong\"]\nreset = \"9"));
    assert!(half.starts_with("b.toml:2:") && half.contains("is not TOML"), "{half}");
    let malformed = said(&|| directory.replace("b.toml", "reset: 9s"));
    assert!(malformed.starts_with("b.toml:1:6: is not TOML"), "{malformed}");
    let refused = said(&|| directory.replace("b.toml", "[breaker.\"files::wrong\"]\nreset = \"9s\"\nprobes = 300"));
    assert_eq!(
        refused,
        "b.toml:3:10: [breaker.\"files::wrong\"] `probes` accepts a whole number from 1 to 255, and not `300`"
    );
    let missing = said(&|| fs::remove_file(&path).unwrap());
    assert!(missing.starts_with("b.toml: No such file"), "{missing}");
    let empty = said(&|| drop(directory.write("b.toml", "")));
    assert!(empty.starts_with("b.toml: is empty, as files are that were not written to the end"), "{empty}");
    directory.replace("b.toml", text("files::wrong", 5));
    ears.taken();
    assert_eq!((breaker.settings(), breaker.revision()), (Settings::new().reset(5 * SECOND), revision + 1));
    assert!(breaker.snapshot().config_refused.is_none());
    watch.end();
}

#[test]
fn a_first_version_that_is_wrong_is_an_error_and_is_not_watched() {
    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("files::first", Settings::new()));
    let path = directory.write("b.toml", "[breaker.\"files::first\"]\nmode = 'on'\nreset = '9s'");
    let refused = registry::watch(&path).unwrap_err();
    assert_eq!(refused.problems()[0].line(), Some(2));
    assert_eq!((breaker.settings(), breaker.mode()), (Settings::new(), Mode::Automatic));
}

#[test]
fn a_refusal_stands_until_the_file_is_mended_whatever_is_listed_meanwhile() {
    let _turn = turn();
    let (directory, standing) = (Directory::new(), breaker("files::standing", Settings::new()));
    let misfit = "[breaker.\"files::later_still\"]\nmin_calls = 5\n";
    let path = directory.write("b.toml", text("files::standing", 4) + misfit);
    let watch = registry::watch(&path).unwrap();
    let ears = Ears::new();
    directory.replace("b.toml", "[defaults]\nreset = 3");
    let refused = ears.refused();
    for name in ["files::later", "files::later_still"] {
        breaker(name, Settings::new());
        assert_eq!(standing.snapshot().config_refused.unwrap().to_string(), refused);
    }
    // What is in force does not fit one of them, which is told, and is not what people must look at first.
    assert!(ears.refused().contains("`min_calls` needs"));
    directory.replace("b.toml", text("files::standing", 5));
    ears.taken();
    assert!(standing.snapshot().config_refused.is_none());
    watch.end();
}

#[test]
fn what_is_applied_after_the_end_of_a_watch_stays() {
    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("files::ended", Settings::new()));
    let path = directory.write("b.toml", text("files::ended", 4));
    for seconds in 5..15 {
        let watch = registry::watch(&path).unwrap();
        // It may be read at this moment, and not be settled yet.
        directory.write("b.toml", text("files::ended", 99));
        watch.end();
        let config = breaker_runtime::config::Config::parse("code", &text("files::ended", seconds)).unwrap();
        registry::apply(&config).unwrap();
        directory.write("b.toml", text("files::ended", seconds));
        // Longer than the one that has ended can still be at it.
        registry::watch(&path).unwrap().end();
        assert_eq!(breaker.settings().to_string(), format!("reset {seconds}s"));
    }
    assert!(breaker.history().iter().all(|change| !change.to_string().contains("99s")));
}

#[test]
fn a_watch_that_has_ended_refuses_nothing_more() {
    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("files::silent", Settings::new()));
    let path = directory.write("b.toml", text("files::silent", 4));
    for _ in 0..5 {
        let watch = registry::watch(&path).unwrap();
        directory.write("b.toml", "not a configuration");
        watch.end();
        directory.write("b.toml", text("files::silent", 4));
        // Longer than the one that has ended can still be at it.
        registry::watch(&path).unwrap().end();
        assert!(breaker.snapshot().config_refused.is_none());
    }
}
