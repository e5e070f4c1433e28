//! Families: a known key costs no allocation, a new one a few hundred bytes, and keys that come and go leave nothing.

use breaker_runtime::clock::ManualClock;
use breaker_runtime::{Breakers, Mode, Permit, Settings};

use super::{Error, ROUNDS, RULES, assert_allocates_nothing, counted};

/// Each way in which a call ends.
fn calls(family: &'static Breakers) {
    let owned = String::from("eu.example");
    let ends: [fn(Permit); 5] =
        [Permit::failure, |permit| permit.failure_as("class", &Error::Failed), Permit::ignore, drop, Permit::success];
    let round = || {
        for settle in ends {
            settle(family.try_acquire("eu.example").expect("closed"));
        }
        let _ = family.call(&owned, || Err::<u32, _>(Error::Failed));
        let _ = family.call(&7_u32, || Ok::<_, Error>(1));
        let _ = family.call("eu.example", || Ok::<_, Error>(1));
    };
    assert_allocates_nothing(family.name(), round);
    assert_eq!(family.len(), 2);
}

#[test]
fn no_call_of_a_known_key_allocates_by_any_rule_in_any_mode() {
    for mode in [Mode::Automatic, Mode::MetricsOnly, Mode::Disabled] {
        for (rule, settings) in RULES {
            let family: &'static Breakers =
                Box::leak(Box::new(Breakers::new(rule, settings).clock(ManualClock::new())));
            family.try_acquire("eu.example").expect("closed").success();
            family.get("eu.example").expect("was called").set_mode(mode);
            calls(family);
        }
    }
}

#[test]
fn no_call_allocates_for_whose_key_there_is_no_place() {
    let family = Breakers::new("family", Settings::new()).max_keys(1);
    family.try_acquire("failing").expect("closed").failure();
    let mut key = 0_u32;
    assert_allocates_nothing("overflow", || {
        key += 1;
        let _ = family.call(&key, || Ok::<_, Error>(1));
        let _ = family.call(&key, || Err::<u32, _>(Error::Failed));
    });
    assert_eq!(family.overflow().map(|overflow| overflow.totals.failed), Some(u64::from(ROUNDS) + 2));
}

/// What a family takes for each of its keys, all with one successful call behind them.
fn bytes_a_key(family: &Breakers, keys: u64) -> u64 {
    let taken = counted(|| {
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
    let more = counted(|| come(1_000_000));
    assert!(more.bytes_current <= 1_000, "{}", more.bytes_current);
}
