//! So many calls at once, and no more.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use breaker_runtime::{
    Breakers, CircuitBreaker, CircuitBreakerError, ErrorKind, Mode, Settings, State, circuit_breaker,
};

use super::support::{MINUTE, SECOND, breaker, fail, rejected_as, succeed};

/// By every way of counting that a breaker has.
fn all_rules() -> [Settings; 7] {
    [
        Settings::new(),
        Settings::new().failures(9).window(MINUTE),
        Settings::new().failure_rate(0.9).window_calls(10),
        Settings::new().failure_rate(0.9).window(MINUTE),
        Settings::new().slow_rate(0.9).slow_call(MINUTE).window_calls(10),
        Settings::new().latency(true),
        Settings::new().timeout(MINUTE),
    ]
}

#[test]
fn a_place_is_given_back_however_a_call_ends() {
    for settings in all_rules() {
        let (breaker, clock) = breaker(settings.max_concurrent(2));
        let held = breaker.try_acquire().unwrap();
        for end in 0..6 {
            let permit = breaker.try_acquire().unwrap();
            rejected_as(&breaker, ErrorKind::Full);
            match end {
                0 => permit.success(),
                1 => permit.failure(),
                2 => permit.ignore(),
                3 => drop(permit),
                4 => {
                    let panicked = std::panic::catch_unwind(|| {
                        let _permit = permit;
                        std::panic::resume_unwind(Box::new(()));
                    });
                    assert!(panicked.is_err());
                }
                _ => {
                    // In a later epoch than it began in.
                    breaker.close();
                    permit.success();
                }
            }
            clock.advance(SECOND);
        }
        held.success();
        let totals = breaker.totals();
        assert_eq!((totals.rejected_full, totals.rejected(), totals.in_flight()), (6, 6, 0), "{settings}");
        assert_eq!(totals.admitted, 7, "{settings}: those without a place were not made");
    }
}

#[test]
fn the_error_says_what_is_the_matter_and_not_when_to_come_again() {
    let (breaker, _) = breaker(Settings::new().max_concurrent(1));
    let held = breaker.try_acquire().unwrap();
    let error = breaker.try_acquire().unwrap_err();
    assert_eq!(error.to_string(), "circuit breaker `dependency`: 1 call may run at once, and no place is free");
    assert_eq!((error.kind(), error.retry_after(), error.report().is_none()), (ErrorKind::Full, None, true));
    held.success();
}

#[test]
fn an_open_breaker_gives_no_places_away_and_a_full_one_tells_nothing_of_its_dependency() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(SECOND).max_concurrent(1));
    let held = breaker.try_acquire().unwrap();
    (0..9).for_each(|_| rejected_as(&breaker, ErrorKind::Full));
    assert_eq!(breaker.state(), State::Closed);
    held.failure();
    rejected_as(&breaker, ErrorKind::Open);
    clock.advance(SECOND);
    // The place of a probe that finds no place is given back.
    breaker.set_settings(breaker.settings().probes(2)).unwrap();
    let probe = breaker.try_acquire().unwrap();
    (0..9).for_each(|_| rejected_as(&breaker, ErrorKind::Full));
    assert_eq!((breaker.state(), breaker.snapshot().probes_in_flight), (State::HalfOpen, 1));
    probe.success();
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn half_open_ends_by_what_was_called_not_by_what_was_turned_away() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1).reset(SECOND).probes(3).max_concurrent(1));
    fail(&breaker);
    clock.advance(SECOND);
    succeed(&breaker);
    let hung = breaker.try_acquire().unwrap();
    (0..9).for_each(|_| rejected_as(&breaker, ErrorKind::Full));
    clock.advance(2 * MINUTE);
    // One answered, and one is under way: as many as not.
    hung.ignore();
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_mode_that_rejects_nothing_does_not_do_so_for_places_either() {
    let (breaker, _) = breaker(Settings::new().max_concurrent(1));
    breaker.set_mode(Mode::MetricsOnly);
    let held: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    assert_eq!((breaker.totals().would_have_rejected, breaker.totals().rejected_full), (2, 0));
    breaker.set_mode(Mode::Automatic);
    rejected_as(&breaker, ErrorKind::Full);
    breaker.set_mode(Mode::Disabled);
    let free = breaker.try_acquire().unwrap();
    breaker.set_mode(Mode::Automatic);
    drop(held);
    let one = breaker.try_acquire().unwrap();
    free.success();
    rejected_as(&breaker, ErrorKind::Full);
    one.success();
    succeed(&breaker);
}

