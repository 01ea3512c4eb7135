//! How providers served lately.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Totals;
use crate::domain::id::{CallId, ProviderId};

/// Models of a provider that are told apart; those that were used least are left out.
pub const MODELS_MAX: usize = 50;

/// How far back, and in how many blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum AvailabilityRange {
    /// An hour, a minute a block.
    #[serde(rename = "1h")]
    Hour,
    /// A day, half an hour a block.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// Seven days, three hours a block.
    #[serde(rename = "7d")]
    Week,
    /// Thirty days of the hub's time zone, a day a block.
    #[serde(rename = "30d")]
    Month,
}

impl AvailabilityRange {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The name used in JSON and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// How many blocks it has, the one that has not ended among them.
    pub const fn n_blocks(self) -> u32 {
        match self {
            Self::Hour => 60,
            Self::Day => 48,
            Self::Week => 56,
            Self::Month => 30,
        }
    }

    /// The minutes of a block; none for days, which are not all of one length.
    pub const fn block_minutes(self) -> Option<u32> {
        match self {
            Self::Hour => Some(1),
            Self::Day => Some(30),
            Self::Week => Some(180),
            Self::Month => None,
        }
    }
}

/// Which availability to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct AvailabilityQuery {
    /// How far back; default `24h`.
    #[cfg_attr(feature = "server", param(inline))]
    pub range: Option<AvailabilityRange>,
    /// Only this provider; default all.
    #[cfg_attr(feature = "server", param(inline))]
    pub provider_id: Option<ProviderId>,
    /// False leaves out the blocks of each model, which are many where providers and models are; default true.
    pub model_blocks: Option<bool>,
}

/// How providers served in a range of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Availability {
    /// The range.
    pub range: AvailabilityRange,
    /// The beginning of each block, oldest first, none missing; the last one has not ended.
    pub starts: Vec<DateTime<Utc>>,
    /// The providers that are not deleted, by priority and name; also those that nobody asked.
    pub providers: Vec<ProviderAvailability>,
}

/// How a provider served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ProviderAvailability {
    /// Which.
    pub provider_id: ProviderId,
    /// Its name.
    pub name: String,
    /// All of its models together.
    #[serde(flatten)]
    pub served: Served,
    /// Tests and probes since the beginning of the range's first quarter of an hour.
    pub probes: Probes,
    /// The same for each model, the most used first; at most 50.
    pub models: Vec<ModelAvailability>,
}

/// How a provider served a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ModelAvailability {
    /// The model, as calls ask for it.
    pub model: String,
    /// How.
    #[serde(flatten)]
    pub served: Served,
}

/// How something was served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Served {
    /// Good attempts, in thousandths of the good and the bad ones (docs/rules.md, Reports); null if there are none.
    pub good_permille: Option<u32>,
    /// The sums of the range.
    pub totals: Totals,
    /// A block for each of the beginnings; none of a model if they are left out.
    pub blocks: Vec<ServedBlock>,
}

/// A part of the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServedBlock {
    /// Good attempts.
    pub good: u64,
    /// Bad attempts.
    pub bad: u64,
    /// Half of the calls that ended in it were over within this many milliseconds (docs/rules.md, Reports).
    pub duration_ms_p50: Option<u32>,
    /// As above, 95 of 100.
    pub duration_ms_p95: Option<u32>,
    /// As above, 99 of 100.
    pub duration_ms_p99: Option<u32>,
}

/// Tests and probes of a provider; they are among its attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Probes {
    /// Those that were served.
    pub good: u64,
    /// Those that were not.
    pub bad: u64,
    /// The latest one of the range; null if there is none.
    pub last: Option<LastProbe>,
    /// The latest ones of the range, newest first: at most 20 of the one provider that is asked for, else only the last.
    pub latest: Vec<LastProbe>,
}

/// One of the latest tests or probes of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LastProbe {
    /// The call that it was.
    pub call_id: CallId,
    /// When it began.
    pub at: DateTime<Utc>,
    /// True if it was served.
    pub good: bool,
    /// How long it took.
    pub duration_ms: Option<u32>,
}
