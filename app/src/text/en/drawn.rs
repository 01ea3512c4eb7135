//! What drawn pages say, in English.

use crate::text::{CallFilters, Drawn, Leaderboard, Log, Subject};

/// What they share.
pub(super) const DRAWN: Drawn = Drawn {
    time: "Time",
    today: "Today",
    this_week: "This week",
    this_month: "This month",
    all_time: "All time",
    first_day: "First day",
    last_day: "Last day",
    versus: "against the span before",
    last_day_hours: "24 hours",
    seven_days: "7 days",
    thirty_days: "30 days",
    ninety_days: "90 days",
    a_year: "A year",
    all: "All",
    others: "Others",
    each_hour: "by hour",
    each_day: "by day",
    each_week: "by week",
    each_month: "by month",
    show_table: "Show as a table",
};

/// Its words.
pub(super) const LEADERBOARD: Leaderboard = Leaderboard {
    title: "Leaderboard",
    lead: "Who and what used most, and whether it is more than before.",
    whose: "What is ranked",
    users: "Users",
    keys: "Keys",
    providers: "Providers",
    models: "Models",
    empty: "Nothing was used in this time",
    empty_why: "Choose a longer one.",
    cache_hit: "From cache",
    success: "Success",
    first_token_p50: "First content, median",
    first_token_p95: "First content, p95",
    speed: "Tokens / s",
    since_ever: "Since the beginning",
    compared_with: "compared with",
};

/// Its words.
pub(super) const CALL_FILTERS: CallFilters = CallFilters {
    presets: "Presets",
    all: "All",
    errors: "Errors",
    slow: "Slow",
    expensive: "Expensive",
    retried: "Retried",
    not_retried: "At the first try",
    any_attempts: "Any",
    attempts: "Attempts",
    columns: "Columns",
    more: "More filters",
    cost_min: "Cost from, USD",
    cost_max: "Cost up to, USD",
    seconds_min: "Total from, seconds",
    seconds_max: "Total up to, seconds",
    content_min: "First content from, seconds",
    key: "Key id",
    error: "Text in the error",
    error_help: "A cause, or any part of the message; of the last 7 days",
    any_outcome: "Any outcome",
    any_provider: "Any provider",
    any_user: "Any user",
    any_model: "Any model",
    any_time: "Any time",
    last_hour: "Last hour",
    last_day: "Last 24 hours",
    last_week: "Last 7 days",
    last_month: "Last 30 days",
    filter: "Filter calls",
    remove_filter: "Remove this filter",
    filtered_time: "Time range",
    totals: |calls, tokens, cost, errors| format!("{calls} requests · {tokens} tokens · {cost} · {errors} errors"),
};

/// Its words.
pub(super) const SUBJECT: Subject = Subject {
    of_user: "The use of this user, with all its keys.",
    of_provider: "The use of this provider, by everybody.",
    of_model: "The use of this model, as calls ask for it.",
    total_p50: "Total, median",
    total_p95: "Total, p95",
    no_errors: "Nothing went wrong.",
};

/// Those of the hub's own log.
pub(super) const LOG: Log = Log {
    title: "Log",
    lead: "What this replica has written last, the newest first. The setting log_level says what is written.",
    level: "Level",
    any: "All",
    error: "Error",
    warn: "Warning",
    info: "Info",
    debug: "Debug",
    trace: "Trace",
    search: "Text",
    call_id: "Call id",
    find: "Find",
    empty: "No lines",
    empty_why: "Nothing was written yet, or the filter fits nothing.",
    older: "Older lines",
    newest: "To the newest",
    lines: "Lines of the log",
};
