//! One try of a call at one provider.

use serde::{Deserialize, Serialize};

use super::{
    call::CallError,
    id::{AttemptId, CredentialId, ProviderId},
    money::{Multiplier, Usd},
    price::{Rates, bill::Cost},
    usage::{Terms, TokenSource, Usage},
};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttemptResult {
    /// Its answer reached its end.
    Completed,
    /// Its error answer was delivered as it came.
    Delivered,
    /// It gave no usable answer.
    #[default]
    Failed,
    /// Its answer was cut after a part of it was passed on.
    Interrupted,
    /// The client left while it ran.
    Abandoned,
}

impl AttemptResult {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Abandoned => "abandoned",
        }
    }
}

/// An attempt that still runs, as far as it has come. Times are milliseconds since the call began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RunningAttempt {
    /// Its id: the attempt that takes its place when it is over has the same.
    pub id: AttemptId,
    /// Where it went.
    pub provider_id: ProviderId,
    /// The provider's name.
    pub provider_name: String,
    /// The model that was sent.
    pub model_sent: String,
    /// When the request was handed to the network.
    pub started_ms: u32,
    /// When the head of the answer came, if it has.
    pub first_byte_ms: Option<u32>,
    /// When the first content came, if it has.
    pub first_token_ms: Option<u32>,
}

/// One try of a call at one provider: an entry of the ledger. Times are milliseconds since the call began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// Its id; the ledger counts it once.
    pub id: AttemptId,
    /// Where it went.
    pub provider_id: ProviderId,
    /// The provider's name at that time.
    pub provider_name: String,
    /// The secret that was used.
    pub credential_id: CredentialId,
    /// The model that was sent.
    pub model_sent: String,
    /// The model that the answer names, if it does.
    pub model_served: Option<String>,
    /// How it ended.
    pub result: AttemptResult,
    /// The upstream's status, if there was an answer.
    pub status: Option<u16>,
    /// What went wrong, if something did.
    pub error: Option<CallError>,
    /// When the request was handed to the network.
    pub started_ms: u32,
    /// When the head of the answer came.
    pub first_byte_ms: Option<u32>,
    /// When the first content came.
    pub first_token_ms: Option<u32>,
    /// When it was over.
    pub ended_ms: u32,
    /// The upstream's own id of the request (`request-id`).
    pub upstream_request_id: Option<String>,
    /// What was used.
    pub usage: Usage,
    /// Where the counts come from.
    pub token_source: TokenSource,
    /// The last usage object the upstream sent, as it came.
    #[cfg_attr(feature = "server", schema(value_type = Option<Object>))]
    pub usage_raw: Option<serde_json::Value>,
    /// On what terms it was served.
    #[serde(default)]
    pub terms: Terms,
    /// The rates that were applied, before any factor.
    pub price: Rates,
    /// The version of the price they come from; none if the model has no price.
    #[serde(default)]
    pub price_version: Option<i64>,
    /// The price's factors by speed, region and service tier together, on the rates of tokens.
    #[serde(default = "Multiplier::one")]
    pub price_factor: Multiplier,
    /// True if the model has no price and the default of the settings was applied; with `shares`, if that is so of any.
    pub unpriced: bool,
    /// The provider's factor that was applied.
    pub multiplier: Multiplier,
    /// The group's factor that was applied.
    #[serde(default = "Multiplier::one")]
    pub group_multiplier: Multiplier,
    /// Cost, part by part.
    pub cost: Cost,
    /// The sum of the parts.
    pub cost_usd: Usd,
    /// What was reserved for it where somebody's limit is hard; a bill above it was not foreseen.
    #[serde(default)]
    pub reserved_usd: Option<Usd>,
    /// How long it had to wait before it began: in a queue, or for the pause before another try.
    #[serde(default)]
    pub queue_ms: Option<u32>,
    /// How long a new connection took; none if a kept one was used, or a proxy, where nobody can tell.
    #[serde(default)]
    pub connect_ms: Option<u32>,
    /// What each model has used and cost, where others than the one that was sent have worked on the answer too: `usage`
    /// and `cost` are the sums of these. `price` and its version stay those of the model that was sent.
    // Written also where there are none: the journal knows fields by their places, and what a later release adds comes
    // behind it.
    #[serde(default)]
    #[cfg_attr(feature = "server", schema(required = false))]
    pub shares: Vec<Share>,
    /// The most tokens that one round of the model that was sent has read from and written to a cache, where its answer
    /// took several. The record does not keep it.
    #[serde(skip)]
    pub most_cached: Option<u64>,
}

/// What one of several models has used of an attempt's answer, and what that cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Share {
    /// The model: as it was sent, or as the answer names it.
    pub model: String,
    /// What it has used.
    pub usage: Usage,
    /// The rates that were applied, before any factor.
    pub price: Rates,
    /// The version of the price they come from; none if the model has no price.
    pub price_version: Option<i64>,
    /// The price's factors by speed, region and service tier together, on the rates of tokens.
    pub price_factor: Multiplier,
    /// True if the model has no price and the default of the settings was applied.
    pub unpriced: bool,
    /// Cost, part by part.
    pub cost: Cost,
}

impl Attempt {
    /// True if it cost more than was reserved for it (docs/rules.md, Limits).
    pub fn is_over_its_reservation(&self) -> bool {
        self.reserved_usd.is_some_and(|reserved| self.cost_usd > reserved)
    }

    /// True if its provider has served it, wholly or in part. One that was left or cut before a usable answer began was
    /// not served, and neither was one that failed.
    pub fn is_served(&self) -> bool {
        match self.result {
            AttemptResult::Completed => true,
            AttemptResult::Interrupted | AttemptResult::Abandoned => {
                self.status.is_some_and(|status| (200..300).contains(&status))
            }
            AttemptResult::Failed | AttemptResult::Delivered => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_is_served_once_its_answer_has_begun() {
        let is_served = |result, status| Attempt { result, status, ..Attempt::default() }.is_served();
        for cut in [AttemptResult::Interrupted, AttemptResult::Abandoned] {
            assert_eq!([None, Some(200), Some(529)].map(|status| is_served(cut, status)), [false, true, false]);
        }
        assert!(is_served(AttemptResult::Completed, Some(200)));
        // An answer that came to nothing, although its head was good.
        assert!(!is_served(AttemptResult::Failed, Some(200)));
    }
}
