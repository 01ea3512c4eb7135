//! Limits and quotas.

#[cfg(feature = "ssr")]
use crate::text::Limits;
use crate::text::{LimitNames, Quotas};

pub(super) const NAMES: LimitNames = LimitNames {
    total: "Cost in total",
    requests: "Calls at the same time",
    sessions: "Sessions at the same time",
    rpm: "Calls a minute",
    tpm: "Tokens a minute",
    five_hours: "Cost in 5 hours",
    daily: "Cost in a day",
    weekly: "Cost in a week",
    monthly: "Cost in a month",
    reserved: "running",
    free: "free",
};

#[cfg(feature = "ssr")]
pub(super) const LIMITS: Limits = Limits {
    title: "Limits",
    unfold: "What may be used, and in which time",
    lead: "Empty is no limit; 0 lets nothing pass. The limits of a key and of its user both apply.",
    none: "No limits are set.",
    no_limit: "no limit",
    mode: "Cost limits are",
    mode_help: "Soft reserves an estimate for each call, and is overshot by at most what runs at the same time. Hard reserves the most that a call can cost.",
    soft: "soft: may run over",
    hard: "hard: never over",
    five_hours_mode: "The 5 hours",
    five_hours_alone: "5 hours of the limit",
    five_hours_help: "Fixed ones begin with the first call after the last ones ended.",
    daily_mode: "The day",
    daily_alone: "Day of the limit",
    daily_help: "A rolling day is always the last 24 hours.",
    rolling: "rolling",
    fixed: "fixed beginning",
    daily_time: "A fixed day begins at",
    daily_time_help: "In the time zone of the hub. Weeks begin on Monday, months on the first.",
    more_room: "more room",
    use_title: "Use of limits",
    reset: "Reset",
    reset_what: "What was spent before no longer counts for these limits. Recorded calls and their costs stay.",
    reset_title: |name| format!("Reset the limits of {name}?"),
    of: |name| format!("Limits of {name}"),
};

pub(super) const QUOTAS: Quotas = Quotas {
    title: "Quotas",
    lead: "Every limit, the fullest first.",
    empty: "No limits are set",
    empty_why: "Set them where a user, a key or a provider is edited, and their use is shown here.",
    empty_filtered: "Nobody is that far",
    empty_filtered_why: "No limit is used as much as these filters ask.",
    whose: "Whose",
    limit: "Limit",
    used: "Used",
    share: "Share",
    resets: "More room",
    anybody: "All kinds",
    users: "Users",
    keys: "Keys",
    providers: "Providers",
    any_share: "Any share",
    half: "At least 50 %",
    most: "At least 80 %",
    over: "Nothing left",
    filter: "Filter quotas",
    key_of: "Key",
    no_reset: "not by itself",
};
