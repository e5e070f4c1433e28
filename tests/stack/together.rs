//! All parts together, beside a model of what they mean: any script, any pauses, by the dependency's own log.

use std::time::Duration;

use breaker_runtime::testing::{Dependency, Script};
use breaker_runtime::{ErrorKind, circuit_breaker};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::Instant;

use super::support::{Error, Log, MS, paused};

#[circuit_breaker(
    threshold = 3,
    reset = "4s",
    max_concurrent = 5,
    timeout = "1s",
    total_timeout = "3500ms",
    retry(attempts = 3, backoff = "500ms"),
    last_good(key = (), ttl = "10s"),
    fallback = |_| Ok(NOTHING),
    latency = true
)]
async fn all(dependency: &Dependency, log: &Log) -> Result<u64, Error> {
    log.note("attempt");
    dependency.call_async().await?;
    Ok(dependency.calls())
}

/// The answer of the fallback.
const NOTHING: u64 = 1_000_000;

/// What the dependency does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Works,
    WorksAfter(u64),
    Fails,
    FailsAfter(u64),
    Hangs,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Works),
        1 => (1_u64..999).prop_map(Step::WorksAfter),
        3 => Just(Step::Fails),
        1 => (1_u64..999).prop_map(Step::FailsAfter),
        2 => Just(Step::Hangs),
    ]
}

fn script(steps: &[Step]) -> Script {
    steps.iter().fold(Script::new(), |script, step| match *step {
        Step::Works => script.works(1),
        Step::WorksAfter(millis) => script.takes(Duration::from_millis(millis), 1),
        Step::Fails => script.fails(1),
        Step::FailsAfter(millis) => script.fails_after(Duration::from_millis(millis), 1),
        Step::Hangs => script.hangs(1),
    })
}

/// The same in plain words, by the millisecond.
#[derive(Default)]
struct Model {
    now: u64,
    /// When each attempt began.
    attempts: Vec<u64>,
    streak: u32,
    open_until: Option<u64>,
    kept: Option<(u64, u64)>,
    retried: u64,
    served: u64,
}

#[derive(Debug, PartialEq)]
enum End {
    Answer(u64),
    Failed,
    TimedOut,
}

impl Model {
    fn call(&mut self, steps: &[Step]) -> End {
        let deadline = self.now + 3_500;
        let mut wait = 500;
        let mut rejected = false;
        let mut end = End::Failed;
        for attempt in 1..=3 {
            rejected = self.open_until.is_some_and(|until| self.now < until);
            if rejected {
                break;
            }
            let probe = self.open_until.is_some();
            self.attempts.push(self.now);
            let limit = self.now + 1_000.min(deadline - self.now);
            // After the script it works.
            let step = steps.get(self.attempts.len() - 1).copied().unwrap_or(Step::Works);
            let (ends, works) = match step {
                Step::Works => (self.now, true),
                Step::WorksAfter(millis) => (self.now + millis, true),
                Step::Fails => (self.now, false),
                Step::FailsAfter(millis) => (self.now + millis, false),
                Step::Hangs => (u64::MAX, false),
            };
            // The limit is tokio's, which looks at the call first.
            end = if ends <= limit { End::Failed } else { End::TimedOut };
            self.now = ends.min(limit);
            if works && ends <= limit {
                (self.streak, self.open_until) = (0, None);
                let answer = self.attempts.len() as u64;
                self.kept = Some((answer, self.now));
                return End::Answer(answer);
            }
            self.streak += 1;
            if probe || self.streak == 3 {
                (self.streak, self.open_until) = (0, Some(self.now + 4_000));
            }
            if attempt == 3 || wait >= deadline - self.now {
                break;
            }
            self.now += wait;
            self.retried += 1;
            wait *= 2;
        }
        match self.kept {
            Some((answer, at)) if self.now - at <= 10_000 => {
                self.served += 1;
                End::Answer(answer)
            }
            _ if rejected => End::Answer(NOTHING),
            _ => end,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_life_is_that_of_the_model(
        steps in vec(step(), 0..30),
        pauses in vec(prop_oneof![Just(0_u64), 0_u64..1_000, 3_000_u64..5_000, 9_000_u64..11_000], 1..15),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(paused(async |test| {
            let (dependency, log, began) = (test.dependency(script(&steps)), Log::new(), Instant::now());
            let mut model = Model::default();
            for pause in pauses {
                tokio::time::sleep_until(began + Duration::from_millis(model.now + pause)).await;
                model.now += pause;
                let expected = model.call(&steps);
                let found = match all(&dependency, &log).await {
                    Ok(answer) => End::Answer(answer),
                    Err(Error::Failed(_)) => End::Failed,
                    Err(Error::Breaker(error)) => {
                        assert!(matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::TotalTimedOut), "{error}");
                        End::TimedOut
                    }
                    Err(other) => panic!("{other}"),
                };
                assert_eq!((found, began.elapsed()), (expected, Duration::from_millis(model.now)));
            }
            let totals = all_breaker().totals();
            assert_eq!(log.times(), model.attempts, "what the dependency saw");
            assert_eq!((totals.admitted, totals.retried), (dependency.calls(), model.retried));
            assert_eq!((totals.last_good_served, totals.in_flight()), (model.served, 0));
            // Waits between attempts are no part of any call.
            let snapshot = all_breaker().snapshot();
            assert!(snapshot.latency.is_none_or(|latency| latency.max <= 1_000 * MS), "{:?}", snapshot.latency);
        }));
    }
}
