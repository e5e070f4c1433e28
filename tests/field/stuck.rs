//! Breakers that stayed half-open, or open, for good.

use std::panic::{AssertUnwindSafe, catch_unwind};

use breaker_runtime::{CircuitBreaker, ErrorKind, Mode, Settings, State, circuit_breaker, testing};

use crate::support::*;

// In a tutorial a failed probe never reopened; once all were spent every call was refused for ever.
#[test]
fn a_failed_probe_does_not_leave_it_refusing_for_ever() {
    let (breaker, clock) = due(Settings::new().probes(3));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    clock.advance(MINUTE);
    (0..3).for_each(|_| succeed(&breaker));
    assert_eq!(breaker.state(), State::Closed);
}

// Resilience4j: probes that were admitted and never reported left it half-open for good.
#[test]
fn probes_that_are_never_reported_do_not_hold_it_half_open_for_good() {
    let (breaker, clock) = due(Settings::new().probes(2));
    let lost = [admitted(&breaker), admitted(&breaker)];
    clock.advance(MINUTE);
    assert_eq!(rejected(&breaker).kind(), ErrorKind::Open);
    clock.advance(MINUTE);
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    drop(lost);
}

// OmniRoute: for six days one unsettled probe refused 49,607 calls.
#[test]
fn one_unsettled_probe_does_not_refuse_the_calls_of_six_days() {
    let (breaker, clock) = due(Settings::new());
    let _unsettled = admitted(&breaker);
    let mut refused = 0;
    while breaker.try_acquire().map(breaker_runtime::Permit::success).is_err() {
        refused += 1;
        assert!(refused < 1_000, "still refusing");
        clock.advance(SECOND);
    }
    assert_eq!((refused, breaker.state()), (120, State::Closed));
}

// Resilience4j: too little traffic to use all probes up, and so no verdict.
#[test]
fn too_little_traffic_for_all_probes_does_not_keep_it_half_open() {
    for (fails, expected) in [(0, State::Closed), (1, State::Open)] {
        let (breaker, clock) = due(Settings::new().probes(10).probe_failure_rate(0.5));
        (0..fails).for_each(|_| fail(&breaker));
        succeed(&breaker);
        clock.advance(MINUTE);
        let _ = breaker.try_acquire();
        assert_eq!(breaker.state(), expected);
    }
}

