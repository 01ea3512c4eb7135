//! What drawn pages say, in English.

use crate::text::{Drawn, Leaderboard, Log};

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
    since_ever: "Since the beginning",
    compared_with: "compared with",
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
