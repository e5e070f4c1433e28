//! How long an open breaker waits, and what it tells those who wait.

use std::collections::BTreeSet;
use std::time::Duration;

use breaker_runtime::{CircuitBreaker, ErrorKind, Settings, State};

use crate::support::*;

/// The delays of a breaker whose probes all fail.
fn delays(settings: Settings, trips: usize) -> Vec<Duration> {
    let (breaker, clock) = open(settings);
    let next = |_| {
        let delay = rejected(&breaker).retry_after().unwrap();
        clock.advance(delay);
        fail(&breaker);
        delay
    };
    (0..trips).map(next).collect()
}

// Polly, Resilience4j and Akka: users kept a counter of their own for a wait that grows.
#[test]
fn the_wait_does_not_stay_the_same_whatever_the_probes_say() {
    assert_eq!(delays(Settings::new().backoff(2.0), 4), [1, 2, 4, 8].map(|minutes| minutes * MINUTE));
}

// Pekko stops doubling when the next wait would pass the maximum, and so never reaches it.
#[test]
fn a_growing_wait_does_not_stop_short_of_its_maximum() {
    let settings = Settings::new().backoff(2.0).max_reset(150 * SECOND);
    assert_eq!(delays(settings, 4), [60, 120, 150, 150].map(Duration::from_secs));
}

// Resilience4j: a growing wait without an end.
#[test]
fn a_wait_does_not_grow_without_an_end() {
    assert_eq!(delays(Settings::new().backoff(2.0), 100).pop(), Some(10 * MINUTE));
}

// Users who kept a counter of their own for a growing wait also had to think of setting it back.
#[test]
fn the_wait_of_one_outage_does_not_lengthen_that_of_the_next() {
    let (breaker, clock) = due(Settings::new().backoff(2.0));
    fail(&breaker);
    clock.advance(2 * MINUTE);
    succeed(&breaker);
    fail(&breaker);
    assert_eq!(rejected(&breaker).retry_after(), Some(MINUTE));
}

// failsafe for Java, web-researcher-mcp: all of a fleet probed at the same instant.
#[test]
fn a_fleet_does_not_probe_at_the_same_instant() {
    let instants: BTreeSet<_> =
        (0..100).map(|seed| rejected(&open(Settings::new().jitter(0.5).jitter_seed(seed)).0).retry_after()).collect();
    assert_eq!(instants.len(), 100);
}

// The same fleet, where a cap cuts the growing wait: all would meet at the cap.
#[test]
fn a_fleet_at_its_longest_wait_does_not_probe_at_the_same_instant() {
    let longest = |seed| {
        let settings = Settings::new().jitter(0.5).jitter_seed(seed).backoff(8.0).max_reset(2 * MINUTE);
        delays(settings, 3).pop().unwrap()
    };
    let instants: BTreeSet<_> = (0..100).map(longest).collect();
    assert!(instants.len() > 90 && instants.iter().all(|wait| *wait <= 2 * MINUTE), "{instants:?}");
}

// Resilience4j: of two settings one silently overrides the other.
#[test]
fn settings_that_clash_do_not_override_each_other_silently() {
    let clashes = [
        (Settings::new().probes(3).successes(2).probe_failure_rate(0.5), ["successes", "probe_failure_rate"]),
        (Settings::new().max_reset(SECOND), ["max_reset", "reset"]),
        (Settings::new().window(MINUTE), ["window", "failure_rate"]),
        (Settings::new().timeout(MINUTE).probe_timeout(SECOND), ["probe_timeout", "timeout"]),
    ];
    for (settings, names) in clashes {
        let refused = CircuitBreaker::builder("clash").settings(settings).build().unwrap_err().to_string();
        assert!(names.iter().all(|name| refused.contains(&format!("`{name}`"))), "{refused}");
    }
}

// Polly and failsafe for Rust: no way to know when a call can pass again.
#[test]
fn a_rejection_does_not_hide_when_a_call_can_pass() {
    let (breaker, clock) = open(Settings::new());
    clock.advance(18 * SECOND);
    let error = rejected(&breaker);
    assert_eq!(error.retry_after(), Some(42 * SECOND));
    assert!(error.to_string().ends_with("a retry can pass in 42 s"), "{error}");
    clock.advance(42 * SECOND - NANO);
    assert_eq!(rejected(&breaker).kind(), ErrorKind::Open);
    clock.advance(NANO);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

// gh-aw-mcpg showed a negative time until the retry, once it was wedged.
#[test]
fn no_time_is_made_up_once_the_delay_has_passed() {
    let (breaker, clock) = due(Settings::new());
    clock.advance(HOUR);
    assert_eq!(breaker.snapshot().retry_after, Some(Duration::ZERO));
    let _probe = admitted(&breaker);
    assert_eq!((rejected(&breaker).retry_after(), breaker.snapshot().retry_after), (None, None));
    clock.advance(MINUTE + 10 * SECOND);
    assert_eq!(rejected(&breaker).retry_after(), Some(50 * SECOND));
}

// Resilience4j: the exception did not say which breaker it came from.
#[test]
fn a_rejection_does_not_hide_which_breaker_it_came_from() {
    let (breaker, _) = open(Settings::new());
    let error = rejected(&breaker);
    assert_eq!(error.breaker(), "dependency");
    assert!(error.to_string().starts_with("circuit breaker `dependency` is open"), "{error}");
}
