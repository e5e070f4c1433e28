//! A breaker for each key, by the number of keys: a known key, a new one, and one for which there is no place.

use std::hint::black_box;

use breaker_runtime::{Breakers, Settings};

use super::{Measure, ask};

pub(super) fn paths(measure: &mut impl Measure) {
    for keys in [10, 10_000, 100_000] {
        measure.path(&format!("keys/known, of {keys}"), || {
            let family = family(keys);
            let names: Vec<String> = (0..keys).map(|number| format!("host-{number}.example")).collect();
            for name in &names {
                family.try_acquire(name).expect("closed").success();
            }
            let mut at = 0;
            move || {
                // Far from the one before, as callers are.
                at = (at + 7_919) % names.len();
                drop(black_box(family.call(&names[at], || ask(true))));
            }
        });
        for (name, failing) in [("takes the place of one of", false), ("no place among", true)] {
            measure.path(&format!("keys/new, {name} {keys}"), || {
                let family = family(keys);
                for key in 0..keys {
                    let permit = family.try_acquire(&key).expect("closed");
                    // A key whose breaker counts a failure does not leave for another.
                    if failing { permit.failure() } else { permit.success() }
                }
                let mut key = keys;
                move || {
                    key = key.wrapping_add(1).max(keys);
                    drop(black_box(family.call(&key, || ask(true))));
                }
            });
        }
    }
}

fn family(keys: u32) -> Breakers {
    Breakers::new("family", Settings::new()).max_keys(keys)
}
