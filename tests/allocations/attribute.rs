//! Calls of annotated functions: sync, async, with a breaker for each key, by every rule.

use std::future::pending;

use breaker_runtime::{CircuitBreaker, Mode, circuit_breaker};

use super::{Error, ROUNDS, assert_allocates_nothing, poll_once};

/// What a call does.
#[derive(Clone, Copy)]
enum End {
    Succeeds,
    Fails,
    FindsNothing,
    NeverEnds,
}

fn end(how: End) -> Result<u32, Error> {
    match how {
        End::Succeeds => Ok(1),
        End::Fails | End::NeverEnds => Err(Error::Failed),
        End::FindsNothing => Err(Error::NotFound),
    }
}

async fn end_later(how: End) -> Result<u32, Error> {
    if let End::NeverEnds = how { pending().await } else { end(how) }
}

/// For each rule a module with functions that obey it, and a test.
macro_rules! rules {
    ($($rule:ident { $($keys:tt)* })*) => {$(
        mod $rule {
            use super::*;

            #[circuit_breaker(ignore = Error::NotFound, $($keys)*)]
            fn called(how: End) -> Result<u32, Error> {
                end(how)
            }

            #[circuit_breaker(ignore = Error::NotFound, class = |_| "class", $($keys)*)]
            async fn called_async(how: End) -> Result<u32, Error> {
                end_later(how).await
            }

            #[circuit_breaker(fallback_on = "failure", fallback = |_| Ok(2), $($keys)*)]
            async fn with_a_fallback(how: End) -> Result<u32, Error> {
                end_later(how).await
            }

            #[circuit_breaker(key = host, ignore = Error::NotFound, $($keys)*)]
            fn keyed(host: &str, how: End) -> Result<u32, Error> {
                assert!(!host.is_empty());
                end(how)
            }

            #[circuit_breaker(key = host, ignore = Error::NotFound, $($keys)*)]
            async fn keyed_async(host: &str, how: End) -> Result<u32, Error> {
                assert!(!host.is_empty());
                end_later(how).await
            }

            #[test]
            fn no_call_allocates() {
                let host = "eu.example";
                let calls = |how| {
                    let _ = called(how);
                    let _ = keyed(host, how);
                    let _ = poll_once(called_async(how));
                    let _ = poll_once(with_a_fallback(how));
                    let _ = poll_once(keyed_async(host, how));
                };
                calls(End::Succeeds);
                for mode in [Mode::Automatic, Mode::MetricsOnly, Mode::Disabled] {
                    for breaker in [called_breaker(), called_async_breaker(), with_a_fallback_breaker()] {
                        breaker.set_mode(mode);
                    }
                    for family in [keyed_breakers(), keyed_async_breakers()] {
                        family.get(host).expect("was called").set_mode(mode);
                    }
                    for how in [End::Fails, End::FindsNothing, End::NeverEnds] {
                        assert_allocates_nothing(&format!("{} {mode:?}", stringify!($rule)), || {
                            calls(how);
                            calls(End::Succeeds);
                        });
                    }
                }
                let never_opened = |breaker: &CircuitBreaker| breaker.snapshot().last_trip.is_none();
                assert!([called_breaker(), called_async_breaker(), with_a_fallback_breaker()].into_iter().all(never_opened));
            }
        }
    )*};
}

rules! {
    default_rule {}
    streak { threshold = 60_000 }
    failures_in_time { failures = 60_000, window = "1h" }
    failures_among_calls { failures = 60_000, window = 60_000 }
    failure_rate_of_calls { failure_rate = 1.0, window = 100 }
    failure_rate_in_time { failure_rate = 1.0, window = "1h" }
    slow_calls { slow_rate = 1.0, slow_call = "1h", window = "1h" }
    all_rules { consecutive = 60_000, failures = 60_000, failure_rate = 1.0, slow_rate = 1.0, slow_call = "1h", window = "1h" }
}

/// What an output is judged by, beside its type.
mod outcomes {
    use super::*;

    #[circuit_breaker(failure_if = |output| !matches!(output, Ok(1)), threshold = 60_000)]
    fn judged(how: End) -> Result<u32, Error> {
        end(how)
    }

    #[circuit_breaker(fallback = |_| 2)]
    fn plain(how: u32) -> u32 {
        how
    }

    #[test]
    fn no_call_allocates() {
        assert_allocates_nothing("outcomes", || {
            let _ = judged(End::Fails);
            let _ = judged(End::Succeeds);
            let _ = plain(1);
        });
    }
}

/// Time limits: what tokio's timer needs, it has in the future.
mod time_limits {
    use super::*;

    #[circuit_breaker(timeout = "1m", threshold = 60_000)]
    async fn limited(how: End) -> Result<u32, Error> {
        end_later(how).await
    }

    #[circuit_breaker(timeout = "1m", key = host, threshold = 60_000)]
    async fn limited_keyed(host: &str, how: End) -> Result<u32, Error> {
        assert!(!host.is_empty());
        end_later(how).await
    }

    #[circuit_breaker(timeout = "1ms", threshold = 60_000)]
    async fn runs_out(how: End) -> Result<u32, Error> {
        end_later(how).await
    }

    #[test]
    fn no_call_allocates_nor_one_that_runs_out_of_time() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        assert_allocates_nothing("time limits", || {
            for how in [End::Fails, End::NeverEnds, End::Succeeds] {
                let _guard = runtime.enter();
                let _ = poll_once(limited(how));
                let _ = poll_once(limited_keyed("eu.example", how));
            }
            let _ = runtime.block_on(runs_out(End::NeverEnds));
        });
        assert_eq!(runs_out_breaker().totals().timed_out, u64::from(ROUNDS) + 2);
    }
}
