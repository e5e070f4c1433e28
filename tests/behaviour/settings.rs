//! New settings for a running breaker: as a whole or not at all, with the evidence kept.

use std::time::Duration;

use breaker_runtime::{Mode, OnCancel, Origin, Reason, Rule, Settings, State};

use crate::support::{MINUTE, SECOND, admitted, breaker, cancel, fail, life, open, rejected, succeed};

#[test]
fn a_refusal_changes_nothing_and_says_why() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    let before = breaker.settings();
    let refused = breaker.set_settings(before.consecutive(9).jitter(7.0)).unwrap_err();
    assert_eq!(refused.to_string(), "`jitter` must be from 0 to 1");
    assert_eq!((breaker.settings(), breaker.revision(), breaker.history().len()), (before, 1, 0));
}

#[test]
fn a_change_is_one_event_with_its_revision_its_origin_and_what_changed() {
    let (breaker, clock) = breaker(Settings::new().consecutive(2));
    let line = line!() + 1;
    assert_eq!(breaker.set_settings(Settings::new().consecutive(3).reset(SECOND)), Ok(2));
    let change = breaker.history().pop().unwrap();
    let Reason::SettingsSet(what) = &change.reason else { panic!("{change}") };
    assert_eq!(
        (what.revision, what.before, what.after.to_string().as_str()),
        (2, Settings::new().consecutive(2), "consecutive 3, reset 1s")
    );
    assert!(matches!(what.origin, Origin::Code(at) if (at.file(), at.line()) == (file!(), line)), "{:?}", what.origin);
    (0..3).for_each(|_| fail(&breaker));
    assert_eq!(breaker.set_settings_by(Settings::new(), "breakers.toml"), Ok(3));
    clock.advance(SECOND);
    succeed(&breaker);
    assert_eq!(
        life(&breaker)[1..],
        [
            "closed → open: 3 failures in a row (limit 3); next probe after 1 s",
            "settings revision 3 by breakers.toml: consecutive 3 → (5), reset 1s → (60s)",
            "open → half-open: the reset delay of 1 s has passed",
            "half-open → closed: 1 probe succeeded"
        ]
    );
    let numbers: Vec<_> = breaker.history().iter().map(|change| (change.number, change.epoch)).collect();
    assert_eq!(numbers, [(1, 0), (2, 1), (3, 1), (4, 2), (5, 3)]);
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.settings, snapshot.revision, snapshot.origin), (Settings::new(), 3, "breakers.toml".into()));
    assert_eq!(snapshot.last_trip.unwrap().revision, 2);
    assert_eq!(snapshot.in_state_for, Some(Duration::ZERO));
}

#[test]
fn settings_that_are_in_force_already_change_nothing() {
    let (breaker, _) = breaker(Settings::new().consecutive(3));
    assert_eq!(breaker.set_settings(breaker.settings()), Ok(1));
    assert_eq!((breaker.history().len(), breaker.rollback()), (0, None));
    assert_eq!(breaker.snapshot().origin, Origin::Made(breaker.location()));
}

#[test]
fn a_streak_goes_on_and_the_new_limit_is_read_at_the_next_failure() {
    let (breaker, _) = breaker(Settings::new().consecutive(5));
    (0..3).for_each(|_| fail(&breaker));
    breaker.set_settings(Settings::new().consecutive(2)).unwrap();
    assert_eq!((breaker.state(), breaker.snapshot().consecutive_failures), (State::Closed, 3));
    fail(&breaker);
    let report = breaker.snapshot().last_trip.unwrap();
    assert_eq!((report.rule.to_string().as_str(), report.revision), ("4 failures in a row (limit 2)", 2));
    assert_eq!(report.failures.len(), 4);
}

#[test]
fn a_call_under_way_counts_by_the_settings_at_its_end() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    let [one, other] = [admitted(&breaker), admitted(&breaker)];
    breaker.set_settings(Settings::new().consecutive(2)).unwrap();
    one.failure();
    assert_eq!(breaker.state(), State::Closed);
    other.failure();
    assert_eq!((breaker.state(), breaker.totals().late), (State::Open, 0));
}

#[test]
fn an_open_breaker_keeps_its_deadline_and_the_next_trip_has_the_new_delay() {
    let (breaker, clock) = open(Settings::new());
    breaker.set_settings(Settings::new().consecutive(1).reset(SECOND)).unwrap();
    assert_eq!(rejected(&breaker).retry_after(), Some(MINUTE));
    clock.advance(MINUTE);
    fail(&breaker);
    assert_eq!(rejected(&breaker).retry_after(), Some(SECOND));
}

