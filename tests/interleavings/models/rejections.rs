//! Those who are rejected hear of the period that rejects them, and of no other.

use std::sync::Arc;

use super::{every_interleaving, side_by_side};
use crate::breaker::due::Due;
use crate::breaker::word::Identity;
use crate::clock::Time;

fn state(epoch: u64) -> Identity {
    Identity::from_bits(epoch << 44)
}

pub fn a_time_is_that_of_its_period() {
    every_interleaving(3, || {
        let due = Arc::new(Due::new());
        due.set(state(1), Time::from_nanos(1));
        let [one, other, reader] = [Arc::clone(&due), Arc::clone(&due), Arc::clone(&due)];
        side_by_side([
            Box::new(move || one.set(state(3), Time::from_nanos(3))),
            Box::new(move || other.set(state(5), Time::from_nanos(5))),
            Box::new(move || {
                for epoch in [1, 3, 5] {
                    assert!(reader.of(state(epoch)).is_none_or(|at| at == Time::from_nanos(epoch)));
                }
            }),
        ]);
        assert!([3, 5].iter().any(|&epoch| due.of(state(epoch)) == Some(Time::from_nanos(epoch))));
    });
}
