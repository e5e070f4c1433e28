//! The breaker against a naive one, over random settings, times and interleaved calls.
//!
//! A life that shows a difference is shortened, printed, and its seed kept in `regressions.txt`, to be
//! lived again by every later run: commit that file. More lives are lived, in less time each, with
//! `PROPTEST_CASES=1000000 cargo test --release -p breaker-tests --test model every_answer`.

mod compare;
mod coverage;
mod generate;
mod reference;
mod rules;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngAlgorithm};

fn config(cases: u32) -> ProptestConfig {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/model/regressions.txt");
    ProptestConfig {
        cases,
        // Several times as fast as the default, where nothing is optimized.
        rng_algorithm: RngAlgorithm::XorShift,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn every_answer_is_that_of_the_naive_breaker(
        rules in generate::rules(),
        made in generate::beginning(),
        steps in generate::steps(),
    ) {
        compare::live(rules, made, &steps)?;
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn so_is_that_of_a_breaker_whose_window_is_large(
        rules in generate::large_rules(),
        made in generate::beginning(),
        steps in generate::many_steps(),
    ) {
        compare::live(rules, made, &steps)?;
    }
}