#[test]
fn half_open_keeps_its_time_limit_and_takes_the_new_number_of_probes() {
    let (breaker, clock) = open(Settings::new().reset(SECOND));
    clock.advance(SECOND);
    let first = admitted(&breaker);
    breaker.set_settings(breaker.settings().probes(2).probe_timeout(SECOND)).unwrap();
    let second = admitted(&breaker);
    clock.advance(SECOND);
    rejected(&breaker);
    first.success();
    assert_eq!(breaker.state(), State::HalfOpen);
    second.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn fewer_probes_than_have_settled_already_decide_at_the_next_call() {
    let (breaker, clock) = open(Settings::new().reset(SECOND).probes(3));
    clock.advance(SECOND);
    (0..2).for_each(|_| succeed(&breaker));
    breaker.set_settings(breaker.settings().probes(2)).unwrap();
    let call = admitted(&breaker);
    assert_eq!(
        (breaker.state(), breaker.history().last().unwrap().to_string().as_str()),
        (State::Closed, "half-open → closed: 2 probes succeeded")
    );
    call.success();

    let (breaker, clock) = open(Settings::new().reset(SECOND).probes(4).probe_failure_rate(0.9));
    clock.advance(SECOND);
    fail(&breaker);
    succeed(&breaker);
    let rate = breaker.settings();
    breaker.set_settings(Settings::new().consecutive(1).reset(SECOND).probes(2)).unwrap();
    rejected(&breaker);
    assert_eq!(breaker.snapshot().last_trip.unwrap().rule, Rule::ProbeFailed);
    clock.advance(SECOND);
    let (one, two) = (admitted(&breaker), admitted(&breaker));
    breaker.set_settings(rate.probes(1)).unwrap();
    rejected(&breaker);
    one.success();
    two.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn new_rules_are_read_when_the_next_call_ends_and_be_it_a_success() {
    let rate = Settings::new().failure_rate(0.9).window_calls(100).min_calls(1);
    let (breaker, _) = breaker(rate);
    (0..2).for_each(|_| succeed(&breaker));
    (0..6).for_each(|_| fail(&breaker));
    breaker.set_settings(rate.failure_rate(0.5)).unwrap();
    assert_eq!(breaker.state(), State::Closed);
    succeed(&breaker);
    assert_eq!(
        breaker.snapshot().last_trip.unwrap().rule.to_string(),
        "6 of the last 9 calls failed, 66.7 % (limit 50 %)"
    );
}

#[test]
fn a_window_that_grows_begins_with_what_the_smaller_one_held() {
    let rate = Settings::new().failure_rate(0.9).min_calls(4);
    let (breaker, _) = breaker(rate.window_calls(4));
    (0..20).for_each(|_| {
        fail(&breaker);
        succeed(&breaker);
    });
    breaker.set_settings(rate.window_calls(40)).unwrap();
    let window = breaker.snapshot().window.unwrap();
    assert_eq!((window.calls, window.failed), (4, 2));
    breaker.set_settings(Settings::new().failure_rate(0.9).window_calls(40).min_calls(20)).unwrap();
    (0..15).for_each(|_| fail(&breaker));
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_window_that_becomes_shorter_takes_no_old_failure_for_a_recent_one() {
    let (breaker, clock) = breaker(Settings::new().failure_rate(0.9).window(60 * MINUTE));
    clock.advance(60 * MINUTE);
    (0..10).for_each(|_| fail(&breaker));
    (0..10).for_each(|_| succeed(&breaker));
    clock.advance(355 * SECOND);
    breaker.set_settings(Settings::new().failure_rate(0.45).window(MINUTE)).unwrap();
    succeed(&breaker);
    assert_eq!((breaker.state(), breaker.snapshot().window.unwrap().calls), (State::Closed, 1));
}

#[test]
fn times_that_differ_by_a_little_read_differently() {
    let (breaker, _) = breaker(Settings::new().timeout(Duration::from_millis(1_420)));
    breaker.set_settings_by(Settings::new().timeout(Duration::from_millis(1_480)), "file").unwrap();
    assert_eq!(life(&breaker), ["settings revision 2 by file: timeout 1.42s → 1.48s"]);
}

#[test]
fn calls_that_begin_and_end_at_the_moment_of_a_change_are_counted_once() {
    let slow = Settings::new().slow_rate(1.0).slow_call(10 * SECOND).min_calls(2).window_calls(10);
    let (breaker, clock) = breaker(slow);
    let before = admitted(&breaker);
    breaker.set_settings(slow.slow_call(5 * SECOND)).unwrap();
    let hung = admitted(&breaker);
    before.success();
    clock.advance(12 * SECOND);
    assert_eq!(breaker.snapshot().window.unwrap().slow, 1);
    drop(hung);
}

#[test]
fn a_change_tells_the_state_that_would_be() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    breaker.set_mode(Mode::MetricsOnly);
    fail(&breaker);
    breaker.set_settings(Settings::new().consecutive(2)).unwrap();
    let last = breaker.history().pop().unwrap();
    assert_eq!((last.from, last.to, breaker.state()), (State::Open, State::Open, State::Closed));
}

#[test]
fn a_window_of_calls_keeps_its_calls_when_its_size_changes() {
    let rate = Settings::new().failure_rate(0.9).min_calls(1);
    for (size, failed, calls) in [(20, 2, 6), (4, 1, 4), (6, 2, 6)] {
        let (breaker, _) = breaker(rate.window_calls(6));
        for end in "sfsfss".chars() {
            if end == 'f' { fail(&breaker) } else { succeed(&breaker) }
        }
        breaker.set_settings(rate.window_calls(size)).unwrap();
        let window = breaker.snapshot().window.unwrap();
        assert_eq!((window.failed, window.calls), (failed, calls), "{size}");
        fail(&breaker);
        assert_eq!(breaker.snapshot().window.unwrap().failed, failed + 1);
    }
}

#[test]
fn n_of_the_last_calls_trip_across_a_change_of_the_window() {
    let (breaker, _) = breaker(Settings::new().failures(3).window_calls(10));
    fail(&breaker);
    succeed(&breaker);
    fail(&breaker);
    breaker.set_settings(Settings::new().failures(3).window_calls(4)).unwrap();
    fail(&breaker);
    assert_eq!(life(&breaker)[1], "closed → open: 3 failures within 4 calls (limit 3); next probe after 60 s");
}

#[test]
fn a_window_of_time_keeps_its_calls_when_its_length_changes() {
    let rate = Settings::new().failure_rate(1.0).min_calls(3);
    for (window, calls) in [(10 * MINUTE, 2), (30 * SECOND, 1)] {
        let (breaker, clock) = breaker(rate.window(MINUTE));
        fail(&breaker);
        clock.advance(40 * SECOND);
        fail(&breaker);
        breaker.set_settings(rate.window(window)).unwrap();
        assert_eq!(breaker.snapshot().window.unwrap().calls, calls);
        (0..3 - calls).for_each(|_| fail(&breaker));
        assert_eq!(breaker.state(), State::Open);
    }
}

#[test]
fn failures_within_a_time_are_kept_when_limit_and_time_change() {
    let (breaker, clock) = breaker(Settings::new().failures(3).window(10 * SECOND));
    fail(&breaker);
    clock.advance(20 * SECOND);
    fail(&breaker);
    breaker.set_settings(Settings::new().failures(3).window(MINUTE)).unwrap();
    assert_eq!(breaker.state(), State::Closed);
    breaker.set_settings(Settings::new().failures(4).window(MINUTE)).unwrap();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.snapshot().last_trip.unwrap().rule.to_string(), "4 failures within 60 s (limit 4)");
    let (fewer, _) = self::breaker(Settings::new().failures(5).window(MINUTE));
    (0..3).for_each(|_| fail(&fewer));
    fewer.set_settings(Settings::new().failures(2).window(MINUTE)).unwrap();
    fail(&fewer);
    assert_eq!(fewer.state(), State::Open);
}

#[test]
fn another_kind_of_window_begins_with_nothing_and_so_does_the_first_kind_afterwards() {
    let calls = Settings::new().failure_rate(1.0).min_calls(3).window_calls(10);
    let time = Settings::new().failure_rate(1.0).min_calls(3).window(MINUTE);
    for [first, second] in [[calls, time], [time, calls], [calls, Settings::new()], [time, Settings::new()]] {
        let (breaker, _) = breaker(first);
        (0..2).for_each(|_| fail(&breaker));
        breaker.set_settings(second).unwrap();
        assert_eq!(breaker.snapshot().window.map_or(0, |window| window.calls), 0);
        breaker.set_settings(first).unwrap();
        assert_eq!(breaker.snapshot().window.unwrap().calls, 0);
        (0..2).for_each(|_| fail(&breaker));
        assert_eq!(breaker.state(), State::Closed);
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open);
    }
    let within = Settings::new().failures(2).window(MINUTE);
    let (breaker, _) = breaker(within);
    fail(&breaker);
    breaker.set_settings(Settings::new()).unwrap();
    breaker.set_settings(within).unwrap();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn calls_under_way_are_known_as_long_as_slow_means_the_same() {
    let slow = Settings::new().slow_rate(0.5).slow_call(10 * SECOND).min_calls(2).window_calls(10);
    let (breaker, clock) = breaker(slow);
    let calls = [admitted(&breaker), admitted(&breaker)];
    breaker.set_settings(slow.window_calls(4).reset(SECOND)).unwrap();
    clock.advance(12 * SECOND);
    rejected(&breaker);
    assert!(matches!(breaker.snapshot().last_trip.unwrap().rule, Rule::SlowRate { slow: 2, .. }));
    drop(calls);
}

#[test]
fn calls_under_way_count_when_they_end_after_slow_has_changed_its_meaning() {
    let slow = Settings::new().slow_rate(0.5).slow_call(10 * SECOND).min_calls(2).window_calls(10);
    let (breaker, clock) = breaker(slow);
    let calls = [admitted(&breaker), admitted(&breaker)];
    breaker.set_settings(slow.slow_call(5 * SECOND)).unwrap();
    clock.advance(12 * SECOND);
    admitted(&breaker).ignore();
    let [one, other] = calls;
    one.success();
    assert_eq!(breaker.state(), State::Closed);
    other.success();
    assert_eq!(
        breaker.snapshot().last_trip.unwrap().rule.to_string(),
        "2 of the last 2 calls took 5 s or longer, 100 % (limit 50 %)"
    );
}

#[test]
fn a_call_of_which_nobody_knows_when_it_began_is_not_slow() {
    let (breaker, clock) = breaker(Settings::new());
    let call = admitted(&breaker);
    breaker.set_settings(Settings::new().slow_rate(1.0).slow_call(SECOND).min_calls(1)).unwrap();
    clock.advance(MINUTE);
    call.success();
    assert_eq!((breaker.totals().slow, breaker.state()), (0, State::Closed));
    let hung = admitted(&breaker);
    clock.advance(MINUTE);
    rejected(&breaker);
    drop(hung);
}

#[test]
fn a_rule_about_slow_calls_that_was_taken_away_is_read_no_more() {
    let slow = Settings::new().slow_rate(0.5).slow_call(SECOND).min_calls(1);
    let (breaker, clock) = breaker(slow);
    let call = admitted(&breaker);
    breaker.set_settings(Settings::new()).unwrap();
    clock.advance(MINUTE);
    admitted(&breaker).ignore();
    call.success();
    assert_eq!((breaker.totals().slow, breaker.state()), (0, State::Closed));
}

#[test]
fn what_cancelled_calls_say_can_change() {
    let (breaker, _) = breaker(Settings::new().consecutive(2));
    cancel(&breaker);
    breaker.set_settings(Settings::new().consecutive(2).on_cancel(OnCancel::Failure)).unwrap();
    (0..2).for_each(|_| cancel(&breaker));
    assert_eq!(breaker.snapshot().last_trip.unwrap().rule.to_string(), "2 failures in a row (limit 2)");
}

#[test]
fn how_many_failures_are_kept_for_the_report_can_change() {
    let (breaker, _) = breaker(Settings::new().consecutive(6));
    for error in ["a", "b", "c", "d"] {
        admitted(&breaker).failure_with(&error);
    }
    breaker.set_settings(Settings::new().consecutive(6).failure_samples(2)).unwrap();
    admitted(&breaker).failure_with(&"e");
    breaker.set_settings(Settings::new().consecutive(6).failure_samples(9)).unwrap();
    admitted(&breaker).failure_with(&"f");
    let report = breaker.snapshot().last_trip.unwrap();
    let texts: Vec<&str> = report.failures.iter().map(|failure| failure.text.as_str()).collect();
    assert_eq!(texts, ["d", "e", "f"]);
}

#[test]
fn changes_are_taken_back_one_after_another() {
    let (breaker, _) = breaker(Settings::new().consecutive(1));
    for limit in 2..=4 {
        breaker.set_settings(Settings::new().consecutive(limit)).unwrap();
    }
    let back = |expected: u32| {
        let revision = breaker.rollback();
        assert_eq!(breaker.settings(), Settings::new().consecutive(expected));
        revision
    };
    assert_eq!([back(3), back(2)], [Some(5), Some(6)]);
    breaker.set_settings(Settings::new().consecutive(9)).unwrap();
    assert_eq!([back(2), back(1)], [Some(8), Some(9)]);
    assert_eq!(breaker.rollback(), None);
    for limit in 2..=30 {
        breaker.set_settings(Settings::new().consecutive(limit)).unwrap();
    }
    assert_eq!((0..100).take_while(|_| breaker.rollback().is_some()).count(), 16);
    assert_eq!(breaker.settings(), Settings::new().consecutive(14));
    breaker.set_settings(Settings::new()).unwrap();
    assert!(breaker.rollback_by("the page").is_some());
    assert_eq!(breaker.snapshot().origin.to_string(), "the page");
}

#[test]
fn settings_change_in_every_mode_and_leave_it_alone() {
    for mode in [Mode::Disabled, Mode::ForcedOpen, Mode::MetricsOnly] {
        let (breaker, _) = breaker(Settings::new().consecutive(9));
        breaker.set_mode(mode);
        let state = breaker.state();
        breaker.set_settings(Settings::new().consecutive(1)).unwrap();
        assert_eq!((breaker.mode(), breaker.state()), (mode, state));
        let last = breaker.history().pop().unwrap();
        assert_eq!((last.mode, last.from, last.to, last.number, last.epoch), (mode, state, state, 2, 1));
    }
}

#[test]
fn a_ramp_under_way_goes_by_the_new_time() {
    let (breaker, clock) = open(Settings::new().reset(SECOND).ramp(MINUTE));
    clock.advance(SECOND);
    succeed(&breaker);
    clock.advance(30 * SECOND);
    assert_eq!(breaker.snapshot().share, Some(0.55));
    breaker.set_settings(breaker.settings().ramp(2 * MINUTE)).unwrap();
    assert_eq!(breaker.snapshot().share, Some(0.325));
}

fn slow(call: Duration) -> Settings {
    Settings::new().slow_rate(1.0).slow_call(call).window_calls(10).min_calls(10)
}

#[test]
fn a_call_that_no_window_of_running_calls_has_heard_of_does_not_end_in_one() {
    let (breaker, clock) = breaker(slow(SECOND));
    breaker.set_settings(Settings::new()).unwrap();
    let unheard = admitted(&breaker);
    breaker.rollback().unwrap();
    let _heard = admitted(&breaker);
    unheard.success();
    clock.advance(2 * SECOND);
    assert_eq!(breaker.snapshot().window.map(|window| (window.calls, window.slow)), Some((2, 1)));
}

#[test]
fn slow_calls_are_told_after_any_number_of_changes() {
    let (breaker, clock) = breaker(slow(SECOND));
    for number in 1..=600 {
        breaker.set_settings(slow(SECOND + number * Duration::from_nanos(1))).unwrap();
        let permit = admitted(&breaker);
        clock.advance(2 * SECOND);
        assert_eq!(breaker.snapshot().window.map(|window| window.slow), Some(1), "under way, {number}");
        permit.ignore();
        assert_eq!(breaker.snapshot().window.map(|window| window.slow), Some(0), "at its end, {number}");
    }
    assert_eq!(breaker.totals().late, 0);
}

#[test]
fn a_change_names_the_default_that_was_in_force() {
    let growing = Settings::new().backoff(2.0);
    let (breaker, _) = breaker(growing);
    breaker.set_settings_by(growing.max_reset(90 * SECOND), "a test").unwrap();
    breaker.set_settings_by(Settings::new().max_reset(90 * SECOND).jitter(0.1), "a test").unwrap();
    breaker.set_settings_by(Settings::new(), "a test").unwrap();
    assert_eq!(
        life(&breaker),
        [
            "settings revision 2 by a test: max_reset (600s) → 90s",
            "settings revision 3 by a test: backoff 2 → (1), jitter (0) → 0.1",
            "settings revision 4 by a test: max_reset 90s → (none), jitter 0.1 → (0)",
        ]
    );
    let refused = breaker.set_settings(Settings::new().jitter(7.0)).unwrap_err();
    assert_eq!(format!("{refused:?}"), "SettingsError(\"`jitter` must be from 0 to 1\")");
}