// Resilience4j: open for hours, though half-open was to come by itself.
#[test]
fn hours_do_not_keep_it_open_beyond_its_delay() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(9 * HOUR);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// Polly: a probe that ended in an unhandled exception wedged it; since then such an end closes it.
#[test]
fn a_panicking_probe_neither_wedges_half_open_nor_closes_it() {
    let (breaker, clock) = due(Settings::new());
    let call = || breaker.call(|| -> Result<(), Error> { panic!("boom") });
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    assert_eq!(breaker.state(), State::Open);
    clock.advance(MINUTE);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// Hystrix: unsubscribing, a command without a fallback, two fields updated apart: each left the
// circuit open for ever.
#[tokio::test]
async fn unsubscribing_from_a_probe_does_not_leave_it_open_for_ever() {
    let (breaker, _) = due(Settings::new());
    tokio::select! {
        biased;
        _ = breaker.call_async(std::future::pending::<Result<(), Error>>()) => unreachable!(),
        () = std::future::ready(()) => {}
    }
    assert_eq!(breaker.call_async(async { Ok::<_, Error>(1) }).await, Ok(1));
    assert_eq!(breaker.state(), State::Closed);
}

// Sentinel: a later rule blocked the probe, and half-open never ended.
#[test]
fn a_probe_that_another_breaker_blocks_does_not_hold_it_half_open() {
    let ((outer, clock), (inner, inner_clock)) = (due(Settings::new()), open(Settings::new()));
    let call = || outer.call(|| inner.call(|| Ok::<_, Error>(1)));
    assert_eq!(call(), Err(Error::Rejected));
    clock.advance(MINUTE);
    inner_clock.advance(MINUTE);
    assert_eq!(call(), Ok(1));
    assert_eq!((outer.state(), inner.state()), (State::Closed, State::Closed));
}

// Sentinel: for two entries on one resource the exit was called once, and half-open never ended.
#[test]
fn two_entries_for_one_call_do_not_keep_it_half_open() {
    let (breaker, _) = due(Settings::new().probes(2));
    assert_eq!(breaker.call(|| breaker.call(|| Ok::<_, Error>(1))), Ok(1));
    assert_eq!((breaker.state(), breaker.totals().in_flight()), (State::Closed, 0));
}

// opossum: calls fired side by side left it half-open.
#[test]
fn calls_beside_the_probe_do_not_keep_it_from_deciding() {
    let (breaker, _) = due(Settings::new());
    let probe = admitted(&breaker);
    (0..10).for_each(|_| assert_eq!(rejected(&breaker).kind(), ErrorKind::Probing));
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
}

// opossum: with a least number of calls its half-open returned before it had decided anything.
#[test]
fn a_least_number_of_calls_does_not_swallow_the_verdict_of_a_probe() {
    for (settle, expected) in [(fail as fn(&CircuitBreaker), State::Open), (succeed, State::Closed)] {
        let (breaker, clock) = breaker(Settings::new().failure_rate(0.5).window(MINUTE).min_calls(20));
        (0..20).for_each(|_| fail(&breaker));
        clock.advance(MINUTE);
        settle(&breaker);
        assert_eq!(breaker.state(), expected);
    }
}

// opossum: opening twice cancelled the timer that was to bring it back.
#[test]
fn failures_that_open_it_together_do_not_cancel_the_way_back() {
    let (breaker, clock) = breaker(Settings::new().consecutive(1));
    let calls: Vec<_> = (0..5).map(|_| admitted(&breaker)).collect();
    calls.into_iter().for_each(breaker_runtime::Permit::failure);
    assert_eq!(breaker.snapshot().epoch, 1);
    clock.advance(MINUTE);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// opossum with filtered errors, and a tutorial that records one class of errors only: an error of
// another kind left half-open hanging.
#[test]
fn an_ignored_error_does_not_leave_half_open_hanging() {
    #[circuit_breaker(threshold = 2, ignore = Error::NotFound)]
    fn find(answer: Result<u32, Error>) -> Result<u32, Error> {
        answer
    }
    testing::isolated(|test| {
        (0..2).for_each(|_| assert_eq!(find(Err(Error::Down)), Err(Error::Down)));
        test.advance(MINUTE);
        (0..10).for_each(|_| assert_eq!(find(Err(Error::NotFound)), Err(Error::NotFound)));
        assert_eq!(find(Ok(1)), Ok(1));
        assert_eq!(find_breaker().state(), State::Closed);
    });
}

// zentinel: the load balancer dropped the open target, so nobody asked the breaker again.
#[test]
fn that_a_probe_is_due_is_not_hidden_from_one_who_routes_around_it() {
    let (breaker, clock) = open(Settings::new());
    assert!(!breaker.snapshot().probe_due);
    clock.advance(MINUTE);
    assert!(breaker.snapshot().probe_due);
    assert_eq!(breaker.totals().rejected(), 0, "and asking takes no probe");
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// erpc: cache misses said nothing, and starved the verdict: open for good at 1.7 % real failures.
#[test]
fn answers_that_say_nothing_do_not_starve_the_verdict() {
    let (breaker, clock) = due(Settings::new().probes(5));
    for _ in 0..60 {
        ignore(&breaker);
        clock.advance(SECOND);
    }
    ignore(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// Resilience4j: a state that was forced open without a wait refused for ever.
#[test]
fn forcing_it_open_does_not_make_it_refuse_for_ever() {
    let (breaker, _) = breaker(Settings::new());
    breaker.set_mode(Mode::ForcedOpen);
    assert_eq!(rejected(&breaker).kind(), ErrorKind::ForcedOpen);
    breaker.set_mode(Mode::Automatic);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// Resilience4j: users disabled a breaker at run time, and it enabled itself again.
#[test]
fn a_disabled_breaker_does_not_enable_itself() {
    let (breaker, clock) = open(Settings::new());
    breaker.set_mode(Mode::Disabled);
    for _ in 0..100 {
        fail(&breaker);
        clock.advance(MINUTE);
    }
    assert_eq!((breaker.mode(), breaker.state()), (Mode::Disabled, State::Closed));
}
