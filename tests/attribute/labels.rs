//! `dependency`, `note` and `class`: what people read about a breaker and its failures.

use std::sync::Mutex;

use breaker_runtime::{CircuitBreaker, Settings, circuit_breaker};
use tokio::task::yield_now;

use crate::Error;

const NOTE: &str = "orders wait meanwhile";

#[circuit_breaker(dependency = "payment service", note = NOTE, threshold = 1)]
fn pay(ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(key = bank, dependency = concat!("payment", " service"), note = "call the bank", threshold = 1)]
fn pay_by(bank: &str, ok: bool) -> Result<u32, Error> {
    if ok { Ok(1) } else { Err(Error::Failed) }
}

#[test]
fn what_people_should_know() {
    assert_eq!(pay(false), Err(Error::Failed));
    let about = pay_breaker().about();
    assert_eq!((about.dependency, about.note), (Some("payment service"), Some(NOTE)));
    assert!(format!("{:#}", pay_breaker().snapshot().last_trip.unwrap()).contains(NOTE));
    assert_eq!(pay_by("a", true), Ok(1));
    let about = pay_by_breakers().get("a").unwrap().about();
    assert_eq!((about.dependency, about.note), (Some("payment service"), Some("call the bank")));
}

#[circuit_breaker(threshold = 3, class = |error| if *error == Error::NotFound { "not found" } else { "refused" })]
fn sorted(answer: Result<u32, Error>) -> Result<u32, Error> {
    answer
}

#[test]
fn a_report_says_what_the_failures_were() {
    for error in [Error::NotFound, Error::Failed, Error::NotFound] {
        assert!(sorted(Err(error)).is_err());
    }
    let trip = sorted_breaker().snapshot().last_trip.unwrap().to_string();
    assert!(trip.contains("2 not found, 1 refused"), "{trip}");
}

/// What `class` was asked about, by test.
static ASKED: Mutex<Vec<(&str, String)>> = Mutex::new(Vec::new());

fn asked(test: &'static str, error: &Error) -> &'static str {
    ASKED.lock().unwrap().push((test, format!("{error:?}")));
    "some class"
}

#[track_caller]
fn assert_asked(test: &str, expected: &[&str]) {
    let asked = ASKED.lock().unwrap();
    let found: Vec<&str> = asked.iter().filter(|(of, _)| *of == test).map(|(_, error)| &**error).collect();
    assert_eq!(found, expected, "{test}");
}

#[circuit_breaker(class = |error| asked("closure", error), ignore = Error::NotFound)]
fn by_closure(answer: Result<u32, Error>) -> Result<u32, Error> {
    answer
}

#[circuit_breaker(class = Client::class)]
async fn by_path(answer: Result<u32, Error>) -> Result<u32, Error> {
    yield_now().await;
    answer
}

#[circuit_breaker(class = |error: &Error| asked("failure_if", error), failure_if = |output| output != &Err(Error::NotFound))]
fn with_failure_if(answer: Result<u32, Error>) -> Result<u32, Error> {
    answer
}

#[circuit_breaker(
    class = |error| asked("fallback", error),
    fallback = |_| Err(Error::NotFound),
    fallback_on = "failure",
    timeout = "1s"
)]
async fn with_fallback(answer: Result<u32, Error>) -> Result<u32, Error> {
    yield_now().await;
    answer
}

static SHARED: CircuitBreaker = CircuitBreaker::new("shared by classes", Settings::new());

#[circuit_breaker(breaker = SHARED, class = |error| asked("breaker", error))]
fn with_breaker(answer: Result<u32, Error>) -> Result<u32, Error> {
    answer
}

struct Client {
    test: &'static str,
}

impl Client {
    fn class(error: &Error) -> &'static str {
        asked("path", error)
    }

    /// What the closure needs of the function is at hand.
    #[circuit_breaker(key = self.test, class = |error| asked(test, error))]
    fn keyed(&self, test: &'static str, answer: Result<u32, Error>) -> Result<u32, Error> {
        answer
    }
}

#[tokio::test]
async fn only_failures_are_sorted() {
    for answer in [|| Ok(1), || Err(Error::Failed), || Err(Error::NotFound)] {
        assert_eq!(by_closure(answer()), answer());
        assert_eq!(by_path(answer()).await, answer());
        assert_eq!(with_failure_if(answer()), answer());
        assert_eq!(with_fallback(answer()).await.is_ok(), answer().is_ok());
        assert_eq!(with_breaker(answer()), answer());
        assert_eq!(Client { test: "keyed" }.keyed("keyed", answer()), answer());
    }
    assert_asked("closure", &["Failed"]);
    assert_asked("path", &["Failed", "NotFound"]);
    assert_asked("failure_if", &["Failed"]);
    assert_asked("fallback", &["Failed", "NotFound"]);
    assert_asked("breaker", &["Failed", "NotFound"]);
    assert_asked("keyed", &["Failed", "NotFound"]);
}
