//! Optional values that take no more room than the values themselves: every breaker holds about
//! twenty, and a family of breakers holds that a thousand times.
//!
//! Each gives up one value that no setting may have, to stand for none. Values that settings may not
//! have are kept all the same, for `check` to refuse.

use std::time::Duration;

/// A number, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number(u32);

impl Number {
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) const fn new(number: u32) -> Self {
        Self(if number == u32::MAX { u32::MAX - 1 } else { number })
    }

    pub(crate) const fn get(self) -> Option<u32> {
        if self.0 == u32::MAX { None } else { Some(self.0) }
    }

    pub(crate) const fn is_some(self) -> bool {
        self.0 != u32::MAX
    }
}

/// A time in nanoseconds, up to 584 years, or none. Longer ones are cut: no clock here goes further.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span(u64);

impl Span {
    pub(crate) const NONE: Self = Self(u64::MAX);

    pub(crate) const fn new(time: Duration) -> Self {
        let nanos = time.as_nanos();
        #[expect(clippy::cast_possible_truncation, reason = "just compared")]
        Self(if nanos >= u64::MAX as u128 { u64::MAX - 1 } else { nanos as u64 })
    }

    pub(crate) const fn get(self) -> Option<Duration> {
        if self.0 == u64::MAX { None } else { Some(Duration::from_nanos(self.0)) }
    }

    /// In nanoseconds; none is more than there can be.
    #[inline]
    pub(crate) const fn nanos(self) -> u64 {
        self.0
    }

    pub(crate) const fn is_some(self) -> bool {
        self.0 != u64::MAX
    }
}

/// A time in whole milliseconds, which is as exact as timers are, rounded up; or none. Longer ones are cut, at 49 days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Millis(u32);

impl Millis {
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) const fn new(time: Duration) -> Self {
        let millis = time.as_nanos().div_ceil(1_000_000);
        #[expect(clippy::cast_possible_truncation, reason = "just compared")]
        Self(if millis >= u32::MAX as u128 { u32::MAX - 1 } else { millis as u32 })
    }

    pub(crate) const fn get(self) -> Option<Duration> {
        if self.0 == u32::MAX { None } else { Some(Duration::from_millis(self.0 as u64)) }
    }
}

/// A factor to a hundredth; larger ones are cut, at 655.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Factor(u16);

impl Factor {
    pub(crate) const fn new(factor: f64) -> Self {
        // What is no number of 1 or more becomes 0, and stays wrong.
        let hundredths = if factor >= 1.0 { factor * 100.0 + 0.5 } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
        Self(hundredths as u16)
    }

    pub(crate) const fn get(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

/// A number that is small wherever it is right; larger ones are cut, and stay too large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Small(u16);

impl Small {
    pub(crate) const fn new(number: u32) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "just compared")]
        Self(if number >= u16::MAX as u32 { u16::MAX } else { number as u16 })
    }

    pub(crate) const fn get(self) -> u32 {
        self.0 as u32
    }
}

/// The same of a number that is at most 254 wherever it is right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Few(u8);

impl Few {
    pub(crate) const fn new(number: u32) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "just compared")]
        Self(if number >= u8::MAX as u32 { u8::MAX } else { number as u8 })
    }

    pub(crate) const fn get(self) -> u32 {
        self.0 as u32
    }
}

/// Where draws begin, or none: the last one is that before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) const NONE: Self = Self(u64::MAX);

    pub(crate) const fn new(seed: u64) -> Self {
        Self(if seed == u64::MAX { u64::MAX - 1 } else { seed })
    }

    pub(crate) const fn get(self) -> Option<u64> {
        if self.0 == u64::MAX { None } else { Some(self.0) }
    }
}

/// A share, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Share(f64);

impl Share {
    pub(crate) const NONE: Self = Self(f64::INFINITY);

    pub(crate) const fn new(share: f64) -> Self {
        // As little a share as infinity is.
        Self(if share == f64::INFINITY { f64::NAN } else { share })
    }

    pub(crate) const fn get(self) -> Option<f64> {
        if self.0 == f64::INFINITY { None } else { Some(self.0) }
    }

    pub(crate) const fn is_some(self) -> bool {
        self.get().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_none_and_all_else_is_some() {
        assert_eq!((Number::NONE.get(), Span::NONE.get(), Share::NONE.get()), (None, None, None));
        assert_eq!([0, 7, u32::MAX].map(|n| Number::new(n).get()), [Some(0), Some(7), Some(u32::MAX - 1)]);
        let times = [Duration::ZERO, Duration::from_nanos(u64::MAX), Duration::MAX];
        let longest = Some(Duration::from_nanos(u64::MAX - 1));
        assert_eq!(times.map(|time| Span::new(time).get()), [Some(Duration::ZERO), longest, longest]);
        assert_eq!([-1.0, 0.5].map(|share| Share::new(share).get()), [Some(-1.0), Some(0.5)]);
        assert_eq!(
            (Seed::NONE.get(), Seed::new(0).get(), Seed::new(u64::MAX).get()),
            (None, Some(0), Some(u64::MAX - 1))
        );
        assert_eq!([0, 255, 1_000, 65_535, u32::MAX].map(|n| Small::new(n).get()), [0, 255, 1_000, 65_535, 65_535]);
        assert_eq!([0, 100, 101, 255, u32::MAX].map(|n| Few::new(n).get()), [0, 100, 101, 255, 255]);
        assert!(Share::new(f64::INFINITY).get().is_some_and(f64::is_nan));
        let millis = [0, 1, 1_000_000, 1_000_001, u64::MAX].map(|n| Millis::new(Duration::from_nanos(n)).get());
        let longest = Duration::from_millis(u64::from(u32::MAX) - 1);
        let ms = |n| Some(Duration::from_millis(n));
        assert_eq!((Millis::NONE.get(), millis), (None, [ms(0), ms(1), ms(1), ms(2), Some(longest)]));
        let factors = [1.0, 1.5, 2.333, 655.35, 1e9, 0.99, -1.0, f64::NAN].map(|n| Factor::new(n).get().to_string());
        assert_eq!(factors, ["1", "1.5", "2.33", "655.35", "655.35", "0", "0", "0"]);
    }

    #[test]
    fn they_take_no_room_for_being_optional() {
        assert_eq!((size_of::<Number>(), size_of::<Span>(), size_of::<Share>()), (4, 8, 8));
        assert_eq!((size_of::<Millis>(), size_of::<Factor>()), (4, 2));
    }
}
