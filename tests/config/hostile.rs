//! Files that are wrong in every way, and files that change faster than anybody could read them.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use breaker_runtime::config::Config;
use breaker_runtime::{CircuitBreaker, Mode, Settings, registry};

use super::{Directory, Ears, breaker, turn};

/// With all kinds of values and of tables.
const FILE: &str = r#"# of the shop
[defaults]
timeout = "2s"
[breaker."hostile::*"]
failure_rate = "50%" # half
window = 0x64
backoff = 1.5e0
latency = true
[breaker."hostile::ü"]
mode = 'metrics_only'
reset = """
30s"""
"#;

#[test]
fn a_file_that_ends_anywhere_is_taken_as_a_whole_or_not_at_all() {
    let _turn = turn();
    let all = [breaker("hostile::a", Settings::new()), breaker("hostile::ü", Settings::new())];
    let directory = Directory::new();
    let (mut taken, mut refused) = (0, 0);
    for end in 0..=FILE.len() {
        let path = directory.write("b.toml", &FILE.as_bytes()[..end]);
        let before: Vec<_> =
            all.iter().map(|breaker| (breaker.settings(), breaker.mode(), breaker.revision())).collect();
        match registry::load(&path) {
            Ok(_) => {
                taken += 1;
                let config = Config::read(&path).expect("it was taken");
                // It is what this text says, and not something between it and the last one.
                registry::apply(&Config::parse("nothing", "[defaults]").unwrap()).unwrap();
                registry::apply(&config).unwrap();
            }
            Err(error) => {
                refused += 1;
                assert!(!error.problems().is_empty() && !error.to_string().contains('\n'), "{error}");
                let after: Vec<_> =
                    all.iter().map(|breaker| (breaker.settings(), breaker.mode(), breaker.revision())).collect();
                assert_eq!(before, after, "{error}");
            }
        }
    }
    assert!(taken >= 20 && refused >= 60, "{taken} taken, {refused} refused");
    let second = Duration::from_secs(1);
    let settings = Settings::new().timeout(2 * second).failure_rate(0.5).window_calls(100).backoff(1.5).latency(true);
    assert_eq!((all[0].settings(), all[1].settings()), (settings, settings.reset(30 * second)));
    assert_eq!((all[0].mode(), all[1].mode()), (Mode::Automatic, Mode::MetricsOnly));
}

#[test]
fn a_file_with_any_byte_changed_never_panics() {
    let _turn = turn();
    let all = [breaker("hostile::a", Settings::new()), breaker("hostile::ü", Settings::new())];
    for at in 0..FILE.len() {
        for byte in [0, b'"', b'[', b']', b'=', b'.', b'\n', b'#', b'*', b'9', 0x80, 0xff] {
            let mut bytes = FILE.as_bytes().to_vec();
            bytes[at] = byte;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Ok(config) = Config::parse("f", &text) else { continue };
            let _ = (registry::apply(&config), config.lint(None));
            assert!(all.iter().all(|breaker| breaker.settings().check().is_ok()));
        }
    }
}

#[test]
fn whatever_is_no_small_text_file_is_refused() {
    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("hostile::a", Settings::new()));
    let revision = breaker.revision();
    let refused = |path: &str| {
        let refused = registry::load(directory.path(path)).unwrap_err().to_string();
        assert_eq!(breaker.revision(), revision, "{refused}");
        refused
    };
    directory.write("utf8", b"[defaults]\nreset = '1s'\n# \xff");
    assert!(refused("utf8").ends_with("is not UTF-8 in line 3"));
    fs::create_dir(directory.path("directory")).unwrap();
    assert!(refused("directory").ends_with("is a directory"));
    directory.write("huge", "#".repeat((1 << 20) + 1));
    assert!(refused("huge").ends_with("is longer than the 1048576 bytes that are read"));
    directory.write(
        "keys",
        "[defaults]\n".to_owned()
            + &(0..30_000).fold(String::new(), |text, n| text + "key" + &n.to_string() + " = 1\n"),
    );
    assert!(refused("keys").contains("`key0` is unknown"));
    for deep in [
        "x = ".to_owned() + &"[".repeat(100_000),
        "x = ".to_owned() + &"{a=".repeat(100_000),
        "[".to_owned() + &"a.".repeat(100_000) + "a]",
    ] {
        directory.write("deep", deep);
        let said = refused("deep");
        assert!(said.contains("is not TOML") || said.contains("is unknown"), "{}", &said[..200.min(said.len())]);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;

        symlink("loop", directory.path("loop")).unwrap();
        assert!(refused("loop").contains("symbolic links"), "{}", refused("loop"));
        symlink("/dev/zero", directory.path("device")).unwrap();
        assert!(refused("device").ends_with("is no regular file"));
    }
}

