//! How often rules trip though nothing is wrong, and how soon when all is: arithmetic, nothing measured.
//!
//! All of it takes each call to fail by itself, with the same probability. What windows make of that is reckoned in
//! [`super::scan`].

use std::time::Duration;

use super::scan::{Failed, by_call};
use crate::policy::{Settings, Window, about, reaches};

/// 10,000 years of 365.25 days, in seconds.
const NEVER: f64 = 10_000.0 * 365.25 * 86_400.0;
/// Calls of a window of time whose number is reckoned with as random; in larger ones chance evens out.
const FEW: f64 = 1_000.0;
/// A window of time is taken to hold no more calls: its share of failures is certain by then.
const MANY: f64 = 1e8;
/// A rate over a time counts a call for nine tenths of the window to all of it: half-way between.
const COUNTED: f64 = 0.95;

/// What is usual for the calls of one breaker: how many there are, and how many of them fail though nothing is wrong.
///
/// From it follow the least limit that usual failures stay below, and what some [`Settings`] would do: how often they
/// trip for nothing, and how soon in an outage.
///
/// ```
/// use std::time::Duration;
/// use breaker_runtime::Settings;
/// use breaker_runtime::config::Traffic;
///
/// // 10 calls a second, of which 1 % fails:
/// let usual = Traffic::new(10.0, 0.01).unwrap();
/// let window = Duration::from_secs(30);
/// // 3 failures within 30 s are usual, so 4 are the least that may trip …
/// assert_eq!(usual.least_failures(window), 4);
/// // … but chance alone brings 4 together within a minute, 14 about every 11 days.
/// let often = usual.time_to_false_trip(&Settings::new().failures(4).window(window)).unwrap();
/// assert!(often < Duration::from_secs(60));
/// let rarely = Settings::new().failures(14).window(window);
/// assert!(usual.time_to_false_trip(&rarely).unwrap() > Duration::from_secs(10 * 86_400));
/// // An outage is noticed after 14 calls, in 1.4 s.
/// assert_eq!(usual.time_to_true_trip(&rarely), Some(Duration::from_millis(1_400)));
/// ```
///
/// What it says is right as far as calls are alike and independent of each other. Failures that come in bursts trip
/// sooner. Rules about slow calls ([`Settings::slow_rate`]) are left out: nothing is known here of how long calls take.
/// So are cancelled calls ([`Settings::on_cancel`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    rps: f64,
    error: f64,
}

impl Traffic {
    /// Calls a second, and the share of them that fails usually, from 0 to 1 (0.01 is one of a hundred).
    ///
    /// Calls are those that the rules count: those that succeed or fail. There is no default for either number.
    /// `None` where `requests_per_second` is not a finite number above 0, or `error_rate` is not from 0 to 1.
    ///
    /// ```
    /// use breaker_runtime::config::Traffic;
    ///
    /// assert!(Traffic::new(0.5, 0.0).is_some());
    /// assert!(Traffic::new(0.0, 0.01).is_none());
    /// assert!(Traffic::new(10.0, 1.5).is_none(), "1.5 % is 0.015");
    /// ```
    #[must_use]
    pub fn new(requests_per_second: f64, error_rate: f64) -> Option<Self> {
        let valid = requests_per_second.is_finite() && requests_per_second > 0.0 && (0.0..=1.0).contains(&error_rate);
        valid.then_some(Self { rps: requests_per_second, error: error_rate })
    }

    /// Calls a second, above 0.
    ///
    /// ```
    /// # use breaker_runtime::config::Traffic;
    /// assert_eq!(Traffic::new(10.0, 0.01).unwrap().requests_per_second(), 10.0);
    /// ```
    #[must_use]
    pub fn requests_per_second(&self) -> f64 {
        self.rps
    }

    /// The share of the calls that fails usually, from 0 to 1.
    ///
    /// ```
    /// # use breaker_runtime::config::Traffic;
    /// assert_eq!(Traffic::new(10.0, 0.01).unwrap().error_rate(), 0.01);
    /// ```
    #[must_use]
    pub fn error_rate(&self) -> f64 {
        self.error
    }

