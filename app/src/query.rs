//! What the address of a page says: filters, what is open, where to go on.

use std::fmt::Write;

#[cfg(feature = "ssr")]
use chrono::{DateTime, TimeDelta, Utc};
#[cfg(feature = "ssr")]
use hub::domain::fault::Fault;
use hub::domain::{
    call::{Call, CallError, CallKind, Outcome},
    report::CallQuery,
};
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::drawn::clock::Clock;

/// The first page of a reader who does not run the hub.
#[cfg(feature = "ssr")]
pub(crate) const OWN_PAGE: &str = "/me";

/// Where calls to a provider with this base URL go, `tail` being their path: as the engine puts them together. Empty for
/// what can be no base URL.
pub(crate) fn final_url(base: &str, tail: &str) -> String {
    let base = base.trim().trim_end_matches('/');
    let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
    let is_base = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains([' ', '?', '#', '@']));
    if !is_base || base.ends_with(tail) {
        return String::new();
    }
    let base = if tail.starts_with("/v1/") { base.strip_suffix("/v1").unwrap_or(base) } else { base };
    format!("{}{tail}", base.trim_end_matches('/'))
}

/// The address of the login page for a reader who wanted `next`.
pub(crate) fn login_path(next: &str) -> String {
    let next = safe_path(next);
    if next == "/" || next.starts_with("/login") {
        "/login".to_owned()
    } else {
        format!("/login?next={}", escape(&next))
    }
}

/// `path` if it is a page of ours, else the overview: a link must not send a reader who logs in to another site.
pub(crate) fn safe_path(path: &str) -> String {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n', '\t'])
        && path.is_ascii()
        && path.bytes().all(|byte| byte > b' ');
    if ours { path.to_owned() } else { "/".to_owned() }
}

/// A text as a value in a query string.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b':' => {
                escaped.push(char::from(byte));
            }
            _ => {
                // Writing to a text cannot fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped
}

/// The parameters of a query string that the list of calls knows.
const CALL_PARAMETERS: [&str; 20] = [
    "range",
    "from",
    "to",
    "user",
    "key",
    "provider",
    "model",
    "session",
    "outcome",
    "kind",
    "status",
    "cost_min",
    "cost_max",
    "seconds_min",
    "seconds_max",
    "content_min",
    "retried",
    "errors",
    "error",
    "cursor",
];

/// Which calls the reader asks for, as the address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CallFilter {
    /// The parameters that are there, in a fixed order.
    pairs: Vec<(String, String)>,
}

impl CallFilter {
    /// Reads the address. Empty and unknown parameters are dropped.
    pub(crate) fn read(map: &ParamsMap) -> Self {
        let pair = |name: &&str| Some(((*name).to_owned(), map.get_str(name)?.trim().to_owned()));
        let pairs = CALL_PARAMETERS.iter().filter_map(pair).filter(|(_, value)| !value.is_empty());
        let mut filter = Self { pairs: pairs.collect() };
        // A range with a name, which comes first, takes the place of one with ends.
        if filter.pairs.first().is_some_and(|(key, _)| key == "range") {
            filter.pairs.retain(|(key, _)| key != "from" && key != "to");
        }
        filter
    }

    /// The value of one parameter.
    #[cfg(feature = "ssr")]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What it says beside these parameters, page of the list aside.
    #[cfg(feature = "ssr")]
    pub(crate) fn beside<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a (String, String)> {
        self.pairs.iter().filter(move |(key, _)| key != "cursor" && !names.contains(&key.as_str()))
    }

