//! What each key sets, seen from outside.

use std::time::Duration;

use breaker_runtime::{OnCancel, Settings, State, circuit_breaker, testing};

use crate::Error;

const WINDOW: Duration = Duration::from_secs(30);
const TWO: u32 = 2;

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
    on_cancel = "failure"
)]
async fn all_that_goes_into_settings() -> Answer {
    std::future::pending().await
}

#[circuit_breaker(on_cancel = "ignore")]
#[expect(dead_code, reason = "only its settings are looked at")]
fn cancelled_calls_ignored() -> Answer {
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
        .failures(9, seconds(11))
        .reset(seconds(13))
        .backoff(1.5)
        .max_reset(seconds(17 * 60))
        .jitter(0.19)
        .probes(23)
        .successes(21)
        .probe_timeout(seconds(29))
        .timeout(seconds(3))
        .on_cancel(OnCancel::Failure);
    assert_eq!(all_that_goes_into_settings_breaker().settings(), all);
    assert_eq!(cancelled_calls_ignored_breaker().settings(), Settings::new().on_cancel(OnCancel::Ignore));
    assert_eq!(a_window_of_the_short_word_breaker().settings(), Settings::new().failures(4, WINDOW));
    assert_eq!(defaults_breaker().settings(), Settings::new());
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
