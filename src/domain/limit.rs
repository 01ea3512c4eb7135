//! Limits: how much a key, a user or a provider may use.

pub(crate) mod fields;
pub mod quota;
pub mod reached;

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveTime, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    id::{KeyId, ProviderId, UserId},
    money::Usd,
};

/// Who is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A key.
    Key(KeyId),
    /// A user: all its keys together.
    User(UserId),
    /// A provider: all its callers together.
    Provider(ProviderId),
}

impl Subject {
    /// The name of its kind.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::User(_) => "user",
            Self::Provider(_) => "provider",
        }
    }

    /// Its id.
    pub const fn id(self) -> i64 {
        match self {
            Self::Key(KeyId(id)) | Self::User(UserId(id)) | Self::Provider(ProviderId(id)) => id,
        }
    }
}

impl fmt::Display for Subject {
    /// `key:12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.id())
    }
}

/// How strictly limits of money are kept (docs/rules.md, Limits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitMode {
    /// Reserves an estimate: overshot by at most what is in flight.
    #[default]
    Soft,
    /// Reserves the worst case: never overshot.
    Hard,
}

impl LimitMode {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Soft => "soft",
            Self::Hard => "hard",
        }
    }
}

/// How a window begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResetMode {
    /// It ends now and begins its length ago.
    #[default]
    Rolling,
    /// It begins at a certain moment and ends its length later.
    Fixed,
}

impl ResetMode {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::Fixed => "fixed",
        }
    }
}

/// A time of day, to the minute: `03:30`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(value_type = String, example = "03:30"))]
pub struct TimeOfDay(NaiveTime);

impl TimeOfDay {
    /// As chrono knows it.
    pub const fn time(self) -> NaiveTime {
        self.0
    }

    /// Minutes since midnight.
    pub fn minutes(self) -> i32 {
        i32::try_from(self.0.num_seconds_from_midnight() / 60).unwrap_or_default()
    }

    /// From minutes since midnight; none from a day on.
    pub fn from_minutes(minutes: i32) -> Option<Self> {
        let seconds = u32::try_from(minutes).ok()?.checked_mul(60)?;
        NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).map(Self)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

impl FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NaiveTime::parse_from_str(text, "%H:%M").map(Self).map_err(|_| "must be a time of day such as 03:30")
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How much a key, a user or a provider may use. None is no limit; 0 lets nothing pass (docs/rules.md, Limits).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Calls in a minute.
    pub limit_rpm: Option<u32>,
    /// Tokens in a minute: input, cache writes and output.
    pub limit_tpm: Option<u64>,
    /// Dollars in five hours.
    pub limit_5h_usd: Option<Usd>,
    /// Dollars in a day.
    pub limit_daily_usd: Option<Usd>,
    /// Dollars in a week, from Monday on.
    pub limit_weekly_usd: Option<Usd>,
    /// Dollars in a month, from the first on.
    pub limit_monthly_usd: Option<Usd>,
    /// Dollars at all.
    pub limit_total_usd: Option<Usd>,
    /// Calls at the same time.
    pub limit_concurrent_requests: Option<u32>,
    /// Sessions at the same time.
    pub limit_concurrent_sessions: Option<u32>,
    /// How strictly the limits of money are kept.
    pub limit_mode: LimitMode,
    /// How the five hours begin; a fixed window begins with the first call after the last one ended.
    pub reset_5h_mode: ResetMode,
    /// How the day begins.
    pub daily_reset_mode: ResetMode,
    /// When a fixed day begins, in the hub's time zone.
    pub daily_reset_time: TimeOfDay,
    /// What was spent before does not count.
    pub reset_at: Option<DateTime<Utc>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            limit_rpm: None,
            limit_tpm: None,
            limit_5h_usd: None,
            limit_daily_usd: None,
            limit_weekly_usd: None,
            limit_monthly_usd: None,
            limit_total_usd: None,
            limit_concurrent_requests: None,
            limit_concurrent_sessions: None,
            limit_mode: LimitMode::Soft,
            reset_5h_mode: ResetMode::Rolling,
            daily_reset_mode: ResetMode::Fixed,
            daily_reset_time: TimeOfDay::default(),
            reset_at: None,
        }
    }
}

impl Limits {
    /// The limit of a window of money; none if there is none, or if it counts no money.
    pub const fn money(&self, limited: Limited) -> Option<Usd> {
        match limited {
            Limited::Total => self.limit_total_usd,
            Limited::FiveHours => self.limit_5h_usd,
            Limited::Daily => self.limit_daily_usd,
            Limited::Weekly => self.limit_weekly_usd,
            Limited::Monthly => self.limit_monthly_usd,
            Limited::ConcurrentRequests | Limited::ConcurrentSessions | Limited::Rpm | Limited::Tpm => None,
        }
    }

