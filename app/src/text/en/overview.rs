//! The first page, in English.

use crate::text::Overview;

/// Its words.
pub(super) const OVERVIEW: Overview = Overview {
    title: "Overview",
    today: "Today",
    requests: "Requests",
    cost: "Cost",
    tokens: "Tokens",
    errors: "Errors",
    active: "Active now",
    active_help: "calls running in this replica",
    attention: "Needs attention",
    attention_none: "Nothing. Providers are ready, everything is recorded and priced.",
    last_day: "Last 24 hours",
    hour: "Hour",
    by_provider: "Providers today",
    by_model: "Models today",
    by_user: "Users today",
    nothing_today: "No calls yet today",
    nothing_today_why: "They appear here as they come in.",
    prompt_tokens: "prompt",
    output_tokens: "output",
    cached_share: "read from the cache",
    error_rate: "of all requests",
    first_token: "First content, median",
    vs_yesterday: "against yesterday at this time",
    no_yesterday: "nothing yesterday at this time",
    look_at_calls: "All calls",
    chart_requests: "Requests an hour",
    chart_cost: "Cost an hour",
    since_midnight: |zone| format!("since midnight, {zone}"),
    chart_summary: |requests, cost| format!("{requests} requests and {cost} in the last 24 hours"),
};
