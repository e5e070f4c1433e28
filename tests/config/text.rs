//! What can be written, and what is said where it is wrong.

use breaker_runtime::config::Config;

fn said(text: &str) -> Vec<String> {
    let refused = Config::parse("f", text).expect_err(text);
    refused
        .problems()
        .iter()
        .map(|problem| match (problem.line(), problem.column()) {
            (Some(line), Some(column)) => format!("{line}:{column} {problem}"),
            _ => problem.to_string(),
        })
        .collect()
}

#[test]
fn every_problem_is_told_with_its_place_its_key_and_what_is_accepted() {
    let text = r#"
[defaults]
resett = "60s"
threshold = 0
[breaker."shop::*"]
failure_rate = 50
window = "20"
[breaker.pricing]
reset = 60
mode = "off"
latency = "true"
probes = "3"
timeout = "soon"
jitter = [1]
"#;
    let expected = [
        "3:1 [defaults] `resett` is unknown: write `reset`",
        "4:13 [defaults] `threshold` accepts a whole number from 1 to 65535, and not `0`",
        "6:16 [breaker.\"shop::*\"] `failure_rate` accepts a share above 0 and up to 1, such as `0.5` or `\"50%\"`, or \
         `\"none\"`, and not `50`: write `\"50%\"`",
        "7:10 [breaker.\"shop::*\"] `window` accepts a time as text, such as `\"30s\"`, or a number of calls from 1 to \
         65535, or `\"none\"`, and not `\"20\"`: write `\"20s\"` for a time, or `20` for calls",
        "9:9 [breaker.pricing] `reset` accepts a time as text, such as `\"250ms\"`, `\"60s\"` or `\"5m\"`, and not `60`: \
         write `\"60s\"`",
        "10:8 [breaker.pricing] `mode` accepts `\"automatic\"`, `\"disabled\"`, `\"forced_open\"` or `\"metrics_only\"`, and \
         not `\"off\"`",
        "11:11 [breaker.pricing] `latency` accepts `true` or `false`, and not `\"true\"`: write `true`, without quotes",
        "12:10 [breaker.pricing] `probes` accepts a whole number from 1 to 255, and not `\"3\"`: write `3`, without quotes",
        "13:11 [breaker.pricing] `timeout` accepts a time as text, such as `\"250ms\"`, `\"60s\"` or `\"5m\"`, or \
         `\"none\"`, and not `\"soon\"`",
        "14:10 [breaker.pricing] `jitter` accepts a fraction from 0 to 1, such as `0.2` or `\"20%\"`, and not a list",
    ];
    assert_eq!(said(text), expected);
}

#[test]
fn what_is_not_a_table_of_keys_is_refused_where_it_stands() {
    for (text, expected) in [
        ("breakers = 3", "1:1 `breakers` is unknown: write `breaker`"),
        ("x = 3", "1:1 `x` is unknown: there are `[defaults]` and `[breaker.…]`"),
        ("reset = \"3s\"", "1:1 `reset` is unknown: write it under `[defaults]` or `[breaker.…]`"),
        ("breaker = 3", "1:1 `breaker` is for tables such as `[breaker.pricing]`, not a number"),
        (
            "[breaker]\nreset = \"3s\"",
            "2:1 [breaker.reset] must be a table, not a text, for keys of one breaker stand under its name",
        ),
        ("defaults = []", "1:1 [defaults] must be a table, not a list"),
        ("[breaker.\" \"]", "1:10 [breaker.\" \"] has no name"),
        (
            "[breaker.shop.pricing]\nreset = \"3s\"",
            "1:15 [breaker.shop] `pricing` is unknown: a name with dots in it is written in quotes, `[breaker.\"a.b\"]`",
        ),
        (
            " \n",
            "is empty, as files are that were not written to the end: for a configuration that says nothing, write `[defaults]`",
        ),
    ] {
        assert_eq!(said(text), [expected], "{text}");
    }
    let cut = said("[breaker.pricing]\nreset = \"60");
    assert!(cut[0].starts_with("2:") && cut[0].contains("is not TOML: "), "{cut:?}");
    let twice = said("[defaults]\nreset = \"1s\"\nreset = \"2s\"");
    assert!(twice[0].starts_with("3:1 is not TOML: duplicate key"), "{twice:?}");
}

#[test]
fn a_message_shows_the_place_in_characters_and_stays_one_line() {
    let text = "[breaker.\"é\nü\"]".replace('\n', "\\n") + "\nreset = 'né\t' # ÿ\nprobes = \"\\u001b[31m\"";
    let refused = Config::parse("a\nfile", &text).unwrap_err().to_string();
    assert!(!refused.contains(['\n', '\u{1b}']), "{refused}");
    assert!(refused.starts_with("a\\nfile:2:9: [breaker.\"é\\nü\"] `reset` accepts"), "{refused}");
}

#[test]
fn each_key_takes_what_the_attribute_takes() {
    let text = r#"
# a comment
[defaults]
[breaker."everything"]
consecutive = 3
failures = "none"
failure_rate = "33.3%"
slow_rate = 0.5
slow_call = "2s"
window = 100
min_calls = 0x14
on_cancel = "failure"
reset = " 1m 30s "
backoff = 2
max_reset = "1h"
jitter = "20%"
probes = 2
probe_failure_rate = 0.5
probe_timeout = "1m"
ramp = "10s"
timeout = "5s"
max_concurrent = 10
rate_limit = "100/s"
burst = 20
total_timeout = "10s"
retry_attempts = 3
retry_backoff = "100ms"
retry_factor = 1.5
retry_max = "none"
retry_jitter = true
latency = true
span = false
failure_samples = 0
history = 1000
mode = "automatic"
expected_rps = 2.5
expected_error = "1%"
"#;
    Config::parse("f", text).unwrap();
}
