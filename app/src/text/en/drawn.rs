//! What drawn pages say, in English.

use crate::text::{Drawn, Leaderboard};

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
