//! So many calls within a time, and no more.

use std::thread;
use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{
    Breakers, CircuitBreaker, CircuitBreakerError, ErrorKind, Mode, Settings, State, circuit_breaker,
};

use super::support::{MINUTE, SECOND, breaker, rejected, rejected_as, succeed};

const TEN_A_SECOND: Settings = Settings::new().rate_limit(10, SECOND);

/// How many of a hundred calls pass now.
fn passing(breaker: &CircuitBreaker) -> usize {
    (0..100).filter_map(|_| breaker.try_acquire().ok()).map(breaker_runtime::Permit::success).count()
}

#[test]
fn calls_are_spread_after_a_burst() {
    let (breaker, clock) = breaker(TEN_A_SECOND);
    assert_eq!(passing(&breaker), 10, "a burst as large as what its time allows");
    assert_eq!(rejected(&breaker).retry_after(), Some(Duration::from_millis(100)));
    clock.advance(Duration::from_millis(250));
    assert_eq!(passing(&breaker), 2);
    assert_eq!(rejected(&breaker).retry_after(), Some(Duration::from_millis(50)));
    clock.advance(MINUTE);
    assert_eq!(passing(&breaker), 10);
    breaker.set_settings(TEN_A_SECOND.burst(1)).unwrap();
    clock.advance(MINUTE);
    assert_eq!(passing(&breaker), 1);
    assert_eq!((breaker.state(), breaker.totals().rejected_limited), (State::Closed, 90 + 1 + 98 + 1 + 90 + 99));
    assert_eq!(breaker.totals().admitted, 23, "those that came too early were not made");
}

#[test]
fn the_error_says_when_to_come_again() {
    let (breaker, _) = breaker(Settings::new().rate_limit(1, SECOND));
    succeed(&breaker);
    let error = rejected(&breaker);
    assert_eq!(
        error.to_string(),
        "circuit breaker `dependency`: no more calls may be made now; a retry can pass in 1 s"
    );
    assert_eq!((error.kind(), error.report().is_none()), (ErrorKind::Limited, true));
}

#[test]
fn an_open_or_full_breaker_spends_nothing_of_its_rate() {
    let (breaker, clock) =
        breaker(Settings::new().consecutive(1).reset(SECOND).rate_limit(2, MINUTE).max_concurrent(1));
    let held = breaker.try_acquire().unwrap();
    (0..9).for_each(|_| rejected_as(&breaker, ErrorKind::Full));
    held.failure();
    (0..9).for_each(|_| rejected_as(&breaker, ErrorKind::Open));
    clock.advance(SECOND);
    succeed(&breaker);
    rejected_as(&breaker, ErrorKind::Limited);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_breaker_stays_open_as_long_as_no_probe_could_be_made() {
    let settings = Settings::new().consecutive(1).reset(SECOND).backoff(2.0).rate_limit(1, 10 * MINUTE);
    let (breaker, clock) = breaker(settings);
    breaker.try_acquire().unwrap().failure();
    rejected_as(&breaker, ErrorKind::Open);
    for _ in 0..599 {
        clock.advance(SECOND);
        rejected_as(&breaker, ErrorKind::Limited);
    }
    assert_eq!((breaker.state(), breaker.snapshot().reopenings, breaker.history().len()), (State::Open, 0, 1));
    clock.advance(SECOND);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn of_several_probes_those_that_come_too_early_give_their_places_back() {
    let settings = Settings::new().consecutive(1).reset(SECOND).probes(3).rate_limit(1, 30 * SECOND);
    let (breaker, clock) = breaker(settings);
    breaker.try_acquire().unwrap().failure();
    for probes in 1..=3 {
        clock.advance(30 * SECOND);
        assert_eq!(breaker.state() == State::Open, probes == 1);
        succeed(&breaker);
        if probes < 3 {
            (0..9).for_each(|_| rejected_as(&breaker, ErrorKind::Limited));
            assert_eq!((breaker.state(), breaker.snapshot().probes_in_flight), (State::HalfOpen, 0));
        }
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn another_rate_owes_nothing_of_the_one_before() {
    let (breaker, clock) = breaker(Settings::new().rate_limit(10, 60 * MINUTE));
    assert_eq!(passing(&breaker), 10);
    breaker.set_settings(Settings::new().rate_limit(1_000, SECOND)).unwrap();
    assert_eq!(rejected(&breaker).retry_after(), Some(SECOND / 1_000));
    clock.advance(SECOND);
    assert_eq!(passing(&breaker), 100);
}

#[test]
fn what_would_be_rejected_is_counted_once_and_spends_nothing() {
    let settings = Settings::new().consecutive(1).reset(SECOND).max_concurrent(1).rate_limit(2, MINUTE);
    let (breaker, clock) = breaker(settings);
    breaker.set_mode(Mode::MetricsOnly);
    breaker.try_acquire().unwrap().failure();
    let held = [(); 3].map(|()| breaker.try_acquire().unwrap());
    assert_eq!((breaker.totals().admitted, breaker.totals().would_have_rejected), (4, 3), "it would be open");
    drop(held);
    clock.advance(SECOND);
    // A token is left for the probe, and its place.
    succeed(&breaker);
    assert_eq!((breaker.would_be(), breaker.totals().would_have_rejected), (Some(State::Closed), 3));
    clock.advance(MINUTE);
    let one = breaker.try_acquire().unwrap();
    (0..3).for_each(|_| succeed(&breaker));
    assert_eq!(breaker.totals().would_have_rejected, 6, "full");
    one.success();
    succeed(&breaker);
    assert_eq!(breaker.totals().would_have_rejected, 6, "those had given their tokens back");
}

#[test]
fn a_mode_that_rejects_nothing_does_not_do_so_for_rates_either() {
    let (breaker, _) = breaker(TEN_A_SECOND);
    breaker.set_mode(Mode::MetricsOnly);
    assert_eq!((passing(&breaker), breaker.totals().would_have_rejected), (100, 90));
    breaker.set_mode(Mode::Disabled);
    assert_eq!((passing(&breaker), breaker.totals().rejected()), (100, 0));
    breaker.set_mode(Mode::Automatic);
    assert_eq!(passing(&breaker), 0);
}

#[test]
fn each_key_of_a_family_has_its_own_and_a_new_one_begins_with_all() {
    let clock = ManualClock::new();
    let hosts = Breakers::new("rates::hosts", TEN_A_SECOND.burst(2)).max_keys(1).clock(&clock);
    let passing =
        |host: &str| (0..9).filter_map(|_| hosts.try_acquire(host).ok()).map(breaker_runtime::Permit::success).count();
    assert_eq!((passing("a"), passing("a"), passing("b"), passing("a")), (2, 0, 2, 2));
}

#[circuit_breaker(rate_limit = "1/h", fallback = |_| Ok("later"))]
fn hourly() -> Result<&'static str, CircuitBreakerError> {
    Ok("now")
}

#[test]
fn a_fallback_answers_what_comes_too_early() {
    assert_eq!([hourly().unwrap(), hourly().unwrap()], ["now", "later"]);
    assert_eq!(hourly_breaker().totals().rejected_limited, 1);
}

#[test]
fn threads_share_the_rate_and_spend_no_more() {
    let (breaker, clock) = breaker(Settings::new().rate_limit(1_000, SECOND));
    for round in 1..=20_u64 {
        let passed: usize = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..10).map(|_| passing(&breaker)).sum::<usize>())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, if round == 1 { 1_000 } else { 250 });
        clock.advance(SECOND / 4);
    }
    assert_eq!(breaker.totals().admitted, 1_000 + 19 * 250);
}
