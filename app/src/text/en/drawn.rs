//! What drawn pages say, in English.

use crate::text::{Availability, CallFilters, Drawn, Leaderboard, Log, Subject};

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
    key_example: "user / key",
    no_key_named: "No key has that in its name, or in its user's.",
    own_range: "From … to",
    from: "From",
    to: "To",
    cut: "… only the first 500 are offered",
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
    totals: |calls, tokens, cost, errors| {
        let s = |count: &str| if count == "1" { "" } else { "s" };
        format!("{calls} request{} · {tokens} tokens · {cost} · {errors} error{}", s(calls), s(errors))
    },
    several_keys: |n| format!("{n} keys have that in their name. Which one?"),
    zone: |zone| format!("By the clocks of the hub: {zone}"),
};

/// Its words.
pub(super) const SUBJECT: Subject = Subject {
    of_user: "The use of this user, with all its keys.",
    of_key: "The use of this key.",
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

/// Its words.
pub(super) const AVAILABILITY: Availability = Availability {
    title: "Availability",
    lead: "How much of what providers were asked for they served.",
    empty: "No providers",
    empty_why: "Nothing can be served yet.",
    an_hour: "An hour",
    each_minute: "a minute a block",
    each_half_hour: "half an hour a block",
    each_three_hours: "three hours a block",
    course: "Over time",
    good: "Good",
    attempts: "Attempts",
    bad: "Bad",
    total: "Total",
    first: "First content",
    times: "Total time",
    all_models: "All models",
    last_probe: "Last probe",
    probe_good: "served",
    probe_bad: "not served",
    no_probes: "No probes in this time",
    probes_why: "Tests and probes in this time: served of all",
    strip: |good, bad| format!("{good} good attempts, {bad} bad ones"),
    block: |at, bad, all| format!("{at}: {bad} of {all} bad"),
    served: |good, attempts| format!("{good} of {attempts} attempts good"),
};
