//! What a model's tokens cost: versioned data. The arithmetic is in [`bill`].

pub mod bill;
mod check;
pub mod fraction;
pub mod import;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::money::{Multiplier, Usd};

/// What a model's tokens cost, and what else is known of it that a bill needs. All rules are in here as data, because
/// they differ by vendor and by generation of models.
///
/// Reading it takes what is published and no more: a cache price that is missing follows the published factors on
/// input, and is named in `derived` (docs/rules.md, Prices).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(from = "read::Published")]
pub struct Price {
    /// Uncached prompt tokens, in dollars per million as all rates.
    pub input: Usd,
    /// Generated tokens.
    pub output: Usd,
    /// Writes to the five-minute cache; follows `cache_factors` if it is not given.
    #[cfg_attr(feature = "server", schema(required = false))]
    pub cache_write_5m: Usd,
    /// Writes to the one-hour cache; follows `cache_factors` if it is not given.
    #[cfg_attr(feature = "server", schema(required = false))]
    pub cache_write_1h: Usd,
    /// Reads from a cache; follows `cache_factors` if it is not given.
    #[cfg_attr(feature = "server", schema(required = false))]
    pub cache_read: Usd,
    /// The cache prices that are not published and follow the factors on input. Naming one here derives it anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub derived: Vec<CacheRate>,
    /// The published factors on input that such cache prices follow, those of tiers too; they differ by generation.
    #[serde(skip_serializing_if = "CacheFactors::are_usual")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub cache_factors: CacheFactors,
    /// Dollars for each answer that used tokens, whatever its size.
    #[serde(skip_serializing_if = "Usd::is_zero")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub request: Usd,
    /// Rates of long prompts, by rising threshold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub tiers: Vec<Tier>,
    /// Factors on the rates of tokens by the speed that the answer names, such as `fast`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub speeds: BTreeMap<String, Multiplier>,
    /// Factors on the rates of tokens by the region that the answer names (`inference_geo`), such as `us`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub regions: BTreeMap<String, Multiplier>,
    /// Factors on the rates of tokens by the service tier that the answer names, such as `batch`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub service_tiers: BTreeMap<String, Multiplier>,
    /// What tools cost that the provider runs itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false, value_type = std::collections::HashMap<String, ToolFee>))]
    pub tools: BTreeMap<Tool, ToolFee>,
    /// Tokens that prompt and answer may have together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Tokens that an answer may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// What else its source says of it, by its name there: kept and shown, used by no bill.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub more: BTreeMap<String, String>,
}

impl Price {
    /// A price of nothing but rates.
    pub const fn flat(rates: Rates) -> Self {
        let Rates { input, output, cache_write_5m, cache_write_1h, cache_read } = rates;
        Self {
            input,
            output,
            cache_write_5m,
            cache_write_1h,
            cache_read,
            derived: Vec::new(),
            cache_factors: CacheFactors::USUAL,
            request: Usd::ZERO,
            tiers: Vec::new(),
            speeds: BTreeMap::new(),
            regions: BTreeMap::new(),
            service_tiers: BTreeMap::new(),
            tools: BTreeMap::new(),
            context_window: None,
            max_output: None,
            more: BTreeMap::new(),
        }
    }

    /// The rates of prompts below all thresholds.
    pub const fn rates(&self) -> Rates {
        Rates {
            input: self.input,
            output: self.output,
            cache_write_5m: self.cache_write_5m,
            cache_write_1h: self.cache_write_1h,
            cache_read: self.cache_read,
        }
    }
}

/// A model's name without its date (`-20250929`) or `-latest`; none if it has neither.
pub fn undated(model: &str) -> Option<&str> {
    let (name, date) = model.rsplit_once(['-', '@'])?;
    let is_date = date == "latest" || (date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()));
    is_date.then_some(name)
}

/// Dollars per million tokens, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Rates {
    /// Uncached prompt tokens.
    pub input: Usd,
    /// Generated tokens.
    pub output: Usd,
    /// Writes to the five-minute cache.
    pub cache_write_5m: Usd,
    /// Writes to the one-hour cache.
    pub cache_write_1h: Usd,
    /// Reads from a cache.
    pub cache_read: Usd,
}

