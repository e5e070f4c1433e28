//! Keys that come, are called, and leave at one moment.

use std::sync::Arc;

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
    every_interleaving(2, || {
        let family = family(1);
        call(&family, "a", true);
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

pub fn who_looks_at_a_breaker_sees_one_key_only() {
    every_interleaving(2, || {
        let family = family(1);
        call(&family, "a", true);
        let [one, other] = [Arc::clone(&family), Arc::clone(&family)];
        side_by_side([
            Box::new(move || {
                if let Some(member) = one.get("a") {
                    assert_eq!((member.about().key.as_deref(), member.totals().succeeded), (Some("a"), 1));
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
