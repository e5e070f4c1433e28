//! Calls by hand, on a closed breaker.

use std::future::{pending, ready};
use std::sync::Arc;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{CircuitBreaker, Event, Mode, Permit, Settings, State};

use super::{Error, RULES, SECOND, assert_allocates_nothing, breaker, counted, poll_once};

/// Each way in which a call ends, quick and slow.
fn calls(breaker: &'static CircuitBreaker, clock: &ManualClock) {
    let _ = breaker.call(|| Err::<u32, _>(Error::Failed));
    let _ = poll_once(breaker.call_async(ready(Err::<u32, _>(Error::Failed))));
    let _ = poll_once(breaker.call_async(pending::<Result<u32, Error>>()));
    let ends: [fn(Permit); 6] = [
        Permit::failure,
        |permit| permit.failure_with(&Error::Failed),
        |permit| permit.failure_as("class", &Error::Failed),
        Permit::ignore,
        drop,
        Permit::success,
    ];
    for slow in [false, true] {
        for settle in ends {
            let permit = breaker.try_acquire().expect("closed");
            if slow {
                clock.advance(SECOND);
            }
            settle(permit);
        }
    }
    let _ = poll_once(breaker.call_async(ready(Ok::<_, Error>(1))));
    let _ = breaker.call(|| Ok::<_, Error>(1));
}

#[test]
fn no_call_allocates_by_any_rule_in_any_mode() {
    for mode in [Mode::Automatic, Mode::MetricsOnly, Mode::Disabled] {
        for (rule, settings) in RULES {
            let clock = ManualClock::new();
            let breaker = breaker(rule, settings, &clock);
            breaker.set_mode(mode);
            assert_allocates_nothing(&format!("{rule}, {mode:?}"), || calls(breaker, &clock));
            assert_eq!((breaker.state(), breaker.snapshot().last_trip), (State::Closed, None), "{rule}");
        }
    }
}

#[test]
fn no_call_allocates_while_new_settings_are_in_force_and_a_listener_is_there() {
    let clock = ManualClock::new();
    let breaker = breaker("replaced", Settings::new(), &clock);
    let _heard = breaker.listen(Arc::new(|_: &Event| {})).expect("a thread");
    for (rule, settings) in RULES.iter().chain(RULES.iter().rev()) {
        breaker.set_settings(*settings).expect("good settings");
        assert_allocates_nothing(&format!("new: {rule}"), || calls(breaker, &clock));
    }
    assert_eq!((breaker.state(), breaker.snapshot().last_trip), (State::Closed, None));
}

#[test]
fn no_call_that_ends_late_allocates() {
    for (rule, settings) in RULES {
        let clock = ManualClock::new();
        let breaker = breaker(rule, settings, &clock);
        calls(breaker, &clock);
        let late: Vec<Permit> = (0..4_000).map(|_| breaker.try_acquire().expect("closed")).collect();
        breaker.close();
        calls(breaker, &clock);
        let ends: [fn(Permit); 4] = [Permit::success, Permit::failure, Permit::ignore, drop];
        let settled = counted(|| {
            for (settle, permit) in ends.iter().cycle().zip(late) {
                settle(permit);
            }
        });
        assert_eq!((settled.count_total, breaker.totals().late), (0, 4_000), "{rule}");
    }
}

#[test]
fn no_call_with_a_share_of_its_breaker_allocates() {
    let breaker = Arc::new(CircuitBreaker::builder("shared").build().expect("good settings"));
    assert_allocates_nothing("owned permits", || {
        breaker.try_acquire_owned().expect("closed").failure();
        breaker.try_acquire_owned().expect("closed").success();
    });
}

#[test]
fn no_failure_allocates_although_it_is_of_a_class_that_comes_for_the_first_time() {
    static FAILING: CircuitBreaker = CircuitBreaker::new("failing", Settings::new().consecutive(60_000));
    let fail = |class| FAILING.try_acquire().expect("closed").failure_as(class, &Error::Failed);
    fail("first");
    let classes = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "timeout"];
    let failed = counted(|| (0..1_000).for_each(|_| classes.into_iter().for_each(fail)));
    assert_eq!((failed.count_total, FAILING.state()), (0, State::Closed));
}