    /// The least number for [`Settings::failures`] within this time: the smallest whole number above the failures that
    /// are usual in it, and at least 2.
    ///
    /// Usual are error rate × calls a second × window; published advice on sizing writes it "error rate (%) × volume ×
    /// window / 100". This is a lower bound, not a good value: chance goes beyond the usual number often. How often,
    /// [`time_to_false_trip`](Self::time_to_false_trip) says. Numbers beyond `u32` are cut.
    ///
    /// ```
    /// use std::time::Duration;
    /// use breaker_runtime::config::Traffic;
    ///
    /// // 5 % of 10 calls a second, in 30 s: 15 failures are usual.
    /// assert_eq!(Traffic::new(10.0, 0.05).unwrap().least_failures(Duration::from_secs(30)), 16);
    /// ```
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
    pub fn least_failures(&self, window: Duration) -> u32 {
        let usual = exact(self.error * self.rps * window.as_secs_f64());
        ((usual.floor() + 1.0) as u32).max(2)
    }

    /// The mean time until these settings trip, from the moment when the breaker has closed, although only usual
    /// failures happen. `None`: never, or not within 10,000 years.
    ///
    /// - [`consecutive`](Settings::consecutive), `n` in a row, where a call fails with `p`: `(1 - p^n) / (p^n (1 - p))`
    ///   calls, exactly (Feller, "An Introduction to Probability Theory and Its Applications" I, XIII.7). This is the
    ///   rule, with 5, where there is no other.
    /// - [`failures`](Settings::failures) in a window of calls or of time: the exact mean while the first window fills;
    ///   then `Q1` windows that were below the limit divided by the rate of leaving that, `ln(Q1 / Q2)` a window, with
    ///   Naus' probabilities (1982) that one window, and that two, stay below it: binomial in a window of calls, Poisson
    ///   within a time.
    /// - [`failure_rate`](Settings::failure_rate): the same, where the limit is the share of the window's calls, and
    ///   nothing is read before there are [`min_calls`](Settings::min_calls). A window of time holds a number of calls
    ///   that varies as Poisson's distribution has it, and counts a call for 95 % of its time on average. Never, where
    ///   it does not hold `min_calls` usually.
    /// - Several rules: their rates, `1 / time`, are added; the time is no shorter than the calls take that the
    ///   first of them needs.
    /// - Rules about slow calls add nothing.
    ///
    /// Beside simulated random calls the times of the first two rules err by a tenth, those of `failure_rate` by a factor
    /// of up to 1.5; of up to 3 where a window of time holds hardly more than `min_calls`, which then trips sooner than
    /// said.
    ///
    /// ```
    /// use std::time::Duration;
    /// use breaker_runtime::Settings;
    /// use breaker_runtime::config::Traffic;
    ///
    /// // Two in a row, where every second call fails: 6 calls on average.
    /// let usual = Traffic::new(1.0, 0.5).unwrap();
    /// assert_eq!(usual.time_to_false_trip(&Settings::new().consecutive(2)), Some(Duration::from_secs(6)));
    /// let healthy = Traffic::new(1.0, 0.0).unwrap();
    /// assert_eq!(healthy.time_to_false_trip(&Settings::new()), None);
    /// ```
    #[must_use]
    pub fn time_to_false_trip(&self, settings: &Settings) -> Option<Duration> {
        let window = settings.window_or_default();
        let streak = settings.streak_limit().map(|n| self.false_streak(f64::from(n)));
        let failures = settings.failures.get().map(|n| self.false_failures(f64::from(n), window));
        let rate = settings.failure_rate.get().and_then(|rate| {
            let needed = settings.min_calls_needed();
            match window {
                Window::Calls(calls) => Some(self.false_rate_of_calls(rate, calls.into(), needed.into())),
                Window::Time(time) => self.false_rate_within(rate, time, needed.into()),
            }
        });
        let rules = [streak, failures, rate].into_iter().flatten().filter(|rule| rule.calls.is_finite());
        let (rates, needed) = rules
            .fold((0.0, f64::INFINITY), |(rates, needed), rule| (rates + 1.0 / rule.calls, rule.needed.min(needed)));
        self.lasting((1.0 / rates).max(needed))
    }

