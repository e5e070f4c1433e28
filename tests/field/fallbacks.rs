//! Fallbacks, and what attributes and annotations do to a function.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use breaker_runtime::{Cause, CircuitBreaker, Settings, State, circuit_breaker, testing};

use crate::support::*;

type Log<'a> = &'a RefCell<Vec<&'static str>>;

#[circuit_breaker(threshold = 2, ignore = Error::NotFound, fallback = noted, fallback_on = "failure")]
fn ask(log: Log<'_>, answer: Result<u32, Error>) -> Result<u32, Error> {
    log.borrow_mut().push("call");
    answer
}

fn noted(log: Log<'_>, answer: Result<u32, Error>) -> Result<u32, Error> {
    log.borrow_mut().push("fallback");
    answer.or(Ok(0))
}

// Resilience4j, opossum: the fallback ran for errors that were declared ignored.
#[test]
fn a_fallback_does_not_run_for_ignored_errors() {
    testing::isolated(|_| {
        let log = RefCell::default();
        assert_eq!(ask(&log, Err(Error::NotFound)), Err(Error::NotFound));
        assert_eq!(ask(&log, Err(Error::Down)), Ok(0));
        assert_eq!(log.take(), ["call", "call", "fallback"]);
    });
}

// fabfuel: the protected call ran, and then its fallback, though the breaker was open.
#[test]
fn a_rejected_call_does_not_run_beside_its_fallback() {
    testing::isolated(|_| {
        let log = RefCell::default();
        (0..2).for_each(|_| assert_eq!(ask(&log, Err(Error::Down)), Ok(0)));
        log.take();
        assert_eq!(ask(&log, Ok(1)), Ok(1));
        assert_eq!(log.take(), ["fallback"]);
    });
}

// Resilience4j: what a fallback threw came out wrapped.
#[test]
fn what_a_fallback_fails_with_is_not_wrapped() {
    #[circuit_breaker(threshold = 2, fallback = |_| Err(Error::NotFound))]
    fn down() -> Result<u32, Error> {
        Err(Error::Down)
    }
    testing::isolated(|_| {
        (0..2).for_each(|_| assert_eq!(down(), Err(Error::Down)));
        assert_eq!(down(), Err(Error::NotFound));
        assert_eq!(down_breaker().totals().failed, 2, "nor recorded");
    });
}

// opossum: a fallback needs the error and the arguments, and has to know which of the two it was.
#[test]
fn a_fallback_is_not_left_without_the_error_and_the_arguments() {
    #[circuit_breaker(threshold = 2, fallback = { let name = name.clone(); move |cause| match cause {
        Cause::Rejected(error) => Ok(format!("{name}: {error}")),
        Cause::Failed(output) => Ok(format!("{name}: {output:?}")),
        Cause::TimedOut(_) => unreachable!("it has no time limit"),
    } }, fallback_on = "failure", name = "fetcher")]
    fn fetch(name: String) -> Result<String, Error> {
        if name.is_empty() { Ok(name) } else { Err(Error::Down) }
    }
    testing::isolated(|_| {
        let call = || fetch("pear".to_owned()).unwrap();
        assert_eq!((call(), call()), ("pear: Err(Down)".to_owned(), "pear: Err(Down)".to_owned()));
        assert!(call().starts_with("pear: circuit breaker `fetcher` is open: 2 failures in a row"));
    });
}

static RAN: AtomicUsize = AtomicUsize::new(0);

#[circuit_breaker(threshold = 2, timeout = "1s", fallback = async |_| { RAN.fetch_add(1, Ordering::SeqCst); Ok(7) },
    fallback_on = "failure")]
async fn hangs() -> Result<u32, Error> {
    std::future::pending().await
}

// opossum: for one call the fallback ran twice, for the time-out and for the rejection after it.
#[tokio::test(start_paused = true)]
async fn a_fallback_does_not_run_twice_for_one_call() {
    testing::isolated_async(async |_: &testing::Isolation| {
        for calls in 1..=4 {
            assert_eq!(hangs().await, Ok(7));
            assert_eq!(RAN.load(Ordering::SeqCst), calls);
        }
        assert_eq!((hangs_breaker().state(), hangs_breaker().totals().timed_out), (State::Open, 2));
    })
    .await;
}

// A tutorial's fallback waits inside the protected function for an error that is raised outside it:
// it can never run.
#[test]
fn a_rejection_does_not_pass_the_fallback_by() {
    #[circuit_breaker(threshold = 2, fallback = |_| 9)]
    fn price() -> u32 {
        1
    }
    testing::isolated(|_| {
        (0..2).for_each(|_| fail(price_breaker()));
        assert_eq!(price(), 9);
    });
}

