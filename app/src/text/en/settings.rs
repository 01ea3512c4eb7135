//! The settings' page in English.

use hub::domain::settings::SettingSection;

use crate::text::{SettingValues, SettingWords, Settings};

/// Its words.
pub(super) const SETTINGS: Settings = Settings {
    title: "Settings",
    lead: "What can be changed while the hub runs. A change counts from the next call on, in every process of the hub.",
    sections: "Sections",
    from_default: "Default",
    from_database: "Set here",
    from_environment: "Environment",
    standard: "Default",
    back: "Back to default",
    environment: "Environment",
    environment_lead: "Read once, at the start. To change one, set the variable and start the hub again.",
    variable: "Variable",
    value: "Value",
    source: "From",
    meaning: "Meaning",
    hidden: "set, not shown",
    storage: "Storage",
    storage_lead: "Sizes are on disk, with indexes.",
    database: "Database",
    private: "run by the hub itself",
    external: "the one that DSN names",
    journal: "Journal, not in the database yet",
    quarantined: "Entries set aside",
    kept: "Single calls are kept",
    kept_why: "older days go as a whole; sums stay",
    tables: "Tables",
    table: "Table",
    size: "Size",
    partitions: "Parts",
    days: "Calls by day, UTC",
    day: "Day",
    backup: "Back up",
    backup_private: "Stop the hub and copy its data folder. It holds the database, the journal and the master key.",
    backup_external: "Dump the database, and keep the master key beside it. Without that key the providers' secrets cannot be opened.",
    backup_command: "Command that backs up",
    n_days: |n| format!("{n} days"),
    of_size: |size| format!("of {size}"),
    changed: |name| format!("Saved: {name}"),
    returned: |name| format!("Back to its default: {name}"),
    back_label: |name| format!("Back to default: {name}"),
    save_label: |name| format!("Save: {name}"),
    and_follows: |variable| format!("As the variable {variable} says"),
};

pub(super) const VALUES: SettingValues = SettingValues {
    on: "On",
    off: "Off",
    none: "none",
    range: |low, high| format!("{low} to {high}"),
    measured: str::to_owned,
};

pub(super) const fn section(section: SettingSection) -> &'static str {
    match section {
        SettingSection::Calls => "Calls and retries",
        SettingSection::Health => "Health and probing",
        SettingSection::Waiting => "Waiting",
        SettingSection::Limits => "Limits",
        SettingSection::Ledger => "Ledger and retention",
        SettingSection::Prices => "Prices",
        SettingSection::Edge => "Privacy and edge",
    }
}

