//! The Anthropic Messages wire: usage, errors, and the hub's own no in this form.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    rejection::Rejection,
    rounds::{ByModel, Rounds},
};
use crate::domain::usage::{Terms, Usage};

/// An error in the wire's own form, as a body or as an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorObject {
    /// `error.type`.
    pub kind: String,
    /// `error.message`.
    pub message: String,
    /// `error.details.error_code`, which tells apart what has the same type; empty without one.
    pub code: String,
}

impl ErrorObject {
    /// Reads `{"type":"error","error":{…}}`, or any object with an `error` that is an object or a text.
    pub fn read(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Envelope {
            error: Value,
        }
        let Envelope { error } = serde_json::from_slice(json).ok()?;
        Self::of(&error)
    }

    /// Reads the value of an `error` field.
    pub fn of(error: &Value) -> Option<Self> {
        let text = |path: &str| error.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        match error {
            Value::Object(fields) if !fields.is_empty() => {
                Some(Self { kind: text("/type"), message: text("/message"), code: text("/details/error_code") })
            }
            Value::String(message) if !message.is_empty() => Some(Self { message: message.clone(), ..Self::default() }),
            _ => None,
        }
    }

    /// The status that an error of this kind has as an answer (platform.claude.com, API errors). 500 if unknown.
    pub fn status(&self) -> u16 {
        match self.kind.as_str() {
            "invalid_request_error" => 400,
            "authentication_error" => 401,
            "billing_error" => 402,
            "permission_error" => 403,
            "not_found_error" => 404,
            "conflict_error" => 409,
            "request_too_large" => 413,
            "rate_limit_error" => 429,
            "timeout_error" => 504,
            "overloaded_error" => 529,
            _ => 500,
        }
    }
}

/// The wire's name for an error with this status.
const fn error_kind(rejection: &Rejection) -> &'static str {
    match rejection.status() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        400 => "invalid_request_error",
        _ => "api_error",
    }
}

/// The body of the hub's own no.
pub fn reject(rejection: &Rejection, request_id: &str) -> String {
    error_body(error_kind(rejection), &rejection.message(), Some(request_id))
}

/// The event that ends a stream which was cut after a part of it was passed on.
pub fn cut_event(message: &str, request_id: &str) -> String {
    format!("event: error\ndata: {}\n\n", error_body("api_error", message, Some(request_id)))
}

/// The event that says nothing but that the connection lives.
pub const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";

/// An answer that is an error, as the event of a stream that has begun before: its body, if it is an error of this wire.
pub fn late_error(status: u16, body: &[u8], request_id: &str) -> Bytes {
    if ErrorObject::read(body).is_none() {
        return Bytes::from(cut_event(&format!("the provider answered with status {status}"), request_id));
    }
    let mut event = b"event: error\ndata: ".to_vec();
    // Line ends in JSON stand only between its words; in an event they would end the line.
    event.extend(body.trim_ascii().iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    event.extend(b"\n\n");
    Bytes::from(event)
}

/// `{"type":"error","error":{"type","message"},"request_id"}`, in this order.
pub fn error_body(kind: &str, message: &str, request_id: Option<&str>) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        error: Object<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct Object<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        message: &'a str,
    }
    // Plain texts: writing them cannot fail.
    serde_json::to_string(&Body { kind: "error", error: Object { kind, message }, request_id }).unwrap_or_default()
}

/// The most tokens of one class that are believed: a hundred times the largest context there is. What is beyond is a
/// mistake of the server, and would make sums overflow.
const TOKENS_MAX: u64 = 1_000_000_000;

/// The largest usage object that is kept.
const RAW_BYTES_MAX: usize = 16 << 10;

/// The longest word of a usage object that prices may have a factor for.
const TERM_BYTES_MAX: usize = 64;

/// What an upstream has reported so far. Its counts are cumulative, so the last one wins and none is added up
/// (docs/rules.md, The Anthropic wire).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The reported fields, the newest of each.
    fields: Map<String, Value>,
}

impl Report {
    /// Takes in a `usage` object.
    pub fn take(&mut self, usage: Map<String, Value>) {
        if self.fields.is_empty() {
            self.fields = usage;
            return;
        }
        for (name, value) in usage {
            // Some servers repeat a count as null or 0 where they have nothing new to say.
            let says_nothing = value.is_null() || value == 0;
            if !says_nothing || !self.fields.contains_key(&name) {
                self.fields.insert(name, value);
            }
        }
    }

    /// True if no count was reported, or none that can be read.
    pub fn is_empty(&self) -> bool {
        COUNTS.iter().all(|name| known(&self.fields, name).is_none()) && self.usage() == Usage::default()
    }

    /// The counts by class. Where the server went through several rounds, the sum of these if it is more than the counts
    /// at the top, which may leave some out (docs/rules.md, The Anthropic wire).
    pub fn usage(&self) -> Usage {
        Rounds::read(&self.fields).usage()
    }

