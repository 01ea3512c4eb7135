//! Use over time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Totals, UsageStep};
use crate::domain::money::Usd;

/// Use over time: one line for each of the dearest, and one for all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Course {
    /// The length of a span.
    pub step: UsageStep,
    /// The beginning of each span, oldest first, none missing.
    pub starts: Vec<DateTime<Utc>>,
    /// The lines, the dearest first, the others last.
    pub lines: Vec<CourseLine>,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CourseLine {
    /// The id of the user, key or provider, or the model's name; null for all, for the others, and for nobody's calls.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The sums of each span; percentiles only where there is one line.
    pub values: Vec<Totals>,
}

impl Totals {
    /// What is left of the numbers without those of another, which are part of them; never less than nothing. Percentiles and
    /// rates are left out.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(other.calls),
            completed: self.completed.saturating_sub(other.completed),
            rejected: self.rejected.saturating_sub(other.rejected),
            refused: self.refused.saturating_sub(other.refused),
            failed: self.failed.saturating_sub(other.failed),
            interrupted: self.interrupted.saturating_sub(other.interrupted),
            abandoned: self.abandoned.saturating_sub(other.abandoned),
            attempts: self.attempts.saturating_sub(other.attempts),
            attempts_good: self.attempts_good.saturating_sub(other.attempts_good),
            attempts_bad: self.attempts_bad.saturating_sub(other.attempts_bad),
            usage: self.usage.minus(&other.usage),
            cost_usd: (self.cost_usd - other.cost_usd).max(Usd::default()),
            ..Self::default()
        }
    }

    /// The numbers of both together. What cannot be added up, percentiles and rates, is left out.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            completed: self.completed + other.completed,
            rejected: self.rejected + other.rejected,
            refused: self.refused + other.refused,
            failed: self.failed + other.failed,
            interrupted: self.interrupted + other.interrupted,
            abandoned: self.abandoned + other.abandoned,
            attempts: self.attempts + other.attempts,
            attempts_good: self.attempts_good + other.attempts_good,
            attempts_bad: self.attempts_bad + other.attempts_bad,
            usage: self.usage.plus(&other.usage),
            cost_usd: self.cost_usd + other.cost_usd,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_never_less_than_nothing() {
        let totals = |calls, cost| Totals { calls, cost_usd: Usd::from_scaled(cost), ..Totals::default() };
        assert_eq!(totals(5, 30).minus(&totals(2, 10)), totals(3, 20));
        assert_eq!(totals(2, 10).minus(&totals(5, 30)), totals(0, 0));
    }
}