/// The rates of a whole request, its answer included, whose prompt has more tokens than `above_tokens`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Tier {
    /// Prompt tokens, cached ones included, above which these rates are those of the whole request.
    pub above_tokens: u64,
    /// The rates; a cache price that is not given follows the price's `cache_factors` on this tier's input price.
    #[serde(flatten)]
    pub rates: Rates,
    /// The cache prices of this tier that are not published. Naming one here derives it anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub derived: Vec<CacheRate>,
}

/// What cache prices that are not published are, as factors on the input price. One that is not given is the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CacheFactors {
    /// Of writes to the five-minute cache.
    pub write_5m: Multiplier,
    /// Of writes to the one-hour cache.
    pub write_1h: Multiplier,
    /// Of reads.
    pub read: Multiplier,
}

impl CacheFactors {
    /// Those of a price that names none: 1.25, 2 and 0.1, as most models of Claude have them (docs/rules.md, The
    /// Anthropic wire).
    pub const USUAL: Self = Self {
        write_5m: Multiplier::from_scaled(1_250_000),
        write_1h: Multiplier::from_scaled(2_000_000),
        read: Multiplier::from_scaled(100_000),
    };

    /// True if they are the usual ones.
    pub fn are_usual(&self) -> bool {
        *self == Self::USUAL
    }
}

impl Default for CacheFactors {
    fn default() -> Self {
        Self::USUAL
    }
}

/// A cache price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum CacheRate {
    /// Writes to the five-minute cache.
    #[serde(rename = "cache_write_5m")]
    Write5m,
    /// Writes to the one-hour cache.
    #[serde(rename = "cache_write_1h")]
    Write1h,
    /// Reads.
    #[serde(rename = "cache_read")]
    Read,
}

/// A tool that the provider runs itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// A search of the web.
    WebSearch,
    /// A page of the web that is read.
    WebFetch,
    /// Code that runs in a container.
    CodeExecution,
}

/// What a tool costs: a fee for each use, or, for what is charged by time, its rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ToolFee {
    /// Dollars for each use.
    #[serde(skip_serializing_if = "Usd::is_zero")]
    pub per_use: Usd,
    /// Dollars for each hour of a container.
    #[serde(skip_serializing_if = "Usd::is_zero")]
    pub per_hour: Usd,
    /// The least that is charged of a container's time.
    pub minutes_min: u32,
    /// Hours that the provider gives away each month. An answer does not tell how long a container ran: while there
    /// are free hours its time is charged as nothing, else as the least.
    pub hours_free: u32,
}

/// Who set a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// Shipped with this release; a newer release may change it.
    Builtin,
    /// A price file in `LiteLLM`'s form; the next file may change it.
    Litellm,
    /// An operator; never overwritten by a release or a file.
    Manual,
}

impl PriceSource {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Builtin, Self::Litellm, Self::Manual];

    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Litellm => "litellm",
            Self::Manual => "manual",
        }
    }
}

/// The price of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ModelPrice {
    /// The model's name as it is asked for; a dated name falls back to the undated one.
    pub model: String,
    /// Dollars per million tokens, and all else that a bill needs.
    #[serde(flatten)]
    pub price: Price,
    /// Who set it.
    pub source: PriceSource,
    /// When it was last set.
    pub updated_at: DateTime<Utc>,
    /// The number of this version; attempts name it.
    pub version: i64,
}

/// Which prices to list, by the model's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct PriceQuery {
    /// At most this many items, 1 to 500; default 50.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Only models whose name holds this; case does not matter.
    pub q: Option<String>,
    /// Only prices that are set by this.
    pub source: Option<PriceSource>,
}

/// What a model's price was at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PriceVersion {
    /// Its number; later ones are higher.
    pub version: i64,
    /// When it was set.
    pub at: DateTime<Utc>,
    /// Who set it.
    pub source: PriceSource,
    /// The price; null where it was deleted.
    pub price: Option<Price>,
}
