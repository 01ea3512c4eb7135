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
mod providers;
#[cfg(feature = "ssr")]
mod reasons;
mod routing;
#[cfg(feature = "ssr")]
mod sessions;
mod settings;
mod shell;
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
    chain: calls::CHAIN,
    #[cfg(feature = "ssr")]
    told: calls::TOLD,
    providers: providers::PROVIDERS,
    routing: routing::ROUTING,
    users: users::USERS,
    keys: users::KEYS,
    prices: prices::PRICES,
    limits: limits::LIMITS,
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
    result: words::result,
    #[cfg(feature = "ssr")]
    cause: words::cause,
    token_source: words::token_source,
    skip: words::skip,
    blame: words::blame,
    next: words::next,
    hold: words::hold,
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
};