    /// The time until these settings trip when from one moment on every call fails, and none did before. Calls are taken
    /// to come evenly. `None`: never, or not within 10,000 years.
    ///
    /// - [`consecutive`](Settings::consecutive), `n` in a row: `n` calls.
    /// - [`failures`](Settings::failures), `n` in a window: `n` calls; never, where the window does not hold so many (100
    ///   in 30 s at 2 calls a second).
    /// - [`failure_rate`](Settings::failure_rate) over a window full of successes: that share of its calls, or of its
    ///   time, and a call at least; never, where it does not hold [`min_calls`](Settings::min_calls).
    /// - Several rules: the first of them.
    /// - Rules about slow calls add nothing, though an outage may make calls slow.
    ///
    /// This follows from the rules alone. A call counts when it ends: add how long a failing one takes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use breaker_runtime::Settings;
    /// use breaker_runtime::config::Traffic;
    ///
    /// let usual = Traffic::new(2.0, 0.01).unwrap();
    /// let window = Duration::from_secs(30);
    /// let half = Settings::new().failure_rate(0.5).window(window);
    /// assert_eq!(usual.time_to_true_trip(&half), Some(Duration::from_secs(15)));
    /// assert_eq!(usual.time_to_true_trip(&Settings::new().failures(100).window(window)), None);
    /// ```
    #[must_use]
    pub fn time_to_true_trip(&self, settings: &Settings) -> Option<Duration> {
        let window = settings.window_or_default();
        let held = match window {
            Window::Calls(calls) => calls.into(),
            Window::Time(time) => exact(self.calls_in(time)),
        };
        let streak = settings.streak_limit().map(f64::from);
        // The first of n evenly spaced failures is younger than the window by the last one as long as n - 1 of their
        // distances are less than it.
        let failures = settings.failures.get().map(f64::from).filter(|&n| n <= held.ceil());
        let enough = held >= settings.min_calls_needed().into();
        let rate = settings.failure_rate.get().filter(|_| enough).map(|rate| match window {
            Window::Calls(calls) => whole(limit(calls.into(), rate)),
            Window::Time(_) => (rate * held).max(1.0),
        });
        self.lasting([streak, failures, rate].into_iter().flatten().fold(f64::INFINITY, f64::min))
    }

    fn false_streak(&self, n: f64) -> Rule {
        let all = n * self.error.ln();
        let calls = if self.error < 1.0 { -all.exp_m1() / (all.exp() * (1.0 - self.error)) } else { n };
        Rule { calls, needed: n }
    }

    fn false_failures(&self, n: f64, window: Window) -> Rule {
        let (filling, rest) = match window {
            Window::Calls(calls) => {
                let calls = f64::from(calls);
                let failed = Failed::OfCalls { calls, error: self.error };
                let (below, lost) = failed.stays_below(n);
                let one_more = Failed::OfCalls { calls: calls + 1.0, error: self.error };
                let in_first = n / self.error * one_more.split(n + 1.0).1;
                (calls * below + in_first, below / by_call(lost, calls))
            }
            Window::Time(time) => {
                let calls = self.calls_in(time);
                let failed = Failed::Within { mean: (self.error * calls).min(1e300) };
                let (below, lost) = failed.stays_below(n);
                let in_first = n / self.error * failed.split(n + 1.0).1;
                (calls * below + in_first, below * calls / -(-lost).ln_1p())
            }
        };
        Rule { calls: filling + rest, needed: n }
    }

    fn false_rate_of_calls(&self, rate: f64, calls: u64, needed: u64) -> Rule {
        let lost = Failed::OfCalls { calls: whole(calls), error: self.error }.stays_below(whole(limit(calls, rate))).1;
        let (filling, left) = self.filling(rate, needed, calls);
        Rule { calls: filling + left / by_call(lost, whole(calls)), needed: whole(needed) }
    }

    /// How many calls a rate over a window of `calls` gets on average while that fills, and with which probability it has
    /// not tripped then. It is read from `needed` calls on; here at each doubling of them, as if these readings were
    /// independent: those between them, left out, make up for it.
    fn filling(&self, rate: f64, needed: u64, calls: u64) -> (f64, f64) {
        let left =
            |held: u64| Failed::OfCalls { calls: whole(held), error: self.error }.split(whole(limit(held, rate))).0;
        let mut held = needed.max(1);
        let (mut mean, mut untripped) = (whole(held), left(held));
        while held < calls {
            let next = (2 * held).min(calls);
            mean += whole(next - held) * untripped;
            untripped *= left(next);
            held = next;
        }
        (mean, untripped)
    }

