//! Simplified Chinese.

use super::Text;

#[cfg(feature = "ssr")]
mod access;
mod calls;
#[cfg(feature = "ssr")]
mod drawn;
mod limits;
#[cfg(feature = "ssr")]
mod manage;
#[cfg(feature = "ssr")]
mod overview;
mod prices;
#[cfg(feature = "ssr")]
mod providers;
#[cfg(feature = "ssr")]
mod reasons;
#[cfg(feature = "ssr")]
mod routing;
#[cfg(feature = "ssr")]
mod sessions;
#[cfg(feature = "ssr")]
mod settings;
mod shell;
#[cfg(feature = "ssr")]
mod users;
mod words;

pub(super) static TEXT: Text = Text {
    shell: shell::SHELL,
    common: shell::COMMON,
    login: shell::LOGIN,
    #[cfg(feature = "ssr")]
    overview: overview::OVERVIEW,
    #[cfg(feature = "ssr")]
    subject: drawn::SUBJECT,
    calls: calls::CALLS,
    #[cfg(feature = "ssr")]
    call: calls::CALL,
    #[cfg(feature = "ssr")]
    chain: calls::CHAIN,
    #[cfg(feature = "ssr")]
    told: calls::TOLD,
    #[cfg(feature = "ssr")]
    providers: providers::PROVIDERS,
    #[cfg(feature = "ssr")]
    routing: routing::ROUTING,
    #[cfg(feature = "ssr")]
    users: users::USERS,
    #[cfg(feature = "ssr")]
    keys: users::KEYS,
    #[cfg(feature = "ssr")]
    prices: prices::PRICES,
    price_import: prices::IMPORT,
    #[cfg(feature = "ssr")]
    limits: limits::LIMITS,
    limit_names: limits::NAMES,
    quotas: limits::QUOTAS,
    #[cfg(feature = "ssr")]
    sessions: sessions::SESSIONS,
    #[cfg(feature = "ssr")]
    messages: sessions::MESSAGES,
    #[cfg(feature = "ssr")]
    drawn: drawn::DRAWN,
    #[cfg(feature = "ssr")]
    leaderboard: drawn::LEADERBOARD,
    #[cfg(feature = "ssr")]
    availability: drawn::AVAILABILITY,
    #[cfg(feature = "ssr")]
    call_filters: drawn::CALL_FILTERS,
    #[cfg(feature = "ssr")]
    log: drawn::LOG,
    #[cfg(feature = "ssr")]
    audit: access::AUDIT,
    #[cfg(feature = "ssr")]
    logins: access::LOGINS,
    #[cfg(feature = "ssr")]
    mine: access::MINE,
    #[cfg(feature = "ssr")]
    setup: access::SETUP,
    #[cfg(feature = "ssr")]
    action: access::action,
    #[cfg(feature = "ssr")]
    provider_list: manage::PROVIDER_LIST,
    #[cfg(feature = "ssr")]
    user_list: manage::USER_LIST,
    #[cfg(feature = "ssr")]
    key_list: manage::KEY_LIST,
    #[cfg(feature = "ssr")]
    price_list: manage::PRICE_LIST,
    #[cfg(feature = "ssr")]
    trials: manage::TRIALS,
    #[cfg(feature = "ssr")]
    losses: manage::LOSSES,
    #[cfg(feature = "ssr")]
    many: manage::MANY,
    #[cfg(feature = "ssr")]
    simulator: manage::SIMULATOR,
    outcome: words::outcome,
    #[cfg(feature = "ssr")]
    result: words::result,
    #[cfg(feature = "ssr")]
    cause: words::cause,
    #[cfg(feature = "ssr")]
    token_source: words::token_source,
    #[cfg(feature = "ssr")]
    skip: words::skip,
    #[cfg(feature = "ssr")]
    blame: words::blame,
    #[cfg(feature = "ssr")]
    next: words::next,
    #[cfg(feature = "ssr")]
    hold: words::hold,
    #[cfg(feature = "ssr")]
    settings: settings::SETTINGS,
    #[cfg(feature = "ssr")]
    section: settings::section,
    #[cfg(feature = "ssr")]
    setting_values: settings::VALUES,
    #[cfg(feature = "ssr")]
    settings_in_words: settings::WORDS,
    #[cfg(feature = "ssr")]
    variable: settings::variable,
    #[cfg(feature = "ssr")]
    attention: words::attention,
    #[cfg(feature = "ssr")]
    fault: words::fault,
    #[cfg(feature = "ssr")]
    unread: words::unread,
};
