//! So many calls within a time.

use std::fmt;
use std::time::Duration;

/// A limit to how many calls are made within a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    /// How long the rate has for one call, in nanoseconds; at least one.
    of_one: u64,
    /// How far ahead of their time calls may come, in nanoseconds.
    ahead: u64,
}

impl Rate {
    /// So many calls in this time, of which `burst` may come at once. Each at least 1, and the time longer than zero.
    pub(crate) fn new(calls: u32, time: Duration, burst: u32) -> Self {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let of_one = (time / u64::from(calls.max(1))).max(1);
        Self { of_one, ahead: of_one.saturating_mul(u64::from(burst.max(1)) - 1) }
    }

    #[inline]
    pub(crate) fn of_one(self) -> u64 {
        self.of_one
    }

    #[inline]
    pub(crate) fn ahead(self) -> u64 {
        self.ahead
    }
}

/// Prints `100/s`, `5/m`, `10/250ms`.
pub(crate) struct PerTime(pub(crate) u32, pub(crate) Duration);

impl fmt::Display for PerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(calls, time) = *self;
        match (time.as_secs(), time.subsec_nanos()) {
            (1, 0) => write!(f, "{calls}/s"),
            (60, 0) => write!(f, "{calls}/m"),
            (3_600, 0) => write!(f, "{calls}/h"),
            _ => write!(f, "{calls}/{time:?}"),
        }
    }
}
