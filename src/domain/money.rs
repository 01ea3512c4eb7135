//! Exact decimals: dollars and multipliers. No float comes anywhere near them.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Sub},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is not a decimal number of the expected range and precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number with at most {places} places")]
pub struct BadDecimal {
    /// How many places after the point are allowed.
    places: u32,
}

/// Reads `text` as a whole number of `10^-places`.
fn parse_scaled(text: &str, places: u32) -> Result<i64, BadDecimal> {
    let bad = BadDecimal { places };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(bad);
    }
    let fraction = fraction.trim_end_matches('0');
    let n_places = u32::try_from(fraction.len()).ok().filter(|n_places| *n_places <= places).ok_or(bad)?;
    let scale = |value: i64, by: u32| 10_i64.checked_pow(by).and_then(|factor| value.checked_mul(factor));
    let whole = whole.parse().ok().and_then(|value| scale(value, places)).ok_or(bad)?;
    let fraction = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok().and_then(|value| scale(value, places - n_places)).ok_or(bad)?
    };
    let value = whole.checked_add(fraction).ok_or(bad)?;
    Ok(if negative { -value } else { value })
}

/// Characters that any `i64` with a point and a sign may take.
const TEXT_BYTES_MAX: usize = 24;

/// A whole number of `10^-places` as a plain decimal without trailing zeros, written from the back of a small buffer:
/// the ledger writes some twenty of them for each call.
struct Scaled {
    text: [u8; TEXT_BYTES_MAX],
    begin: usize,
    end: usize,
}

impl Scaled {
    fn new(value: i64, places: u32) -> Self {
        let mut scaled = Self { text: [b'0'; TEXT_BYTES_MAX], begin: TEXT_BYTES_MAX, end: TEXT_BYTES_MAX };
        let mut rest = value.unsigned_abs();
        let mut place = 0;
        while place <= places || rest > 0 {
            if place == places && scaled.begin < scaled.end {
                scaled.push(b'.');
            }
            let digit = u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            if digit == 0 && place < places && scaled.begin == scaled.end {
                // A trailing zero of the fraction.
                place += 1;
                continue;
            }
            scaled.push(b'0' + digit);
            place += 1;
        }
        if value < 0 {
            scaled.push(b'-');
        }
        scaled
    }

    fn push(&mut self, byte: u8) {
        self.begin = self.begin.saturating_sub(1);
        if let Some(place) = self.text.get_mut(self.begin) {
            *place = byte;
        }
    }

    fn as_str(&self) -> &str {
        let digits = self.text.get(self.begin..self.end).unwrap_or_default();
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

/// Divides and rounds half to even: the one rounding rule of the ledger (docs/rules.md, Ledger).
///
/// `divisor` must be positive. The result is clamped to the range of `i64`.
pub(crate) fn divide_half_even(dividend: i128, divisor: i128) -> i64 {
    // One long division, which is dear: the remainder comes from its quotient.
    let (mut quotient, mut rest) = (dividend / divisor, dividend);
    rest -= quotient * divisor;
    if rest < 0 {
        (quotient, rest) = (quotient - 1, rest + divisor);
    }
    let round_up = match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient.rem_euclid(2) == 1,
        std::cmp::Ordering::Greater => true,
    };
    let rounded = quotient + i128::from(round_up);
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident, $places:literal, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "server", schema(value_type = String, format = "decimal", example = $example))]
        pub struct $name(i64);

        impl $name {
            /// Places after the decimal point that are kept.
            pub const PLACES: u32 = $places;

            /// From a whole number of `10^-PLACES`.
            pub const fn from_scaled(value: i64) -> Self {
                Self(value)
            }

            /// As a whole number of `10^-PLACES`.
            pub const fn scaled(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(Scaled::new(self.0, $places).as_str())
            }
        }

        impl FromStr for $name {
            type Err = BadDecimal;

            fn from_str(text: &str) -> Result<Self, BadDecimal> {
                parse_scaled(text, $places).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serializer.serialize_i64(self.0);
                }
                serializer.serialize_str(Scaled::new(self.0, $places).as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            /// From a decimal string; a JSON number is read too, as long as it loses no digit on its way here.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    return i64::deserialize(deserializer).map(Self);
                }
                deserializer.deserialize_any(DecimalVisitor).and_then(|text| {
                    text.parse().map_err(serde::de::Error::custom)
                })
            }
        }
    };
}

/// Significant digits that every float keeps: its shortest text is then what its author wrote.
const FLOAT_DIGITS: usize = 15;

/// With more digits than these before its point a float does not keep nine behind it.
const FLOAT_WHOLE_DIGITS: usize = 6;

/// Accepts a decimal as a string or as a JSON number, and hands on its digits. What reads JSON makes a float of a number
/// with a point, so one that may have lost digits by that is refused.
struct DecimalVisitor;

