//! Numbers, money and time as text. Pure; the same on the server and in the browser.

#[cfg(feature = "ssr")]
use std::cmp::Reverse;

use chrono::{DateTime, Datelike, Timelike, Utc};
use hub::domain::money::Usd;
#[cfg(feature = "ssr")]
use hub::domain::report::permille;

/// What stands for something that is not known.
pub(crate) const UNKNOWN: &str = "—";

/// Separates thousands: narrow, and no line break.
const THIN: char = '\u{202f}';

/// Between a number and its unit: no line break.
const GLUE: char = '\u{a0}';

/// A whole number with its thousands set apart: `12 345`.
pub(crate) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// A number where there is little room, rounded to three digits: `842`, `12.4k`, `3.10M`.
#[cfg(feature = "ssr")]
pub(crate) fn short(number: u64) -> String {
    // From a billion on whole billions are kept.
    let step = 10_u64.pow(number.max(1).ilog10().saturating_sub(2).min(9));
    let number = number.saturating_add(step / 2) / step * step;
    let (unit, letter) = match number {
        0..1_000 => return number.to_string(),
        1_000..1_000_000 => (1_000, 'k'),
        1_000_000..1_000_000_000 => (1_000_000, 'M'),
        _ => (1_000_000_000, 'B'),
    };
    let (head, rest) = (number / unit, number % unit);
    match head {
        0..10 => format!("{head}.{:02}{letter}", rest * 100 / unit),
        10..100 => format!("{head}.{}{letter}", rest * 10 / unit),
        _ => format!("{head}{letter}"),
    }
}

/// A size in memory or on disk: `842 B`, `12.4 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    let (unit, name) = match number {
        0..0x400 => return format!("{number}{GLUE}B"),
        0x400..0x10_0000 => (1 << 10, "KiB"),
        0x10_0000..0x4000_0000 => (1 << 20, "MiB"),
        0x4000_0000..0x100_0000_0000 => (1 << 30, "GiB"),
        _ => (1_u64 << 40, "TiB"),
    };
    let (head, rest) = (number / unit, number % unit);
    if head < 100 { format!("{head}.{}{GLUE}{name}", rest * 10 / unit) } else { format!("{}{GLUE}{name}", whole(head)) }
}

/// Dollars with a fixed number of places, so that a column lines up: `$1.2300`. Less than the last place can show
/// is said so: `<$0.0001`.
pub(crate) fn usd(amount: Usd, places: u32) -> String {
    let step = 10_i64.pow(Usd::PLACES.saturating_sub(places)).max(1);
    let (sign, nano) =
        if amount.scaled() < 0 { ("−", amount.scaled().saturating_neg()) } else { ("", amount.scaled()) };
    let rounded = nano.saturating_add(step / 2) / step;
    let (small, rounded) = if rounded == 0 && nano > 0 { ("<", 1) } else { ("", rounded) };
    let unit = 10_i64.pow(places);
    let head = whole(u64::try_from(rounded / unit).unwrap_or_default());
    let width = usize::try_from(places).unwrap_or_default();
    if places == 0 {
        return format!("{small}{sign}${head}");
    }
    format!("{small}{sign}${head}.{:0width$}", rounded % unit)
}

/// Dollars where one number stands alone.
pub(crate) fn usd_alone(amount: Usd) -> String {
    usd(amount, places_alone(amount))
}

/// How many places an amount has that stands alone, or that others are measured by: four below a dollar, two above.
pub(crate) fn places_alone(amount: Usd) -> u32 {
    if amount.scaled().abs() < 1_000_000_000 && amount.scaled() != 0 { 4 } else { 2 }
}

/// How many places a column of sums has, of which nobody needs the last digit: two from ten dollars on, else four.
#[cfg(feature = "ssr")]
pub(crate) fn places_of_sums(mut sums: impl Iterator<Item = Usd>) -> u32 {
    if sums.any(|sum| sum.scaled() >= 10_000_000_000) { 2 } else { 4 }
}

/// How many places a column of these amounts needs so that none is rounded; at least two.
#[cfg(feature = "ssr")]
pub(crate) fn places_of(amounts: impl Iterator<Item = Usd>) -> u32 {
    fewest_places(2, amounts)
}