    /// The name of a key that is looked for, if it is not given by its id.
    #[cfg(feature = "ssr")]
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.get("key").filter(|text| text.parse::<i64>().is_err())
    }

    /// One end of the range of time: a point in time, or a time by the hub's clocks.
    #[cfg(feature = "ssr")]
    pub(crate) fn end(&self, name: &str, clock: Clock) -> Option<DateTime<Utc>> {
        let text = self.get(name)?;
        text.parse().ok().or_else(|| clock.read(text))
    }

    /// The same with one parameter set, or dropped.
    pub(crate) fn with(&self, name: &str, value: Option<&str>) -> Self {
        let mut pairs: Vec<_> = self.pairs.iter().filter(|(key, _)| key != name).cloned().collect();
        pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        Self { pairs }
    }

    /// True if it holds back any call, page of the list aside.
    pub(crate) fn is_narrow(&self) -> bool {
        self.pairs.iter().any(|(key, _)| key != "cursor")
    }

    /// The address of a file with all calls that it admits, whatever page is shown; with a ticket it can be asked how far
    /// the file is.
    pub(crate) fn export_path(&self, format: &str, ticket: Option<&str>) -> String {
        let query = self.with("cursor", None).search();
        let more = if query.is_empty() { "" } else { "&" };
        let ticket = ticket.map(|ticket| format!("&ticket={ticket}")).unwrap_or_default();
        format!("/calls/export?format={format}{ticket}{more}{query}")
    }

    /// The address of the list, with a call opened beside it.
    pub(crate) fn path(&self, open: Option<&str>) -> String {
        let open = open.map(|id| ("call", id));
        let pairs = self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).chain(open);
        let query: Vec<String> = pairs.map(|(key, value)| format!("{key}={}", escape(value))).collect();
        if query.is_empty() { "/calls".to_owned() } else { format!("/calls?{}", query.join("&")) }
    }

    /// The query string of the list.
    pub(crate) fn search(&self) -> String {
        self.path(None).split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
    }

    /// What the use case is asked, at that time. A key that is given by its name is not looked up here.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for what cannot be read, with the name of the parameter: less would be held back than the
    /// reader believes.
    #[cfg(feature = "ssr")]
    pub(crate) fn query(&self, clock: Clock) -> Result<CallQuery, Fault> {
        let range = self.read_as("range", "must be one of 1h, 24h, 7d, 30d", range_hours)?;
        let range = range.and_then(|hours| clock.now.checked_sub_signed(TimeDelta::hours(hours)));
        let end = |name: &str| match (self.get(name), self.end(name, clock)) {
            (Some(_), None) => Err(Fault::invalid(name, "must be a time: 2030-12-31 12:00")),
            (_, end) => Ok(end),
        };
        let (from, to) = (end("from")?, end("to")?);
        let query = CallQuery {
            limit: None,
            cursor: self.get("cursor").map(str::to_owned),
            from: range.or(from),
            to: if range.is_some() { None } else { to },
            user_id: self.read_as("user", NO_ID, |id| id.parse().ok())?,
            key_id: match self.key_name() {
                Some(_) => None,
                None => self.read_as("key", NO_ID, |id| id.parse().ok())?,
            },
            provider_id: self.read_as("provider", NO_ID, |id| id.parse().ok())?,
            model: self.get("model").map(str::to_owned),
            session_id: self.get("session").map(str::to_owned),
            outcome: self.read_as("outcome", "is no outcome", outcome)?,
            kind: self.read_as("kind", "must be one of messages, probe", kind)?,
            status: self.read_as("status", "must be a whole number such as 529", |status| status.parse().ok())?,
            cost_min: self.read_as("cost_min", NO_AMOUNT, |cost| cost.parse().ok())?,
            cost_max: self.read_as("cost_max", NO_AMOUNT, |cost| cost.parse().ok())?,
            duration_min: self.milliseconds("seconds_min")?,
            duration_max: self.milliseconds("seconds_max")?,
            first_token_min: self.milliseconds("content_min")?,
            retried: self.get("retried").map(|retried| retried != "no"),
            errors: self.get("errors").map(|_| true),
            error: self.get("error").map(str::to_owned),
        };
        // The engine would say the same of these two, by the names that it has for them.
        let is_crossed = [
            ("cost_min", query.cost_min.zip(query.cost_max).is_some_and(|(min, max)| min > max)),
            ("seconds_min", query.duration_min.zip(query.duration_max).is_some_and(|(min, max)| min > max)),
        ];
        match is_crossed.into_iter().find(|(_, is_crossed)| *is_crossed) {
            Some((name, _)) => Err(Fault::invalid(name, "must not be above its counterpart")),
            None => Ok(query),
        }
    }

    /// A parameter as something else than a text; what it must be if it is not.
    #[cfg(feature = "ssr")]
    fn read_as<T>(&self, name: &str, must: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Fault> {
        self.get(name).map(|text| read(text).ok_or_else(|| Fault::invalid(name, must))).transpose()
    }

    /// A parameter that is a number of seconds, as milliseconds.
    #[cfg(feature = "ssr")]
    fn milliseconds(&self, name: &str) -> Result<Option<u32>, Fault> {
        self.get(name).map(ms_of_seconds).transpose().map_err(|must| Fault::invalid(name, must))
    }
}

