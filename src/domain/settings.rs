//! What an operator changes while the hub runs.

use serde::{Deserialize, Serialize};

use super::{
    money::Usd,
    price::{Price, Rates},
};

macro_rules! settings {
    ($( $(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $unit:literal, $check:expr; )+) => {
        /// What an operator changes while the hub runs. Stored row by row; a missing row means the default.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Settings {
            $( $(#[doc = $doc])+ pub $name: $type, )+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $( $name: $default, )+ }
            }
        }

        impl Settings {
            /// The names, in the order they are shown.
            pub const NAMES: &'static [&'static str] = &[$( stringify!($name), )+];

            /// Sets one setting from JSON. `null` brings the default back.
            ///
            /// # Errors
            /// A sentence that says what would be right; [`UnknownSetting`](SetError::Unknown) for a name that is none.
            pub fn set(&mut self, name: &str, value: &serde_json::Value) -> Result<(), SetError> {
                match name {
                    $( stringify!($name) => {
                        let parsed: $type = if value.is_null() {
                            $default
                        } else {
                            serde_json::from_value(value.clone()).map_err(|error| SetError::Invalid(error.to_string()))?
                        };
                        let check: fn(&$type) -> Result<(), String> = $check;
                        check(&parsed).map_err(SetError::Invalid)?;
                        self.$name = parsed;
                        Ok(())
                    } )+
                    _ => Err(SetError::Unknown),
                }
            }

            /// Every setting as it stands, with its default and what it means. `stored` names those with a row.
            pub fn describe(&self, stored: &[String]) -> Vec<Setting> {
                let default = Self::default();
                vec![$( Setting {
                    name: stringify!($name).to_owned(),
                    value: serde_json::to_value(&self.$name).unwrap_or_default(),
                    default: serde_json::to_value(&default.$name).unwrap_or_default(),
                    source: if stored.iter().any(|name| name == stringify!($name)) {
                        SettingSource::Database
                    } else {
                        SettingSource::Default
                    },
                    unit: $unit.to_owned(),
                    description: [$( $doc.trim(), )+].join(" "),
                }, )+]
            }
        }
    };
}

/// Why a setting was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// There is no setting of that name.
    #[error("there is no such setting")]
    Unknown,
    /// The value cannot be used.
    #[error("{0}")]
    Invalid(String),
}

/// Where a setting's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettingSource {
    /// Nobody has set it.
    Default,
    /// An operator has set it.
    Database,
}

/// One setting as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: serde_json::Value,
    /// The value it has when nobody sets it.
    pub default: serde_json::Value,
    /// Where the value comes from.
    pub source: SettingSource,
    /// The unit of the value, where it has one.
    pub unit: String,
    /// What it does.
    pub description: String,
}

/// What happens to calls while the counters of limits (Redis) are away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenAway {
    /// They go on uncounted; never past a hard limit.
    #[default]
    FailOpen,
    /// They are refused.
    FailClosed,
}

/// When a call's entry in the journal is with the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerFsync {
    /// Shortly after the answer's end was passed on, together with others.
    #[default]
    Group,
    /// Before the answer's end is passed on.
    Always,
}

/// Which calls wait when nobody can serve them just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoWaits {
    /// None: each has its answer at once.
    #[default]
    Off,
    /// All.
    On,
    /// Those of clients that are not known to try again by themselves.
    PatientOnly,
}

/// Which model's price a call is charged at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillBy {
    /// The model that was sent to the provider.
    #[default]
    Sent,
    /// The model that the client asked for.
    Asked,
}

/// How far a session's binding to a provider goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affinity {
    /// It goes before priority: a better provider that is well again does not pull sessions off a warm cache.
    #[default]
    Session,
    /// It counts only among providers of the lowest priority number.
    Tier,
}

/// Who repairs a request that is refused because of a thinking block's signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThinkingRepair {
    /// The client.
    Off,
    /// The hub.
    On,
    /// The client where it is known to, else the hub.
    #[default]
    Auto,
}

