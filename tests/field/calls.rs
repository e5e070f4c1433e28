//! Sync and async calls: which are counted, which are made, and which wait.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use breaker_runtime::{CircuitBreaker, Mode, Settings, State, circuit_breaker, testing};

use crate::support::*;

// pybreaker never sees a coroutine fail, a tutorial's `call` neither: 20 failures, and closed.
#[tokio::test]
async fn failing_futures_are_not_overlooked() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    for _ in 0..3 {
        assert_eq!(breaker.call_async(async { Err::<(), _>(Error::Down) }).await, Err(Error::Down));
    }
    assert_eq!(breaker.state(), State::Open);
}

#[circuit_breaker(threshold = 2)]
async fn ask(works: bool) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    if works { Ok(1) } else { Err(Error::Down) }
}

// Resilience4j records a suspending function as a success when it first suspends.
#[tokio::test]
async fn an_async_function_is_not_a_success_before_it_has_ended() {
    testing::isolated_async(async |_: &testing::Isolation| {
        let call = ask(false);
        assert_eq!(ask_breaker().totals().admitted, 0);
        assert_eq!(call.await, Err(Error::Down));
        assert_eq!(ask(false).await, Err(Error::Down));
        let totals = ask_breaker().totals();
        assert_eq!((ask_breaker().state(), totals.succeeded, totals.failed), (State::Open, 0, 2));
    })
    .await;
}

// A tutorial guards the same fields by a thread's lock here and a task's lock there.
#[tokio::test]
async fn sync_and_async_calls_do_not_count_apart() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    assert_eq!(breaker.call(|| Err::<(), _>(Error::Down)), Err(Error::Down));
    assert_eq!(breaker.call_async(async { Err::<(), _>(Error::Down) }).await, Err(Error::Down));
    assert_eq!(breaker.state(), State::Open);
}

// fabfuel's `with` runs its body while open, and a clean body then closes it; tokitai-macros does
// not reject at all; resilient has a way of calling that runs the operation.
#[test]
fn an_open_breaker_does_not_run_the_call() {
    let (breaker, _) = open(Settings::new());
    let call = || breaker.call(|| -> Result<(), Error> { unreachable!("it is open") });
    assert_eq!((call(), breaker.state()), (Err(Error::Rejected), State::Open));
}

// tower-resilience asked the inner service of an open circuit all the same; a user of fabfuel passed
// `f()` in the place of `f`; a tutorial left the rejected coroutine without an await.
#[tokio::test]
async fn an_open_breaker_does_not_poll_the_future() {
    let (breaker, _) = open(Settings::new());
    let call = std::future::poll_fn(|_| -> std::task::Poll<Result<(), Error>> { unreachable!("it is open") });
    assert_eq!(breaker.call_async(call).await, Err(Error::Rejected));
}

// allframe-macros panics on rejection.
#[tokio::test]
async fn a_rejection_does_not_panic() {
    testing::isolated_async(async |_: &testing::Isolation| {
        for _ in 0..2 {
            assert_eq!(ask(false).await, Err(Error::Down));
        }
        assert_eq!(ask(true).await, Err(Error::Rejected));
    })
    .await;
}

// pybreaker and fabfuel hold a lock across the call: ten calls run one after the other.
#[test]
fn calls_do_not_wait_for_one_another() {
    let (breaker, _) = breaker(Settings::new());
    let all_inside = Barrier::new(10);
    let call = || {
        breaker.call(|| {
            all_inside.wait();
            Ok::<_, Error>(())
        })
    };
    assert_eq!(at_once(10, call), [Ok(()); 10]);
}

// pybreaker again: ten concurrent calls of 0.1 s took 1 s.
#[tokio::test]
async fn async_calls_do_not_wait_for_one_another() {
    let (breaker, _) = breaker(Settings::new());
    let all_inside = tokio::sync::Barrier::new(3);
    let call = || {
        breaker.call_async(async {
            all_inside.wait().await;
            Ok::<_, Error>(())
        })
    };
    assert_eq!(tokio::join!(call(), call(), call()), (Ok(()), Ok(()), Ok(())));
}

// pybreaker and fabfuel before that had no lock at all: threads could overwrite each other's counts.
#[test]
fn no_count_is_lost_between_threads() {
    let (breaker, _) = breaker(Settings::new().consecutive(8));
    at_once(8, || fail(&breaker));
    assert_eq!((breaker.state(), breaker.totals().failed), (State::Open, 8));
}

// gobreaker: asking the breaker from code that it runs itself is a deadlock.
#[test]
fn asking_the_breaker_from_within_its_call_does_not_deadlock() {
    let (breaker, _) = breaker(Settings::new());
    let call = || {
        breaker.call(|| {
            breaker.set_mode(Mode::Disabled);
            breaker.set_mode(Mode::Automatic);
            breaker.close();
            Ok::<_, Error>((breaker.snapshot().state, breaker.history().len()))
        })
    };
    assert_eq!(call(), Ok((State::Closed, 3)));
}

// The same from the text of an error, which a report quotes.

/// An error whose text is made with a look at the breaker.
struct Asks<'a>(&'a CircuitBreaker);

impl std::fmt::Display for Asks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.close();
        write!(f, "{}", self.0.about())
    }
}

#[test]
fn an_error_whose_text_asks_the_breaker_does_not_deadlock() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    (0..3).for_each(|_| admitted(&breaker).failure_with(&Asks(&breaker)));
    assert_eq!(breaker.totals().failed, 3);
}

// recloser stalls the clean-up of the whole process during a slow call; here nothing waits for one.
#[test]
fn a_slow_call_does_not_hold_up_changes_of_state() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(SECOND));
    let (began, changes) = (Barrier::new(2), AtomicUsize::new(0));
    thread::scope(|scope| {
        let slow = scope.spawn(|| {
            breaker.call(|| {
                began.wait();
                began.wait();
                Ok::<_, Error>(changes.load(Ordering::SeqCst))
            })
        });
        began.wait();
        fail(&breaker);
        clock.advance(SECOND);
        succeed(&breaker);
        changes.store(breaker.history().len(), Ordering::SeqCst);
        began.wait();
        assert_eq!(slow.join().unwrap(), Ok(3));
    });
    assert_eq!(breaker.totals().late, 1);
}
