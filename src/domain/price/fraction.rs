//! A product of factors, kept exact, so that a bill rounds once.

use crate::domain::money::{Multiplier, Usd, divide_half_even};

/// The most places that a product keeps: the exact product of two multipliers. A longer one is rounded to them once.
const DENOMINATOR_MAX: i128 = 1_000_000_000_000;

/// A product beyond this is no price any more; it keeps the arithmetic within bounds.
const NUMERATOR_MAX: i128 = 1_000_000_000_000_000_000;

/// The largest single factor that is computed with.
const FACTOR_MAX: i128 = 1_000_000_000;

/// Prices are given per this many tokens.
const TOKENS_PER_PRICE: i128 = 1_000_000;

/// A product of factors as a fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// Leaves a price as it is.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// The product with one factor more. Negative factors count as 0.
    #[must_use]
    pub fn times(self, factor: Multiplier) -> Self {
        // By far the most common factor, and long division is dear.
        if factor == Multiplier::ONE {
            return self;
        }
        let factor = i128::from(factor.scaled()).clamp(0, FACTOR_MAX);
        let numerator = self.numerator * factor;
        let denominator = self.denominator * i128::from(Multiplier::ONE.scaled());
        let shared = common_divisor(numerator, denominator);
        let (numerator, denominator) = (numerator / shared, denominator / shared);
        if denominator <= DENOMINATOR_MAX {
            return Self { numerator: numerator.min(NUMERATOR_MAX), denominator };
        }
        // Both are divisors of 10^18, so this is a whole number.
        let short = i128::from(Multiplier::ONE.scaled()) * DENOMINATOR_MAX / denominator;
        let rounded = divide_half_even(numerator * short, i128::from(Multiplier::ONE.scaled()));
        Self { numerator: i128::from(rounded).min(NUMERATOR_MAX), denominator: DENOMINATOR_MAX }
    }

    /// The product as it is shown: rounded to a millionth.
    pub fn rounded(self) -> Multiplier {
        Multiplier::from_scaled(divide_half_even(
            self.numerator * i128::from(Multiplier::ONE.scaled()),
            self.denominator,
        ))
    }

    /// Dollars for `tokens` at `rate` for a million, rounded once, half to even.
    pub fn tokens(self, tokens: u64, rate: Usd) -> Usd {
        self.divided(i128::from(tokens), rate, TOKENS_PER_PRICE)
    }

    /// Dollars for `n` times `each`/`per`, rounded once, half to even. `per` must be positive.
    pub fn divided(self, n: i128, each: Usd, per: i128) -> Usd {
        if n == 0 || each.is_zero() {
            return Usd::ZERO;
        }
        // What does not fit is more than the largest amount that there is, also when it is divided.
        let exact = (n * i128::from(each.scaled())).checked_mul(self.numerator).unwrap_or(i128::MAX / 4);
        Usd::from_scaled(divide_half_even(exact, per * self.denominator))
    }
}

/// The greatest number that divides both; at least 1.
fn common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(factors: &[&str]) -> Fraction {
        factors.iter().fold(Fraction::ONE, |product, factor| product.times(factor.parse().unwrap()))
    }

    #[test]
    fn products_are_exact() {
        assert_eq!(product(&["2", "1.1", "0.5"]), Fraction { numerator: 11, denominator: 10 });
        assert_eq!(product(&["0.333333", "0.333333"]).numerator, 333_333 * 333_333);
        assert_eq!(product(&["0.333333", "0.333333"]).rounded(), "0.111111".parse().unwrap());
        assert_eq!(product(&["0", "1000"]).tokens(1_000_000_000, Usd::from_scaled(i64::MAX)), Usd::ZERO);
    }

    #[test]
    fn what_is_too_long_or_too_large_stays_within_bounds() {
        let third = product(&["0.333333"; 5]);
        assert_eq!(third.denominator, DENOMINATOR_MAX);
        assert_eq!(third.rounded(), "0.004115".parse().unwrap());
        let huge = product(&["1000"; 30]);
        assert_eq!(huge.tokens(u64::MAX, Usd::from_scaled(1_000_000_000_000_000)), Usd::from_scaled(i64::MAX));
    }
}
