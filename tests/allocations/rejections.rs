//! Calls that are rejected, or would be.

use std::future::ready;
use std::time::Duration;

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{Breakers, CircuitBreaker, Mode, Settings, State, circuit_breaker};

use super::{Error, HOUR, RULES, SECOND, assert_allocates_nothing, breaker, poll_once};

static OPEN: CircuitBreaker = CircuitBreaker::new("open", Settings::new().consecutive(1));

#[circuit_breaker(breaker = OPEN)]
fn rejected(works: bool) -> Result<u32, Error> {
    if works { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(breaker = OPEN, fallback = cached)]
fn answered(works: bool) -> Result<u32, Error> {
    if works { Ok(1) } else { Err(Error::Failed) }
}

#[circuit_breaker(breaker = OPEN, fallback = |_| Ok(2), fallback_on = "failure")]
async fn answered_later(works: bool) -> Result<u32, Error> {
    if works { Ok(1) } else { Err(Error::Failed) }
}

#[expect(clippy::unnecessary_wraps, reason = "a fallback has the signature of its function")]
fn cached(_: bool) -> Result<u32, Error> {
    Ok(2)
}

/// Each way of calling a breaker that rejects.
fn rejections(breaker: &'static CircuitBreaker) {
    assert!(breaker.try_acquire().is_err());
    assert!(matches!(breaker.call(|| Ok(1)), Err(Error::Rejected)));
    assert!(poll_once(breaker.call_async(ready(Ok::<_, Error>(1)))).is_ready());
}

#[test]
fn no_rejection_of_an_open_breaker_allocates_by_any_rule() {
    for (rule, settings) in RULES {
        let breaker = breaker(rule, settings.consecutive(1), &ManualClock::new());
        breaker.try_acquire().expect("closed").failure();
        assert_allocates_nothing(rule, || rejections(breaker));
    }
}

#[test]
fn no_rejection_allocates_whatever_its_reason() {
    let clock = ManualClock::new();
    let half_open = breaker("half-open", Settings::new().consecutive(1).ramp(HOUR), &clock);
    half_open.try_acquire().expect("closed").failure();
    clock.advance(Duration::from_secs(60));
    let probe = half_open.try_acquire().expect("its delay has passed");
    assert_allocates_nothing("probing", || rejections(half_open));

    probe.success();
    assert_allocates_nothing("recovering", || _ = half_open.call(|| Ok::<_, Error>(1)));
    assert!(half_open.totals().rejected_recovering > 0);

    half_open.set_mode(Mode::ForcedOpen);
    assert_allocates_nothing("forced open", || rejections(half_open));
}

#[test]
fn no_rejection_of_an_annotated_function_allocates_with_a_fallback_or_without() {
    OPEN.try_acquire().expect("closed").failure();
    assert_allocates_nothing("attribute", || {
        assert!(matches!(rejected(true), Err(Error::Rejected)));
        assert!(matches!(answered(true), Ok(2)));
        assert!(poll_once(answered_later(true)).is_ready());
    });
}

#[test]
fn no_call_allocates_that_would_have_been_rejected() {
    for (rule, settings) in RULES {
        let clock = ManualClock::new();
        let breaker = breaker(rule, settings.consecutive(1), &clock);
        breaker.set_mode(Mode::MetricsOnly);
        breaker.try_acquire().expect("nothing is rejected").failure();
        assert_allocates_nothing(rule, || {
            let _ = breaker.call(|| Ok::<_, Error>(1));
            let _ = breaker.call(|| Err::<u32, _>(Error::Failed));
            drop(breaker.try_acquire());
        });
        assert_eq!(breaker.would_be(), Some(State::Open), "{rule}");
    }
}

#[test]
fn no_rejection_of_a_key_allocates() {
    let family = Breakers::new("family", Settings::new().consecutive(1));
    family.try_acquire("eu.example").expect("closed").failure();
    assert_allocates_nothing("key", || {
        assert!(matches!(family.call("eu.example", || Ok(1)), Err(Error::Rejected)));
    });
}

#[test]
fn no_probe_that_is_given_back_allocates() {
    let clock = ManualClock::new();
    let breaker = breaker("probed", Settings::new().consecutive(1).reset(SECOND), &clock);
    breaker.try_acquire().expect("closed").failure();
    clock.advance(SECOND);
    assert_allocates_nothing("probes", || {
        breaker.try_acquire().expect("a probe").ignore();
        drop(breaker.try_acquire());
    });
    assert_eq!(breaker.state(), State::HalfOpen);
}
