//! Calls allocate nothing, whether they are admitted, rejected or settled in any way, by every rule.

use std::time::Duration;

use allocation_counter::measure;
use breaker_runtime::{Breakers, CircuitBreaker, CircuitBreakerError, Mode, Settings, State, circuit_breaker};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

static BREAKERS: [CircuitBreaker; 5] = [
    CircuitBreaker::new("streak", Settings::new().consecutive(60_000).timeout(SECOND)),
    CircuitBreaker::new("failures within a time", Settings::new().failures(60_000).window(HOUR)),
    CircuitBreaker::new("rates of calls", rates().window_calls(60_000).failures(60_000).min_calls(60_000)),
    CircuitBreaker::new("rates of time", rates().window(HOUR).min_calls(60_000)),
    // Slices of a microsecond: nearly every call is the first one in its slice.
    CircuitBreaker::new("rates of a short time", rates().window(Duration::from_micros(10)).min_calls(60_000)),
];

static OPEN: CircuitBreaker = CircuitBreaker::new("open", Settings::new().consecutive(1));
static FORCED: CircuitBreaker = CircuitBreaker::new("forced open", Settings::new());
static METRICS: CircuitBreaker = CircuitBreaker::new("metrics only", Settings::new().consecutive(1));

const fn rates() -> Settings {
    Settings::new().failure_rate(1.0).slow_rate(1.0).slow_call(SECOND)
}

#[circuit_breaker(threshold = 60_000, fallback = cached)]
fn annotated(works: bool) -> Result<u32, Whatever> {
    if works { Ok(1) } else { Err(Whatever) }
}

#[expect(clippy::unnecessary_wraps, reason = "a fallback has the signature of its function")]
fn cached(_: bool) -> Result<u32, Whatever> {
    Ok(2)
}

fn calls(breaker: &'static CircuitBreaker) {
    let _: Result<(), Whatever> = breaker.call(|| Ok(()));
    let _: Result<(), Whatever> = breaker.call(|| Err(Whatever));
    let classified = |permit: Permit| permit.failure_as("class", &"an error");
    let ends: [fn(Permit); 5] = [Permit::success, Permit::failure, classified, Permit::ignore, drop];
    for settle in ends {
        settle(breaker.try_acquire().expect("closed"));
    }
}

type Permit = breaker_runtime::Permit<&'static CircuitBreaker>;

struct Whatever;

impl From<CircuitBreakerError> for Whatever {
    fn from(_: CircuitBreakerError) -> Self {
        Self
    }
}

#[test]
fn no_call_allocates_once_there_is_room_for_counts_and_samples() {
    for breaker in &BREAKERS {
        (0..10).for_each(|_| calls(breaker));
        let closed = measure(|| (0..1_000).for_each(|_| calls(breaker)));
        assert_eq!((closed.count_total, breaker.state()), (0, State::Closed), "{breaker:?}");
    }
}

#[test]
fn no_failure_allocates_after_the_first_although_it_is_of_a_class_that_comes_for_the_first_time() {
    static FAILING: CircuitBreaker = CircuitBreaker::new("failing", Settings::new().consecutive(60_000));
    let fail = |class| FAILING.try_acquire().expect("closed").failure_as(class, &"an error");
    fail("first");
    let classes = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "timeout"];
    let failed = measure(|| (0..1_000).for_each(|_| classes.into_iter().for_each(fail)));
    assert_eq!((failed.count_total, FAILING.state()), (0, State::Closed));
}

#[test]
fn no_annotated_call_allocates() {
    let both = || {
        assert!(annotated(true).is_ok());
        assert!(annotated(false).is_err());
    };
    (0..10).for_each(|_| both());
    assert_eq!(measure(|| (0..1_000).for_each(|_| both())).count_total, 0);
}

#[test]
fn no_rejection_allocates_and_no_call_that_would_be_rejected() {
    OPEN.try_acquire().expect("closed").failure();
    FORCED.set_mode(Mode::ForcedOpen);
    METRICS.set_mode(Mode::MetricsOnly);
    METRICS.try_acquire().expect("nothing is rejected").failure();
    let round = || {
        assert!(OPEN.try_acquire().is_err() && FORCED.try_acquire().is_err());
        calls(&METRICS);
    };
    round();
    let rejected = measure(|| (0..1_000).for_each(|_| round()));
    assert_eq!((rejected.count_total, METRICS.would_be()), (0, Some(State::Open)));
}

static HOSTS: Breakers = Breakers::new("hosts", Settings::new().consecutive(60_000));

#[circuit_breaker(threshold = 60_000, key = host)]
fn keyed(host: &str, works: bool) -> Result<u32, Whatever> {
    if works { Ok(1) } else { Err(Whatever) }
}

#[test]
fn no_call_of_a_known_key_allocates_whatever_form_the_key_has() {
    let owned = String::from("eu.example");
    let round = || {
        let _: Result<(), Whatever> = HOSTS.call("eu.example", || Ok(()));
        let _: Result<(), Whatever> = HOSTS.call(&owned, || Err(Whatever));
        let _: Result<(), Whatever> = HOSTS.call(&7_u32, || Ok(()));
        assert!(keyed("eu.example", true).is_ok() && keyed(&owned, false).is_err());
    };
    (0..10).for_each(|_| round());
    assert_eq!(measure(|| (0..1_000).for_each(|_| round())).count_total, 0);
    assert_eq!((HOSTS.len(), keyed_breakers().len()), (2, 1));
}

/// What a family takes for each of its keys, all with one successful call behind them.
fn bytes_a_key(family: &Breakers, keys: u64) -> u64 {
    let taken = measure(|| {
        for number in 0..keys {
            let key = format!("host-{number:06}.example");
            family.try_acquire(key.as_str()).expect("closed").success();
        }
    });
    let kept = u64::try_from(taken.bytes_current).expect("more is kept than was before");
    assert_eq!(family.len() as u64, keys);
    kept / keys
}

#[test]
fn a_key_takes_at_most_600_bytes() {
    for keys in [1_000, 10_000] {
        let family = Breakers::new("family", Settings::new()).max_keys(keys);
        let bytes = bytes_a_key(&family, keys.into());
        println!("{bytes} bytes a key, of {keys}");
        assert!(bytes <= 600, "{bytes}");
    }
}

#[test]
fn keys_that_come_and_go_leave_nothing_behind() {
    let family = Breakers::new("family", Settings::new()).max_keys(100);
    let come = |from: u64| {
        for number in from..from + 1_000 {
            family.try_acquire(&number).expect("closed").success();
        }
    };
    come(0);
    let more = measure(|| come(1_000_000));
    assert!(more.bytes_current <= 1_000, "{}", more.bytes_current);
}
