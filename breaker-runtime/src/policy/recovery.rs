//! How long an open period lasts.

use std::time::Duration;

use super::Settings;

/// The part of the settings that says how long an open period lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recovery {
    reset: f64,
    backoff: f64,
    max_reset: f64,
    jitter: f64,
}

impl From<&Settings> for Recovery {
    fn from(settings: &Settings) -> Self {
        let reset = nanos(settings.reset_delay());
        let max_reset = match settings.max_reset.get() {
            Some(max) => nanos(max),
            None if settings.backoff > 1.0 => 10.0 * reset,
            None => f64::INFINITY,
        };
        Self { reset, backoff: settings.backoff, max_reset, jitter: settings.jitter }
    }
}

impl Recovery {
    /// The delay after the `reopenings`-th failed attempt to close (0 for the first trip):
    /// `min(reset * backoff^reopenings, max_reset)`, spread by jitter over `1 - j ..= 1 + j` of
    /// itself. Where `max_reset` cuts the upper part off, the spread is below it: were the draw
    /// clamped, half a fleet would meet at `max_reset`.
    pub(crate) fn delay(&self, reopenings: u32, draw: u64) -> Duration {
        let exponent = i32::try_from(reopenings).unwrap_or(i32::MAX);
        let delay = (self.reset * self.backoff.powi(exponent)).min(self.max_reset);
        let shortest = delay * (1.0 - self.jitter);
        let longest = (delay * (1.0 + self.jitter)).min(self.max_reset);
        from_nanos(shortest + (longest - shortest) * unit(draw))
    }
}

/// SplitMix64's output function (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014): a number that looks random for every input.
pub(crate) const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A draw as a number from 0 up to, not including, 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds exactly")]
fn unit(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1_u64 << 53) as f64
}

/// Exact up to 104 days; the longest delays lose a microsecond at most.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn nanos(duration: Duration) -> f64 {
    duration.as_nanos() as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; the delay is never negative")]
fn from_nanos(nanos: f64) -> Duration {
    Duration::from_nanos(nanos as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn delay(settings: Settings, reopenings: u32) -> Duration {
        Recovery::from(&settings).delay(reopenings, mix(7))
    }

    #[test]
    fn the_draws_are_those_of_the_published_generator() {
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn without_backoff_every_delay_is_the_reset() {
        assert_eq!(delay(Settings::new(), 0), 60 * SECOND);
        assert_eq!(delay(Settings::new(), 1_000_000), 60 * SECOND);
        assert_eq!(delay(Settings::new().reset(Duration::from_nanos(1)), 3), Duration::from_nanos(1));
    }

    #[test]
    fn backoff_multiplies_up_to_the_limit() {
        let settings = Settings::new().reset(SECOND).backoff(2.0);
        assert_eq!([0, 1, 2, 3, 4, 400].map(|k| delay(settings, k)), [1, 2, 4, 8, 10, 10].map(|s| s * SECOND));
        assert_eq!(delay(settings.max_reset(3 * SECOND), 2), 3 * SECOND);
        let jitter = Settings::new().reset(SECOND).jitter(1.0);
        let delays = |settings: Settings| (0..100).map(|seed| Recovery::from(&settings).delay(0, mix(seed))).max();
        assert!(delays(jitter) > Some(SECOND), "there is no limit without backoff");
    }

    #[test]
    fn jitter_spreads_evenly_around_the_delay_and_below_the_limit() {
        let around = Recovery::from(&Settings::new().reset(100 * SECOND).jitter(0.5));
        let below = Recovery::from(&Settings::new().reset(100 * SECOND).jitter(0.5).max_reset(100 * SECOND));
        let draws = |recovery: Recovery| -> Vec<f64> {
            (0..10_000).map(|seed| recovery.delay(0, mix(seed)).as_secs_f64()).collect()
        };
        for (delays, from, to) in [(draws(around), 50.0, 150.0), (draws(below), 50.0, 100.0)] {
            assert!(delays.iter().all(|d| (from..=to).contains(d)));
            let quarter = delays.iter().filter(|&&d| d < from + (to - from) / 4.0).count();
            assert!((2_300..2_700).contains(&quarter), "{quarter} of 10000 in the first quarter");
            let at_the_end = delays.iter().filter(|&&d| d > to - 0.001).count();
            assert!(at_the_end < 10, "{at_the_end} bunch at the end");
        }
    }
}
