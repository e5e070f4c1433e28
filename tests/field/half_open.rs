//! How many probes there are, and what their answers decide.

use breaker_runtime::{ErrorKind, Settings, State};

use crate::support::*;

// Two well-known tutorials counted after admitting: of a limit of three, four probes ran.
#[test]
fn half_open_does_not_admit_one_probe_more_than_allowed() {
    let (breaker, _) = due(Settings::new().probes(3));
    let probes: Vec<_> = (0..3).map(|_| admitted(&breaker)).collect();
    assert_eq!(rejected(&breaker).kind(), ErrorKind::Probing);
    assert_eq!(breaker.snapshot().probes_in_flight, 3);
    drop(probes);
}

// The Rust crates failsafe, nobreak and recloser have no limit in half-open: 50 of 50 passed.
#[test]
fn half_open_does_not_admit_everyone() {
    let (breaker, _) = due(Settings::new());
    let probe = admitted(&breaker);
    assert_eq!(let_in(&breaker, 50), 0);
    probe.success();
}

// tower-resilience compared completed calls only, so any number of probes ran side by side.
#[test]
fn probes_under_way_are_not_left_out_of_the_count() {
    let (breaker, _) = due(Settings::new().probes(3));
    assert_eq!(let_in(&breaker, 100), 3);
}

// Polly's half-open, while its probe took long, let every caller through.
#[test]
fn a_slow_probe_does_not_let_every_caller_through() {
    let (breaker, clock) = due(Settings::new());
    let slow = admitted(&breaker);
    for _ in 0..59 {
        clock.advance(SECOND);
        assert_eq!(let_in(&breaker, 10), 0);
    }
    slow.success();
    assert_eq!(breaker.state(), State::Closed);
}

// failsafe for Java: a half-open permit that was given back let more than the quota run;
// Resilience4j's release of a permission adds without a cap.
#[test]
fn places_given_back_do_not_let_more_than_the_quota_run() {
    let (breaker, _) = due(Settings::new().probes(2));
    let held = admitted(&breaker);
    (0..100).for_each(|_| ignore(&breaker));
    (0..100).for_each(|_| cancel(&breaker));
    assert_eq!(let_in(&breaker, 50), 1);
    drop(held);
    assert_eq!(let_in(&breaker, 50), 2);
}

// Resilience4j had a race by which one call too many passed.
#[test]
fn a_race_does_not_admit_one_call_too_many() {
    for _ in 0..200 {
        let (breaker, _) = due(Settings::new().probes(3));
        let permits = at_once(8, || breaker.try_acquire().ok());
        assert_eq!(permits.iter().flatten().count(), 3);
    }
}

// AWS Powertools elected one prober for each process: all threads of that process probed.
#[test]
fn the_threads_of_one_process_do_not_all_probe() {
    for _ in 0..200 {
        let (breaker, _) = due(Settings::new());
        let permits = at_once(8, || breaker.try_acquire().ok());
        assert_eq!(permits.iter().flatten().count(), 1);
    }
}

// circuitbreaker-rs loads and then decrements: the count wrapped around, and all 100 of 100 passed.
#[test]
fn a_count_of_places_does_not_wrap_around() {
    for _ in 0..200 {
        let (breaker, _) = due(Settings::new().probes(2));
        at_once(4, || breaker.try_acquire().map(breaker_runtime::Permit::ignore).is_ok());
        assert_eq!(breaker.snapshot().probes_in_flight, 0);
        assert_eq!(let_in(&breaker, 100), 2);
    }
}

// In a tutorial one success closed, but the failures stayed in its window: the next one reopened.
#[test]
fn failures_from_before_the_trip_do_not_reopen_it() {
    let (breaker, clock) = breaker(Settings::new().failures(3).window(HOUR));
    (0..3).for_each(|_| fail(&breaker));
    clock.advance(MINUTE);
    succeed(&breaker);
    fail(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// In another one half-open asked for the whole failure threshold again.
#[test]
fn a_failed_probe_does_not_need_company_to_reopen() {
    let (breaker, clock) = breaker(Settings::new().consecutive(3));
    (0..3).for_each(|_| fail(&breaker));
    clock.advance(MINUTE);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

// breaker-machines reopens only if its window still holds enough failures: with a window shorter
// than the delay it stayed half-open.
#[test]
fn a_failed_probe_does_not_depend_on_what_the_window_still_holds() {
    let (breaker, clock) = breaker(Settings::new().failures(3).window(SECOND));
    (0..3).for_each(|_| fail(&breaker));
    clock.advance(MINUTE);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

// Users of Polly, opossum, cockatiel and Sentinel: one lucky probe is no recovery.
#[test]
fn one_lucky_probe_does_not_close_it_where_three_are_asked_for() {
    let (breaker, _) = due(Settings::new().probes(3));
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// Users of Resilience4j wanted half-open to watch for a time, in the place of counting calls.
#[test]
fn half_open_does_not_decide_before_its_time_where_it_is_to_watch_for_a_time() {
    for (failing, expected) in [(4, State::Closed), (2, State::Open)] {
        let (breaker, clock) = due(Settings::new().probes(255).probe_failure_rate(0.5).probe_timeout(30 * SECOND));
        for second in 1..=30 {
            if second % failing == 0 {
                fail(&breaker);
            } else {
                succeed(&breaker);
            }
            assert_eq!(breaker.state(), State::HalfOpen);
            clock.advance(SECOND);
        }
        assert_eq!(breaker.try_acquire().is_ok(), expected == State::Closed);
        assert_eq!(breaker.state(), expected);
    }
}

// A user of gobreaker expected as many probes as he had asked for; the first failure reopened.
#[test]
fn one_unlucky_probe_does_not_reopen_it_where_a_share_decides() {
    let (breaker, _) = due(Settings::new().probes(4).probe_failure_rate(0.5));
    fail(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
    (0..3).for_each(|_| succeed(&breaker));
    assert_eq!(breaker.state(), State::Closed);
}

// AWS Powertools: the herd came back when the circuit closed.
#[test]
fn closing_does_not_let_the_herd_in_at_once() {
    let (breaker, clock) = due(Settings::new().ramp(MINUTE));
    succeed(&breaker);
    assert_eq!(let_in(&breaker, 1_000), 100);
    clock.advance(MINUTE);
    assert_eq!(let_in(&breaker, 1_000), 1_000);
}

// circuitbreaker-rs with fewer probes than it needs successes rejected 60 of 60 calls.
#[test]
fn more_successes_than_there_are_probes_are_not_waited_for() {
    let impossible = Settings::new().probes(2).successes(3).check().unwrap_err().to_string();
    assert!(impossible.contains("successes") && impossible.contains("probes"), "{impossible}");
}

// rssafecircuit never records what its probes said.
#[test]
fn the_answer_of_a_probe_is_not_lost() {
    for (answer, expected) in [(true, State::Closed), (false, State::Open)] {
        let (breaker, _) = due(Settings::new());
        let _: Result<(), Error> = breaker.call(|| if answer { Ok(()) } else { Err(Error::Down) });
        assert_eq!(breaker.state(), expected);
    }
}

// do-over holds a lock for reading while it asks for the one for writing: the first call after the
// delay never returned.
#[test]
fn the_first_call_after_the_delay_does_not_hang() {
    let (breaker, _) = due(Settings::new());
    assert_eq!(breaker.call(|| Ok::<_, Error>(7)), Ok(7));
    assert_eq!(breaker.call(|| Ok::<_, Error>(8)), Ok(8));
}
