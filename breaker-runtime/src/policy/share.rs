//! How a share is compared with its limit.

/// Whether `part` of `whole` is at least the share `rate`: by the quotient, as people reckon. 7 of 25
/// is 28 %, 2 of 3 is less than 67 %; the product `rate * whole` would err. Nothing of nothing is no
/// share.
pub(crate) fn reaches(part: u64, whole: u64, rate: f64) -> bool {
    whole > 0 && share(part, whole) >= rate
}

/// A part of `whole` that is no larger than the smallest one that [`reaches`] the share `rate`, and at most two
/// smaller: found without a division.
#[inline]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of calls")]
pub(crate) fn about(whole: u64, rate: f64) -> u64 {
    // The product errs by less than one.
    ((whole as f64 * rate) as u64).saturating_sub(1)
}

/// `part` of `whole`, as a fraction.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53 calls")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_at_the_boundary() {
        for (part, whole, rate, reached) in [
            (7, 25, 0.28, true),
            (2, 3, 0.67, false),
            (29, 50, 0.58, true),
            (1, 10, 0.1, true),
            (3, 10, 0.3, true),
            (0, 10, 0.1, false),
            (0, 0, 0.1, false),
            (10, 10, 1.0, true),
        ] {
            assert_eq!(reaches(part, whole, rate), reached, "{part} of {whole}");
        }
        for (whole, rate) in (1..=300).flat_map(|whole| (1..=100_u32).map(move |rate| (whole, f64::from(rate) / 100.0)))
        {
            let first = (0..=whole).find(|&part| reaches(part, whole, rate)).unwrap();
            assert!((first.saturating_sub(2)..=first).contains(&about(whole, rate)), "{rate} of {whole}");
        }
        for percent in 1..=100_u32 {
            assert!(reaches(percent.into(), 100, f64::from(percent) / 100.0), "{percent} %");
        }
    }
}