    /// The limit, whatever it counts; none if there is none.
    pub fn amount(&self, limited: Limited) -> Option<Amount> {
        let count = match limited {
            Limited::ConcurrentRequests => self.limit_concurrent_requests.map(u64::from),
            Limited::ConcurrentSessions => self.limit_concurrent_sessions.map(u64::from),
            Limited::Rpm => self.limit_rpm.map(u64::from),
            Limited::Tpm => self.limit_tpm,
            Limited::Total | Limited::FiveHours | Limited::Daily | Limited::Weekly | Limited::Monthly => None,
        };
        count.map(Amount::Count).or_else(|| self.money(limited).map(Amount::Usd))
    }

    /// True if there is a limit of money.
    pub const fn has_money(&self) -> bool {
        self.limit_5h_usd.is_some()
            || self.limit_daily_usd.is_some()
            || self.limit_weekly_usd.is_some()
            || self.limit_monthly_usd.is_some()
            || self.limit_total_usd.is_some()
    }

    /// True if there is any limit.
    pub const fn is_any(&self) -> bool {
        self.has_money()
            || self.limit_rpm.is_some()
            || self.limit_tpm.is_some()
            || self.limit_concurrent_requests.is_some()
            || self.limit_concurrent_sessions.is_some()
    }

    /// True if there is a limit of money that must never be overshot.
    pub fn is_hard(&self) -> bool {
        self.limit_mode == LimitMode::Hard && self.has_money()
    }

    /// When the limits were last reset, in milliseconds since 1970; 0 for never.
    pub fn reset_ms(&self) -> i64 {
        self.reset_at.map_or(0, |at| at.timestamp_millis())
    }
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Limited {
    /// Dollars at all.
    Total,
    /// Calls at the same time.
    ConcurrentRequests,
    /// Sessions at the same time.
    ConcurrentSessions,
    /// Calls in a minute.
    Rpm,
    /// Tokens in a minute.
    Tpm,
    /// Dollars in five hours.
    #[serde(rename = "5h")]
    FiveHours,
    /// Dollars in a day.
    Daily,
    /// Dollars in a week.
    Weekly,
    /// Dollars in a month.
    Monthly,
}

impl Limited {
    /// All of them, in the order in which they are looked at (docs/rules.md, Limits).
    pub const ALL: [Self; 9] = [
        Self::Total,
        Self::ConcurrentRequests,
        Self::ConcurrentSessions,
        Self::Rpm,
        Self::Tpm,
        Self::FiveHours,
        Self::Daily,
        Self::Weekly,
        Self::Monthly,
    ];

    /// The name of its field, as an operator sets it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Total => "limit_total_usd",
            Self::ConcurrentRequests => "limit_concurrent_requests",
            Self::ConcurrentSessions => "limit_concurrent_sessions",
            Self::Rpm => "limit_rpm",
            Self::Tpm => "limit_tpm",
            Self::FiveHours => "limit_5h_usd",
            Self::Daily => "limit_daily_usd",
            Self::Weekly => "limit_weekly_usd",
            Self::Monthly => "limit_monthly_usd",
        }
    }

    /// True for dollars.
    pub const fn is_money(self) -> bool {
        matches!(self, Self::Total | Self::FiveHours | Self::Daily | Self::Weekly | Self::Monthly)
    }
}

/// One limit of a subject and how much of it is used. Dollars as decimal strings, everything else as whole numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LimitUse {
    /// What it counts.
    pub window: Limited,
    /// The limit; null if there is none.
    pub limit: Option<Amount>,
    /// What is settled.
    pub settled: Amount,
    /// What is reserved by calls that run.
    pub reserved: Amount,
    /// What is left; null if there is no limit.
    pub remaining: Option<Amount>,
    /// When the window ends, or, if it rolls, when the oldest part of it leaves; null if it does not end by itself.
    pub resets_at: Option<DateTime<Utc>>,
}

impl LimitUse {
    /// What is settled and reserved, in thousandths of the limit, rounded half up, but to 999 at most where something
    /// is left: 1000 and more lets nothing pass. Of a limit of 0 it is 1000; none if there is no limit.
    pub fn share_permille(&self) -> Option<u64> {
        let limit = u128::from(self.limit?.number());
        let used = u128::from(self.settled.number()) + u128::from(self.reserved.number());
        if limit == 0 {
            return Some(1_000);
        }
        let rounded = u64::try_from((used * 1_000 + limit / 2) / limit).unwrap_or(u64::MAX);
        Some(if used < limit { rounded.min(999) } else { rounded })
    }
}

/// Dollars, or a number of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Amount {
    /// A number of calls, tokens or sessions.
    Count(u64),
    /// Dollars.
    Usd(Usd),
}

impl Amount {
    /// Dollars as nano-dollars, everything else as it is.
    pub fn number(self) -> u64 {
        match self {
            Self::Count(count) => count,
            Self::Usd(usd) => u64::try_from(usd.scaled()).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Usd(usd) => write!(f, "{usd} USD"),
        }
    }
}
