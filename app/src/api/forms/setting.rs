//! Settings as people read and write them: `32 MiB`, `10 s`, `15 min`.

use hub::domain::{
    fault::Fault,
    settings::{Setting, SettingKind},
};
use serde_json::Value;

use crate::{format::whole, text::Language};

/// The units that a number can be given in, by the unit that it is kept in; the smallest first.
fn units(kept_in: &str) -> &'static [(&'static str, u64)] {
    match kept_in {
        "ms" => &[("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)],
        "s" => &[("s", 1), ("min", 60), ("h", 3_600)],
        "h" => &[("h", 1)],
        "days" => &[("days", 1)],
        "bytes" => &[("bytes", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)],
        _ => &[],
    }
}

/// A unit behind a one.
fn of_one(unit: &str) -> &str {
    match unit {
        "days" => "day",
        "bytes" => "byte",
        other => other,
    }
}

/// A number in the largest unit that it is a whole number of, and that unit; none if there is none.
fn in_largest(number: u64, kept_in: &str) -> (u64, &'static str) {
    let fitting = units(kept_in).iter().rev().find(|(_, factor)| number > 0 && number.is_multiple_of(*factor));
    fitting.map_or((number, ""), |(unit, factor)| (number / factor, *unit))
}

/// Digits with the unit of so many.
fn with_unit(number: u64, digits: String, unit: &str) -> String {
    match (unit, number) {
        ("", _) => digits,
        (_, 1) => format!("{digits} {}", of_one(unit)),
        _ => format!("{digits} {unit}"),
    }
}

/// A number in the largest unit that it is a whole number of.
pub(crate) fn quantity(number: u64, kept_in: &str) -> String {
    let (number, unit) = in_largest(number, kept_in);
    with_unit(number, number.to_string(), unit)
}

/// The bounds of a number as they are read: with their thousands set apart, and one unit for both if it is the same.
pub(crate) fn bounds(min: u64, max: u64, kept_in: &str) -> (String, String) {
    let ((low, low_unit), (high, high_unit)) = (in_largest(min, kept_in), in_largest(max, kept_in));
    let low_unit = if low_unit == high_unit { "" } else { low_unit };
    (with_unit(low, whole(low), low_unit), with_unit(high, whole(high), high_unit))
}

/// Reads what [`quantity`] writes, also in Chinese, and decimals: `1.5 GiB`. Where there are several units one must be
/// named, so that nobody means seconds and gets milliseconds.
fn read_quantity(text: &str, kept_in: &str) -> Option<u64> {
    let units = units(kept_in);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let (digits, unit) = (digits.trim(), unit.trim());
    let in_chinese = |name: &str| (Language::Zh.text().setting_values.measured)(&format!("1 {name}"));
    let is_it = |name: &str| {
        let written = [name, of_one(name)];
        written.iter().any(|name| name.eq_ignore_ascii_case(unit)) || in_chinese(name) == format!("1 {unit}")
    };
    let factor = match units.iter().find(|(name, _)| is_it(name)) {
        Some((_, factor)) => *factor,
        None if unit.is_empty() && (units.len() < 2 || digits == "0") => 1,
        None => return None,
    };
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = 10_u64.checked_pow(u32::try_from(rest.len()).ok()?)?;
    let parts = format!("{whole}{rest}").parse::<u64>().ok()?.checked_mul(factor)?;
    parts.is_multiple_of(scale).then_some(parts / scale)
}

/// What a form says of a setting, as it is set; `None` is a box that is not checked.
pub(crate) fn value(setting: &Setting, text: Option<&str>) -> Result<Value, Fault> {
    let fault = |why: String| Fault::invalid(&setting.name, why);
    let given = text.unwrap_or_default().trim();
    Ok(match &setting.kind {
        SettingKind::Switch => text.is_some().into(),
        SettingKind::Number { min, max } => {
            let unit = setting.unit.as_str();
            let number = read_quantity(given, unit).ok_or_else(|| {
                let example = setting.default.as_u64().map(|number| quantity(number, unit)).unwrap_or_default();
                fault(format!("must be a whole number such as {example}"))
            })?;
            if !(*min..=*max).contains(&number) {
                let (low, high) = bounds(*min, *max, unit);
                return Err(fault(format!("must be from {low} to {high}")));
            }
            number.into()
        }
        SettingKind::Choice { .. } | SettingKind::Text { .. } => given.into(),
        SettingKind::Price => return Err(fault("must be given field by field".to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_read_as_it_is_written() {
        for (number, unit, text) in [
            (32 << 20, "bytes", "32 MiB"),
            (1_025, "bytes", "1025 bytes"),
            (900_000, "ms", "15 min"),
            (90_000, "ms", "90 s"),
            (200, "ms", "200 ms"),
            (0, "ms", "0"),
            (30, "s", "30 s"),
            (24, "h", "24 h"),
            (90, "days", "90 days"),
            (1, "days", "1 day"),
            (1, "bytes", "1 byte"),
            (3, "", "3"),
        ] {
            assert_eq!(quantity(number, unit), text);
            assert_eq!(read_quantity(text, unit), Some(number), "{text}");
        }
        assert_eq!(read_quantity("1.5GIB", "bytes"), Some(3 << 29));
        assert_eq!((read_quantity("0.5 s", "ms"), read_quantity("7", "h")), (Some(500), Some(7)));
        assert_eq!((read_quantity("1 days", "days"), read_quantity("2 day", "days")), (Some(1), Some(2)));
        assert_eq!((read_quantity("90 天", "days"), read_quantity("1 字节", "bytes")), (Some(90), Some(1)));
        assert_eq!(read_quantity("90 天", "bytes"), None);
    }

    #[test]
    fn bounds_say_their_unit_once_if_it_is_the_same() {
        for (min, max, unit, said) in [
            (1, 3_650, "days", ["1", "3 650 days"]),
            (0, 60_000, "ms", ["0", "1 min"]),
            (1_000, 3_600_000, "ms", ["1 s", "1 h"]),
            (16 << 20, 32 << 20, "bytes", ["16", "32 MiB"]),
            (0, 1, "days", ["0", "1 day"]),
            (1, 1_000, "", ["1", "1 000"]),
        ] {
            let (low, high) = bounds(min, max, unit);
            assert_eq!([low, high].map(|bound| bound.replace('\u{202f}', " ")), said, "{min} {max} {unit}");
        }
    }

    #[test]
    fn what_could_mean_two_things_or_nothing_is_refused() {
        for (text, unit) in [
            ("10", "ms"),
            ("", ""),
            ("-1", ""),
            ("1.5", ""),
            ("0.5 ms", "ms"),
            ("1 x", "s"),
            ("99999999 TiB", "bytes"),
            ("1.2.3", ""),
        ] {
            assert_eq!(read_quantity(text, unit), None, "{text}");
        }
    }
}