    /// The same by the models that have worked on it: the one that was `sent`, and others. Models that have taken its
    /// place are told apart only if `knows_fallbacks`.
    pub fn by_model(&self, sent: &str, knows_fallbacks: bool) -> ByModel {
        Rounds::read(&self.fields).by_model(sent, knows_fallbacks)
    }

    /// On what terms the answer was served, as far as it says so.
    pub fn terms(&self) -> Terms {
        let word = |name: &str| {
            let text = self.fields.get(name).and_then(Value::as_str)?;
            let is_word =
                (1..=TERM_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
            is_word.then(|| text.to_owned())
        };
        Terms {
            speed: word("speed"),
            service_tier: word("service_tier"),
            region: word("inference_geo"),
            longest_prompt: None,
        }
    }

    /// The usage object as the ledger keeps it: none if it is larger than one can be, or holds a zero character,
    /// which Postgres does not take.
    pub fn into_raw(self) -> Option<Value> {
        if self.fields.is_empty() {
            return None;
        }
        let raw = Value::Object(self.fields);
        let mut room = RAW_BYTES_MAX;
        fits(&raw, &mut room).then_some(raw)
    }
}

/// The counts that every usage object may have. One of them tells that a provider knows what was used, if it is 0 too.
const COUNTS: [&str; 4] = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];

/// The names under which servers and relays report cache writes by lifetime: within `cache_creation`, which goes first,
/// and beside it, the older ones last.
const WRITES_5M: [&str; 3] =
    ["ephemeral_5m_input_tokens", "cache_creation_5m_input_tokens", "claude_cache_creation_5_m_tokens"];
const WRITES_1H: [&str; 3] =
    ["ephemeral_1h_input_tokens", "cache_creation_1h_input_tokens", "claude_cache_creation_1_h_tokens"];

/// A count, if it is there.
fn known(fields: &Map<String, Value>, name: &str) -> Option<u64> {
    fields.get(name).and_then(Value::as_u64).map(|tokens| tokens.min(TOKENS_MAX))
}

/// Cache writes of a lifetime, if they are told apart.
fn lived(fields: &Map<String, Value>, [within, beside, older]: [&str; 3]) -> Option<u64> {
    let parts = fields.get("cache_creation").and_then(Value::as_object);
    let nested = parts.and_then(|parts| known(parts, within));
    nested.or_else(|| known(fields, beside)).or_else(|| known(fields, older))
}

/// True if a usage object tells its cache writes apart by lifetime.
pub(super) fn splits_writes(fields: &Map<String, Value>) -> bool {
    [WRITES_5M, WRITES_1H].iter().any(|names| lived(fields, *names).is_some_and(|tokens| tokens > 0))
}

/// The counts of one usage object. Cache writes without a breakdown count as five-minute ones (docs/rules.md, The
/// Anthropic wire).
pub(super) fn counts(fields: &Map<String, Value>) -> Usage {
    let count = |fields: &Map<String, Value>, name: &str| known(fields, name).unwrap_or_default();
    let writes = count(fields, "cache_creation_input_tokens");
    let [short, long] = [WRITES_5M, WRITES_1H].map(|names| lived(fields, names).unwrap_or_default());
    let tools = fields.get("server_tool_use").and_then(Value::as_object);
    let uses = |name: &str| tools.map_or(0, |tools| count(tools, name));
    Usage {
        input: count(fields, "input_tokens"),
        output: count(fields, "output_tokens"),
        cache_write_5m: short + writes.saturating_sub(short + long),
        cache_write_1h: long,
        cache_read: count(fields, "cache_read_input_tokens"),
        web_searches: uses("web_search_requests"),
        web_fetches: uses("web_fetch_requests"),
        code_executions: uses("code_execution_requests"),
    }
}

