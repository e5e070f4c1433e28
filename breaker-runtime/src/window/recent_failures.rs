//! The times of the last n failures of one epoch, for the rule "n failures within a window of
//! time". Exact, and in constant time.

use std::time::Duration;

use super::ring::Ring;
use crate::clock::Time;

#[derive(Debug)]
pub(crate) struct RecentFailures {
    limit: u32,
    times: Ring,
}

impl RecentFailures {
    /// Room for the last `limit` failures, beginning with `epoch`.
    pub(crate) fn new(limit: u32, epoch: u64) -> Self {
        Self { limit, times: Ring::new(limit, epoch) }
    }

    /// Room for the last `limit` failures, with those that are kept here.
    pub(crate) fn resized(&self, limit: u32, epoch: u64) -> Self {
        Self { limit, times: Ring::of(limit, epoch, &self.times.last(epoch, limit.into())) }
    }

    pub(crate) fn begin(&self, epoch: u64) {
        self.times.begin(epoch);
    }

    /// Whether the newest failure of `epoch` is younger than `window`.
    pub(crate) fn has_any(&self, epoch: u64, now: Time, window: Duration) -> bool {
        match self.times.nth(epoch, 1) {
            None => false,
            // It is just being written.
            Some(0) => true,
            Some(mark) => now.since(Time::from_nanos(mark - 1)) < window,
        }
    }

    /// Records a failure of `epoch` at `now`, and says whether the `limit`-th most recent one is
    /// younger than `window`.
    pub(crate) fn record(&self, epoch: u64, now: Time, window: Duration, clock: impl Fn() -> Time) -> bool {
        // One more than the time, for marks are not 0.
        self.times.add(epoch, |_| now.as_nanos().saturating_add(1))
            && match self.times.nth(epoch, self.limit.into()) {
                None | Some(0) => false,
                // By the clock as it is now, which is later than the time of every failure here.
                Some(mark) => clock().since(Time::from_nanos(mark - 1)) < window,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_nanos(30);

    fn fail(failures: &RecentFailures, epoch: u64, nanos: u64) -> bool {
        let now = Time::from_nanos(nanos);
        failures.record(epoch, now, WINDOW, || now)
    }

    #[test]
    fn the_window_is_exact_at_its_boundary() {
        let failures = RecentFailures::new(3, 0);
        assert!(!fail(&failures, 0, 100));
        assert!(!fail(&failures, 0, 110));
        assert!(!fail(&failures, 0, 130), "the first is as old as the window");
        assert!(fail(&failures, 0, 139), "the second is not yet");
        let has_any = |epoch, nanos| failures.has_any(epoch, Time::from_nanos(nanos), WINDOW);
        assert_eq!([has_any(0, 168), has_any(0, 169), has_any(1, 139)], [true, false, false]);
    }

    #[test]
    fn one_failure_is_enough_where_one_is_the_limit() {
        assert!(fail(&RecentFailures::new(1, 0), 0, 0));
    }

    #[test]
    fn a_failure_that_was_held_up_judges_by_the_present_time() {
        let failures = RecentFailures::new(2, 0);
        assert!(!fail(&failures, 0, 100));
        assert!(!failures.record(0, Time::from_nanos(50), WINDOW, || Time::from_nanos(500)));
    }

    #[test]
    fn of_failures_at_one_moment_at_least_one_sees_the_rule_hold() {
        for _ in 0..200 {
            let failures = RecentFailures::new(4, 0);
            let seen = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| fail(&failures, 0, 5))).collect();
                threads.into_iter().map(|t| t.join().unwrap()).filter(|&reached| reached).count()
            });
            assert!(seen >= 1);
        }
    }
}