// A tutorial's cache answers for every exception, and so hides its users' bugs.
#[test]
fn a_fallback_does_not_hide_a_panic() {
    #[circuit_breaker(threshold = 2, fallback = |_| 9, fallback_on = "failure", failure_if = |price| *price == 0)]
    fn price(answer: Option<u32>) -> u32 {
        answer.expect("a bug")
    }
    let bug = || std::panic::catch_unwind(|| testing::isolated(|_| price(None)));
    assert!(bug().is_err());
    testing::isolated(|_| assert_eq!((price(Some(0)), price_breaker().totals().fallbacks_run), (9, 1)));
}

// Resilience4j: with a fallback on the breaker the retry around it saw no failure to retry.
#[test]
fn a_fallback_does_not_hide_failures_from_a_retry_outside() {
    #[circuit_breaker(threshold = 3, fallback = |_| Ok(0))]
    fn flaky(attempt: u32) -> Result<u32, Error> {
        if attempt < 3 { Err(Error::Down) } else { Ok(attempt) }
    }
    testing::isolated(|_| assert_eq!((1..).find_map(|attempt| flaky(attempt).ok()), Some(3)));
}

struct Client {
    breaker: Arc<CircuitBreaker>,
}

impl Client {
    fn page(&self) -> Result<u32, Error> {
        self.part()
    }

    #[circuit_breaker(breaker = self.breaker)]
    fn part(&self) -> Result<u32, Error> {
        Err(Error::Down)
    }
}

fn client() -> Client {
    Client { breaker: Arc::new(breaker(Settings::new().consecutive(2)).0) }
}

// Resilience4j's proxies: a call from within the same object, or to a private method, passed by.
#[test]
fn a_private_method_called_from_within_is_not_bypassed() {
    let client = client();
    (0..2).for_each(|_| assert_eq!(client.page(), Err(Error::Down)));
    assert_eq!(client.page(), Err(Error::Rejected));
}

// Spring Cloud Gateway, haiku.rag, Envoy: one bad instance opened the breaker for all.
#[test]
fn one_bad_instance_does_not_open_the_breaker_of_the_others() {
    let (bad, other) = (client(), client());
    (0..3).for_each(|_| assert!(bad.page().is_err()));
    assert_eq!((bad.breaker.state(), other.breaker.state()), (State::Open, State::Closed));
    assert_eq!(other.page(), Err(Error::Down));
}

// Resilience4j: threads that called a private fallback at once did not all reach it.
#[test]
fn a_private_fallback_is_not_out_of_reach_of_many_threads() {
    mod shop {
        use super::{Error, circuit_breaker};
        #[circuit_breaker(threshold = 2, fallback = cached)]
        pub(super) fn stock() -> Result<u32, Error> {
            Err(Error::Down)
        }
        #[expect(clippy::unnecessary_wraps, reason = "a fallback has the signature of its function")]
        fn cached() -> Result<u32, Error> {
            Ok(5)
        }
    }
    let isolation = testing::Isolation::new();
    isolation.run(|| (0..2).for_each(|_| assert_eq!(shop::stock(), Err(Error::Down))));
    assert_eq!(at_once(8, || isolation.run(shop::stock)), [Ok(5); 8]);
}

// axum-fault-tolerance and sentinel-macros put an error type of their own around the function's.
#[test]
fn the_type_that_a_function_returns_does_not_change() {
    #[circuit_breaker(threshold = 2)]
    fn plain(answer: Result<u32, Error>) -> Result<u32, Error> {
        answer
    }
    let same: fn(Result<u32, Error>) -> Result<u32, Error> = plain;
    testing::isolated(|_| assert_eq!((same(Ok(1)), same(Err(Error::Down))), (Ok(1), Err(Error::Down))));
}

// sentinel-macros and a macro of an application: `?` and an early `return` passed the recording by.
#[test]
fn an_early_return_does_not_pass_the_recording_by() {
    #[circuit_breaker(threshold = 2)]
    fn parse(text: &str, early: bool) -> Result<u32, Error> {
        if early {
            return Err(Error::Down);
        }
        let number = text.parse::<u32>().map_err(|_| Error::Down)?;
        Ok(number + 1)
    }
    testing::isolated(|_| {
        assert_eq!(parse("1", true), Err(Error::Down));
        assert_eq!(parse("x", false), Err(Error::Down));
        assert_eq!(parse("1", false), Err(Error::Rejected));
    });
}
