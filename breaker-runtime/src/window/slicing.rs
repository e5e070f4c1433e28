//! Time in slices of one length.

/// How long a slice is, and its inverse: a division for every call would take longer than all else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slicing {
    /// In nanoseconds.
    pub(crate) length: u64,
    /// 2^64 / length, rounded down; for a power of two one less than that.
    inverse: u64,
}

impl Slicing {
    /// A slice has at least a nanosecond.
    pub(crate) const fn by(length: u64) -> Self {
        let length = if length == 0 { 1 } else { length };
        Self { length, inverse: u64::MAX / length }
    }

    /// The slice in which the time `nanos` is.
    #[inline]
    pub(crate) fn slice(self, nanos: u64) -> u64 {
        // The inverse is less than one too small, so this is the slice or the one before it.
        let about = ((u128::from(nanos) * u128::from(self.inverse)) >> 64) as u64;
        about + u64::from(nanos - about * self.length >= self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_divides() {
        let lengths = [0, 1, 2, 3, 7, 10, 64, 999_999_999, 6_000_000_000, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX];
        for length in lengths {
            let divisor = length.max(1);
            let multiples = [1, 2, 3, 1_000, u64::MAX / divisor].map(|times| divisor.saturating_mul(times));
            for nanos in multiples.into_iter().chain([0, u64::MAX]) {
                for nanos in [nanos.saturating_sub(1), nanos, nanos.saturating_add(1)] {
                    assert_eq!(Slicing::by(length).slice(nanos), nanos / divisor, "{nanos} by {length}");
                }
            }
        }
    }
}