impl serde::de::Visitor<'_> for DecimalVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number as a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<String, E> {
        // The shortest text that reads back as the same float, without an exponent.
        let text = value.to_string();
        let Some((whole, fraction)) = text.split_once('.') else { return Ok(text) };
        let whole = whole.trim_start_matches('-').trim_start_matches('0');
        let n_digits =
            if whole.is_empty() { fraction.trim_start_matches('0').len() } else { whole.len() + fraction.len() };
        if whole.len() > FLOAT_WHOLE_DIGITS || n_digits > FLOAT_DIGITS {
            return Err(E::custom("a number with so many digits must be written as a string"));
        }
        Ok(text)
    }
}

decimal!(
    /// US dollars, exact to a nano-dollar (nine places). `bigint` nano-dollars in the database, a decimal string in JSON.
    Usd, 9, "0.0042"
);
decimal!(
    /// A factor on prices, exact to a millionth. `bigint` millionths in the database, a decimal string in JSON.
    Multiplier, 6, "1.25"
);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// True for nothing.
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

impl Multiplier {
    /// Leaves a price as it is.
    pub const ONE: Self = Self(1_000_000);

    /// Leaves a price as it is: what is meant where a record does not say.
    pub const fn one() -> Self {
        Self::ONE
    }

    /// The product, rounded up to a millionth: for bounds, never for bills.
    #[must_use]
    pub fn times_up(self, other: Self) -> Self {
        if other == Self::ONE {
            return self;
        }
        let exact = i128::from(self.0) * i128::from(other.0);
        let one = i128::from(Self::ONE.0);
        Self(i64::try_from(exact.div_euclid(one) + i128::from(exact.rem_euclid(one) > 0)).unwrap_or(i64::MAX))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_read_and_write_to_the_last_digit() {
        for (text, nano, shown) in [
            ("0", 0, "0"),
            ("15", 15_000_000_000, "15"),
            ("0.000000001", 1, "0.000000001"),
            ("-1.50", -1_500_000_000, "-1.5"),
            ("3.0", 3_000_000_000, "3"),
            ("120.05", 120_050_000_000, "120.05"),
            ("9223372036.854775807", i64::MAX, "9223372036.854775807"),
            ("-0.000000010", -10, "-0.00000001"),
            ("1.0000000000", 1_000_000_000, "1"),
        ] {
            let usd: Usd = text.parse().unwrap();
            assert_eq!((usd.scaled(), usd.to_string().as_str()), (nano, shown), "{text}");
        }
        for text in ["", ".", "1.", "1e3", "+1", " 1", "0.0000000001", "9999999999999", "NaN", "--1"] {
            assert!(text.parse::<Usd>().is_err(), "{text}");
        }
    }

    #[test]
    fn json_takes_strings_and_numbers_and_gives_strings() {
        assert_eq!(serde_json::from_str::<Usd>("\"0.30\"").unwrap().scaled(), 300_000_000);
        assert_eq!(serde_json::from_str::<Usd>("0.3").unwrap().scaled(), 300_000_000);
        assert_eq!(serde_json::from_str::<Multiplier>("2").unwrap().scaled(), 2_000_000);
        assert_eq!(serde_json::from_str::<Usd>("1e-9").unwrap().scaled(), 1);
        assert_eq!(serde_json::from_str::<Usd>("-900000.12345678").unwrap().scaled(), -900_000_123_456_780);
        assert_eq!(serde_json::to_string(&Usd::from_scaled(4_200_000)).unwrap(), "\"0.0042\"");
    }

    #[test]
    fn a_number_with_more_digits_than_a_float_keeps_must_be_a_string() {
        // The first and the second are the same float, whose shortest text is another number.
        for text in ["8999999.123456789", "8999999.12345679", "8999999.123456788", "0.30000000000000004"] {
            let error = serde_json::from_str::<Usd>(text).unwrap_err().to_string();
            assert!(error.contains("must be written as a string"), "{text}: {error}");
        }
        assert_eq!(serde_json::from_str::<Usd>("\"8999999.123456789\"").unwrap().scaled(), 8_999_999_123_456_789);
        assert_eq!(serde_json::from_str::<Usd>("9000000.0").unwrap().scaled(), 9_000_000_000_000_000);
        assert_eq!(serde_json::from_str::<Usd>("999999.123456789").unwrap().scaled(), 999_999_123_456_789);
    }

    #[test]
    fn halves_round_to_even() {
        for (dividend, rounded) in [(5, 0), (15, 2), (25, 2), (26, 3), (-5, 0), (-15, -2), (-16, -2), (14, 1)] {
            assert_eq!(divide_half_even(dividend, 10), rounded, "{dividend}/10");
        }
    }
}
