//! What each key sets, seen from outside.

use std::time::Duration;

use breaker_runtime::{OnCancel, Settings, State, circuit_breaker, testing};

use crate::Error;

const WINDOW: Duration = Duration::from_secs(30);
const TWO: u32 = 2;
const KEPT: bool = true;
const HALF: f64 = 0.5;

type Answer = Result<u32, Error>;

fn answer(ok: bool) -> Answer {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker]
fn defaults(ok: bool) -> Answer {
    answer(ok)
}

#[test]
fn five_in_a_row_by_default() {
    testing::isolated(|test| {
        for _ in 0..5 {
            assert_eq!(defaults(false), Err(Error::Failed));
        }
        assert_eq!(defaults(true), Err(Error::Rejected));
        test.advance(Duration::from_secs(60));
        assert_eq!(defaults(true), Ok(1));
        assert_eq!(defaults_breaker().state(), State::Closed);
    });
}

#[circuit_breaker(threshold = 2)]
fn in_a_row(ok: bool) -> Answer {
    answer(ok)
}

#[circuit_breaker(threshold = TWO, window = WINDOW)]
fn in_a_window(ok: bool) -> Answer {
    answer(ok)
}

#[circuit_breaker(consecutive = 2, failures = 3, window = "30s")]
fn both(ok: bool) -> Answer {
    answer(ok)
}

fn opened(function: fn(bool) -> Answer, calls: &[bool]) -> bool {
    for ok in calls {
        assert_eq!(function(*ok), answer(*ok));
    }
    function(true) == Err(Error::Rejected)
}

#[test]
fn threshold_means_a_row_or_a_window() {
    testing::isolated(|_| assert!(opened(in_a_row, &[false, false])));
    testing::isolated(|_| assert!(!opened(in_a_row, &[false, true, false])));
    testing::isolated(|_| assert!(opened(in_a_window, &[false, true, false])));
    testing::isolated(|test| {
        assert!(!opened(in_a_window, &[false]));
        test.advance(WINDOW);
        assert!(!opened(in_a_window, &[false]));
    });
    testing::isolated(|_| assert!(opened(both, &[false, false])));
    testing::isolated(|_| assert!(opened(both, &[false, true, false, true, false])));
}

#[circuit_breaker(threshold = 1, reset = "10s", backoff = 2, max_reset = "15s", probes = 2, successes = 2)]
fn recovery(ok: bool) -> Answer {
    answer(ok)
}

#[test]
fn recovery_by_its_keys() {
    testing::isolated(|test| {
        let step = |seconds| test.advance(Duration::from_secs(seconds));
        assert_eq!(recovery(false), Err(Error::Failed));
        step(9);
        assert_eq!(recovery(true), Err(Error::Rejected));
        step(1);
        assert_eq!(recovery(true), Ok(1));
        assert_eq!(recovery_breaker().state(), State::HalfOpen);
        assert_eq!(recovery(false), Err(Error::Failed));
        step(14);
        assert_eq!(recovery(true), Err(Error::Rejected));
        step(1);
        assert_eq!((recovery(true), recovery(true)), (Ok(1), Ok(1)));
        assert_eq!(recovery_breaker().state(), State::Closed);
    });
}

#[circuit_breaker(threshold = 1, ignore = Error::NotFound, failure_if = |output| *output == Ok(503))]
fn outcomes(output: Answer) -> Answer {
    output
}

#[test]
fn ignore_is_asked_before_failure_if() {
    testing::isolated(|_| {
        assert_eq!(outcomes(Err(Error::NotFound)), Err(Error::NotFound));
        assert_eq!(outcomes(Err(Error::Failed)), Err(Error::Failed));
        assert_eq!(outcomes(Ok(1)), Ok(1));
        assert_eq!(outcomes(Ok(503)), Ok(503));
        assert_eq!(outcomes(Ok(1)), Err(Error::Rejected));
    });
}

#[derive(Debug, PartialEq)]
enum Http {
    Status { code: u16 },
    Down,
}

impl From<breaker_runtime::CircuitBreakerError> for Http {
    fn from(_: breaker_runtime::CircuitBreakerError) -> Self {
        Self::Down
    }
}

#[circuit_breaker(threshold = 1, ignore = Http::Status { code: 400..=499 } | Http::Status { code: 304 })]
fn by_pattern(code: u16) -> Result<(), Http> {
    Err(Http::Status { code })
}

#[circuit_breaker(threshold = 1, ignore = Http::Status { code } if *code < 500)]
async fn by_guard(code: u16) -> Result<(), Http> {
    Err(Http::Status { code })
}

#[tokio::test]
async fn patterns_of_errors() {
    for code in [404, 304, 500] {
        assert_eq!(by_pattern(code), Err(Http::Status { code }));
        assert_eq!(by_guard(code).await, Err(Http::Status { code }));
    }
    assert_eq!(by_pattern(404), Err(Http::Down));
    assert_eq!(by_guard(404).await, Err(Http::Down));
}

#[circuit_breaker(name = concat!("a", "b"), threshold = TWO.pow(1), reset = Duration::from_secs(5), jitter = "0%")]
fn expressions(ok: bool) -> Answer {
    answer(ok)
}

#[test]
fn any_constant_expression() {
    testing::isolated(|test| {
        assert_eq!(expressions_breaker().name(), "ab");
        assert!(opened(expressions, &[false, false]));
        test.advance(Duration::from_secs(5));
        assert_eq!(expressions(true), Ok(1));
    });
}

