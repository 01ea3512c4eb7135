//! Fields that are set for many at once: what an address says of them becomes a patch. An empty field is left alone, `-`
//! brings the default back.

mod faults;
mod typed;

use std::str::FromStr;

use hub::domain::{
    access::AccessStatus,
    fault::Fault,
    key::KeyBulk,
    provider::many::{ProviderBulk, ProviderFilter},
    user::many::{UserBulk, UserFilter},
};
use leptos_router::params::ParamsMap;
use serde::de::DeserializeOwned;
use serde_json::Map;

pub(crate) use self::faults::FieldFaults;
use self::typed::usable;
use crate::drawn::clock::Clock;

use super::{expiry, names, whole};

/// What the names of fields begin with in the address: what chooses the rows has names of its own.
pub(crate) const SET: &str = "set_";

/// What brings a field back to its default, or to none.
const CLEAR: &str = "-";

/// What can stand in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// On or off.
    Switch,
    /// A whole number.
    Whole,
    /// Dollars, sent as text.
    Usd,
    /// A factor that may have places, sent as text.
    Factor,
    /// Seconds, kept as milliseconds.
    Seconds,
    /// Whole seconds, kept as they are.
    WholeSeconds,
    /// Names, separated by commas.
    Names,
    /// The last day, by the hub's clocks.
    Day,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// A field that can be set for many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Its name in JSON.
    pub(crate) name: &'static str,
    /// What can stand in it.
    pub(crate) kind: Kind,
}

/// Declares a table of fields.
macro_rules! fields {
    ($($name:ident: $kind:expr),* $(,)?) => { [$( Field { name: stringify!($name), kind: $kind } ),*] };
}
/// What of a provider can be set for many, its health, times and limits aside.
pub(crate) const ROUTING: [Field; 5] = fields![
    enabled: Kind::Switch, priority: Kind::Whole, weight: Kind::Whole, group: Kind::Names,
    cost_multiplier: Kind::Factor,
];

/// How patient the hub is with a provider, and how it is spared.
pub(crate) const HEALTH: [Field; 6] = fields![
    max_attempts: Kind::Whole, breaker_failures: Kind::Whole, breaker_open_s: Kind::WholeSeconds,
    breaker_successes: Kind::Whole, probe: Kind::Switch, message_queue: Kind::Switch,
];

/// The times of a provider.
pub(crate) const TIMES: [Field; 4] = fields![
    connect_timeout_ms: Kind::Seconds, first_byte_timeout_ms: Kind::Seconds, idle_timeout_ms: Kind::Seconds,
    total_timeout_ms: Kind::Seconds,
];

/// What of a user can be set for many, limits aside.
pub(crate) const PROFILE: [Field; 4] = fields![
    enabled: Kind::Switch, role: Kind::Choice(&["user", "admin"]), group: Kind::Names, expires_at: Kind::Day,
];

/// What of a user is changed and not set.
pub(crate) const TAGS_AND_TIME: [Field; 3] =
    fields![add_tags: Kind::Names, remove_tags: Kind::Names, renew_days: Kind::Whole];

/// What of a key can be set for many, limits aside.
pub(crate) const KEY: [Field; 3] = fields![enabled: Kind::Switch, group: Kind::Names, expires_at: Kind::Day];

/// The limits, for every noun that has them.
pub(crate) const LIMITS: [Field; 10] = fields![
    limit_5h_usd: Kind::Usd, limit_daily_usd: Kind::Usd, limit_weekly_usd: Kind::Usd, limit_monthly_usd: Kind::Usd,
    limit_total_usd: Kind::Usd, limit_mode: Kind::Choice(&["soft", "hard"]),
    limit_rpm: Kind::Whole, limit_tpm: Kind::Whole, limit_concurrent_requests: Kind::Whole,
    limit_concurrent_sessions: Kind::Whole,
];

