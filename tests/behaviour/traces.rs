//! What logs and traces are told, as a subscriber that writes JSON lines gets it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Mode, Settings, circuit_breaker, testing};
use serde_json::{Value, json};
use tracing::callsite::rebuild_interest_cache;
use tracing::subscriber::with_default;
use tracing::{Level, info_span};

use crate::support::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that this leaves in a log, without their times.
fn logged(level: Level, code: impl FnOnce()) -> Vec<Value> {
    let all = Lines::default();
    let writer = all.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_max_level(level)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    with_default(subscriber, || {
        // Whether anybody listens is remembered by each place of an event, and two threads that come to one for the
        // first time may remember it wrongly, if a listener comes at that moment: so they come there before.
        for _ in 0..3 {
            come_by_every_event();
            rebuild_interest_cache();
        }
        all.0.lock().unwrap().clear();
        code();
    });
    let bytes = all.0.lock().unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[circuit_breaker(name = "again in traces", accessor = again_breaker, retry(attempts = 2, backoff = "1ms"), last_good(key = (), ttl = "1h"))]
fn again(works: bool) -> Result<u32, CircuitBreakerError> {
    if works { Ok(1) } else { Err(rejected(&open(Settings::new()).0)) }
}

fn come_by_every_event() {
    testing::isolated(|_| {
        let _ = (again(true), again(false));
    });
    let (breaker, _) = breaker(Settings::new().consecutive(1).span(true));
    succeed(&breaker);
    fail(&breaker);
    rejected(&breaker);
    breaker.close();
    crate::controls::refused("no token at all", 1, 1);
}

#[test]
fn every_change_is_a_line_with_columns() {
    let lines = logged(Level::INFO, || {
        let (breaker, clock) = breaker(Settings::new().consecutive(2).reset(MINUTE));
        let breaker = breaker.dependency("pricing_api").note("nobody has to be woken");
        fail(&breaker);
        admitted(&breaker).failure_with(&"secret of another caller");
        clock.advance(MINUTE);
        succeed(&breaker);
        breaker.set_mode(Mode::MetricsOnly);
        (0..2).for_each(|_| fail(&breaker));
    });
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(
        lines[0],
        json!({
            "level": "WARN", "target": "breaker_runtime::change", "breaker": "dependency",
            "dependency": "pricing_api", "note": "nobody has to be woken", "from": "closed", "to": "open",
            "mode": "automatic", "reason": "tripped", "rule": "consecutive", "delay_seconds": 60.0, "number": 1, "epoch": 1,
            "message": "dependency: closed → open: 2 failures in a row (limit 2); next probe after 60 s",
        })
    );
    let told: Vec<_> = lines.iter().map(|line| [&line["level"], &line["reason"], &line["to"]]).collect();
    assert_eq!(told[1..3], [["INFO", "reset_passed", "half_open"], ["INFO", "recovered", "closed"]]);
    assert_eq!(told[3..], [["INFO", "mode_set", "closed"], ["INFO", "tripped", "open"]], "it only would have opened");
}

static FAILING: CircuitBreaker = CircuitBreaker::new("failing in traces", Settings::new().consecutive(1));

#[circuit_breaker(breaker = FAILING, fallback = |_| Ok(2))]
fn price() -> Result<u32, CircuitBreakerError> {
    Ok(1)
}

#[test]
fn calls_that_are_not_as_others_are_told_in_the_callers_span() {
    let lines = logged(Level::DEBUG, || {
        let _request = info_span!("request", user = 7).entered();
        assert_eq!(price().unwrap(), 1);
        FAILING.try_acquire().unwrap().failure();
        assert_eq!(price().unwrap(), 2);
    });
    let of_calls: Vec<_> = lines.iter().filter(|line| line["target"] == "breaker_runtime::call").collect();
    let told: Vec<_> = of_calls.iter().map(|line| [&line["state"], &line["outcome"]]).collect();
    assert_eq!(told, [["open", "rejected_open"], ["open", "fallback"]], "nothing of the one that passed");
    assert!(of_calls.iter().all(|line| line["breaker"] == "failing in traces" && line["span"]["user"] == 7));
    let lines = logged(Level::DEBUG, || {
        let (breaker, clock) = breaker(Settings::new().consecutive(1).probes(3).reset(SECOND));
        for end in [fail, succeed, cancel] {
            fail(&breaker);
            clock.advance(SECOND);
            end(&breaker);
            breaker.close();
        }
    });
    let probes = lines.iter().filter(|line| line["target"] == "breaker_runtime::call");
    let told: Vec<_> = probes.map(|line| [&line["state"], &line["outcome"]]).collect();
    assert_eq!(told, [["half_open", "failed"], ["half_open", "succeeded"], ["half_open", "cancelled"]]);
}

#[circuit_breaker(threshold = 3, span = true, name = "told of in traces")]
fn told(ok: bool) -> Result<u32, CircuitBreakerError> {
    if ok { Ok(1) } else { FORCED.try_acquire().map(|_| 1) }
}

static FORCED: CircuitBreaker = CircuitBreaker::new("forced in traces", Settings::new());

#[test]
fn each_call_is_told_where_that_is_asked_for() {
    FORCED.set_mode(Mode::ForcedOpen);
    let told_of = |code: &dyn Fn()| {
        let lines = logged(Level::DEBUG, code);
        let own = lines
            .iter()
            .filter(|line| line["target"] == "breaker_runtime::call" && line["breaker"] != "forced in traces");
        own.map(|line| format!("{} {}", line["state"].as_str().unwrap(), line["outcome"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    let calls = || {
        assert!(told(true).is_ok() && told(false).is_err());
    };
    assert_eq!(told_of(&calls), ["closed succeeded", "closed failed"]);
    for settings in [
        Settings::new().span(true),
        Settings::new().span(true).latency(true),
        Settings::new().span(true).failure_rate(0.9),
        Settings::new().span(true).failure_rate(0.9).window_calls(50),
        Settings::new().span(true).slow_rate(0.9).slow_call(MINUTE),
    ] {
        let (breaker, _) = breaker(settings);
        let calls = || {
            succeed(&breaker);
            admitted(&breaker).ignore();
            cancel(&breaker);
            fail(&breaker);
        };
        let each = ["closed succeeded", "closed ignored", "closed cancelled", "closed failed"];
        assert_eq!(told_of(&calls), each, "{settings:?}");
        let totals = breaker.totals();
        assert_eq!([totals.succeeded, totals.ignored, totals.cancelled, totals.failed], [1; 4], "{settings:?}");
    }
}

#[test]
fn names_are_data_in_logs_too() {
    let lines = logged(Level::INFO, || {
        let breaker = CircuitBreaker::builder("<script>\n\u{1b}[31m\"").build().unwrap();
        breaker.set_mode(Mode::ForcedOpen);
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["breaker"], "<script>\n\u{1b}[31m\"");
    let message = lines[0]["message"].as_str().unwrap();
    assert!(!message.contains(['\n', '\u{1b}']), "{message}");
}

#[test]
fn attempts_and_earlier_answers_are_told_of() {
    let lines = logged(Level::DEBUG, || {
        testing::isolated(|_| assert_eq!((again(true).unwrap(), again(false).unwrap()), (1, 1)));
    });
    let mine: Vec<_> = lines.iter().filter(|line| line["breaker"] == "again in traces").collect();
    let told: Vec<_> = mine.iter().map(|line| (line["outcome"].as_str(), line["message"].as_str())).collect();
    assert_eq!(
        told,
        [
            (Some("retried"), Some("a failed call is made again")),
            (Some("last_good"), Some("an earlier answer is given")),
        ]
    );
}

#[test]
fn a_refused_request_is_a_warning_without_its_token() {
    let token = "a-token-that-nobody-has";
    let lines = logged(Level::TRACE, || crate::controls::refused(token, 1, 0));
    let ours = lines.iter().filter(|line| line["target"] == "breaker_runtime::control");
    let [line] = <[&Value; 1]>::try_from(ours.collect::<Vec<_>>()).unwrap();
    assert_eq!(
        (&line["level"], &line["status"], &line["message"]),
        (&json!("WARN"), &json!(401), &json!("a request to change circuit breakers was refused"))
    );
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    let said: Vec<_> =
        lines.iter().filter(|line| line["target"].as_str().unwrap().starts_with("breaker_runtime")).collect();
    assert!(!format!("{said:?}").contains(token));
}

#[test]
fn refused_requests_do_not_fill_a_log() {
    let lines = logged(Level::DEBUG, || crate::controls::refused("a-token-that-nobody-has", 15, 20));
    let of = |target: &str, level: &str| {
        let ours = lines.iter().filter(|line| line["target"] == target && line["level"] == level);
        ours.map(|line| line["message"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(of("breaker_runtime::control", "WARN").len(), 10);
    assert_eq!(of("breaker_runtime::control", "DEBUG").len(), 40, "of another site, and without a token");
    let [locked] = <[&str; 1]>::try_from(of("breaker_runtime::change", "WARN")).unwrap();
    assert!(
        locked.starts_with("attempts to change circuit breakers[127.0.0.1]: closed → open: 10 failures"),
        "{locked}"
    );
}