/// Every setting in words, by its name.
pub(super) static WORDS: &[(&str, SettingWords)] = &[
    (
        "affinity",
        choice(
            "Where conversations stay",
            "How far a conversation's binding to the provider that has served it goes.",
            &["With their provider, while it can serve", "Only among providers of the best priority"],
        ),
    ),
    ("providers_max", words("Providers per call", "How many providers one call may try.")),
    (
        "attempts_per_provider",
        words(
            "Attempts per provider",
            "How often one call may try the same provider, where another attempt can help. A provider may say otherwise.",
        ),
    ),
    (
        "retry_pause_ms",
        words(
            "Pause before a retry",
            "It doubles with each attempt at the same provider, up to 5 s, and up to half of it is chance.",
        ),
    ),
    (
        "retry_after_max_ms",
        words(
            "Longest pause that a provider may ask for",
            "When no other provider is left, a call pauses as long as the provider names. A longer time is told to the client, unless the call waits in line.",
        ),
    ),
    (
        "thinking_repair",
        choice(
            "Repair of thinking blocks",
            "Whether a request that is refused because of a thinking block's signature is sent once more without these blocks.",
            &["Never", "Always", "Where the client does not do it itself"],
        ),
    ),
    (
        "call_deadline_ms",
        words(
            "Time until an answer begins",
            "All that a call may wait for until its answer begins: body, attempts, retries.",
        ),
    ),
    (
        "gate_ms",
        words(
            "Holding back a stream's head",
            "How long the beginning of a stream is held back while it may still turn out to be an error.",
        ),
    ),
    ("drain_ms", words("Reading on without a client", "How long an answer whose client has left is read on.")),
    (
        "write_stall_ms",
        words(
            "Waiting for a client that does not read",
            "How long a client may leave the bytes of its answer unread; then its connection is closed, and its answer is read on without it.",
        ),
    ),
    (
        "shutdown_grace_ms",
        words("Grace when stopping", "How long running calls may go on when the hub is told to stop."),
    ),
    ("body_bytes_max", words("Largest request body", "A larger one is refused.")),
    (
        "buffered_bytes_max",
        words("Memory for request bodies", "What all of them may take together; beyond it new calls get status 503."),
    ),
    (
        "breaker_failures",
        words(
            "Failures in a row until on hold",
            "Then others go first for a while; 0 for never. A provider may say otherwise.",
        ),
    ),
    ("breaker_open_s", words("Time on hold after failures", "A provider may say otherwise.")),
    ("breaker_successes", words("Successes until back", "A provider may say otherwise.")),
    ("breaker_trials", words("Calls that may try at a time", "At a provider whose time on hold is over.")),
    (
        "probe_interval_s",
        words(
            "Asking providers on hold",
            "How often a provider on hold is asked whether it is well again; 0 for never.",
        ),
    ),
    (
        "probe_model",
        words("Model of test calls", "What a provider is asked for in a test call, if its rules admit it."),
    ),
    (
        "waiting",
        choice(
            "Waiting for a provider",
            "Which calls wait when nobody can serve them but somebody will.",
            &["None", "All", "Those of clients that do not try again"],
        ),
    ),
    ("waiting_max", words("Calls that may wait", "At the same time, in one process of the hub.")),
    ("waiting_ms", words("Longest wait for a provider", "Within the time until an answer begins.")),
    (
        "keep_alive_after_ms",
        words(
            "Sending pings after",
            "From then on the client of a waiting stream has status 200 and gets pings; before, it gets real statuses.",
        ),
    ),
    (
        "message_queue_gap_ms",
        words("Gap between messages", "The least time between messages of users at a provider that queues them."),
    ),
    (
        "message_queue_wait_ms",
        words("Wait in a message queue", "How long a message of a user may wait in a provider's queue."),
    ),
    (
        "time_zone",
        words("Time zone", "Where days, weeks and months begin, as the IANA database names it: Europe/Berlin."),
    ),
    (
        "limits_when_away",
        choice(
            "When Redis is away",
            "What happens to calls while limits cannot be counted. A hard limit is never passed.",
            &["They go on uncounted", "They are refused"],
        ),
    ),
    (
        "refuse_unbounded",
        words(
            "Refuse calls of unbounded cost",
            "With a hard limit, a call whose cost its body does not bound is refused. Otherwise it reserves the price of the model's whole context window.",
        ),
    ),
    ("redis_wait_ms", words("Wait for Redis", "How long a call waits for the counters of limits, once.")),
    (
        "messages_retention_days",
        words(
            "Keeping what was asked and answered",
            "Where the variable STORE_SESSION_MESSAGES is on; by whole days, and at most as long as calls.",
        ),
    ),
    ("retention_days", words("Keeping single calls", "Older ones are dropped by whole days. Sums are kept for ever.")),
    (
        "ledger_fsync",
        choice(
            "When an entry is on the disk",
            "The journal's entry of a call is written before its answer ends; the disk has it then, or shortly after.",
            &["Shortly after the answer's end", "Before the answer's end"],
        ),
    ),
    (
        "journal_bytes_max",
        words(
            "Largest journal",
            "When the database is so far behind, new calls get status 503 until it has caught up.",
        ),
    ),
    (
        "bill_by",
        choice(
            "Model that is charged",
            "Where a provider knows the model under another name.",
            &["The one sent to the provider", "The one the client asked for"],
        ),
    ),
    (
        "default_price",
        words(
            "Price of models that have none",
            "Dollars per million tokens. High on purpose: such calls are flagged, and never free.",
        ),
    ),
    ("prices_url", words("Address of the price file", "In LiteLLM's form; empty for none.")),
    ("prices_sync_hours", words("Reading prices anew", "How often; 0 for never.")),
    (
        "explain_errors",
        words(
            "Explain errors to clients",
            "Why no provider could serve their call. Off: only that none could; the record says why in any case.",
        ),
    ),
    ("decision_header", words("Tell clients where their call went", "In short, in the header x-switchyard-decision.")),
    (
        "expose_provider_headers",
        words("Pass on the provider's headers", "Its rate-limit and organisation headers reach the client."),
    ),
    ("metrics_open", words("Open /metrics", "Everybody can read them. Else only with the admin token.")),
    (
        "log_level",
        words(
            "Level of the log",
            "What the hub writes to its log: error, warn, info, debug, trace, or directives as in LOG_LEVEL. A change counts at once.",
        ),
    ),
];

const fn words(title: &'static str, help: &'static str) -> SettingWords {
    SettingWords { title, help, choices: &[] }
}

const fn choice(title: &'static str, help: &'static str, choices: &'static [&'static str]) -> SettingWords {
    SettingWords { title, help, choices }
}

/// What a variable of the environment is for.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "ADMIN_TOKEN" => "What an admin logs in with first",
        "APP_HOST" => "The address the hub listens on",
        "APP_PORT" => "The port",
        "AUTO_MIGRATE" => "Brings the database schema up to date at the start",
        "DATA_DIR" => "The journal, generated secrets and the private Postgres",
        "DSN" => "The database; without it the hub runs its own",
        "ENABLE_RATE_LIMIT" => "Off turns all limits off",
        "ENABLE_SECURE_COOKIES" => "Whether cookies are for https only",
        "LOG_LEVEL" => "How much is logged",
        "MASTER_KEY" => "What the providers' secrets are sealed with",
        "NEW_MASTER_KEY" => "What they are sealed with after `switchyard rotate-master-key`",
        "PG_BIN" => "The programs of the private Postgres",
        "REDIS_URL" => "Redis; without it the hub counts in memory",
        "STORE_SESSION_MESSAGES" => "Whether what is asked and answered is kept",
        "SESSION_TTL" => "Seconds that a session stays with its provider",
        "SITE_ROOT" => "The console's files",
        "TRUSTED_PROXIES" => "Whose forwarding headers are believed",
        "TZ" => "Where days begin, unless the setting says otherwise",
        _ => return None,
    })
}