/// A check that a whole number lies within bounds.
macro_rules! within {
    ($low:expr, $high:expr) => {
        |value| {
            if ($low..=$high).contains(value) { Ok(()) } else { Err(format!("must be from {} to {}", $low, $high)) }
        }
    };
}

/// Dollars per million tokens, as whole numbers.
const fn usd(whole: i64) -> Usd {
    Usd::from_scaled(whole * 1_000_000_000)
}

settings! {
    /// The largest request body that is read.
    body_bytes_max: u64 = 32 << 20, "bytes", within!(1_u64 << 10, 1_u64 << 30);
    /// All request bodies that are held in memory at once; beyond it new calls get 503.
    buffered_bytes_max: u64 = 1 << 30, "bytes", within!(32_u64 << 20, 1_u64 << 40);
    /// How far a session's binding to a provider goes: `session`, before priority; `tier`, only among those of the lowest
    /// priority number.
    affinity: Affinity = Affinity::Session, "", |_| Ok(());
    /// How many providers one call may try.
    providers_max: u32 = 3, "", within!(1, 10);
    /// How often one call may try the same provider, where another attempt can help. A provider may say otherwise.
    attempts_per_provider: u32 = 2, "", within!(1, 10);
    /// The pause before a second attempt at a provider; it doubles with each, up to 5 s, and up to half of it is chance.
    retry_pause_ms: u64 = 200, "ms", within!(0, 5_000);
    /// How long a call waits for a provider that has named a time (`retry-after`) when no other is left. A longer time is
    /// told to the client.
    retry_after_max_ms: u64 = 10_000, "ms", within!(0, 600_000);
    /// Whether a request that a provider refuses because of a thinking block's signature is sent to it once more without
    /// its thinking blocks: `off`, `on`, or `auto`, which leaves it to clients that are known to do so themselves.
    thinking_repair: ThinkingRepair = ThinkingRepair::Auto, "", |_| Ok(());
    /// Tells clients in `x-switchyard-decision`, in short, where their call went.
    decision_header: bool = false, "", |_| Ok(());
    /// All that a call may wait for until its answer begins: body, attempts, retries.
    call_deadline_ms: u64 = 900_000, "ms", within!(1_000, 86_400_000);
    /// Which calls wait when nobody can serve them but somebody will: `off`, `on`, or `patient_only`, those of clients that
    /// are not known to try again by themselves.
    waiting: WhoWaits = WhoWaits::Off, "", |_| Ok(());
    /// How many calls may wait at the same time in one replica.
    waiting_max: u32 = 100, "", within!(1, 1_000);
    /// How long a call may wait for a provider, within its deadline.
    waiting_ms: u64 = 300_000, "ms", within!(1_000, 3_600_000);
    /// When the client of a stream that waits is sent status 200, and pings from then on; before, it gets real statuses.
    keep_alive_after_ms: u64 = 10_000, "ms", within!(0, 600_000);
    /// The least time between the messages of users at a provider that queues them.
    message_queue_gap_ms: u64 = 200, "ms", within!(0, 60_000);
    /// How long a message of a user may wait in a provider's queue.
    message_queue_wait_ms: u64 = 60_000, "ms", within!(100, 600_000);
    /// How long the head of a stream is held back while it may still turn out to be an error.
    gate_ms: u64 = 10_000, "ms", within!(0, 60_000);
    /// How long an answer whose client has left is read on.
    drain_ms: u64 = 60_000, "ms", within!(0, 600_000);
    /// How long running calls may go on when the hub is told to stop.
    shutdown_grace_ms: u64 = 30_000, "ms", within!(0, 600_000);
    /// The journal's size at which new calls get 503 until the database has caught up.
    journal_bytes_max: u64 = 2 << 30, "bytes", within!(16_u64 << 20, 1_u64 << 40);
    /// Dollars per million tokens for a model that has no price: high on purpose, never free.
    default_price: Price = Price::flat(Rates {
        input: usd(15), output: usd(75), cache_write_5m: Usd::from_scaled(18_750_000_000), cache_write_1h: usd(30),
        cache_read: Usd::from_scaled(1_500_000_000),
    }), "USD per million tokens", |price| price.check().map_err(|(field, why)| format!("{field}: {why}"));
    /// Where the price file is, in `LiteLLM`'s form; empty for nowhere.
    prices_url: String = String::new(), "", |url| {
        let is_web = ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
        if url.is_empty() || (is_web && url.len() <= 2_048) { Ok(()) } else { Err("must be an http or https address".to_owned()) }
    };
    /// How often prices are read from there; 0 for never.
    prices_sync_hours: u32 = 24, "h", within!(0, 8_760);
    /// Passes the provider's own rate-limit and organisation headers on to the client.
    expose_provider_headers: bool = false, "", |_| Ok(());
    /// Opens `/metrics` to everyone.
    metrics_open: bool = false, "", |_| Ok(());
    /// The model a provider is asked for in a test call.
    probe_model: String = "claude-haiku-4-5".to_owned(), "", |model| {
        if (1..=256).contains(&model.len()) { Ok(()) } else { Err("must have 1 to 256 characters".to_owned()) }
    };
    /// How often providers that are on hold are asked whether they are well again; 0 for never.
    probe_interval_s: u32 = 30, "s", within!(0, 3_600);
    /// Where days, weeks and months begin, as the IANA database names it (Europe/Berlin). Empty: as the variable TZ says.
    time_zone: String = String::new(), "", |zone| {
        if zone.len() <= 64 { Ok(()) } else { Err("must be a name of the IANA database, such as Europe/Berlin".to_owned()) }
    };
    /// How long a call waits for the counters of limits in Redis, once.
    redis_wait_ms: u64 = 50, "ms", within!(1, 1_000);
    /// What happens to calls while Redis is away: `fail_open` lets them go on uncounted, though never past a hard limit;
    /// `fail_closed` refuses them.
    limits_when_away: WhenAway = WhenAway::FailOpen, "", |_| Ok(());
    /// With a hard limit, refuses a call whose cost its body does not bound; otherwise that call reserves the price of
    /// the model's whole context window.
    refuse_unbounded: bool = false, "", |_| Ok(());
    /// When an entry of the journal is with the disk: `group`, shortly after the answer's end was passed on; `always`,
    /// before.
    ledger_fsync: LedgerFsync = LedgerFsync::Group, "", |_| Ok(());
    /// How long single calls are kept; sums are kept for ever.
    retention_days: u32 = 90, "days", within!(2, 3_650);
    /// Which model's price is charged where a provider knows it under another name: `sent`, or `asked`.
    bill_by: BillBy = BillBy::Sent, "", |_| Ok(());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_set_checked_and_brought_back_by_name() {
        let mut settings = Settings::default();
        settings.set("providers_max", &json!(4)).unwrap();
        assert_eq!(settings.providers_max, 4);
        assert!(matches!(settings.set("providers_max", &json!(0)), Err(SetError::Invalid(_))));
        assert!(matches!(settings.set("providers_max", &json!("many")), Err(SetError::Invalid(_))));
        settings.set("limits_when_away", &json!("fail_closed")).unwrap();
        assert_eq!(settings.limits_when_away, WhenAway::FailClosed);
        settings.set("limits_when_away", &serde_json::Value::Null).unwrap();
        for (name, wrong) in [
            ("limits_when_away", json!("fail")),
            ("ledger_fsync", json!("never")),
            ("bill_by", json!("both")),
            ("waiting", json!("sometimes")),
            ("waiting_max", json!(0)),
            ("redis_wait_ms", json!(0)),
            ("redis_wait_ms", json!(1_001)),
            ("retention_days", json!(1)),
            ("time_zone", json!("x".repeat(65))),
        ] {
            assert!(matches!(settings.set(name, &wrong), Err(SetError::Invalid(_))), "{name}");
        }
        assert_eq!(settings.set("nonsense", &json!(1)), Err(SetError::Unknown));
        settings.set("providers_max", &serde_json::Value::Null).unwrap();
        assert_eq!(settings, Settings::default());
        let shown = settings.describe(&["gate_ms".to_owned()]);
        assert_eq!(shown.len(), Settings::NAMES.len());
        assert!(shown.iter().all(|setting| !setting.description.is_empty()));
    }
}