    fn false_rate_within(&self, rate: f64, time: Duration, needed: u64) -> Option<Rule> {
        let mean = self.calls_in(time);
        if exact(mean) < whole(needed) {
            return None;
        }
        let error = self.error;
        let counted = mean * COUNTED;
        if counted > FEW {
            let calls = counted_calls(counted.min(MANY));
            return Some(self.false_rate_of_calls(rate, calls.max(needed), needed));
        }
        let held = Failed::Within { mean: counted };
        let most = counted_calls(counted + 8.0 * counted.sqrt() + 20.0).max(needed);
        let trips: f64 = (needed.max(1)..=most)
            .map(|calls| {
                let failed = Failed::OfCalls { calls: whole(calls), error };
                let lost = failed.stays_below(whole(limit(calls, rate))).1;
                held.probability(whole(calls)) * by_call(lost, whole(calls))
            })
            .sum();
        let (filling, left) = self.filling(rate, needed, counted_calls(counted));
        Some(Rule { calls: filling + left / trips, needed: whole(needed) })
    }

    fn calls_in(&self, time: Duration) -> f64 {
        self.rps * time.as_secs_f64()
    }

    /// How long so many calls take.
    fn lasting(&self, calls: f64) -> Option<Duration> {
        let seconds = calls / self.rps;
        (seconds <= NEVER).then(|| Duration::from_secs_f64(seconds))
    }
}

/// After how many calls a rule trips.
#[derive(Clone, Copy, Debug)]
struct Rule {
    /// On average.
    calls: f64,
    /// At least.
    needed: f64,
}

/// How many failures of so many calls reach the share `rate`; one more than there are, where none do.
fn limit(calls: u64, rate: f64) -> u64 {
    let least = about(calls, rate);
    (least..=least + 2).find(|&failed| reaches(failed, calls, rate)).unwrap_or(calls + 1)
}