/// The patch that an address asks for, and whether it asks for anything.
///
/// # Errors
/// Every field that cannot be read.
fn patch<P: DeserializeOwned>(fields: &[&[Field]], map: &ParamsMap, clock: Clock) -> Result<(P, bool), FieldFaults> {
    let (mut asked, mut faults) = (Map::new(), Vec::new());
    for field in fields.iter().copied().flatten() {
        let text = map.get_str(&format!("{SET}{}", field.name)).unwrap_or_default().trim();
        match usable::<P>(field, text, clock) {
            Ok(Some(value)) => _ = asked.insert(field.name.to_owned(), value),
            Ok(None) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(faults) = FieldFaults::of(faults) {
        return Err(faults);
    }
    let is_any = !asked.is_empty();
    // Each of them can be read alone.
    let patch = serde_json::from_value(asked.into()).map_err(|_| Fault::invalid("patch", "is not right"))?;
    Ok((patch, is_any))
}

/// The patch that sets one limit, by its field; an empty amount takes it away.
///
/// # Errors
/// A field that is no limit; an amount that cannot be read.
pub(crate) fn one_limit<P: DeserializeOwned>(field: &str, amount: &str, clock: Clock) -> Result<P, Fault> {
    let Some(known) = LIMITS.iter().find(|known| known.name == field && !matches!(known.kind, Kind::Choice(_))) else {
        return Err(Fault::invalid("field", "must be a limit"));
    };
    let amount = Some(amount.trim()).filter(|amount| !amount.is_empty()).unwrap_or(CLEAR);
    let map = ParamsMap::from_iter([(format!("{SET}{field}"), amount.to_owned())]);
    let (patch, _) = patch(&[std::slice::from_ref(known)], &map, clock).map_err(|faults| faults.first)?;
    Ok(patch)
}

/// A change of many providers, as an address asks for it; none if it asks for none yet.
///
/// # Errors
/// Every field that cannot be read.
pub(crate) fn provider_bulk(map: &ParamsMap, preview: bool, clock: Clock) -> Result<Option<ProviderBulk>, FieldFaults> {
    let (patch, is_any) = patch(&[&ROUTING, &HEALTH, &TIMES, &LIMITS], map, clock)?;
    let chosen = chosen_providers(map)?;
    Ok(is_any.then_some(ProviderBulk { patch, preview, ..chosen }))
}

/// The providers that an address chooses, and a look at them that changes nothing.
///
/// # Errors
/// An id that is none.
pub(crate) fn chosen_providers(map: &ParamsMap) -> Result<ProviderBulk, Fault> {
    let ids = ids(map, "provider")?;
    let filter = ids.is_none().then(|| ProviderFilter { search: own(map, "search"), group: own(map, "group") });
    Ok(ProviderBulk { ids, filter, preview: true, ..ProviderBulk::default() })
}

/// A change of many users, as an address asks for it; none if it asks for none yet.
///
/// # Errors
/// Every field that cannot be read.
pub(crate) fn user_bulk(map: &ParamsMap, preview: bool, clock: Clock) -> Result<Option<UserBulk>, FieldFaults> {
    let patch = patch(&[&PROFILE, &LIMITS], map, clock);
    let tags = |name: &str| names(map.get_str(&format!("{SET}{name}")).unwrap_or_default());
    let (add_tags, remove_tags) = (tags("add_tags"), tags("remove_tags"));
    let renew_days = whole("renew_days", map.get_str("set_renew_days").unwrap_or_default());
    let ((patch, is_any), renew_days) = match (patch, renew_days) {
        (Ok(patch), days) => (patch, days?),
        (Err(faults), days) => return Err(faults.with(days.err())),
    };
    let is_any = is_any || !add_tags.is_empty() || !remove_tags.is_empty() || renew_days.is_some();
    let chosen = chosen_users(map, clock)?;
    Ok(is_any.then_some(UserBulk { patch, add_tags, remove_tags, renew_days, preview, ..chosen }))
}

/// The users that an address chooses, and a look at them that changes nothing.
///
/// # Errors
/// An id that is none, or a filter that cannot be read.
pub(crate) fn chosen_users(map: &ParamsMap, clock: Clock) -> Result<UserBulk, Fault> {
    let ids = ids(map, "user")?;
    let filter = if ids.is_none() { Some(user_filter(map, clock)?) } else { None };
    Ok(UserBulk { ids, filter, preview: true, ..UserBulk::default() })
}

/// A change of many keys, as an address asks for it; none if it asks for none yet.
///
/// # Errors
/// Every field that cannot be read.
pub(crate) fn key_bulk(map: &ParamsMap, preview: bool, clock: Clock) -> Result<Option<KeyBulk>, FieldFaults> {
    let (patch, is_any) = patch(&[&KEY, &LIMITS], map, clock)?;
    let chosen = chosen_keys(map)?;
    Ok(is_any.then_some(KeyBulk { patch, preview, ..chosen }))
}

/// The keys that an address chooses, and a look at them that changes nothing.
///
/// # Errors
/// An id that is none.
pub(crate) fn chosen_keys(map: &ParamsMap) -> Result<KeyBulk, Fault> {
    let ids = ids(map, "key")?.unwrap_or_default();
    Ok(KeyBulk { ids, preview: true, ..KeyBulk::default() })
}

/// True if an address chooses any at all.
pub(crate) fn is_any_chosen(map: &ParamsMap) -> bool {
    map.get_str("id").is_some() || map.get_str("all").is_some()
}

/// Which users an address asks for.
///
/// # Errors
/// A day that is none, or a state that there is not: what cannot be read must not stand for everybody.
pub(crate) fn user_filter(map: &ParamsMap, clock: Clock) -> Result<UserFilter, Fault> {
    Ok(UserFilter {
        status: own(map, "status").map(|word| status(&word)).transpose()?,
        expires_before: expiry("until", map.get_str("until").unwrap_or_default(), clock)?,
        ..user_words(map)
    })
}

/// The same without what may be unreadable.
pub(crate) fn user_words(map: &ParamsMap) -> UserFilter {
    UserFilter { search: own(map, "search"), tag: own(map, "tag"), group: own(map, "group"), ..UserFilter::default() }
}

/// The status that an address asks for.
///
/// # Errors
/// A word that is none.
pub(crate) fn status(word: &str) -> Result<AccessStatus, Fault> {
    let known = AccessStatus::ALL.into_iter().find(|status| status.as_str() == word);
    known.ok_or_else(|| {
        let all = AccessStatus::ALL.map(AccessStatus::as_str).join(", ");
        Fault::invalid("status", format!("must be one of {all}"))
    })
}

/// The ids that are chosen; none if all that match are.
fn ids<T: FromStr>(map: &ParamsMap, noun: &str) -> Result<Option<Vec<T>>, Fault> {
    let Some(ids) = map.get_all("id") else { return Ok(None) };
    ids.iter().map(|id| id.parse().map_err(|_| Fault::not_found(noun))).collect::<Result<_, _>>().map(Some)
}

/// A parameter that is filled in.
fn own(map: &ParamsMap, name: &str) -> Option<String> {
    map.get_str(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use hub::domain::{patch::Patch, provider::ProviderPatch};

    use super::*;

    const FIELDS: [Field; 5] = fields![
        enabled: Kind::Switch, priority: Kind::Whole, cost_multiplier: Kind::Factor, group: Kind::Names,
        idle_timeout_ms: Kind::Seconds,
    ];

    const CLOCK: Clock = Clock { zone: chrono_tz::UTC, now: chrono::DateTime::UNIX_EPOCH };

    fn read(pairs: &[(&str, &str)]) -> Result<(ProviderPatch, bool), FieldFaults> {
        let map = pairs.iter().map(|(name, value)| (format!("{SET}{name}"), (*value).to_owned())).collect();
        patch(&[&FIELDS, &HEALTH, &LIMITS], &map, CLOCK)
    }

    #[test]
    fn an_address_asks_for_what_is_filled_in() {
        assert_eq!(read(&[("priority", " ")]), Ok((ProviderPatch::default(), false)));
        let (patch, is_any) = read(&[
            ("enabled", "false"),
            ("priority", "-3"),
            ("cost_multiplier", "0.5"),
            ("group", "a, b"),
            ("idle_timeout_ms", "1.5"),
            ("limit_rpm", "-"),
            ("limit_daily_usd", "2.50"),
            ("breaker_open_s", "90"),
            ("max_attempts", "-"),
            ("probe", "false"),
        ])
        .unwrap();
        assert!(is_any);
        assert_eq!((patch.enabled, patch.priority), (Patch::Set(false), Patch::Set(-3)));
        assert_eq!(patch.group, Patch::Set(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((patch.idle_timeout_ms, patch.limit_rpm), (Patch::Set(1_500), Patch::Clear));
        assert_eq!(patch.limit_daily_usd, Patch::Set("2.5".parse().unwrap()));
        assert_eq!((patch.breaker_open_s, patch.max_attempts), (Patch::Set(90), Patch::Clear));
        assert_eq!((patch.probe, patch.message_queue), (Patch::Set(false), Patch::Keep));
        assert_eq!((patch.weight, patch.limit_tpm), (Patch::Keep, Patch::Keep));
    }

    #[test]
    fn a_filter_that_cannot_be_read_does_not_stand_for_everybody() {
        let read =
            |name: &str, value: &str| user_filter(&ParamsMap::from_iter([(name.to_owned(), value.to_owned())]), CLOCK);
        assert_eq!(read("until", "2030-02-31").unwrap_err().field(), Some("until"));
        assert_eq!(read("status", "odd").unwrap_err().field(), Some("status"));
        assert_eq!(read("status", "expired").unwrap().status, Some(AccessStatus::Expired));
        assert_eq!(read("status", " "), Ok(UserFilter::default()));
        let ids = |id: &str| {
            ParamsMap::from_iter([("id".to_owned(), id.to_owned()), ("set_enabled".to_owned(), "false".to_owned())])
        };
        let bulk = key_bulk(&ids("7"), false, CLOCK).unwrap().unwrap();
        assert_eq!((bulk.ids.len(), bulk.patch.enabled, bulk.preview), (1, Patch::Set(false), false));
        assert!(key_bulk(&ids("seven"), true, CLOCK).is_err());
    }

    #[test]
    fn a_look_at_who_is_chosen_changes_nothing() {
        let map = |pairs: &[(&str, &str)]| -> ParamsMap {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let named = map(&[("id", "7"), ("id", "9"), ("set_enabled", "false")]);
        let keys = chosen_keys(&named).unwrap();
        assert_eq!((keys.ids.len(), keys.patch.enabled, keys.preview), (2, Patch::Keep, true));
        let providers = chosen_providers(&named).unwrap();
        assert_eq!((providers.ids.map(|ids| ids.len()), providers.filter, providers.preview), (Some(2), None, true));
        let found = map(&[("all", "1"), ("tag", "night"), ("set_add_tags", "day")]);
        let users = chosen_users(&found, CLOCK).unwrap();
        assert_eq!((users.ids, users.filter.and_then(|filter| filter.tag)), (None, Some("night".to_owned())));
        assert_eq!((users.add_tags.len(), users.preview), (0, true));
        assert_eq!([&named, &found, &map(&[("tag", "night")])].map(is_any_chosen), [true, true, false]);
    }

    #[test]
    fn one_limit_is_set_or_taken_away() {
        let set: ProviderPatch = one_limit("limit_rpm", " 50 ", CLOCK).unwrap();
        assert_eq!((set.limit_rpm, set.limit_tpm), (Patch::Set(50), Patch::Keep));
        assert_eq!(one_limit::<ProviderPatch>("limit_daily_usd", "", CLOCK).unwrap().limit_daily_usd, Patch::Clear);
        let refused = |field, amount| one_limit::<ProviderPatch>(field, amount, CLOCK).unwrap_err();
        assert_eq!(refused("limit_rpm", "many").field(), Some("limit_rpm"));
        assert_eq!(refused("limit_mode", "hard").field(), Some("field"));
        assert_eq!(refused("enabled", "true").field(), Some("field"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (field, text) in [
            ("priority", "high"),
            ("cost_multiplier", "much"),
            ("idle_timeout_ms", "1 s"),
            ("breaker_open_s", "1.5"),
            ("limit_rpm", "-5"),
            ("limit_daily_usd", "$5"),
            ("limit_mode", "medium"),
        ] {
            assert_eq!(read(&[(field, text)]).unwrap_err().first.field(), Some(field), "{text}");
        }
    }

    #[test]
    fn everything_that_cannot_be_read_is_said_at_once() {
        let typed = [("priority", "-9999999999"), ("weight", "-1"), ("limit_rpm", "-3"), ("limit_daily_usd", "-0.5")];
        let map = typed.map(|(name, value)| (format!("{SET}{name}"), value.to_owned())).into_iter().collect();
        let faults = patch::<ProviderPatch>(&[&ROUTING, &LIMITS], &map, CLOCK).unwrap_err();
        let said: Vec<_> = faults.all().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "priority: too small",
                "weight: must be a whole number, 0 or more",
                "limit_daily_usd: must not be less than 0",
                "limit_rpm: must be a whole number, 0 or more",
            ]
        );
        let map = [("id", "7"), ("set_limit_tpm", "lots"), ("set_renew_days", "some"), ("set_expires_at", "soon")];
        let map = map.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let faults = user_bulk(&map, true, CLOCK).unwrap_err();
        let fields: Vec<_> = faults.all().filter_map(Fault::field).collect();
        assert_eq!(fields, ["expires_at", "limit_tpm", "renew_days"]);
    }
}
