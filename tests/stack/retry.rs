//! Failed calls that are made again.

use breaker_runtime::testing::{self, Dependency, Script};
use breaker_runtime::{CircuitBreaker, ErrorKind, Settings, State, circuit_breaker};

use super::support::{Error, Log, MS, SECOND, paused};

#[circuit_breaker(threshold = 100, retry)]
fn plain(dependency: &Dependency) -> Result<u64, Error> {
    dependency.call()?;
    Ok(dependency.calls())
}

#[test]
fn a_failed_call_is_made_again_until_it_succeeds() {
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().works(1).fails(2).works(1).fails(9));
        assert_eq!(plain(&dependency).unwrap(), 1);
        assert_eq!(plain(&dependency).unwrap(), 4);
        assert!(matches!(plain(&dependency), Err(Error::Failed(_))));
        assert_eq!(dependency.calls(), 7, "three attempts, and no more");
        let totals = plain_breaker().totals();
        assert_eq!((totals.admitted, totals.succeeded, totals.failed, totals.retried), (7, 2, 5, 4));
    });
}

#[circuit_breaker(threshold = 100, retry(attempts = 5, backoff = "125ms", factor = 2, max = "400ms"))]
async fn paced(dependency: &Dependency, log: &Log) -> Result<(), Error> {
    log.note("attempt");
    Ok(dependency.call_async().await?)
}

#[tokio::test(start_paused = true)]
async fn waits_grow_between_attempts() {
    paused(async |test| {
        let (dependency, log) = (test.dependency(Script::new().fails(9)), Log::new());
        assert!(paced(&dependency, &log).await.is_err());
        assert_eq!(log.times(), [0, 125, 375, 775, 1_175]);
        assert_eq!(paced_breaker().totals().retried, 4);
    })
    .await;
}

#[test]
fn sync_waits_turn_a_clock_that_is_turned_by_hand() {
    #[circuit_breaker(threshold = 2, reset = "350ms", retry(attempts = 3, backoff = "100ms"))]
    fn call(dependency: &Dependency) -> Result<(), Error> {
        Ok(dependency.call()?)
    }
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().fails(3));
        // 0 ms and 100 ms: open since 100 ms. The third attempt, at 300 ms, is rejected.
        assert_eq!(call(&dependency).unwrap_err().kind(), ErrorKind::Open);
        assert_eq!((dependency.calls(), call_breaker().state()), (2, State::Open));
        test.advance(149 * MS);
        assert_eq!(call(&dependency).unwrap_err().kind(), ErrorKind::Open);
        test.advance(MS);
        // The probe fails, and the next attempt is rejected.
        assert_eq!(call(&dependency).unwrap_err().kind(), ErrorKind::Open);
        assert_eq!(dependency.calls(), 3);
    });
}

#[circuit_breaker(threshold = 100, rate_limit = "1/h", retry)]
fn limited(dependency: &Dependency) -> Result<(), Error> {
    Ok(dependency.call()?)
}

#[test]
fn a_rejection_ends_the_attempts_at_once() {
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().fails(1));
        plain_breaker().set_mode(breaker_runtime::Mode::ForcedOpen);
        assert_eq!(plain(&dependency).unwrap_err().kind(), ErrorKind::ForcedOpen);
        let totals = plain_breaker().totals();
        assert_eq!((dependency.calls(), totals.rejected(), totals.retried), (0, 1, 0));
    });
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().fails(9));
        assert_eq!(limited(&dependency).unwrap_err().kind(), ErrorKind::Limited);
        let totals = limited_breaker().totals();
        assert_eq!(
            (dependency.calls(), totals.retried, totals.rejected_limited),
            (1, 1, 1),
            "each attempt takes a token"
        );
    });
}

#[circuit_breaker(threshold = 100, ignore = Error::Missing, retry(attempts = 4, when = Error::Busy | Error::Failed(_)))]
fn picky(answers: &Answers) -> Result<u32, Error> {
    answers.next()
}

#[circuit_breaker(threshold = 100, retry(attempts = 4, when = |error| matches!(error, Error::Busy)))]
fn closure(answers: &Answers) -> Result<u32, Error> {
    answers.next()
}

#[circuit_breaker(threshold = 100, retry(when = Error::Breaker(_) if tries > 3))]
fn guarded(answers: &Answers, tries: u32) -> Result<u32, Error> {
    answers.next()
}

/// One answer after another.
struct Answers(std::sync::Mutex<Vec<Result<u32, Error>>>);

impl Answers {
    fn new(answers: impl IntoIterator<Item = Result<u32, Error>, IntoIter: DoubleEndedIterator>) -> Self {
        Self(std::sync::Mutex::new(answers.into_iter().rev().collect()))
    }

