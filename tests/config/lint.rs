//! What is allowed, and seldom meant.

use std::time::Duration;

use breaker_runtime::Settings;
use breaker_runtime::config::{Config, Traffic, lint};

fn warnings(settings: Settings, traffic: Option<Traffic>) -> Vec<String> {
    let found = lint(&settings, traffic.as_ref());
    found.iter().filter(|finding| !finding.is_note).map(ToString::to_string).collect()
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn good_settings_are_left_alone() {
    let traffic = Traffic::new(50.0, 0.01);
    for settings in [
        Settings::new(),
        Settings::new().failure_rate(0.5).window(30 * SECOND).min_calls(20).timeout(SECOND),
        Settings::new().failures(40).window(10 * SECOND),
    ] {
        assert_eq!(warnings(settings, traffic), [""; 0], "{settings}");
        assert_eq!(warnings(settings, None), [""; 0], "{settings}");
    }
}

#[test]
fn what_is_seldom_meant_is_told_with_its_reason() {
    for (settings, expected) in [
        (Settings::new().consecutive(1), "one failure alone opens this breaker"),
        (Settings::new().failures(1).window(SECOND), "one failure alone opens this breaker"),
        (
            Settings::new().reset(SECOND).timeout(5 * SECOND),
            "`reset` is 1s, and a call may take 5s: when the first probe goes out",
        ),
        (
            Settings::new().on_cancel(breaker_runtime::OnCancel::Ignore),
            "`on_cancel = \"ignore\"` with neither `timeout` nor `slow_call`",
        ),
    ] {
        let said = warnings(settings, None);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{settings}: {said:?}");
    }
}

#[test]
fn what_can_never_happen_at_that_traffic_is_told() {
    let few = Traffic::new(2.0, 0.01);
    let rate = Settings::new().failure_rate(0.5).window(5 * SECOND);
    assert_eq!(
        warnings(rate, few),
        [
            "`min_calls` is never reached: the window of 5 s holds about 10 calls at 2 calls a second, and 20 are needed: write \
             `min_calls = 10` or less, or a longer `window`",
            "an outage never opens this breaker at 2 calls a second, of which 1 % fail usually",
        ]
    );
    let counted = Settings::new().failures(100).window(30 * SECOND);
    assert_eq!(
        warnings(counted, few)[0],
        "`failures` is never reached: the window of 30 s holds about 60 calls at 2 calls a second, and 100 must fail: write \
         `failures = 60` or less, or a longer `window`"
    );
    let late = warnings(Settings::new().consecutive(1_000), few);
    assert_eq!(
        late,
        ["an outage opens this breaker only after 8 min 20 s at 2 calls a second, of which 1 % fail usually"]
    );
    let nervous = warnings(Settings::new().failures(3).window(30 * SECOND), Traffic::new(10.0, 0.05));
    assert!(
        nervous.len() == 1
            && nervous[0].starts_with("it opens once in ")
            && nervous[0].ends_with(
                "though nothing is wrong at 10 calls a second, of which 5 % fail usually: `failures` must be 16 or more"
            ),
        "{nervous:?}"
    );
}

#[test]
fn a_file_is_looked_at_without_a_service() {
    let config = Config::parse(
        "b.toml",
        "[defaults]\ntimeout = '5s'\n[breaker.\"shop::*\"]\nreset = '2s'\n[breaker.mail]\nexpected_rps = 0.1\nexpected_error = '1%'\nfailure_rate = '50%'",
    )
    .unwrap();
    let found = config.lint(None).unwrap();
    let warned: Vec<_> = found.iter().filter(|one| !one.is_note).map(|one| (one.breaker.as_deref(), one.key)).collect();
    assert_eq!(warned, [(Some("shop::*"), "reset"), (Some("mail"), "min_calls"), (Some("mail"), "failure_rate")]);
    // What fits beside what the code may say is no mistake.
    let halves = "[breaker.a]\nmin_calls = 50\n[breaker.b]\nmax_reset = '30s'\n[breaker.c]\nslow_rate = 0.5\n[breaker.d]\nfailures = 500";
    assert!(Config::parse("b.toml", halves).unwrap().lint(None).is_ok());
    // What cannot be is an error, as it would be in the service.
    let refused = Config::parse("b.toml", "[breaker.mail]\nprobes = 2\nsuccesses = 3").unwrap().lint(None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "b.toml:3:13: [breaker.mail] `successes` must be from 1 to `probes`, which is 1 unless it is set"
    );
}

#[test]
fn the_table_of_the_guide_is_what_the_functions_say() {
    const GUIDE: &str = include_str!("../../breaker-runtime/src/guide/choosing_thresholds.md");
    let rules = [
        Settings::new().consecutive(5),
        Settings::new().failures(10).window(10 * SECOND),
        Settings::new().failure_rate(0.5).window(30 * SECOND),
    ];
    let long = |time: Option<Duration>| match time.map(|time| (time.as_secs(), time)) {
        None => "never".to_owned(),
        Some((0, time)) => format!("in {} ms", time.as_millis()),
        Some((seconds @ ..7_200, _)) => format!("in {seconds} s"),
        Some((seconds @ ..172_800, _)) => format!("in {} h", seconds / 3_600),
        Some((seconds @ ..63_072_000, _)) => format!("in {} days", seconds / 86_400),
        Some((seconds, _)) => format!("in {} years", seconds / 31_536_000),
    };
    for (rps, error) in [(0.2, 1), (1.0, 1), (10.0, 1), (10.0, 5), (100.0, 1), (100.0, 5)] {
        let traffic = Traffic::new(rps, f64::from(error) / 100.0).unwrap();
        let cells = rules.map(|rule| {
            let (outage, chance) = (traffic.time_to_true_trip(&rule), traffic.time_to_false_trip(&rule));
            let outage = long(outage);
            format!("{}, {}", outage.trim_start_matches("in "), long(chance))
        });
        let row = format!("| {rps}, {error} % | {} |", cells.join(" | "));
        assert!(GUIDE.contains(&row), "{row}");
    }
}

#[test]
fn the_attribute_says_the_same_where_its_values_are_literal() {
    const SAID: &str = include_str!("../ui/arguments/warnings.stderr");
    for settings in [
        Settings::new().consecutive(1),
        Settings::new().failures(1).window_calls(20),
        Settings::new().reset(10 * SECOND).timeout(30 * SECOND),
        Settings::new().on_cancel(breaker_runtime::OnCancel::Ignore),
    ] {
        let [said] = <[String; 1]>::try_from(warnings(settings, None)).expect("one warning");
        assert!(SAID.contains(&said), "{said}");
    }
}
