//! Token counts by the class they are priced in.

use serde::{Deserialize, Serialize};

/// What one attempt used: tokens, each counted in exactly one class (Anthropic Messages, `usage`), and tools.
///
/// `input` excludes everything that was written to or read from the prompt cache; `output` includes thinking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Prompt tokens that were neither written to nor read from a cache.
    pub input: u64,
    /// Generated tokens, thinking included.
    pub output: u64,
    /// Prompt tokens written to a cache that lives for five minutes.
    pub cache_write_5m: u64,
    /// Prompt tokens written to a cache that lives for an hour.
    pub cache_write_1h: u64,
    /// Prompt tokens read from a cache.
    pub cache_read: u64,
    /// Searches of the web that the provider made.
    #[serde(default)]
    pub web_searches: u64,
    /// Pages of the web that the provider read.
    #[serde(default)]
    pub web_fetches: u64,
    /// Runs of code in the provider's containers.
    #[serde(default)]
    pub code_executions: u64,
}

/// On what terms an answer was served, as far as its usage says so: what prices have factors for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Terms {
    /// How fast, such as `standard` or `fast`.
    pub speed: Option<String>,
    /// In which class of service, such as `standard`, `priority` or `batch`.
    pub service_tier: Option<String>,
    /// Where, such as `us` (`inference_geo`).
    pub region: Option<String>,
    /// Tokens of the longest prompt, where an answer took several rounds: it decides the tier. The record keeps the rates
    /// that it led to.
    #[serde(skip)]
    pub longest_prompt: Option<u64>,
}

impl Usage {
    /// All tokens of the prompt, cached or not.
    pub const fn prompt(&self) -> u64 {
        self.input.saturating_add(self.cached())
    }

    /// Prompt tokens written to a cache, however long that lives.
    pub const fn cache_write(&self) -> u64 {
        self.cache_write_5m.saturating_add(self.cache_write_1h)
    }

    /// All tokens of prompt and answer.
    pub const fn total(&self) -> u64 {
        self.prompt().saturating_add(self.output)
    }

    /// The tokens that count for a limit of tokens per minute: input, cache writes and output (docs/rules.md, Limits).
    pub const fn counted(&self) -> u64 {
        self.total().saturating_sub(self.cache_read)
    }

    /// The tokens that the provider has in its cache afterwards: read from it and written to it.
    pub const fn cached(&self) -> u64 {
        self.cache_read.saturating_add(self.cache_write())
    }

    /// The sum, class by class.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_write_5m: self.cache_write_5m.saturating_add(other.cache_write_5m),
            cache_write_1h: self.cache_write_1h.saturating_add(other.cache_write_1h),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            web_searches: self.web_searches.saturating_add(other.web_searches),
            web_fetches: self.web_fetches.saturating_add(other.web_fetches),
            code_executions: self.code_executions.saturating_add(other.code_executions),
        }
    }

    /// What is left, class by class; never less than nothing.
    #[must_use]
    pub const fn minus(&self, other: &Self) -> Self {
        Self {
            input: self.input.saturating_sub(other.input),
            output: self.output.saturating_sub(other.output),
            cache_write_5m: self.cache_write_5m.saturating_sub(other.cache_write_5m),
            cache_write_1h: self.cache_write_1h.saturating_sub(other.cache_write_1h),
            cache_read: self.cache_read.saturating_sub(other.cache_read),
            web_searches: self.web_searches.saturating_sub(other.web_searches),
            web_fetches: self.web_fetches.saturating_sub(other.web_fetches),
            code_executions: self.code_executions.saturating_sub(other.code_executions),
        }
    }
}

/// Where token counts come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenSource {
    /// No tokens were used, or none are charged.
    #[default]
    None,
    /// The upstream's final report.
    Reported,
    /// The upstream reported the prompt, the answer was cut: its output is an estimate.
    Partial,
    /// The upstream reported nothing: all of it is an estimate.
    Estimated,
}

impl TokenSource {
    /// The name used in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reported => "reported",
            Self::Partial => "partial",
            Self::Estimated => "estimated",
        }
    }
}