#[circuit_breaker(
    consecutive = 7,
    failures = 9,
    window = "11s",
    reset = "13s",
    backoff = 1.5,
    max_reset = "17m",
    jitter = "19%",
    probes = 23,
    successes = 21,
    probe_timeout = "29s",
    timeout = "3s",
    ramp = "37s",
    on_cancel = "failure",
    latency = true,
    span = true
)]
async fn all_that_goes_into_settings() -> Answer {
    std::future::pending().await
}

#[circuit_breaker(on_cancel = "ignore")]
#[expect(dead_code, reason = "only its settings are looked at")]
fn cancelled_calls_ignored() -> Answer {
    answer(true)
}

#[circuit_breaker(
    consecutive = 7,
    failures = 9,
    failure_rate = "35%",
    slow_rate = 0.65,
    slow_call = "1500ms",
    window = 40,
    min_calls = 10,
    probes = 8,
    probe_failure_rate = "12.5%",
    ramp = "2m",
    max_concurrent = 19,
    rate_limit = "30/m",
    burst = 70_000
)]
#[expect(dead_code, reason = "only its settings are looked at")]
fn all_about_shares() -> Answer {
    answer(true)
}

#[circuit_breaker(
    failures = TWO,
    failure_rate = HALF,
    slow_rate = HALF / 2.0,
    slow_call = WINDOW,
    window = TWO,
    min_calls = TWO,
    probe_failure_rate = HALF,
    ramp = WINDOW,
    max_concurrent = TWO,
    rate_limit = "10/250ms",
    burst = TWO,
    latency = KEPT
)]
#[expect(dead_code, reason = "only its settings are looked at")]
fn all_about_shares_by_constants() -> Answer {
    answer(true)
}

#[circuit_breaker(failure_rate = 1, window = 2 * 10)]
#[expect(dead_code, reason = "only its settings are looked at")]
fn calls_by_an_expression() -> Answer {
    answer(true)
}

#[circuit_breaker(slow_rate = 0.5, slow_call = "2s", window = Duration::from_secs(30))]
#[expect(dead_code, reason = "only its settings are looked at")]
fn time_by_an_expression() -> Answer {
    answer(true)
}

#[circuit_breaker(threshold = 4, window = 20)]
#[expect(dead_code, reason = "only its settings are looked at")]
fn calls_of_the_short_word() -> Answer {
    answer(true)
}

#[circuit_breaker(threshold = 4, window = WINDOW, on_cancel = "unanswered")]
#[expect(dead_code, reason = "only its settings are looked at")]
fn a_window_of_the_short_word() -> Answer {
    answer(true)
}

#[test]
fn every_key_reaches_the_settings() {
    let seconds = Duration::from_secs;
    let all = Settings::new()
        .consecutive(7)
        .failures(9)
        .window(seconds(11))
        .reset(seconds(13))
        .backoff(1.5)
        .max_reset(seconds(17 * 60))
        .jitter(0.19)
        .probes(23)
        .successes(21)
        .probe_timeout(seconds(29))
        .ramp(seconds(37))
        .timeout(seconds(3))
        .on_cancel(OnCancel::Failure)
        .latency(true)
        .span(true);
    assert_eq!(all_that_goes_into_settings_breaker().settings(), all);
    assert_eq!(cancelled_calls_ignored_breaker().settings(), Settings::new().on_cancel(OnCancel::Ignore));
    assert_eq!(a_window_of_the_short_word_breaker().settings(), Settings::new().failures(4).window(WINDOW));
    assert_eq!(calls_of_the_short_word_breaker().settings(), Settings::new().failures(4).window_calls(20));
    assert_eq!(defaults_breaker().settings(), Settings::new());
}

#[test]
fn every_key_of_the_rates_reaches_the_settings() {
    let literals = Settings::new()
        .consecutive(7)
        .failures(9)
        .failure_rate(0.35)
        .slow_rate(0.65)
        .slow_call(Duration::from_millis(1_500))
        .window_calls(40)
        .min_calls(10)
        .probes(8)
        .probe_failure_rate(0.125)
        .ramp(Duration::from_secs(120))
        .max_concurrent(19)
        .rate_limit(30, Duration::from_secs(60))
        .burst(70_000);
    assert_eq!(all_about_shares_breaker().settings(), literals);
    let constants = Settings::new()
        .failures(2)
        .failure_rate(0.5)
        .slow_rate(0.25)
        .slow_call(WINDOW)
        .window_calls(2)
        .min_calls(2)
        .probe_failure_rate(0.5)
        .ramp(WINDOW)
        .max_concurrent(2)
        .rate_limit(10, Duration::from_millis(250))
        .burst(2)
        .latency(true);
    assert_eq!(all_about_shares_by_constants_breaker().settings(), constants);
    assert_eq!(calls_by_an_expression_breaker().settings(), Settings::new().failure_rate(1.0).window_calls(20));
    let slow = Settings::new().slow_rate(0.5).slow_call(Duration::from_secs(2)).window(WINDOW);
    assert_eq!(time_by_an_expression_breaker().settings(), slow);
}

#[tokio::test]
async fn a_dropped_call_counts_as_its_key_says() {
    let test = testing::Isolation::new();
    test.within(async {
        tokio::select! {
            biased;
            _ = all_that_goes_into_settings() => unreachable!("it never ends"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(all_that_goes_into_settings_breaker().totals().failed, 1);
    })
    .await;
}