/// Takes from `room` the bytes that a value has as text, roughly. False if there are not as many, or if it holds a
/// zero character.
fn fits(value: &Value, room: &mut usize) -> bool {
    fn take(room: &mut usize, n_bytes: usize) -> bool {
        let left = room.checked_sub(n_bytes);
        *room = left.unwrap_or_default();
        left.is_some()
    }
    let text = |text: &str, room: &mut usize| !text.contains('\0') && take(room, text.len() + 4);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => take(room, 8),
        Value::String(value) => text(value, room),
        Value::Array(items) => take(room, 2) && items.iter().all(|item| fits(item, room)),
        Value::Object(fields) => {
            take(room, 2) && fields.iter().all(|(name, value)| text(name, room) && fits(value, room))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(objects: &[Value]) -> Usage {
        let mut report = Report::default();
        for object in objects {
            report.take(object.as_object().unwrap().clone());
        }
        report.usage()
    }

    #[test]
    fn the_last_cumulative_count_wins() {
        let start = json!({"input_tokens": 10, "cache_creation_input_tokens": 30, "cache_read_input_tokens": 5,
            "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10}, "output_tokens": 1});
        let delta = json!({"output_tokens": 42, "input_tokens": 0, "cache_read_input_tokens": null});
        let usage =
            Usage { input: 10, output: 42, cache_write_5m: 20, cache_write_1h: 10, cache_read: 5, ..Usage::default() };
        assert_eq!(report(&[start.clone(), json!({"output_tokens": 20}), delta]), usage);
        assert_eq!(report(&[start, json!({"input_tokens": 11, "output_tokens": 42})]), Usage { input: 11, ..usage });
    }

    #[test]
    fn only_an_object_that_postgres_takes_is_kept() {
        let kept = |object: Value| {
            let mut report = Report::default();
            report.take(object.as_object().unwrap().clone());
            report.into_raw().is_some()
        };
        assert!(kept(json!({"input_tokens": 1, "tier": ["\\u0000", {"a": null}]})));
        assert!(!kept(json!({"input_tokens": 1, "tier": ["\u{0}"]})));
        assert!(!kept(json!({"input_tokens": 1, "a\u{0}": 1})));
        assert!(!kept(json!({"tier": "x".repeat(RAW_BYTES_MAX)})) && !kept(json!({})));
    }

    #[test]
    fn writes_without_a_breakdown_are_short_lived() {
        assert_eq!(report(&[json!({"cache_creation_input_tokens": 7})]).cache_write_5m, 7);
        let partly = json!({"cache_creation_input_tokens": 7, "cache_creation": {"ephemeral_1h_input_tokens": 3}});
        assert_eq!(report(&[partly]), Usage { cache_write_5m: 4, cache_write_1h: 3, ..Usage::default() });
    }

    #[test]
    fn the_lifetime_of_writes_is_read_under_every_name_that_servers_give_it() {
        let writes = |object: Value| {
            let usage = report(&[object]);
            (usage.cache_write_5m, usage.cache_write_1h)
        };
        let flat = json!({"cache_creation_5m_input_tokens": 5, "cache_creation_1h_input_tokens": 6});
        assert_eq!(writes(flat), (5, 6));
        let older = json!({"claude_cache_creation_5_m_tokens": 7, "claude_cache_creation_1_h_tokens": 8});
        assert_eq!(writes(older), (7, 8));
        let all = json!({"cache_creation_input_tokens": 12, "cache_creation": {"ephemeral_1h_input_tokens": 0},
            "cache_creation_1h_input_tokens": 6, "cache_creation_5m_input_tokens": 5,
            "claude_cache_creation_5_m_tokens": 7, "claude_cache_creation_1_h_tokens": 8});
        // What is within goes first, also where it is 0; each lifetime by itself; the rest of all writes is short-lived.
        assert_eq!(writes(all), (12, 0));
        let mixed = json!({"cache_creation": {"ephemeral_5m_input_tokens": 1}, "cache_creation_1h_input_tokens": null,
            "claude_cache_creation_1_h_tokens": 8});
        assert_eq!(writes(mixed), (1, 8));
    }

    #[test]
    fn tools_and_terms_are_read_where_the_usage_names_them() {
        let mut report = Report::default();
        for object in [
            json!({"input_tokens": 1, "server_tool_use": null, "service_tier": "standard", "inference_geo": "us"}),
            json!({"server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 2, "code_execution_requests": 1},
                "speed": "fast", "output_tokens": 4}),
        ] {
            report.take(object.as_object().unwrap().clone());
        }
        let usage =
            Usage { input: 1, output: 4, web_searches: 3, web_fetches: 2, code_executions: 1, ..Usage::default() };
        assert_eq!(report.usage(), usage);
        let word = |text: &str| Some(text.to_owned());
        let terms =
            Terms { speed: word("fast"), service_tier: word("standard"), region: word("us"), longest_prompt: None };
        assert_eq!(report.terms(), terms);
        let mut odd = Report::default();
        odd.take(
            json!({"speed": "x".repeat(65), "inference_geo": 7, "service_tier": "a\u{0}"}).as_object().unwrap().clone(),
        );
        assert_eq!(odd.terms(), Terms::default());
    }

    #[test]
    fn errors_are_read_in_the_forms_servers_use() {
        let error = |json: &str| ErrorObject::read(json.as_bytes()).map(|error| (error.status(), error.message));
        assert_eq!(
            error(r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
            Some((529, "Overloaded".to_owned()))
        );
        assert_eq!(error(r#"{"error":"quota"}"#), Some((500, "quota".to_owned())));
        let code = |error: Value| ErrorObject::of(&error).unwrap().code;
        let spent = "enforced_spend_limit_reached";
        assert_eq!(code(json!({"type": "rate_limit_error", "details": {"error_code": spent}})), spent);
        for without in [json!({"details": null}), json!({"details": {"error_code": 7}}), json!("no")] {
            assert_eq!(code(without), "");
        }
        assert_eq!(error(r#"{"error":null,"type":"message"}"#), None);
        assert_eq!(error("<html>"), None);
    }
}
