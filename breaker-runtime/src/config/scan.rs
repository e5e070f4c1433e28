//! How often so many failures are together in a window by chance: each call fails by itself, with the same probability.
//!
//! A rule that looks back on a window trips when the failures in it reach a limit: a scan statistic. That a window of `w`
//! calls (or of a time) and the one after it stay below the limit has an exact probability in closed form, for the first
//! window `Q1` and for both `Q2` (Naus, "Approximations for Distributions of Scan Statistics", Journal of the American
//! Statistical Association 77, 1982). From then on each further window is taken to stay below it with `Q2 / Q1`, as if it
//! remembered only the one before: what Naus does with `Q3 / Q2`, one window earlier. For rare trips it is the rate of
//! up-crossings without those of one clump, as Aldous ("Probability Approximations via the Poisson Clumping Heuristic",
//! 1989) has it.

/// How many failures a window holds, at random.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failed {
    /// Of so many calls, each of which fails with this probability: binomial.
    OfCalls { calls: f64, error: f64 },
    /// Within a time: Poisson.
    Within { mean: f64 },
}

impl Failed {
    /// The probability that no window ends with `n` failures or more, for the first one (`Q1`); and the share of that
    /// which is lost in the window after it (`1 - Q2 / Q1`).
    pub(super) fn stays_below(self, n: f64) -> (f64, f64) {
        let (below, from) = self.split(n);
        if below <= 0.0 {
            return (0.0, 1.0);
        }
        let (mean, one_less) = match self {
            Self::OfCalls { calls, error } => (calls * error, Self::OfCalls { calls: calls - 1.0, error }),
            Self::Within { mean } => (mean, self),
        };
        // Naus' Q2 = F(n-1)^2 - (n-1) b(n) F(n-2) + mean b(n) F(n-3), taken from Q1 so that small differences survive.
        let drift = (n - 1.0) * self.split(n - 1.0).0 - mean * one_less.split(n - 2.0).0;
        let lost = below * from + self.probability(n) * drift;
        (below, (lost / below).clamp(0.0, 1.0))
    }

    /// The probabilities of fewer than `n`, and of `n` or more. The smaller one is summed up, from its largest term.
    pub(super) fn split(self, n: f64) -> (f64, f64) {
        let (mean, most) = match self {
            Self::OfCalls { calls, error } => (if error < 1.0 { calls * error } else { f64::INFINITY }, calls),
            Self::Within { mean } => (mean, f64::INFINITY),
        };
        if n > most {
            (1.0, 0.0)
        } else if n <= 0.0 || mean.is_infinite() {
            (0.0, 1.0)
        } else if n > mean {
            let from = self.sum(n, 1.0);
            (1.0 - from, from)
        } else {
            let below = self.sum(n - 1.0, -1.0);
            (below, 1.0 - below)
        }
    }

    /// The sum of the probabilities of `k`, `k + step` and so on, away from the mean.
    fn sum(self, mut k: f64, step: f64) -> f64 {
        let (mut sum, mut term) = (0.0, self.probability(k));
        while term > sum * f64::EPSILON {
            sum += term;
            term *= if step > 0.0 { self.next(k) } else { 1.0 / self.next(k - 1.0) };
            k += step;
            if k < 0.0 {
                break;
            }
        }
        sum.min(1.0)
    }

    /// How many times as probable `k + 1` is as `k`.
    fn next(self, k: f64) -> f64 {
        match self {
            Self::OfCalls { calls, error } => (calls - k) / (k + 1.0) * (error / (1.0 - error)),
            Self::Within { mean } => mean / (k + 1.0),
        }
    }

    pub(super) fn probability(self, k: f64) -> f64 {
        match self {
            Self::OfCalls { calls, .. } if k > calls => 0.0,
            Self::OfCalls { calls, error } => {
                let ways = ln_factorial(calls) - ln_factorial(k) - ln_factorial(calls - k);
                (ways + k * error.ln() + (calls - k) * (-error).ln_1p()).exp()
            }
            Self::Within { mean } => (k * mean.ln() - mean - ln_factorial(k)).exp(),
        }
    }
}

/// What is lost within so many calls, by call.
pub(super) fn by_call(lost: f64, calls: f64) -> f64 {
    -((-lost).ln_1p() / calls).exp_m1()
}

/// ln n!, by Stirling's series for the gamma function (Abramowitz and Stegun, 6.1.41), which is exact to the last digits
/// from 10 on.
fn ln_factorial(n: f64) -> f64 {
    const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
    let (mut x, mut product) = (n + 1.0, 1.0);
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1_260.0 - inverse / 1_680.0))) / x;
    (x - 0.5) * x.ln() - x + HALF_LN_TAU + series - f64::ln(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_windows_stay_below_the_limit_as_often_as_counting_says() {
        for (size, error) in [(1_u32, 0.3_f64), (3, 0.5), (5, 0.2), (6, 0.7)] {
            for n in 1..=size {
                let (mut first, mut both) = (0.0, 0.0);
                for outcomes in 0..1_u32 << (2 * size) {
                    let failed = f64::from(outcomes.count_ones());
                    let chance = error.powf(failed) * (1.0 - error).powf(f64::from(2 * size) - failed);
                    let mask = (1 << size) - 1;
                    let below = |from: u32| ((outcomes >> from) & mask).count_ones() < n;
                    first += if below(0) { chance } else { 0.0 };
                    both += if (0..=size).all(below) { chance } else { 0.0 };
                }
                let (below, lost) = Failed::OfCalls { calls: size.into(), error }.stays_below(n.into());
                assert!((below - first).abs() < 1e-12, "{n} of {size}: {below}, not {first}");
                assert!((below * (1.0 - lost) - both).abs() < 1e-12, "{n} of {size}: {lost} lost");
            }
        }
    }

    #[test]
    fn factorials_are_exact() {
        let mut product = 0.0_f64;
        for n in 1..=300 {
            product += f64::from(n).ln();
            assert!((ln_factorial(f64::from(n)) - product).abs() < 1e-10 * product.max(1.0), "{n}!");
        }
        assert!(ln_factorial(0.0).abs() < 1e-10);
    }
}
