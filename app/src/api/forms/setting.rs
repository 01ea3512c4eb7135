//! Settings as people read and write them: `32 MiB`, `10 s`, `15 min`.

use hub::domain::{
    fault::Fault,
    settings::{Setting, SettingKind},
};
use serde_json::Value;

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

/// A number in the largest unit that it is a whole number of.
pub(crate) fn quantity(number: u64, kept_in: &str) -> String {
    let fitting = units(kept_in).iter().rev().find(|(_, factor)| number > 0 && number.is_multiple_of(*factor));
    match fitting {
        Some((unit, factor)) => format!("{} {unit}", number / factor),
        None => number.to_string(),
    }
}

/// Reads what [`quantity`] writes, and decimals: `1.5 GiB`. Where there are several units one must be named, so that
/// nobody means seconds and gets milliseconds.
fn read_quantity(text: &str, kept_in: &str) -> Option<u64> {
    let units = units(kept_in);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let (digits, unit) = (digits.trim(), unit.trim());
    let factor = match units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) {
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
                return Err(fault(format!("must be from {} to {}", quantity(*min, unit), quantity(*max, unit))));
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
            (3, "", "3"),
        ] {
            assert_eq!(quantity(number, unit), text);
            assert_eq!(read_quantity(text, unit), Some(number), "{text}");
        }
        assert_eq!(read_quantity("1.5GIB", "bytes"), Some(3 << 29));
        assert_eq!((read_quantity("0.5 s", "ms"), read_quantity("7", "h")), (Some(500), Some(7)));
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