/// How many places these amounts need so that none is rounded; at least `least`.
#[cfg(feature = "ssr")]
pub(crate) fn fewest_places(least: u32, amounts: impl Iterator<Item = Usd>) -> u32 {
    let needed = |amount: Usd| {
        let fits = |places: &u32| amount.scaled() % 10_i64.pow(Usd::PLACES - places) == 0;
        (least..Usd::PLACES).find(fits).unwrap_or(Usd::PLACES)
    };
    amounts.map(needed).max().unwrap_or(least)
}

/// Dollars to the last digit that is there.
#[cfg(feature = "ssr")]
pub(crate) fn usd_exact(amount: Usd) -> String {
    format!("${amount}")
}

/// A span of time: `842 ms`, `12.4 s`, `3 m 05 s`, `2 h 07 m`, `9 d 02 h`.
pub(crate) fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    match ms {
        0..1_000 => format!("{ms}{GLUE}ms"),
        1_000..10_000 => format!("{seconds}.{:02}{GLUE}s", ms % 1_000 / 10),
        10_000..60_000 => format!("{seconds}.{}{GLUE}s", ms % 1_000 / 100),
        60_000..3_600_000 => format!("{}{GLUE}m{GLUE}{:02}{GLUE}s", seconds / 60, seconds % 60),
        3_600_000..86_400_000 => format!("{}{GLUE}h{GLUE}{:02}{GLUE}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}{GLUE}d{GLUE}{:02}{GLUE}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// The time something has run by now, to the second: `4 s`, `3 m 05 s`.
pub(crate) fn elapsed(ms: u64) -> String {
    if ms < 60_000 { format!("{}{GLUE}s", ms / 1_000) } else { span(ms) }
}

/// A span of time that may be unknown.
pub(crate) fn span_or_unknown(ms: Option<u32>) -> String {
    ms.map_or_else(|| UNKNOWN.to_owned(), |ms| span(ms.into()))
}

/// The change from `before` to `now` in percent: `+12 %`, `−3 %`, `±0 %`; none where there is nothing to compare with.
#[cfg(feature = "ssr")]
pub(crate) fn change(now: u64, before: u64) -> Option<String> {
    if before == 0 {
        return None;
    }
    let (more, difference) = if now >= before { (true, now - before) } else { (false, before - now) };
    let percent = (u128::from(difference) * 100 + u128::from(before / 2)) / u128::from(before);
    let sign = match (percent, more) {
        (0, _) => '±',
        (_, true) => '+',
        (_, false) => '−',
    };
    let percent = u64::try_from(percent).unwrap_or(u64::MAX);
    Some(format!("{sign}{}{GLUE}%", whole(percent.min(9_999))))
}

/// `part` of `all` in percent with one place: `0.4 %`.
#[cfg(feature = "ssr")]
pub(crate) fn share(part: u64, all: u64) -> Option<String> {
    let permille = permille(part, all)?;
    Some(if part > 0 && permille == 0 { format!("<0.1{GLUE}%") } else { share_of_permille(permille) })
}

/// What each part has of all of them, in thousandths that add up: what rounding down leaves goes to those that it takes
/// most from.
#[cfg(feature = "ssr")]
pub(crate) fn shares(parts: &[u64]) -> Vec<u32> {
    let all: u128 = parts.iter().copied().map(u128::from).sum();
    let share = |part: &u64| {
        let part = u128::from(*part) * 1_000;
        (part / all.max(1), part % all.max(1))
    };
    let mut shares: Vec<(usize, (u128, u128))> = parts.iter().map(share).enumerate().collect();
    let given: u128 = shares.iter().map(|(_, (share, _))| share).sum();
    let left = if all == 0 { 0 } else { 1_000_u128.saturating_sub(given) };
    shares.sort_by_key(|(_, (_, rest))| Reverse(*rest));
    for ((_, (share, _)), _) in shares.iter_mut().zip(0..left) {
        *share += 1;
    }
    shares.sort_by_key(|(place, _)| *place);
    shares.into_iter().map(|(_, (share, _))| u32::try_from(share).unwrap_or_default()).collect()
}

/// A share that is counted in thousandths: `99.4 %`.
pub(crate) fn share_of_permille(permille: impl Into<u64>) -> String {
    let permille = permille.into();
    format!("{}.{}{GLUE}%", permille / 10, permille % 10)
}

/// A text that begins with a large letter, as a sentence or a label does.
#[cfg(feature = "ssr")]
pub(crate) fn begun_large(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// A point in time as it is shown: moved to a place whose clock is `offset_min` minutes ahead of UTC.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    local: DateTime<Utc>,
    offset_min: i32,
}

impl Moment {
    /// `at` on the clock of that place.
    pub(crate) fn new(at: DateTime<Utc>, offset_min: i32) -> Self {
        let offset = chrono::TimeDelta::minutes(offset_min.into());
        Self { local: at.checked_add_signed(offset).unwrap_or(at), offset_min }
    }

    /// `14:03:22`
    pub(crate) fn time(self) -> String {
        format!("{:02}:{:02}:{:02}", self.local.hour(), self.local.minute(), self.local.second())
    }

    /// `14:00`
    #[cfg(feature = "ssr")]
    pub(crate) fn hour(self) -> String {
        format!("{:02}:{:02}", self.local.hour(), self.local.minute())
    }

    /// `2025-11-21`
    pub(crate) fn date(self) -> String {
        format!("{:04}-{:02}-{:02}", self.local.year(), self.local.month(), self.local.day())
    }

    /// `11-21`
    pub(crate) fn day(self) -> String {
        format!("{:02}-{:02}", self.local.month(), self.local.day())
    }

    /// `UTC`, `UTC+1`, `UTC−3:30`
    pub(crate) fn zone(self) -> String {
        let sign = if self.offset_min < 0 { '−' } else { '+' };
        let minutes = self.offset_min.unsigned_abs();
        match (minutes / 60, minutes % 60) {
            (0, 0) => "UTC".to_owned(),
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
        }
    }

    /// `2025-11-21 14:03:22 UTC+1`
    pub(crate) fn full(self) -> String {
        format!("{} {} {}", self.date(), self.time(), self.zone())
    }
}

/// The last moment before a time at which something expires: its day is the last day.
#[cfg(feature = "ssr")]
pub(crate) fn just_before(at: DateTime<Utc>) -> DateTime<Utc> {
    at.checked_sub_signed(chrono::TimeDelta::milliseconds(1)).unwrap_or(at)
}

/// A whole number of milliseconds as seconds, the way a form shows it: `10`, `0.5`.
#[cfg(feature = "ssr")]
pub(crate) fn seconds(ms: u32) -> String {
    let rest = format!("{:03}", ms % 1_000);
    match rest.trim_end_matches('0') {
        "" => (ms / 1_000).to_string(),
        rest => format!("{}.{rest}", ms / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd_of(text: &str) -> Usd {
        text.parse().unwrap()
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(whole(0), "0");
        assert_eq!(whole(999), "999");
        assert_eq!(whole(1_234_567).replace(THIN, " "), "1 234 567");
        assert_eq!([short(842), short(1_240), short(12_449), short(3_100_000)], ["842", "1.24k", "12.4k", "3.10M"]);
        assert_eq!([short(0), short(22_889), short(999_950), short(1_999)], ["0", "22.9k", "1.00M", "2.00k"]);
        assert_eq!([short(1_234_000_000_000), short(u64::MAX)], ["1234B", "18446744073B"]);
    }

    #[test]
    fn sizes_have_the_unit_that_keeps_them_short() {
        let shown = |number| bytes(number).replace(GLUE, " ");
        assert_eq!([shown(0), shown(1_023), shown(1_536)], ["0 B", "1023 B", "1.5 KiB"]);
        assert_eq!([shown(13_003_000), shown(2 << 30), shown(300 << 20)], ["12.4 MiB", "2.0 GiB", "300 MiB"]);
    }

    #[test]
    fn money_has_as_many_places_as_its_column() {
        assert_eq!(usd(usd_of("0.0042"), 4), "$0.0042");
        assert_eq!(usd(usd_of("1.23"), 4), "$1.2300");
        assert_eq!(usd(usd_of("0.00001"), 4), "<$0.0001");
        assert_eq!(usd(usd_of("0.00005"), 4), "$0.0001");
        assert_eq!(usd(usd_of("12345.678"), 2).replace(THIN, " "), "$12 345.68");
        assert_eq!(usd(Usd::ZERO, 4), "$0.0000");
        assert_eq!(usd(usd_of("-0.5"), 2), "−$0.50");
        assert_eq!(places_of(["3", "0.25", "0.0125"].map(usd_of).into_iter()), 4);
        assert_eq!(places_of([Usd::ZERO].into_iter()), 2);
        assert_eq!(["3", "0.5", "0.25"].map(|most| fewest_places(0, [Usd::ZERO, usd_of(most)].into_iter())), [0, 1, 2]);
        assert_eq!(["9.99", "10"].map(|most| places_of_sums([Usd::ZERO, usd_of(most)].into_iter())), [4, 2]);
        assert_eq!((usd_alone(usd_of("0.0314")).as_str(), usd_alone(usd_of("3.14159")).as_str()), ("$0.0314", "$3.14"));
    }

    #[test]
    fn spans_keep_three_digits_or_two_units() {
        let shown = |ms| span(ms).replace(GLUE, " ");
        assert_eq!(shown(842), "842 ms");
        assert_eq!(shown(1_240), "1.24 s");
        assert_eq!(shown(12_449), "12.4 s");
        assert_eq!(shown(185_000), "3 m 05 s");
        assert_eq!(shown(7_620_000), "2 h 07 m");
        assert_eq!(shown(786_300_000), "9 d 02 h");
        assert_eq!(elapsed(8_000).replace(GLUE, " "), "8 s");
    }

    #[test]
    fn a_change_has_its_sign_and_needs_something_before() {
        assert_eq!(change(112, 100).map(|text| text.replace(GLUE, " ")).as_deref(), Some("+12 %"));
        assert_eq!(change(97, 100).map(|text| text.replace(GLUE, " ")).as_deref(), Some("−3 %"));
        assert_eq!(change(13, 7).map(|text| text.replace(GLUE, " ")).as_deref(), Some("+86 %"));
        assert_eq!(change(999, 1_000).map(|text| text.replace(GLUE, " ")).as_deref(), Some("±0 %"));
        assert_eq!(change(5, 0), None);
        assert_eq!(share(1, 250).map(|text| text.replace(GLUE, " ")).as_deref(), Some("0.4 %"));
        assert_eq!(share(1, 2_500).map(|text| text.replace(GLUE, " ")).as_deref(), Some("<0.1 %"));
        assert_eq!(share(11, 298).map(|text| text.replace(GLUE, " ")).as_deref(), Some("3.7 %"));
        assert_eq!(share(0, 0), None);
    }

    #[test]
    fn shares_of_parts_add_up() {
        assert_eq!(shares(&[1, 1, 1]), [334, 333, 333]);
        assert_eq!(shares(&[5_724, 2_318, 435, 1_523]), [572, 232, 44, 152]);
        assert_eq!(shares(&[0, 7, 0]), [0, 1_000, 0]);
        assert_eq!((shares(&[0, 0]), shares(&[])), (vec![0, 0], vec![]));
    }

    #[test]
    fn a_moment_is_shown_where_the_reader_is() {
        let at = "2025-11-21T23:30:05Z".parse().unwrap();
        assert_eq!(Moment::new(at, 60).full(), "2025-11-22 00:30:05 UTC+1");
        assert_eq!(Moment::new(at, -210).zone(), "UTC−3:30");
        assert_eq!(Moment::new(at, 0).hour(), "23:30");
    }

    #[test]
    fn a_label_begins_with_a_large_letter() {
        assert_eq!([begun_large("no connection"), begun_large("über"), begun_large("")], ["No connection", "Über", ""]);
    }

    #[test]
    fn milliseconds_are_seconds_in_a_form() {
        assert_eq!([seconds(10_000), seconds(500), seconds(1_250)], ["10", "0.5", "1.25"]);
    }
}
