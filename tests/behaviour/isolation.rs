//! Tests of users, side by side, on one annotated function.

use std::future::pending;
use std::io;

use breaker_runtime::clock::Clock;
use breaker_runtime::testing::{self, Isolation};
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Settings, State, circuit_breaker};

use crate::support::*;

#[circuit_breaker(threshold = 3)]
async fn fetch(works: bool) -> io::Result<()> {
    tokio::task::yield_now().await;
    if works { Ok(()) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
}

static SHARED: CircuitBreaker = CircuitBreaker::new("isolation::shared", Settings::new().consecutive(1));

#[circuit_breaker(breaker = SHARED)]
fn read(works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
}

#[circuit_breaker(breaker = SHARED)]
fn write() -> io::Result<()> {
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_pairs_of_tests_never_influence_each_other() {
    for _ in 0..1_000 {
        let failing = tokio::spawn(testing::isolated_async(async |test: &Isolation| {
            for _ in 0..3 {
                assert!(tokio::spawn(test.within(fetch(false))).await.unwrap().is_err());
            }
            assert_eq!(fetch_breaker().state(), State::Open);
            test.advance(MINUTE);
            assert!(fetch(true).await.is_ok());
            assert_eq!(fetch_breaker().state(), State::Closed);
            fetch_breaker().totals()
        }));
        let healthy = tokio::spawn(testing::isolated_async(async |test: &Isolation| {
            for _ in 0..2 {
                assert!(fetch(false).await.is_err());
            }
            assert!(tokio::spawn(test.within(fetch(true))).await.unwrap().is_ok());
            assert_eq!(fetch_breaker().state(), State::Closed);
            fetch_breaker().totals()
        }));
        let (failing, healthy) = (failing.await.unwrap(), healthy.await.unwrap());
        assert_eq!((failing.admitted, failing.failed), (4, 3));
        assert_eq!((healthy.admitted, healthy.failed), (3, 2));
    }
}

#[test]
fn functions_that_share_a_breaker_share_its_copy() {
    testing::isolated(|_| {
        assert!(read(false).is_err());
        assert!(write().unwrap_err().get_ref().unwrap().is::<CircuitBreakerError>());
        assert_eq!(write_breaker().state(), State::Open);
        assert_eq!(SHARED.state(), State::Closed);
        testing::isolated(|_| assert!(write().is_ok()));
        assert!(write().is_err(), "back in the outer one");
    });
    assert!(write().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_isolation_can_follow_paused_tokio_time() {
    let test = Isolation::on(Clock::monotonic());
    test.within(async {
        for _ in 0..3 {
            assert!(fetch(false).await.is_err());
        }
        assert_eq!(fetch_breaker().state(), State::Open);
        tokio::time::advance(MINUTE).await;
        assert!(fetch(true).await.is_ok());
    })
    .await;
}

#[circuit_breaker(threshold = 2, timeout = "1s")]
async fn hung() -> io::Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn a_hung_dependency_trips_by_the_time_limit() {
    testing::isolated_async(async |_: &Isolation| {
        for _ in 0..2 {
            assert_eq!(hung().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        assert_eq!(hung_breaker().state(), State::Open);
        assert_eq!(hung_breaker().totals().timed_out, 2);
        let report = hung_breaker().snapshot().last_trip.unwrap();
        assert_eq!(report.failures[0].text, "timed out");
    })
    .await;
}

#[tokio::test]
async fn what_a_dropped_future_drops_stays_within() {
    #[circuit_breaker(threshold = 2)]
    fn clean_up() -> io::Result<()> {
        Ok(())
    }
    struct CleansUp;
    impl Drop for CleansUp {
        fn drop(&mut self) {
            assert!(clean_up().is_ok());
        }
    }
    let test = Isolation::new();
    let guard = CleansUp;
    let mut future = Box::pin(test.within(async move {
        let _guard = guard;
        pending::<()>().await;
    }));
    tokio::select! {
        biased;
        () = &mut future => unreachable!(),
        () = std::future::ready(()) => {}
    }
    drop(future);
    assert_eq!(clean_up_breaker().totals().admitted, 0);
    assert_eq!(test.run(clean_up_breaker).totals().admitted, 1);
}

#[tokio::test]
async fn the_part_of_a_test_before_its_first_await_is_within_too() {
    let shared_by_all = fetch_breaker();
    testing::isolated_async(|_: &Isolation| {
        let within = fetch_breaker();
        async move { assert!(!std::ptr::eq(within, shared_by_all)) }
    })
    .await;
}

#[circuit_breaker(breaker = read_breaker())]
fn append() -> io::Result<()> {
    Ok(())
}

#[test]
fn a_function_that_asks_an_accessor_for_its_breaker_shares_the_copy() {
    testing::isolated(|_| {
        assert!(read(false).is_err());
        assert!(append().is_err());
    });
    assert!(append().is_ok());
}
