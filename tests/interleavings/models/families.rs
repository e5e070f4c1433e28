//! Keys that come, are called, and leave at one moment.

use std::sync::Arc;
use std::time::Duration;

use super::{every_interleaving, side_by_side};
use crate::clock::ManualClock;
use crate::keyed::Breakers;
use crate::policy::Settings;

pub(super) fn family(max_keys: u32) -> Arc<Breakers> {
    let family = Breakers::new("family", Settings::new().consecutive(2));
    Arc::new(family.max_keys(max_keys).clock(ManualClock::new()))
}

fn call(family: &Breakers, key: &str, succeeds: bool) {
    let permit = family.try_acquire(key).expect("nothing was open");
    if succeeds { permit.success() } else { permit.failure() }
}

pub fn two_calls_that_bring_one_key_share_its_breaker() {
    every_interleaving(2, || {
        let family = family(2);
        let [one, other] = [Arc::clone(&family), Arc::clone(&family)];
        side_by_side([Box::new(move || call(&one, "a", true)), Box::new(move || call(&other, "a", true))]);
        assert_eq!(family.len(), 1);
        let totals = family.get("a").unwrap().totals();
        assert_eq!((totals.admitted, totals.succeeded, totals.in_flight()), (2, 2, 0));
    });
}

/// A failure of one key counts for that key, for the breaker of all that found no place, or, where its
/// breaker was just taken away, for none: never for the other key.
pub fn a_key_that_takes_a_place_does_not_hear_of_the_one_before() {
    a_key_takes_the_place_of_one_that_was_called(1, 2);
    // With two preemptions, which it passes as well, it takes a minute and a half.
    a_key_takes_the_place_of_one_that_was_called(2, 1);
}

/// The first call of a key brings it, and the second one leaves a shortcut to its place.
fn a_key_takes_the_place_of_one_that_was_called(so_often: u64, preemptions: usize) {
    every_interleaving(preemptions, move || {
        let family = family(1);
        (0..so_often).for_each(|_| call(&family, "a", true));
        let [one, other] = [Arc::clone(&family), Arc::clone(&family)];
        side_by_side([Box::new(move || call(&one, "a", false)), Box::new(move || call(&other, "b", true))]);
        let counted = |key: &str| {
            let member = family.get(key)?;
            Some((member.snapshot().consecutive_failures, member.totals().failed, member.totals().in_flight()))
        };
        assert!(counted("b").is_none_or(|counted| counted == (0, 0, 0)), "{:?}", counted("b"));
        assert!(counted("a").is_none_or(|counted| counted == (1, 1, 0)), "{:?}", counted("a"));
        assert!(family.len() <= 1);
    });
}

/// Two threads bring a key that was there before, at the place to which its shortcut still leads, or at another; it has
/// one breaker all the same.
pub fn a_key_that_comes_back_has_one_breaker_wherever_its_shortcut_leads() {
    every_interleaving(2, || {
        let clock = ManualClock::new();
        let family = Breakers::new("family", Settings::new().consecutive(2)).max_keys(2).clock(clock.clone());
        let family = Arc::new(family);
        (0..2).for_each(|_| call(&family, "a", true));
        clock.advance(Duration::from_secs(600));
        assert_eq!(family.len(), 0);
        let [one, other] = [Arc::clone(&family), Arc::clone(&family)];
        side_by_side([
            Box::new(move || call(&one, "a", true)),
            Box::new(move || (0..2).for_each(|_| call(&other, "a", true))),
        ]);
        assert_eq!((family.len(), family.get("a").unwrap().totals().succeeded), (1, 3));
    });
}

pub fn who_looks_at_a_breaker_sees_one_key_only() {
    somebody_looks_at_one_that_was_called(1);
    somebody_looks_at_one_that_was_called(2);
}

fn somebody_looks_at_one_that_was_called(so_often: u64) {
    every_interleaving(2, move || {
        let family = family(1);
        (0..so_often).for_each(|_| call(&family, "a", true));
        let [one, other] = [Arc::clone(&family), Arc::clone(&family)];
        side_by_side([
            Box::new(move || {
                if let Some(member) = one.get("a") {
                    assert_eq!((member.about().key.as_deref(), member.totals().succeeded), (Some("a"), so_often));
                    member.close();
                    assert_eq!(member.about().key.as_deref(), Some("a"));
                }
            }),
            Box::new(move || call(&other, "b", true)),
        ]);
        if let Some(b) = family.get("b") {
            assert_eq!((b.history().len(), b.totals().succeeded), (0, 1));
        }
    });
}

pub fn new_settings_reach_a_key_that_comes_meanwhile() {
    every_interleaving(2, || {
        let family = family(2);
        let [one, other] = [Arc::clone(&family), Arc::clone(&family)];
        let new = Settings::new().consecutive(7);
        side_by_side([
            Box::new(move || call(&one, "a", true)),
            Box::new(move || assert_eq!(other.set_settings(new), Ok(2))),
        ]);
        assert_eq!(family.get("a").unwrap().settings(), new);
    });
}