    fn next(&self) -> Result<u32, Error> {
        self.0.lock().unwrap().pop().expect("as many answers as attempts")
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[test]
fn only_failures_that_are_worth_it_are_made_again() {
    for function in [picky, closure] {
        testing::isolated(|_| {
            let answers = Answers::new([Err(Error::Busy), Ok(2), Err(Error::Missing), Ok(4)]);
            assert_eq!(function(&answers).unwrap(), 2);
            assert!(matches!(function(&answers), Err(Error::Missing)), "ignored, or not worth it");
            assert_eq!(function(&answers).unwrap(), 4);
            assert_eq!(answers.left(), 0);
        });
    }
    testing::isolated(|_| {
        let answers = Answers::new([Err(Error::Busy)]);
        assert!(matches!(guarded(&answers, 9), Err(Error::Busy)));
    });
}

#[circuit_breaker(threshold = 100, timeout = "1s", retry(when = Error::Breaker(error) if error.kind() == ErrorKind::TimedOut))]
async fn hanging(dependency: &Dependency) -> Result<(), Error> {
    Ok(dependency.call_async().await?)
}

#[tokio::test(start_paused = true)]
async fn a_time_out_is_asked_about_as_the_error_that_it_becomes() {
    paused(async |test| {
        let dependency = test.dependency(Script::new().hangs(2).works(1).fails(1));
        hanging(&dependency).await.unwrap();
        assert!(matches!(hanging(&dependency).await, Err(Error::Failed(_))));
        let totals = hanging_breaker().totals();
        assert_eq!((dependency.calls(), totals.timed_out, totals.retried), (4, 2, 2));
    })
    .await;
}

static SHARED: CircuitBreaker = CircuitBreaker::new("shared", Settings::new().consecutive(100));

#[circuit_breaker(key = host, threshold = 3, retry(attempts = 2, backoff = "1ms"), fallback = nowhere)]
fn by_host(host: &str, dependency: &Dependency) -> Result<String, Error> {
    dependency.call()?;
    Ok(format!("{host} answers"))
}

fn nowhere(host: &str, _: &Dependency) -> Result<String, Error> {
    Ok(format!("{host} is away"))
}

#[test]
fn each_key_has_its_own_breaker_for_all_attempts() {
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().fails(4));
        assert!(by_host("eu", &dependency).is_err());
        // The third failure opens; the fallback answers the rejected attempt.
        assert_eq!(by_host("eu", &dependency).unwrap(), "eu is away");
        assert_eq!(dependency.calls(), 3);
        assert_eq!(by_host("us", &dependency).unwrap(), "us answers");
        let (eu, us) = (by_host_breakers().get("eu").unwrap(), by_host_breakers().get("us").unwrap());
        assert_eq!((eu.totals().retried, us.totals().retried), (2, 1));
        assert_eq!((eu.state(), us.state()), (State::Open, State::Closed));
    });
}

#[circuit_breaker(breaker = SHARED, retry(attempts = 2, backoff = "1ms"), fallback = |_| Ok(0), fallback_on = "failure")]
fn shared(dependency: &Dependency) -> Result<u64, Error> {
    dependency.call()?;
    Ok(dependency.calls())
}

#[test]
fn the_fallback_answers_when_all_attempts_have_failed() {
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().fails(3));
        assert_eq!(shared(&dependency).unwrap(), 0);
        assert_eq!(shared(&dependency).unwrap(), 4);
        let totals = shared_breaker().totals();
        assert_eq!((totals.fallbacks_run, totals.retried), (1, 2), "one answer for both attempts of the first call");
    });
}

#[test]
fn a_panic_is_not_made_again() {
    #[circuit_breaker(threshold = 100, retry)]
    fn panics(dependency: &Dependency) -> Result<(), Error> {
        dependency.call().expect("it works");
        Ok(())
    }
    testing::isolated(|test| {
        let dependency = test.dependency(Script::new().fails(1));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panics(&dependency)));
        assert!(panicked.is_err());
        let totals = panics_breaker().totals();
        assert_eq!((dependency.calls(), totals.failed, totals.retried), (1, 1, 0));
    });
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_is_not_made_again() {
    paused(async |test| {
        let (dependency, log) = (test.dependency(Script::new().fails(9)), Log::new());
        let call = paced(&dependency, &log);
        assert!(tokio::time::timeout(SECOND, call).await.is_err());
        // It waits for a fifth attempt, at 1,175 ms.
        assert_eq!(log.times(), [0, 125, 375, 775]);
        let totals = paced_breaker().totals();
        assert_eq!((totals.admitted, totals.failed, totals.cancelled, totals.retried), (4, 4, 0, 3));
    })
    .await;
}

#[circuit_breaker(threshold = 100, ignore = Error::Busy if least > 3, retry(when = Error::Busy if most > 3),
    fallback = |_| Ok(most), fallback_on = "failure")]
fn of_pattern((least, mut most): (u32, u32), name: String) -> Result<u32, Error> {
    most += u32::try_from(name.len()).unwrap();
    if most > 9 { Ok(most) } else { Err(Error::Busy) }
}

#[circuit_breaker(threshold = 2, retry(backoff = "1ms"), fallback = |_| Ok(name))]
fn moved(name: String, works: bool) -> Result<String, Error> {
    if works { Ok(name + "!") } else { Err(Error::Busy) }
}

#[test]
fn names_out_of_patterns_and_closures_are_what_they_are_without_attempts() {
    testing::isolated(|_| {
        let call = |pair| of_pattern(pair, "ab".to_owned()).ok();
        assert_eq!((call((1, 9)), of_pattern_breaker().totals().retried), (Some(11), 0));
        assert_eq!((call((1, 4)), of_pattern_breaker().totals().retried), (Some(4), 2), "the fallback's");
        assert_eq!((call((1, 2)), of_pattern_breaker().totals().retried), (Some(2), 2), "not worth it");
        assert_eq!((call((4, 4)), of_pattern_breaker().totals().ignored), (None, 1));
        assert_eq!(moved("a".to_owned(), true).unwrap(), "a!");
        assert_eq!(moved("a".to_owned(), false).unwrap(), "a", "open after two attempts");
    });
}

#[circuit_breaker(threshold = 100, failure_if = |answer| matches!(answer, Ok(503)), retry(attempts = 2, backoff = "1ms", when = _))]
fn status(answers: &Answers) -> Result<u32, Error> {
    answers.next()
}

#[test]
fn all_failures_are_all_also_those_that_are_no_error() {
    testing::isolated(|_| {
        let answers = Answers::new([Ok(503), Ok(200), Ok(503), Ok(503)]);
        assert_eq!((status(&answers).unwrap(), status(&answers).unwrap()), (200, 503));
    });
}
