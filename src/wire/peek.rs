//! Reads the few fields of a request that the hub needs, and leaves the rest unread.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{edit::span, rejection::Rejection};

/// Longest model name that is looked at.
const MODEL_BYTES_MAX: usize = 256;

/// Longest session id that is kept.
const SESSION_BYTES_MAX: usize = 256;

/// What the hub knows of a request's body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peek {
    /// The model asked for.
    pub model: String,
    /// Where its value stands in the body, quotes included.
    pub model_span: Range<usize>,
    /// True if a stream is asked for.
    pub stream: bool,
    /// The most tokens that may be generated, if the request says so.
    pub max_tokens: Option<u64>,
    /// The session that `metadata.user_id` names, in its JSON form or as `user_…_session_…`.
    pub session: Option<String>,
}

/// The fields themselves. Serde refuses a second one of the same name (docs/rules.md, Edge and security); others pass.
#[derive(Deserialize)]
struct Fields<'body> {
    #[serde(borrow)]
    model: Option<&'body RawValue>,
    #[serde(borrow)]
    stream: Option<&'body RawValue>,
    #[serde(borrow)]
    max_tokens: Option<&'body RawValue>,
    #[serde(borrow)]
    metadata: Option<&'body RawValue>,
}

#[derive(Deserialize)]
struct Metadata {
    user_id: Option<String>,
}

#[derive(Deserialize)]
struct UserId {
    session_id: Option<String>,
}

impl Peek {
    /// Reads a body of the Anthropic wire.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] with the field named, for a body that is no JSON object, or a field that is missing,
    /// given twice, or of the wrong type.
    pub fn read(body: &[u8]) -> Result<Self, Rejection> {
        if body.trim_ascii_start().starts_with(b"[") {
            // Serde would read a list as the fields in their order.
            return Err(Rejection::malformed("the body is not a JSON object but a list"));
        }
        let fields: Fields<'_> = serde_json::from_slice(body).map_err(|error| malformed(body, &error))?;
        let raw_model = fields.model.ok_or_else(|| Rejection::malformed("model: field required"))?.get();
        let model: String =
            serde_json::from_str(raw_model).map_err(|_| Rejection::malformed("model: must be a string"))?;
        if model.is_empty() || model.len() > MODEL_BYTES_MAX || model.chars().any(char::is_control) {
            return Err(Rejection::malformed("model: must have 1 to 256 characters, none of them a control character"));
        }
        let stream = fields.stream.map_or(Ok(None), |raw| serde_json::from_str::<Option<bool>>(raw.get()));
        Ok(Self {
            model,
            model_span: span(body, raw_model),
            stream: stream.map_err(|_| Rejection::malformed("stream: must be true or false"))?.unwrap_or_default(),
            // What is no number the provider will say itself.
            max_tokens: fields.max_tokens.and_then(|raw| serde_json::from_str(raw.get()).ok()),
            session: fields.metadata.and_then(|raw| session_of(raw.get())),
        })
    }
}

/// What is wrong with a body, in words that help its author.
fn malformed(body: &[u8], error: &serde_json::Error) -> Rejection {
    let text = error.to_string();
    if let Some(field) = text.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next()) {
        return Rejection::malformed(format!("{field}: given more than once"));
    }
    if body.is_empty() {
        return Rejection::malformed("the request has no body");
    }
    if error.is_eof() {
        return Rejection::malformed(format!("the body ends in the middle of its JSON, after {} bytes", body.len()));
    }
    Rejection::malformed(format!("the body is not a JSON object: {text}"))
}

/// The session in `metadata.user_id` (docs/rules.md, The Anthropic wire: a JSON string since version 2.1.78, before that one text).
fn session_of(metadata: &str) -> Option<String> {
    let user_id = serde_json::from_str::<Metadata>(metadata).ok()?.user_id?;
    let session = match serde_json::from_str::<UserId>(&user_id) {
        Ok(parts) => parts.session_id?,
        Err(_) => user_id.rsplit_once("_session_")?.1.to_owned(),
    };
    is_session(&session).then_some(session)
}

/// True if `text` can serve as a session's id.
pub fn is_session(text: &str) -> bool {
    (1..=SESSION_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_place_is_found_byte_for_byte() {
        let body = br#"{ "messages":[{"model":"inner"}], "model" : "a\u0062" , "stream":true}"#;
        let peek = Peek::read(body).unwrap();
        assert_eq!((peek.model.as_str(), peek.stream), ("ab", true));
        assert_eq!(&body[peek.model_span], br#""a\u0062""#);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, says) in [
            ("", "no body"),
            ("[]", "not a JSON object"),
            (r#" ["a",true,1,{}]"#, "not a JSON object"),
            ("{\"model\":\"a\"", "ends in the middle"),
            ("{}", "model: field required"),
            (r#"{"model":1}"#, "model: must be a string"),
            (r#"{"model":""}"#, "model: must have"),
            (r#"{"model":"a\u0000"}"#, "model: must have"),
            (r#"{"model":"a","model":"b"}"#, "model: given more than once"),
            (r#"{"model":"a","stream":1}"#, "stream: must be"),
            (r#"{"model":"a","stream":true,"stream":false}"#, "stream: given more than once"),
            (r#"{"model":"a","max_tokens":1,"max_tokens":2}"#, "max_tokens: given more than once"),
            (r#"{"model":"a","metadata":{},"metadata":{}}"#, "metadata: given more than once"),
        ] {
            let said = Peek::read(body.as_bytes()).unwrap_err().message();
            assert!(said.contains(says), "{body}: {said}");
        }
        assert!(Peek::read(br#"{"model":"a","x":1,"x":2,"stream":null}"#).is_ok());
    }

    #[test]
    fn the_session_is_read_from_both_forms() {
        let session = |user_id: &str| {
            let body = serde_json::json!({"model": "a", "metadata": {"user_id": user_id}}).to_string();
            Peek::read(body.as_bytes()).unwrap().session
        };
        assert_eq!(session("user_1_account__session_6ba7").as_deref(), Some("6ba7"));
        assert_eq!(session(r#"{"device_id":"d","session_id":"6ba8"}"#).as_deref(), Some("6ba8"));
        assert_eq!(session("somebody"), None);
    }
}
