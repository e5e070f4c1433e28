//! Calls that panic, and calls that other panics pass by.

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use breaker_runtime::{CircuitBreakerError, Settings, State, circuit_breaker};

use crate::support::*;

type Answer = Result<(), CircuitBreakerError>;

#[test]
fn breakers_permits_and_errors_may_be_carried_anywhere() {
    fn check<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    check::<breaker_runtime::CircuitBreaker>();
    check::<breaker_runtime::Permit<&'static breaker_runtime::CircuitBreaker>>();
    check::<CircuitBreakerError>();
    check::<breaker_runtime::Snapshot>();
}

#[test]
fn a_panic_is_a_failure_and_goes_on_unwinding() {
    let (breaker, clock) = breaker(Settings::new().consecutive(2));
    for _ in 0..2 {
        let caught = catch_unwind(AssertUnwindSafe(|| breaker.call(|| -> Answer { panic!("boom") })));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "boom");
    }
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().last_trip.unwrap().failures[0].text, "panicked");
    clock.advance(MINUTE);
    let _ = catch_unwind(AssertUnwindSafe(|| breaker.call(|| -> Answer { panic!("boom") })));
    assert_eq!(breaker.state(), State::Open, "a probe that panics has failed");
    clock.advance(MINUTE);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed, "the breaker is never poisoned");
}

#[test]
fn a_permit_dropped_by_a_panic_is_a_failure() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let _permit = admitted(&breaker);
        panic!("boom");
    }));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_permit_taken_and_dropped_while_the_thread_panics_is_cancelled() {
    struct CallsOnDrop<'a>(&'a breaker_runtime::CircuitBreaker);
    impl Drop for CallsOnDrop<'_> {
        fn drop(&mut self) {
            cancel(self.0);
            succeed(self.0);
        }
    }
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let _calls = CallsOnDrop(&breaker);
        panic!("boom");
    }));
    let totals = breaker.totals();
    assert_eq!((totals.failed, totals.cancelled, totals.succeeded), (0, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_spawned_call_is_a_failure() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let breaker = Arc::new(breaker);
    let task = tokio::spawn({
        let breaker = Arc::clone(&breaker);
        async move {
            breaker
                .call_async(async {
                    tokio::task::yield_now().await;
                    assert!(std::hint::black_box(false), "boom");
                    Answer::Ok(())
                })
                .await
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn a_call_dropped_by_the_panic_of_its_neighbour_is_cancelled() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let breaker = Arc::new(breaker);
    let task = tokio::spawn({
        let breaker = Arc::clone(&breaker);
        async move {
            let call = breaker.call_async(pending::<Answer>());
            let neighbour = async {
                ready(()).await;
                panic!("not the call's fault");
            };
            tokio::join!(call, neighbour)
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    let totals = breaker.totals();
    assert_eq!((totals.admitted, totals.failed, totals.cancelled), (1, 0, 1));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_panic_of_the_judge_is_a_failure() {
    #[circuit_breaker(threshold = 1, failure_if = |_| panic!("the judge"))]
    fn judged() -> Answer {
        Ok(())
    }
    #[circuit_breaker(threshold = 1, failure_if = |_| panic!("the judge"))]
    async fn judged_async() -> Answer {
        Ok(())
    }
    assert!(catch_unwind(judged).is_err());
    assert_eq!(judged_breaker().state(), State::Open);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| runtime.block_on(judged_async()))).is_err());
    assert_eq!(judged_async_breaker().state(), State::Open);
}

#[circuit_breaker(threshold = 1)]
async fn annotated(panics: bool) -> Answer {
    tokio::task::yield_now().await;
    assert!(!panics, "boom");
    pending().await
}

#[tokio::test]
async fn an_annotated_call_is_failed_by_its_own_panic_and_cancelled_by_its_neighbours() {
    let within = breaker_runtime::testing::Isolation::new();
    let breaker = within.run(annotated_breaker);
    let neighbour = within.within(async {
        let panics = async {
            tokio::task::yield_now().await;
            panic!("not the call's fault");
        };
        tokio::join!(annotated(false), panics)
    });
    assert!(tokio::spawn(neighbour).await.unwrap_err().is_panic());
    assert_eq!((breaker.totals().failed, breaker.totals().cancelled), (0, 1));
    assert_eq!(breaker.state(), State::Closed);
    assert!(tokio::spawn(within.within(annotated(true))).await.unwrap_err().is_panic());
    assert_eq!(breaker.totals().failed, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_time_limit_without_a_runtime_is_a_failure_of_the_call() {
    #[circuit_breaker(threshold = 1, timeout = "1s")]
    async fn limited() -> Answer {
        Ok(())
    }
    let mut call = Box::pin(limited());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut context))).is_err());
    assert_eq!(limited_breaker().state(), State::Open);
}
