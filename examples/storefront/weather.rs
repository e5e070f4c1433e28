//! What the pricing services suffer, and when.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::RunClock;

/// How a pricing service treats the calls that reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    Healthy,
    Failing,
    Hanging,
    Slow,
}

impl Weather {
    pub(crate) const ALL: [Self; 4] = [Self::Healthy, Self::Failing, Self::Hanging, Self::Slow];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Failing => "failing",
            Self::Hanging => "hanging",
            Self::Slow => "slow",
        }
    }
}

/// What a customer of the service would say about it.
impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Healthy => f.write_str("healthy"),
            Self::Failing => f.write_str("answers 500"),
            Self::Hanging => f.write_str("never answers"),
            Self::Slow => write!(f, "answers after {} s", SLOW.as_secs_f32()),
        }
    }
}

/// How long a slow service takes: longer than the protected shop's time limit, shorter than a
/// customer's patience, so that a shop that waits could still sell.
pub(crate) const SLOW: Duration = Duration::from_millis(1_500);

/// A stretch of the run with the same weather.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spell {
    pub(crate) weather: Weather,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

impl Spell {
    const fn new(weather: Weather, from: u64, until: u64) -> Self {
        Self { weather, from: Duration::from_secs(from), until: Duration::from_secs(until) }
    }

    pub(crate) fn covers(&self, moment: Duration) -> bool {
        (self.from..self.until).contains(&moment)
    }
}

/// The hang of the script.
pub(crate) const HANG: Spell = Spell::new(Weather::Hanging, 11, 19);
/// When the services are well again.
///
/// A breaker can not know before its next probe. With a reset of 2 s and a time limit of 1 s that
/// is at most 3 s away: a probe that leaves just before this moment fails after 1 s and is repeated
/// 2 s later. The probes of this script leave about 1 s after it, in the middle of that range.
pub(crate) const HEALED: Duration = Duration::from_secs(23);
pub(crate) const END: Duration = Duration::from_secs(30);

pub(crate) const SCRIPT: [Spell; 5] = [
    Spell::new(Weather::Healthy, 0, 6),
    Spell::new(Weather::Failing, 6, 11),
    HANG,
    Spell::new(Weather::Slow, 19, 23),
    Spell::new(Weather::Healthy, 23, 30),
];

pub(crate) fn scripted(moment: Duration) -> Weather {
    SCRIPT.iter().find(|spell| spell.covers(moment)).map_or(Weather::Healthy, |spell| spell.weather)
}

/// The weather over both services: the script's, until somebody makes another one.
#[derive(Debug)]
pub(crate) struct Sky {
    clock: RunClock,
    by_hand: Mutex<Option<Weather>>,
}

impl Sky {
    pub(crate) fn new(clock: RunClock) -> Self {
        Self { clock, by_hand: Mutex::new(None) }
    }

    pub(crate) fn clock(&self) -> RunClock {
        self.clock
    }

    pub(crate) fn now(&self) -> Weather {
        let by_hand = *self.by_hand.lock().unwrap_or_else(PoisonError::into_inner);
        by_hand.unwrap_or_else(|| scripted(self.clock.elapsed()))
    }

    pub(crate) fn set(&self, weather: Weather) {
        *self.by_hand.lock().unwrap_or_else(PoisonError::into_inner) = Some(weather);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_no_gaps() {
        assert_eq!(SCRIPT[0].from, Duration::ZERO);
        for pair in SCRIPT.windows(2) {
            assert_eq!(pair[0].until, pair[1].from);
        }
        assert_eq!(SCRIPT[4].until, END);
        assert_eq!(SCRIPT[4].from, HEALED);
    }

    #[test]
    fn each_spell_begins_on_time() {
        assert_eq!(scripted(Duration::ZERO), Weather::Healthy);
        assert_eq!(scripted(Duration::from_millis(5_999)), Weather::Healthy);
        assert_eq!(scripted(Duration::from_secs(6)), Weather::Failing);
        assert_eq!(scripted(HANG.from), Weather::Hanging);
        assert_eq!(scripted(HANG.until), Weather::Slow);
        assert_eq!(scripted(HEALED), Weather::Healthy);
        assert_eq!(scripted(END * 2), Weather::Healthy);
    }

    #[test]
    fn the_weather_can_be_made_by_hand() {
        let sky = Sky::new(RunClock::start());
        assert_eq!(sky.now(), Weather::Healthy);
        sky.set(Weather::Slow);
        assert_eq!(sky.now(), Weather::Slow);
    }
}
