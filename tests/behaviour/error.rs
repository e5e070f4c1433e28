//! What a rejected caller gets, and what it must not get.

use std::error::Error;
use std::fmt;
use std::io;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, ErrorKind, Settings, circuit_breaker, testing};

use crate::support::*;

const SECRET: &str = "postgres://admin:hunter2@10.0.0.7";

#[derive(Debug)]
struct Leaky;

impl fmt::Display for Leaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET)
    }
}

impl Error for Leaky {}

#[test]
fn the_public_line_says_what_someone_on_call_needs() {
    let (breaker, clock) = breaker(Settings::new().consecutive(3));
    (0..3).for_each(|_| fail(&breaker));
    clock.advance(SECOND);
    assert_eq!(
        rejected(&breaker).to_string(),
        "circuit breaker `dependency` is open: 3 failures in a row (limit 3); a retry can pass in 59 s"
    );
    clock.advance(59 * SECOND);
    let _probe = admitted(&breaker);
    assert_eq!(
        rejected(&breaker).to_string(),
        "circuit breaker `dependency` is half-open and waits for its probes; it had opened: \
         3 failures in a row (limit 3)"
    );
}

#[test]
fn a_rejection_finds_the_report_of_its_own_trip_as_long_as_that_is_kept() {
    let (breaker, clock) = open(Settings::new());
    let first = rejected(&breaker);
    let first_trip = first.report().expect("just opened");
    for _ in 0..3 {
        clock.advance(MINUTE);
        fail(&breaker);
    }
    assert_eq!(first.report(), Some(first_trip));
    assert_eq!(rejected(&breaker).report().unwrap().epoch, 7);
    for _ in 0..20 {
        clock.advance(MINUTE);
        fail(&breaker);
    }
    assert_eq!(first.report(), None);
    assert!(first.to_string().contains("is open; a retry can pass"), "{first}");
}

#[test]
fn an_error_outlives_its_breaker() {
    let error = {
        let (breaker, _) = open(Settings::new());
        rejected(&breaker)
    };
    let (_another, _) = open(Settings::new());
    assert_eq!(error.report(), None);
    assert_eq!(error.breaker(), "dependency");
    assert_eq!(error.kind(), ErrorKind::Open);
}

#[test]
fn what_one_callers_error_says_no_other_caller_can_print() {
    #[circuit_breaker(threshold = 1)]
    fn leaky() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(Leaky.into())
    }
    let test = testing::Isolation::new();
    let breaker = test.run(leaky_breaker);
    let _ = test.run(leaky);
    let mut errors = vec![rejected(breaker)];
    let report = errors[0].report().expect("just opened");
    assert!(report.failures[0].text.contains("hunter2"), "the secret must be there to leak");
    test.advance(MINUTE);
    let _probe = admitted(breaker);
    errors.push(rejected(breaker));
    for error in errors {
        assert!(error.source().is_none());
        let io = io::Error::from(error.clone());
        let boxed: Box<dyn Error + Send + Sync> = error.clone().into();
        for text in [
            format!("{error} {error:?} {error:#} {error:#?}"),
            format!("{io} {io:?} {io:#?} {:?}", io.source().map(ToString::to_string)),
            format!("{boxed} {boxed:?} {boxed:#?} {:?}", boxed.source().map(ToString::to_string)),
            format!("{:?} {:#?}", breaker_runtime::Cause::<()>::Rejected(error), breaker),
        ] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
    for change in breaker.history() {
        let reason = &change.reason;
        let texts = format!("{change} {change:#} {change:?} {change:#?} {reason} {reason:#} {reason:?}");
        assert!(!texts.contains("hunter2"), "{texts}");
    }
    let snapshot = format!("{:?}", breaker.snapshot());
    assert!(!snapshot.contains("hunter2"), "{snapshot}");
}

#[test]
fn rejections_turn_into_common_errors() {
    let (breaker, _) = open(Settings::new());
    let io = breaker.call(|| -> io::Result<()> { unreachable!() }).unwrap_err();
    assert!(io.get_ref().unwrap().is::<CircuitBreakerError>());
    let boxed = breaker.call(|| -> Result<(), Box<dyn Error + Send + Sync>> { unreachable!() }).unwrap_err();
    assert!(boxed.is::<CircuitBreakerError>());
}

#[test]
fn a_rejection_is_small() {
    assert!(size_of::<CircuitBreakerError>() <= 64, "{}", size_of::<CircuitBreakerError>());
}

#[test]
fn the_report_quotes_the_error_for_those_who_may_see_it() {
    #[circuit_breaker(threshold = 1, name = "quoting")]
    fn leak() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(Leaky.into())
    }
    let _ = leak();
    let report = leak_breaker().snapshot().last_trip.unwrap();
    assert_eq!(report.failures[0].text, SECRET);
    assert!(format!("{report:#}").contains(SECRET));
    assert!(!format!("{report} {report:?}").contains(SECRET));
}

#[test]
fn the_public_line_is_one_line_whatever_the_name() {
    let breaker = CircuitBreaker::builder("two\nlines").settings(Settings::new().consecutive(1)).build().unwrap();
    fail(&breaker);
    let error = rejected(&breaker);
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    assert_eq!(error.breaker(), "two\nlines");
}

#[test]
fn a_text_that_takes_long_delays_the_trip_and_not_the_probe() {
    struct Slow<'a>(&'a ManualClock);
    impl fmt::Display for Slow<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.advance(30 * SECOND);
            f.write_str("slow")
        }
    }
    impl From<CircuitBreakerError> for Slow<'_> {
        fn from(_: CircuitBreakerError) -> Self {
            unreachable!("the breaker is closed")
        }
    }
    let clock = ManualClock::new();
    testing::Isolation::on(&clock).run(|| {
        #[circuit_breaker(threshold = 1, reset = "10s")]
        fn slow(clock: &ManualClock) -> Result<(), Slow<'_>> {
            Err(Slow(clock))
        }
        assert!(slow(&clock).is_err());
        assert_eq!(slow_breaker().snapshot().retry_after, Some(10 * SECOND));
    });
}
