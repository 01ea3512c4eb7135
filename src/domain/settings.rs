//! What an operator changes while the hub runs.

mod setting;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{
    setting::{Setting, SettingKind, SettingSection, SettingSource, Variable},
    words::{Affinity, BillBy, LedgerFsync, ThinkingRepair, WhenAway, WhoWaits},
};
use super::{
    money::Usd,
    price::{Price, Rates},
};

/// Declares the settings: sections; of each setting what it means, its name, type, default, unit and kind, and what else
/// is checked.
macro_rules! settings {
    ($( $section:ident { $(
        $(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $unit:literal, $kind:expr $(, $check:expr)?;
    )+ } )+) => {
        /// What an operator changes while the hub runs. Stored row by row; a missing row means the default.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Settings {
            $( $( $(#[doc = $doc])+ pub $name: $type, )+ )+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $( $( $name: $default, )+ )+ }
            }
        }

        impl Settings {
            /// The names, in the order they are shown.
            pub const NAMES: &'static [&'static str] = &[$( $( stringify!($name), )+ )+];

            /// Sets one setting from JSON. `null` brings the default back.
            ///
            /// # Errors
            /// A sentence that says what would be right; [`UnknownSetting`](SetError::Unknown) for a name that is none.
            pub fn set(&mut self, name: &str, value: &Value) -> Result<(), SetError> {
                match name {
                    $( $( stringify!($name) if value.is_null() => self.$name = $default, )+ )+
                    $( $( stringify!($name) => {
                        $kind.check(value).map_err(SetError::Invalid)?;
                        let parsed: $type =
                            serde_json::from_value(value.clone()).map_err(|error| SetError::Invalid(error.to_string()))?;
                        $(
                            let check: fn(&$type) -> Result<(), String> = $check;
                            check(&parsed).map_err(SetError::Invalid)?;
                        )?
                        self.$name = parsed;
                    } )+ )+
                    _ => return Err(SetError::Unknown),
                }
                Ok(())
            }

            /// Every setting as it stands, with its default and what it means. `stored` names those with a row.
            pub fn describe(&self, stored: &[String]) -> Vec<Setting> {
                let default = Self::default();
                vec![$( $( Setting {
                    name: stringify!($name).to_owned(),
                    section: SettingSection::$section,
                    kind: $kind,
                    value: serde_json::to_value(&self.$name).unwrap_or_default(),
                    default: serde_json::to_value(&default.$name).unwrap_or_default(),
                    source: if stored.iter().any(|name| name == stringify!($name)) {
                        SettingSource::Database
                    } else {
                        SettingSource::Default
                    },
                    variable: None,
                    unit: $unit.to_owned(),
                    description: [$( $doc.trim(), )+].join(" "),
                }, )+ )+]
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

/// A whole number within bounds.
const fn number(min: u64, max: u64) -> SettingKind {
    SettingKind::Number { min, max }
}

/// True or false.
const fn switch() -> SettingKind {
    SettingKind::Switch
}

/// One of the words that an enumeration has in JSON.
fn choice(words: &[&str]) -> SettingKind {
    SettingKind::Choice { choices: words.iter().map(|word| (*word).to_owned()).collect() }
}

/// A text of so many characters.
const fn text(min: u32, max: u32) -> SettingKind {
    SettingKind::Text { min, max }
}

/// Dollars per million tokens, as whole numbers.
const fn usd(whole: i64) -> Usd {
    Usd::from_scaled(whole * 1_000_000_000)
}

settings! {
    Calls {
        /// How far a session's binding to a provider goes: `session`, before priority; `tier`, only among those of the lowest
    /// priority number.
    affinity: Affinity = Affinity::Session, "", choice(&["session", "tier"]);
    /// How many providers one call may try.
        providers_max: u32 = 3, "", number(1, 10);
        /// How often one call may try the same provider, where another attempt can help. A provider may say otherwise.
        attempts_per_provider: u32 = 2, "", number(1, 10);
        /// The pause before a second attempt at a provider; it doubles with each, up to 5 s, and up to half of it is chance.
        retry_pause_ms: u64 = 200, "ms", number(0, 5_000);
        /// How long a call pauses for a provider that has named a time (`retry-after`) when no other is left. For a longer time
        /// a call that waits (`waiting`) stands in line; to the client of any other it is told.
        retry_after_max_ms: u64 = 10_000, "ms", number(0, 600_000);
        /// Whether a request that a provider refuses because of a thinking block's signature is sent to it once more without
        /// its thinking blocks: `off`, `on`, or `auto`, which leaves it to clients that are known to do so themselves.
        thinking_repair: ThinkingRepair = ThinkingRepair::Auto, "", choice(&["off", "on", "auto"]);
        /// All that a call may wait for until its answer begins: body, attempts, retries.
        call_deadline_ms: u64 = 900_000, "ms", number(1_000, 86_400_000);
        /// How long the head of a stream is held back while it may still turn out to be an error.
        gate_ms: u64 = 10_000, "ms", number(0, 60_000);
        /// How long an answer whose client has left is read on.
        drain_ms: u64 = 60_000, "ms", number(0, 600_000);
        /// How long a client may leave the bytes of its answer unread; then its connection is closed, and its answer is read
        /// on without it.
        write_stall_ms: u64 = 60_000, "ms", number(100, 3_600_000);
        /// How long running calls may go on when the hub is told to stop.
        shutdown_grace_ms: u64 = 30_000, "ms", number(0, 600_000);
        /// The largest request body that is read.
        body_bytes_max: u64 = 32 << 20, "bytes", number(1 << 10, 1 << 30);
        /// All request bodies that are held in memory at once; beyond it new calls get 503.
        buffered_bytes_max: u64 = 1 << 30, "bytes", number(32 << 20, 1 << 40);
    }
    Health {
        /// How many failures in a row open a provider's circuit breaker, so that others go before it; 0 for never. A provider
        /// may say otherwise.
        breaker_failures: u32 = 5, "", number(0, 1_000);
        /// How long a breaker stays open. A provider may say otherwise.
        breaker_open_s: u32 = 1_800, "s", number(1, 86_400);
        /// How many successes close a breaker again. A provider may say otherwise.
        breaker_successes: u32 = 2, "", number(1, 100);
        /// How many calls at a time may try a provider whose breaker has been open for its time.
        breaker_trials: u32 = 1, "", number(1, 100);
        /// How often providers that are on hold are asked whether they are well again; 0 for never.
        probe_interval_s: u32 = 30, "s", number(0, 3_600);
        /// The model a provider is asked for in a test call.
        probe_model: String = "claude-haiku-4-5".to_owned(), "", text(1, 256);
    }
    Waiting {
        /// Which calls wait when nobody can serve them but somebody will: `off`, `on`, or `patient_only`, those of clients that
        /// are not known to try again by themselves.
        waiting: WhoWaits = WhoWaits::Off, "", choice(&["off", "on", "patient_only"]);
        /// How many calls may wait at the same time in one replica.
        waiting_max: u32 = 100, "", number(1, 1_000);
        /// How long a call may wait for a provider, within its deadline.
        waiting_ms: u64 = 300_000, "ms", number(1_000, 3_600_000);
        /// When the client of a stream that waits is sent status 200, and pings from then on; before, it gets real statuses.
        keep_alive_after_ms: u64 = 10_000, "ms", number(0, 600_000);
        /// The least time between the messages of users at a provider that queues them.
        message_queue_gap_ms: u64 = 200, "ms", number(0, 60_000);
        /// How long a message of a user may wait in a provider's queue.
        message_queue_wait_ms: u64 = 60_000, "ms", number(100, 600_000);
    }
    Limits {
        /// Where days, weeks and months begin, as the IANA database names it (Europe/Berlin). Empty: as the variable TZ says.
        time_zone: String = String::new(), "", text(0, 64);
        /// What happens to calls while Redis is away: `fail_open` lets them go on uncounted, though never past a hard limit;
        /// `fail_closed` refuses them.
        limits_when_away: WhenAway = WhenAway::FailOpen, "", choice(&["fail_open", "fail_closed"]);
        /// With a hard limit, refuses a call whose cost its body does not bound; otherwise that call reserves the price of
        /// the model's whole context window.
        refuse_unbounded: bool = false, "", switch();
        /// How long a call waits for the counters of limits in Redis, once.
        redis_wait_ms: u64 = 50, "ms", number(1, 10_000);
    }
    Ledger {
        /// How long single calls are kept; sums are kept for ever.
        retention_days: u32 = 90, "days", number(2, 3_650);
        /// How long captured messages are kept, where the variable `STORE_SESSION_MESSAGES` is on; at most as long as calls.
        messages_retention_days: u32 = 7, "days", number(1, 3_650);
        /// When an entry of the journal is with the disk: `group`, shortly after the answer's end was passed on; `always`,
        /// before.
        ledger_fsync: LedgerFsync = LedgerFsync::Group, "", choice(&["group", "always"]);
        /// The journal's size at which new calls get 503 until the database has caught up.
        journal_bytes_max: u64 = 2 << 30, "bytes", number(16 << 20, 1 << 40);
    }
    Prices {
        /// Which model's price is charged where a provider knows it under another name: `sent`, or `asked`.
        bill_by: BillBy = BillBy::Sent, "", choice(&["sent", "asked"]);
        /// Dollars per million tokens for a model that has no price: high on purpose, never free.
        default_price: Price = Price::flat(Rates {
            input: usd(15), output: usd(75), cache_write_5m: Usd::from_scaled(18_750_000_000), cache_write_1h: usd(30),
            cache_read: Usd::from_scaled(1_500_000_000),
        }), "USD per million tokens", SettingKind::Price, |price| {
            if price.input <= Usd::ZERO || price.output <= Usd::ZERO {
                return Err("input and output must be above 0: no model is free by accident".to_owned());
            }
            price.check().map_err(|(field, why)| format!("{field}: {why}"))
        };
        /// Where the price file is, in `LiteLLM`'s form; empty for nowhere.
        prices_url: String = String::new(), "", text(0, 2_048), |url| {
            let is_web = ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
            if url.is_empty() || is_web { Ok(()) } else { Err("must be an http or https address".to_owned()) }
        };
        /// How often prices are read from there; 0 for never.
        prices_sync_hours: u32 = 24, "h", number(0, 8_760);
    }
    Edge {
        /// Tells clients why no provider could serve their call; else only that none could. The record says it in any case.
        explain_errors: bool = true, "", switch();
        /// Tells clients in `x-switchyard-decision`, in short, where their call went.
        decision_header: bool = false, "", switch();
        /// Passes the provider's own rate-limit and organisation headers on to the client.
        expose_provider_headers: bool = false, "", switch();
        /// Opens `/metrics` to everyone.
        metrics_open: bool = false, "", switch();
        /// What the hub writes to its log: `error`, `warn`, `info`, `debug`, `trace`, or directives such as
        /// `info,hub::relay=debug`. Empty: as the variable `LOG_LEVEL` says.
        log_level: String = String::new(), "", text(0, 1_024);
    }
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
        settings.set("limits_when_away", &Value::Null).unwrap();
        for (name, wrong) in [
            ("limits_when_away", json!("fail")),
            ("ledger_fsync", json!("never")),
            ("bill_by", json!("both")),
            ("waiting", json!("sometimes")),
            ("waiting_max", json!(0)),
            ("redis_wait_ms", json!(0)),
            ("redis_wait_ms", json!(10_001)),
            ("retention_days", json!(1)),
            ("time_zone", json!("x".repeat(65))),
            ("probe_model", json!("")),
            ("decision_header", json!("yes")),
            ("gate_ms", json!(-1)),
            ("gate_ms", json!(1.5)),
            ("prices_url", json!("ftp://x")),
            ("default_price", json!({"input": "1"})),
            ("default_price", json!({"input": "0", "output": "1"})),
        ] {
            assert!(matches!(settings.set(name, &wrong), Err(SetError::Invalid(_))), "{name}");
        }
        assert_eq!(settings.set("nonsense", &json!(1)), Err(SetError::Unknown));
        settings.set("providers_max", &Value::Null).unwrap();
        assert_eq!(settings, Settings::default());
        let shown = settings.describe(&["gate_ms".to_owned()]);
        assert_eq!(shown.len(), Settings::NAMES.len());
        assert!(shown.iter().all(|setting| !setting.description.is_empty()));
    }

    #[test]
    fn every_default_is_of_its_kind_and_every_choice_can_be_chosen() {
        for setting in Settings::default().describe(&[]) {
            assert_eq!(setting.kind.check(&setting.default), Ok(()), "{}", setting.name);
            let SettingKind::Choice { choices } = setting.kind else { continue };
            for choice in choices {
                assert_eq!(Settings::default().set(&setting.name, &json!(choice)), Ok(()), "{}", setting.name);
            }
        }
    }

    #[test]
    fn a_choice_names_all_that_its_type_knows() {
        fn words<T: serde::de::DeserializeOwned>() -> usize {
            let error = serde_json::from_value::<T>(json!("?")).err().unwrap().to_string();
            error.matches('`').count() / 2 - 1
        }
        let known = [
            ("affinity", words::<Affinity>()),
            ("thinking_repair", words::<ThinkingRepair>()),
            ("waiting", words::<WhoWaits>()),
            ("limits_when_away", words::<WhenAway>()),
            ("ledger_fsync", words::<LedgerFsync>()),
            ("bill_by", words::<BillBy>()),
        ];
        for setting in Settings::default().describe(&[]) {
            let SettingKind::Choice { choices } = setting.kind else { continue };
            let n_words = known.iter().find(|(name, _)| *name == setting.name).map(|(_, n)| *n);
            assert_eq!(n_words, Some(choices.len()), "{}", setting.name);
        }
    }
}