/// A product of decimal numbers as people reckon: 0.29 × 100 is 29.
fn exact(product: f64) -> f64 {
    let nearest = product.round();
    if (product - nearest).abs() <= 1e-9 * nearest { nearest } else { product }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, never many")]
fn counted_calls(calls: f64) -> u64 {
    calls as u64
}

#[expect(clippy::cast_precision_loss, reason = "of calls, at most a hundred million")]
fn whole(calls: u64) -> f64 {
    calls as f64
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::policy::mix;

    const SECOND: Duration = Duration::from_secs(1);

    /// Numbers that look random, by the house's SplitMix64.
    struct Draws(u64);

    impl Draws {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(self.0)
        }

        /// From 0 up to, not including, 1.
        fn unit(&mut self) -> f64 {
            f64::from(u32::try_from(self.next() >> 32).unwrap()) / 4_294_967_296.0
        }

        /// The time to the next of calls that come at random, one a second.
        fn pause(&mut self) -> f64 {
            -(1.0 - self.unit()).ln()
        }

        fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
            values[usize::try_from(self.next() >> 33).unwrap() % values.len()]
        }
    }

    fn traffic(rps: f64, error: f64) -> Traffic {
        Traffic::new(rps, error).unwrap()
    }

    /// The mean of `runs` lives.
    fn mean(seed: u64, runs: u32, mut life: impl FnMut(&mut Draws) -> f64) -> f64 {
        let mut draws = Draws(seed);
        (0..runs).map(|_| life(&mut draws)).sum::<f64>() / f64::from(runs)
    }

    /// Calls until `limit` of the last `calls` failed.
    fn failures_of_calls(draws: &mut Draws, error: f64, limit: usize, calls: f64) -> f64 {
        let (mut failed, mut call) = (VecDeque::new(), 0.0);
        loop {
            call += 1.0;
            if draws.unit() < error {
                failed.push_back(call);
                if failed.len() == limit && failed.pop_front() > Some(call - calls) {
                    return call;
                }
            }
        }
    }

    /// Seconds until `limit` failures are younger than `window`, where there are `rps` of them.
    fn failures_within(draws: &mut Draws, rps: f64, limit: usize, window: f64) -> f64 {
        let (mut failed, mut now) = (VecDeque::new(), 0.0);
        loop {
            now += draws.pause() / rps;
            failed.push_back(now);
            if failed.len() == limit && failed.pop_front() > Some(now - window) {
                return now;
            }
        }
    }

    /// Calls until the share is reached by the last `calls`, or by as many as there are from `needed` on.
    fn rate_of_calls(draws: &mut Draws, error: f64, rate: f64, calls: usize, needed: usize) -> f64 {
        let (mut last, mut failed, mut count) = (VecDeque::new(), 0_u64, 0.0);
        loop {
            count += 1.0;
            let fails = draws.unit() < error;
            last.push_back(fails);
            failed += u64::from(fails);
            if last.len() > calls {
                failed -= u64::from(last.pop_front() == Some(true));
            }
            if last.len() >= needed && reaches(failed, last.len() as u64, rate) {
                return count;
            }
        }
    }

    /// Calls until the share is reached in ten slices of the time that `calls` take, from `needed` on; calls come at
    /// random or evenly.
    fn rate_within(draws: &mut Draws, error: f64, rate: f64, calls: f64, needed: u64, evenly: bool) -> f64 {
        let (mut slices, mut now, mut end) = (VecDeque::from([(0_u64, 0_u64)]), 0.0, calls / 10.0);
        loop {
            now += if evenly { 1.0 } else { draws.pause() };
            while now >= end {
                end += calls / 10.0;
                slices.push_back((0, 0));
                if slices.len() > 10 {
                    slices.pop_front();
                }
            }
            let slice = slices.back_mut().unwrap();
            slice.0 += u64::from(draws.unit() < error);
            slice.1 += 1;
            let (failed, all) = slices.iter().fold((0, 0), |sum, slice| (sum.0 + slice.0, sum.1 + slice.1));
            if all >= needed && reaches(failed, all, rate) {
                return now;
            }
        }
    }

    fn false_trip(error: f64, settings: &Settings) -> f64 {
        seconds(traffic(1.0, error).time_to_false_trip(settings))
    }

    fn seconds(time: Option<Duration>) -> f64 {
        time.map_or(f64::INFINITY, |time| time.as_secs_f64())
    }

    #[track_caller]
    fn assert_near(said: f64, simulated: f64, factor: f64, of: &dyn std::fmt::Debug) {
        let ratio = said / simulated;
        assert!((1.0 / factor..=factor).contains(&ratio), "{of:?}: {said} said, {simulated} simulated: {ratio}");
    }

    #[test]
    fn traffic_is_some_calls_of_which_a_share_fails() {
        for (rps, error) in [(0.0, 0.1), (-1.0, 0.1), (f64::NAN, 0.1), (f64::INFINITY, 0.1)] {
            assert_eq!(Traffic::new(rps, error), None);
        }
        for error in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Traffic::new(1.0, error), None);
        }
        assert!(Traffic::new(f64::MAX, 1.0).is_some() && Traffic::new(f64::MIN_POSITIVE, 0.0).is_some());
    }

    #[test]
    fn the_least_limit_is_above_what_is_usual() {
        let least = |rps, error, window: u64| traffic(rps, error).least_failures(Duration::from_secs(window));
        assert_eq!(least(10.0, 0.05, 30), 16);
        assert_eq!(least(10.0, 0.05, 31), 16);
        assert_eq!(least(1.0, 0.29, 100), 30, "0.29 * 100 is less than 29 for a computer");
        assert_eq!([least(10.0, 0.0, 30), least(1.0, 0.01, 30), least(1.0, 1.0, 0)], [2; 3]);
        assert_eq!(least(f64::MAX, 1.0, u64::MAX), u32::MAX);
    }

    #[test]
    fn a_streak_takes_as_many_calls_as_feller_says() {
        for (error, n, calls) in [(0.5, 1, 2.0), (0.5, 2, 6.0), (0.5, 5, 62.0), (0.1, 3, 1_110.0), (1.0, 7, 7.0)] {
            let said = false_trip(error, &Settings::new().consecutive(n));
            assert!((said / calls - 1.0).abs() < 1e-9, "{said} for {n}");
        }
        assert_eq!(traffic(10.0, 1.0).time_to_false_trip(&Settings::new()), Some(SECOND / 2), "5 at 10 a second");
        let nearly = false_trip(1.0 - 1e-12, &Settings::new().consecutive(1_000));
        assert!((nearly - 1_000.0).abs() < 1e-3, "{nearly}");
    }

    #[test]
    fn one_failure_comes_as_soon_as_it_comes() {
        for settings in [
            Settings::new().consecutive(1),
            Settings::new().failures(1).window_calls(10),
            Settings::new().failures(1).window(30 * SECOND),
            Settings::new().failures(1).window_calls(65_535),
        ] {
            for error in [1.0, 0.5, 0.01, 1e-6] {
                let said = false_trip(error, &settings);
                assert!((said * error - 1.0).abs() < 1e-6, "{settings:?}: {said} for {error}");
            }
        }
    }

    #[test]
    fn without_failures_nothing_trips_and_without_successes_it_does_at_once() {
        let rate = Settings::new().failure_rate(0.5);
        for (settings, calls) in [
            (Settings::new(), 5.0),
            (Settings::new().failures(3).window_calls(20), 3.0),
            (Settings::new().failures(3).window(30 * SECOND), 3.0),
            (rate, 20.0),
            (rate.window_calls(100), 20.0),
            (rate.window_calls(100).min_calls(50).consecutive(7), 7.0),
        ] {
            assert_eq!(traffic(1.0, 0.0).time_to_false_trip(&settings), None);
            assert_near(false_trip(1.0, &settings), calls, 1.001, &settings);
        }
    }

    #[test]
    fn settings_that_no_chance_can_reach_never_trip() {
        let slow = Settings::new().slow_rate(0.5).slow_call(SECOND);
        for settings in [
            slow,
            Settings::new().failure_rate(0.5).window(10 * SECOND),
            Settings::new().failures(100).window(30 * SECOND),
            Settings::new().failures(65_535).window_calls(65_535),
        ] {
            assert_eq!(traffic(1.0, 0.05).time_to_false_trip(&settings), None, "{settings:?}");
        }
        assert_eq!(traffic(1.0, 0.05).time_to_true_trip(&slow), None);
    }

    #[test]
    fn an_outage_is_noticed_when_the_first_rule_is_reached() {
        let time = |rps, settings: Settings| traffic(rps, 0.01).time_to_true_trip(&settings).map(|t| t.as_secs_f64());
        let new = Settings::new;
        assert_eq!(time(2.0, new()), Some(2.5));
        assert_eq!(time(2.0, new().failures(100).window(30 * SECOND)), None);
        assert_eq!(time(2.0, new().failures(60).window(30 * SECOND)), Some(30.0));
        assert_eq!(time(2.0, new().failures(61).window(30 * SECOND)), None, "the first is as old as the window");
        assert_eq!(time(0.01, new().failures(1).window(SECOND)), Some(100.0));
        assert_eq!(time(2.0, new().failures(8).window_calls(10)), Some(4.0));
        assert_eq!(time(1.0, new().failure_rate(0.28).window_calls(25)), Some(7.0));
        assert_eq!(time(1.0, new().failure_rate(0.67).window_calls(3)), Some(3.0));
        assert_eq!(time(10.0, new().failure_rate(0.5)), Some(30.0), "half of the minute that is the default");
        assert_eq!(time(1.0, new().failure_rate(0.01).min_calls(20)), Some(1.0), "a call at least");
        assert_eq!(time(0.1, new().failure_rate(0.5)), None, "6 calls a minute");
        assert_eq!(time(0.1, new().failure_rate(0.5).window(200 * SECOND)), Some(100.0), "20 calls just do");
        assert_eq!(time(10.0, new().failure_rate(0.5).consecutive(10)), Some(1.0));
        assert_eq!(time(1e-300, new()), None, "not within 10,000 years");
    }

    #[test]
    fn more_failures_trip_sooner_and_higher_limits_later() {
        let rules: [fn(u32) -> Settings; 5] = [
            |n| Settings::new().consecutive(n),
            |n| Settings::new().failures(n).window_calls(40),
            |n| Settings::new().failures(n).window(40 * SECOND),
            |n| Settings::new().failure_rate(f64::from(n) / 40.0).window_calls(40).min_calls(40),
            |n| Settings::new().failure_rate(f64::from(n) / 40.0).window(40 * SECOND).min_calls(20),
        ];
        for rule in rules {
            for n in 1..=40 {
                let times = (0..=100).map(|percent| false_trip(f64::from(percent) / 100.0, &rule(n)));
                let times: Vec<f64> = times.collect();
                assert!(times.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-9)), "{:?}: {times:?}", rule(n));
            }
            for error in [0.01, 0.1, 0.3, 0.6, 0.9] {
                let times: Vec<f64> = (1..=40).map(|n| false_trip(error, &rule(n))).collect();
                assert!(times.windows(2).all(|pair| pair[0] <= pair[1] * (1.0 + 1e-9)), "{:?}: {times:?}", rule(1));
            }
        }
    }

    #[test]
    fn a_second_rule_trips_sooner_but_not_before_there_are_calls_enough() {
        let one = Settings::new().failures(5).window_calls(20);
        let two = one.consecutive(4);
        let rates = 1.0 / false_trip(0.1, &one) + 1.0 / false_trip(0.1, &Settings::new().consecutive(4));
        assert_near(false_trip(0.1, &two), 1.0 / rates, 1.000_001, &two);
        assert_near(false_trip(1.0, &one.consecutive(5)), 5.0, 1.000_001, &"five calls");
    }

    #[test]
    fn streaks_come_as_in_a_simulation() {
        for (error, n) in [(0.1, 3), (0.3, 5), (0.5, 8), (0.9, 20)] {
            let simulated =
                mean(1, 1_000, |draws| failures_of_calls(draws, error, n.try_into().unwrap(), f64::from(n)));
            assert_near(false_trip(error, &Settings::new().consecutive(n)), simulated, 1.15, &(error, n));
        }
    }

    #[test]
    fn failures_of_the_last_calls_come_as_in_a_simulation() {
        for (error, n, calls) in [
            (0.01, 3, 50),
            (0.05, 5, 20),
            (0.1, 20, 100),
            (0.2, 30, 100),
            (0.3, 35, 100),
            (0.3, 30, 100),
            (0.3, 25, 100),
            (0.001, 2, 1_000),
            (0.5, 5, 10),
            (0.8, 10, 10),
        ] {
            let settings = Settings::new().failures(n).window_calls(calls);
            let simulated =
                mean(2, 500, |draws| failures_of_calls(draws, error, n.try_into().unwrap(), f64::from(calls)));
            assert_near(false_trip(error, &settings), simulated, 1.2, &(error, n, calls));
        }
    }

    #[test]
    fn failures_within_a_time_come_as_in_a_simulation() {
        for (rps, error, n, window) in [
            (10.0, 0.01, 4, 30),
            (10.0, 0.01, 10, 30),
            (1.0, 0.05, 7, 30),
            (10.0, 0.1, 50, 30),
            (10.0, 0.1, 30, 30),
            (10.0, 0.1, 20, 30),
            (1.0, 0.01, 3, 30),
        ] {
            let said = traffic(rps, error).time_to_false_trip(&Settings::new().failures(n).window(window * SECOND));
            let simulated =
                mean(3, 500, |draws| failures_within(draws, rps * error, n.try_into().unwrap(), f64::from(window)));
            assert_near(seconds(said), simulated, 1.2, &(rps, error, n, window));
        }
    }

    #[test]
    fn rates_of_the_last_calls_come_as_in_a_simulation() {
        for (error, rate, calls, needed, factor) in [
            (0.1, 0.4, 20, 20, 1.2),
            (0.2, 0.5, 20, 20, 1.2),
            (0.3, 0.5, 50, 20, 1.2),
            (0.3, 0.4, 200, 20, 1.2),
            (0.3, 0.35, 100, 100, 1.2),
            (0.3, 0.32, 1_000, 500, 1.2),
            (0.8, 0.5, 100, 20, 1.2),
            (0.5, 0.5, 100, 20, 1.3),
            (0.3, 0.32, 1_000, 20, 1.7),
            (0.45, 0.5, 400, 20, 1.7),
        ] {
            let settings = Settings::new().failure_rate(rate).window_calls(calls).min_calls(needed);
            let (size, least) = (calls.try_into().unwrap(), needed.try_into().unwrap());
            let simulated = mean(4, 300, |draws| rate_of_calls(draws, error, rate, size, least));
            assert_near(false_trip(error, &settings), simulated, factor, &(error, rate, calls, needed));
        }
    }

    #[test]
    fn rates_within_a_time_come_as_in_a_simulation() {
        for (error, rate, window, needed, evenly, factor) in [
            (0.3, 0.5, 50, 20, false, 1.25),
            (0.3, 0.5, 50, 20, true, 1.5),
            (0.2, 0.5, 30, 20, false, 1.25),
            (0.3, 0.35, 150, 100, false, 1.25),
            (0.3, 0.35, 150, 100, true, 1.25),
            (0.5, 0.5, 100, 20, false, 1.5),
            (0.8, 0.5, 100, 20, false, 1.1),
            (0.1, 0.3, 22, 20, false, 2.0),
            (0.1, 0.2, 62, 60, false, 2.2),
            (0.1, 0.2, 62, 60, true, 3.0),
        ] {
            let settings = Settings::new().failure_rate(rate).window(window * SECOND).min_calls(needed);
            let simulated =
                mean(5, 150, |draws| rate_within(draws, error, rate, f64::from(window), needed.into(), evenly));
            assert_near(false_trip(error, &settings), simulated, factor, &(error, rate, window, needed, evenly));
        }
    }

    #[test]
    fn any_settings_and_any_traffic_have_an_answer() {
        let mut draws = Draws(6);
        let sizes = [1, 2, 3, 5, 10, 20, 50, 100, 1_000, 10_000, 65_535];
        let shares = [f64::MIN_POSITIVE, 1e-9, 0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 1.0 - 1e-12, 1.0];
        let loads = [f64::MIN_POSITIVE, 1e-9, 0.01, 0.5, 1.0, 10.0, 333.3, 1e6, 1e15, 1e300, f64::MAX];
        let times = [1, 1_000, 1_000_000, 1_000_000_000, 30_000_000_000, 3_600_000_000_000, u64::MAX - 1];
        let mut checked = 0;
        for _ in 0..6_000 {
            let mut settings = Settings::new();
            let kinds = draws.next();
            if kinds & 0x01 > 0 {
                settings = settings.consecutive(draws.one_of(&sizes));
            }
            if kinds & 0x02 > 0 {
                settings = settings.failures(draws.one_of(&sizes));
            }
            if kinds & 0x04 > 0 {
                settings = settings.failure_rate(draws.one_of(&shares));
            }
            settings = match kinds & 0x18 {
                0x08 => settings.window_calls(draws.one_of(&sizes)),
                0x10 => settings.window(Duration::from_nanos(draws.one_of(&times))),
                _ => settings,
            };
            if kinds & 0x20 > 0 {
                settings = settings.min_calls(draws.one_of(&sizes));
            }
            let error = if kinds & 0x40 > 0 { draws.one_of(&shares) } else { draws.unit() };
            let traffic = traffic(draws.one_of(&loads), error);
            checked += u32::from(settings.check().is_ok());
            let longest = Duration::from_secs_f64(NEVER);
            for time in [traffic.time_to_false_trip(&settings), traffic.time_to_true_trip(&settings)] {
                assert!(time.is_none_or(|time| time <= longest), "{settings:?}");
            }
        }
        assert!(checked > 1_500, "{checked} were valid");
        for rate in [0.0, -1.0, 2.0, f64::NAN] {
            let refused = Settings::new().failure_rate(rate).window_calls(0).min_calls(0).failures(0).consecutive(0);
            let _ = (traffic(1.0, 0.1).time_to_false_trip(&refused), traffic(1.0, 0.1).time_to_true_trip(&refused));
        }
    }
}
