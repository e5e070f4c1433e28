//! Calls that end in another epoch than they began in.

use std::sync::Arc;

use breaker_runtime::testing::{self, Isolation};
use breaker_runtime::{CircuitBreaker, CircuitBreakerError, Settings, State, circuit_breaker};
use tokio::sync::oneshot;

use crate::support::*;

type Answer = Result<(), CircuitBreakerError>;

/// A breaker on which calls begin that end when they are told how.
struct Stragglers {
    breaker: Arc<CircuitBreaker>,
    ends: Vec<oneshot::Sender<bool>>,
    calls: Vec<tokio::task::JoinHandle<Result<(), Box<dyn std::error::Error + Send + Sync>>>>,
}

impl Stragglers {
    async fn under_way(breaker: CircuitBreaker, calls: u64) -> Self {
        let mut all = Self { breaker: Arc::new(breaker), ends: Vec::new(), calls: Vec::new() };
        for number in 1..=calls {
            let (end, ended) = oneshot::channel();
            let breaker = Arc::clone(&all.breaker);
            all.ends.push(end);
            all.calls.push(tokio::spawn(async move {
                breaker.call_async(async { if ended.await? { Ok(()) } else { Err("failed".into()) } }).await
            }));
            while all.breaker.totals().admitted < number {
                tokio::task::yield_now().await;
            }
        }
        all
    }

    async fn end_next(&mut self, well: bool) {
        self.ends.remove(0).send(well).unwrap();
        assert_eq!(self.calls.remove(0).await.unwrap().is_ok(), well);
    }

    async fn abort_next(&mut self) {
        let call = self.calls.remove(0);
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
}

async fn late_calls_change_nothing() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(SECOND));
    let mut late = Stragglers::under_way(breaker, 6).await;
    let breaker = Arc::clone(&late.breaker);
    fail(&breaker);
    late.end_next(true).await;
    late.end_next(false).await;
    late.abort_next().await;
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(rejected(&breaker).retry_after(), Some(SECOND));
    clock.advance(SECOND);
    let probe = admitted(&breaker);
    late.ends.remove(0);
    late.end_next(true).await;
    late.end_next(false).await;
    late.abort_next().await;
    assert_eq!(breaker.snapshot().probes_in_flight, 1);
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
    let totals = breaker.totals();
    assert_eq!((totals.late, totals.in_flight(), totals.cancelled), (6, 0, 2));
}

#[tokio::test]
async fn late_calls_change_nothing_on_one_thread() {
    late_calls_change_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_calls_change_nothing_on_many_threads() {
    for _ in 0..50 {
        late_calls_change_nothing().await;
    }
}

#[tokio::test]
async fn a_call_dropped_by_select_after_the_trip_is_late() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(SECOND));
    tokio::select! {
        biased;
        _ = breaker.call_async(std::future::pending::<Answer>()) => unreachable!(),
        () = async {
            fail(&breaker);
            clock.advance(SECOND);
            succeed(&breaker);
        } => {}
    }
    assert_eq!(breaker.state(), State::Closed);
    let totals = breaker.totals();
    assert_eq!((totals.late, totals.cancelled, totals.in_flight()), (1, 1, 0));
}

#[circuit_breaker(threshold = 1)]
fn sync(breaker_trips_meanwhile: bool) -> Answer {
    if breaker_trips_meanwhile {
        fail(sync_breaker());
    }
    Ok(())
}

#[circuit_breaker(threshold = 1)]
async fn asynchronous(end: oneshot::Receiver<()>) -> Answer {
    // Told to end, or told that nobody will tell.
    let _ = end.await;
    Ok(())
}

#[test]
fn an_annotated_call_that_ends_after_the_trip_is_late() {
    testing::isolated(|_| {
        assert!(sync(true).is_ok());
        assert_eq!(sync_breaker().state(), State::Open);
        assert_eq!(sync_breaker().totals().late, 1);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn annotated_calls_on_other_threads_are_late_too_however_they_end() {
    let test = Isolation::new();
    let breaker = test.run(asynchronous_breaker);
    let ((end, ended), (_never, dropped)) = (oneshot::channel(), oneshot::channel());
    let ends = tokio::spawn(test.within(asynchronous(ended)));
    let is_dropped = tokio::spawn(test.within(asynchronous(dropped)));
    while breaker.totals().admitted < 2 {
        tokio::task::yield_now().await;
    }
    fail(breaker);
    end.send(()).unwrap();
    assert!(ends.await.unwrap().is_ok());
    is_dropped.abort();
    assert!(is_dropped.await.unwrap_err().is_cancelled());
    let totals = breaker.totals();
    assert_eq!((breaker.state(), totals.late, totals.in_flight()), (State::Open, 2, 0));
}