/// By somebody who may not do everything, as those may who run tests in containers.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    const NAME: &str = "hostile::a_file_that_may_not_be_read_is_refused";
    const NOBODY: u32 = 65_534;
    if let Ok(path) = std::env::var("CONFIG_TEST_SECRET") {
        let breaker = breaker("hostile::secret", Settings::new());
        let refused = registry::load(path).unwrap_err().to_string();
        assert!(refused.contains("ermission denied"), "{refused}");
        assert_eq!(breaker.snapshot().config_refused.unwrap().to_string(), refused);
        return;
    }
    let directory = Directory::new();
    let secret = directory.write("secret", "[defaults]\nreset = '1s'");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o0)).unwrap();
    // Where nobody else can be let in, a copy of this program can be run all the same.
    let program = directory.path("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", NAME, "--nocapture"]).env("CONFIG_TEST_SECRET", &secret).current_dir("/");
    if fs::read(&secret).is_ok() {
        command.uid(NOBODY);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_watched_file_may_become_anything_and_come_back() {
    let _turn = turn();
    let (directory, breaker) = (Directory::new(), breaker("hostile::a", Settings::new()));
    let text = |probes: u32| format!("[breaker.\"hostile::a\"]\nprobes = {probes}");
    let path = directory.write("b.toml", text(2));
    let watch = registry::watch(&path).unwrap();
    let ears = Ears::new();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    // Between the two it may have been seen missing.
    while !ears.refused().ends_with("is a directory") {}
    fs::remove_dir(&path).unwrap();
    directory.write("b.toml", text(3));
    ears.wait(|event| matches!(event, breaker_runtime::Event::Configured(_)).then_some(()));
    assert_eq!(breaker.settings(), Settings::new().probes(3));
    // Even the directory.
    fs::remove_dir_all(&directory.0).unwrap();
    ears.refused();
    fs::create_dir(&directory.0).unwrap();
    directory.write("b.toml", text(4));
    ears.wait(|event| matches!(event, breaker_runtime::Event::Configured(_)).then_some(()));
    assert_eq!(breaker.settings(), Settings::new().probes(4));
    watch.end();
}

/// Ends the calls, also where the test fails.
struct Over<'a>(&'a AtomicBool);
impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What a version of the file says of both breakers: all values belong together.
fn version(number: u32) -> String {
    let key = |name: &str| {
        format!("[breaker.\"{name}\"]\nconsecutive = {number}\nreset = \"{number}s\"\nhistory = {}\n", number % 1_000)
    };
    key("hostile::swapped") + &key("hostile::beside")
}

fn is_of_one_version(breaker: &CircuitBreaker) -> u32 {
    let settings = breaker.settings();
    (1..=1_000)
        .find(|number| {
            let reset = Duration::from_secs((*number).into());
            settings == Settings::new().consecutive(*number).reset(reset).history(number % 1_000)
        })
        .unwrap_or_else(|| panic!("{settings} mixes two versions"))
}

#[test]
fn a_file_that_is_swapped_hundreds_of_times_a_second_is_never_seen_mixed() {
    let _turn = turn();
    let directory = Directory::new();
    let both = ["hostile::swapped", "hostile::beside"].map(|name| breaker(name, Settings::new()));
    let path = directory.write("b.toml", version(1));
    let watch = registry::watch(&path).unwrap();
    let ears = Ears::new();
    let over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let mut last = 0;
            let mut seen = 0;
            while !over.load(Ordering::Acquire) {
                for breaker in both {
                    breaker.call(|| Ok::<_, breaker_runtime::CircuitBreakerError>(())).unwrap();
                    let now = is_of_one_version(breaker);
                    seen += u32::from(now != last);
                    last = now;
                }
            }
            seen
        });
        let ends = Over(&over);
        // Some of them while others are being read, and some in place.
        for number in 2..=1_000 {
            if number % 7 == 0 {
                drop(directory.write("b.toml", version(number)));
            } else {
                directory.replace("b.toml", version(number));
            }
            if number % 50 == 0 {
                ears.wait(|event| {
                    let is_news = matches!(
                        event,
                        breaker_runtime::Event::Configured(_) | breaker_runtime::Event::ConfigRefused(_)
                    );
                    is_news.then_some(())
                });
            }
        }
        // What is told of the last one is told when both have it.
        while !both.iter().all(|breaker| is_of_one_version(breaker) == 1_000) {
            ears.wait(|_| Some(()));
        }
        drop(ends);
        calls.join().unwrap()
    });
    assert!(seen > 2, "the calls saw {seen} versions");
    watch.end();
}