#[test]
fn a_limit_that_comes_goes_or_changes_counts_the_calls_that_took_places() {
    for settings in all_rules() {
        let (breaker, _) = breaker(settings);
        let before = breaker.try_acquire().unwrap();
        breaker.set_settings(settings.max_concurrent(2)).unwrap();
        let two = [(); 2].map(|()| breaker.try_acquire().unwrap());
        rejected_as(&breaker, ErrorKind::Full);
        before.success();
        rejected_as(&breaker, ErrorKind::Full);
        breaker.set_settings(settings).unwrap();
        succeed(&breaker);
        let without = breaker.try_acquire().unwrap();
        breaker.set_settings(settings.max_concurrent(3)).unwrap();
        let third = breaker.try_acquire().unwrap();
        rejected_as(&breaker, ErrorKind::Full);
        without.success();
        rejected_as(&breaker, ErrorKind::Full);
        two.into_iter().for_each(breaker_runtime::Permit::success);
        third.success();
        let three = [(); 3].map(|()| breaker.try_acquire().unwrap());
        rejected_as(&breaker, ErrorKind::Full);
        drop(three);
        assert_eq!(breaker.totals().in_flight(), 0, "{settings}");
    }
}

#[test]
fn each_key_of_a_family_has_places_of_its_own() {
    static HOSTS: Breakers = Breakers::new("places::hosts", Settings::new().max_concurrent(1)).max_keys(1);
    let held = HOSTS.try_acquire("a").unwrap();
    assert_eq!(HOSTS.try_acquire("a").unwrap_err().kind(), ErrorKind::Full);
    // Runs on the breaker of those without a place in the family, which rejects nothing.
    let other = [(); 2].map(|()| HOSTS.try_acquire("b").unwrap());
    held.success();
    drop(other);
    // The next key begins with all places free.
    HOSTS.try_acquire("c").unwrap().success();
    let held = HOSTS.try_acquire("c").unwrap();
    assert_eq!(HOSTS.try_acquire("c").unwrap_err().kind(), ErrorKind::Full);
    drop(held);
}

#[circuit_breaker(max_concurrent = 2, fallback = |_| Ok(0))]
async fn limited(gate: &tokio::sync::Semaphore) -> Result<u32, CircuitBreakerError> {
    let _passed = gate.acquire().await;
    Ok(1)
}

#[tokio::test]
async fn an_async_call_has_its_place_until_it_has_ended_or_is_dropped() {
    let gate = tokio::sync::Semaphore::new(0);
    let mut calls = [Box::pin(limited(&gate)), Box::pin(limited(&gate))];
    for call in &mut calls {
        assert!(polled(call).await.is_none());
    }
    assert_eq!(limited(&gate).await.unwrap(), 0, "the fallback answers");
    let [dropped, mut ended] = calls;
    drop(dropped);
    gate.add_permits(9);
    assert_eq!(limited(&gate).await.unwrap(), 1);
    assert_eq!(polled(&mut ended).await.unwrap().unwrap(), 1);
    assert_eq!(limited_breaker().totals().rejected_full, 1);
}

/// What a future gives at one poll.
async fn polled<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *future).poll(context);
        std::task::Poll::Ready(match polled {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[test]
fn never_more_run_at_once_on_any_number_of_threads() {
    static CROWDED: CircuitBreaker =
        CircuitBreaker::new("places::crowded", Settings::new().failure_rate(1.0).max_concurrent(3));
    let (running, most) = (AtomicU32::new(0), AtomicU32::new(0));
    let call = || {
        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        thread::yield_now();
        running.fetch_sub(1, Ordering::SeqCst);
        Ok::<(), CircuitBreakerError>(())
    };
    let calls = thread::scope(|scope| {
        let crowd = || (0..2_000).filter(|_| CROWDED.call(call).is_ok()).count() as u64;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(crowd)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>()
    });
    let totals = CROWDED.totals();
    assert!(most.load(Ordering::SeqCst) <= 3);
    assert_eq!((totals.succeeded, totals.rejected_full, totals.in_flight()), (calls, 16_000 - calls, 0));
}
