//! The hours of the day in which a provider is used.

use chrono::NaiveTime;

use crate::domain::provider::Provider;

/// From one time of day to another, the second one excluded; over midnight if it is the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    from: NaiveTime,
    to: NaiveTime,
}

impl Hours {
    /// A provider's hours; none for the whole day.
    pub fn of(provider: &Provider) -> Option<Self> {
        Some(Self { from: provider.active_from?.time(), to: provider.active_to?.time() })
    }

    /// True if `time` lies in them.
    pub fn contain(self, time: NaiveTime) -> bool {
        if self.from < self.to { (self.from..self.to).contains(&time) } else { time >= self.from || time < self.to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, inside: &[&str], outside: &[&str]) {
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        let hours = Hours { from: time(from), to: time(to) };
        assert!(inside.iter().all(|text| hours.contain(time(text))), "{from}-{to} contains {inside:?}");
        assert!(!outside.iter().any(|text| hours.contain(time(text))), "{from}-{to} contains none of {outside:?}");
    }

    #[test]
    fn the_end_is_excluded_and_midnight_is_no_end() {
        check("08:00", "18:00", &["08:00", "12:00", "17:59:59.999"], &["07:59:59", "18:00", "00:00"]);
        check("22:00", "06:00", &["22:00", "23:59:59", "00:00", "05:59:59"], &["06:00", "12:00", "21:59:59"]);
        check("00:00", "12:00", &["00:00", "11:59"], &["12:00", "23:59"]);
        check("12:00", "00:00", &["12:00", "23:59:59"], &["00:00", "11:59"]);
    }
}
