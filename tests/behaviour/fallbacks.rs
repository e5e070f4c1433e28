//! How often fallbacks run and fail.

use std::io;
use std::panic::catch_unwind;

use breaker_runtime::testing::{self, Isolation};
use breaker_runtime::{State, circuit_breaker};

#[derive(Clone, Copy)]
enum Fallback {
    Answers,
    Fails,
    Panics,
}

#[circuit_breaker(threshold = 1, fallback = cached)]
fn fetch(_fallback: Fallback) -> io::Result<u32> {
    Err(io::ErrorKind::ConnectionRefused.into())
}

fn cached(fallback: Fallback) -> io::Result<u32> {
    match fallback {
        Fallback::Answers => Ok(1),
        Fallback::Fails => Err(io::ErrorKind::NotFound.into()),
        Fallback::Panics => panic!("boom"),
    }
}

#[test]
fn runs_and_failures_are_counted_and_never_recorded_by_the_breaker() {
    testing::isolated(|test| {
        assert!(fetch(Fallback::Answers).is_err(), "the failure before the trip reaches the caller");
        assert_eq!(fetch_breaker().totals().fallbacks_run, 0);
        assert_eq!(fetch(Fallback::Answers).unwrap(), 1);
        assert_eq!(fetch(Fallback::Fails).unwrap_err().kind(), io::ErrorKind::NotFound);
        let isolation = test.clone();
        assert!(catch_unwind(move || isolation.run(|| fetch(Fallback::Panics))).is_err());
        let totals = fetch_breaker().totals();
        assert_eq!((totals.fallbacks_run, totals.fallbacks_failed), (3, 2));
        assert_eq!((totals.admitted, totals.failed, totals.rejected_open), (1, 1, 3));
    });
}

#[circuit_breaker(threshold = 1, fallback = async |_| std::future::pending().await)]
async fn hangs() -> io::Result<u32> {
    Err(io::ErrorKind::ConnectionRefused.into())
}

#[tokio::test]
async fn a_fallback_that_is_dropped_has_not_failed() {
    let test = Isolation::new();
    test.within(async {
        assert!(hangs().await.is_err());
        assert_eq!(hangs_breaker().state(), State::Open);
        tokio::select! {
            biased;
            _ = hangs() => unreachable!("its fallback never ends"),
            () = std::future::ready(()) => {}
        }
        let totals = hangs_breaker().totals();
        assert_eq!((totals.fallbacks_run, totals.fallbacks_failed), (1, 0));
    })
    .await;
}