/// What ids, amounts and spans of time must be.
#[cfg(feature = "ssr")]
const NO_ID: &str = "must be an id such as 17";
#[cfg(feature = "ssr")]
const NO_AMOUNT: &str = "must be an amount in dollars such as 0.05";
#[cfg(feature = "ssr")]
const NO_SECONDS: &str = "must be a number of seconds, at most to the millisecond";
#[cfg(feature = "ssr")]
const TOO_MANY_SECONDS: &str = "must be from 0 to 4294967.295 seconds";

/// Milliseconds of a number of seconds, such as `0.5`; what it must be if it is none.
#[cfg(feature = "ssr")]
fn ms_of_seconds(text: &str) -> Result<u32, &'static str> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if part.len() > 3 || !digits(part) || !digits(whole) || whole.is_empty() {
        return Err(NO_SECONDS);
    }
    let ms = || whole.parse::<u32>().ok()?.checked_mul(1_000)?.checked_add(format!("{part:0<3}").parse().ok()?);
    ms().ok_or(TOO_MANY_SECONDS)
}

/// The hours of a named range.
#[cfg(feature = "ssr")]
fn range_hours(name: &str) -> Option<i64> {
    Some(match name {
        "1h" => 1,
        "24h" => 24,
        "7d" => 7 * 24,
        "30d" => 30 * 24,
        _ => return None,
    })
}

/// The outcome of that name.
#[cfg(feature = "ssr")]
fn outcome(name: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == name)
}

/// The kind of calls of that name.
#[cfg(feature = "ssr")]
fn kind(name: &str) -> Option<CallKind> {
    [CallKind::Messages, CallKind::Probe].into_iter().find(|kind| kind.as_str() == name)
}

/// True if a call that just came in belongs into the list that `query` asks for.
pub(crate) fn admits(query: &CallQuery, call: &Call) -> bool {
    let same = |wanted: Option<&String>, have: Option<&String>| wanted.is_none_or(|wanted| have == Some(wanted));
    query.cursor.is_none()
        && query.to.is_none_or(|to| call.created_at < to)
        && query.from.is_none_or(|from| call.created_at >= from)
        && query.user_id.is_none_or(|id| call.user_id == Some(id))
        && query.key_id.is_none_or(|id| call.key_id == Some(id))
        && query.provider_id.is_none_or(|id| call.provider_id == Some(id))
        && same(query.model.as_ref(), Some(&call.model))
        && same(query.session_id.as_ref(), call.session_id.as_ref())
        && query.outcome.is_none_or(|outcome| call.outcome == Some(outcome))
        && query.kind.is_none_or(|kind| call.kind == kind)
        && query.status.is_none_or(|status| call.status == Some(status))
        && admits_numbers(query, call)
        && (query.errors != Some(true) || is_counted_as_error(query, call))
        && admits_error(query, call.error.as_ref())
}

fn admits_numbers(query: &CallQuery, call: &Call) -> bool {
    let at_least = |bound: Option<u32>, have: Option<u32>| bound.is_none_or(|bound| have.is_some_and(|ms| ms >= bound));
    query.cost_min.is_none_or(|cost| call.cost_usd >= cost)
        && query.cost_max.is_none_or(|cost| call.cost_usd <= cost)
        && at_least(query.duration_min, call.duration_ms)
        && query.duration_max.is_none_or(|bound| call.duration_ms.is_some_and(|ms| ms <= bound))
        && at_least(query.first_token_min, call.first_token_ms)
        && query.retried.is_none_or(|retried| (call.n_attempts > 1) == retried)
}

fn admits_error(query: &CallQuery, error: Option<&CallError>) -> bool {
    let is_meant = |text: &String| {
        error.is_some_and(|error| error.cause == *text || error.message.to_lowercase().contains(&text.to_lowercase()))
    };
    query.error.as_ref().is_none_or(is_meant)
}

/// True for a call that the sums above the list count as an error; those of the hub's own only if they are asked for.
fn is_counted_as_error(query: &CallQuery, call: &Call) -> bool {
    call.outcome.is_some_and(Outcome::is_error) && (query.kind.is_some() || call.kind != CallKind::Probe)
}

#[cfg(test)]
mod tests;
