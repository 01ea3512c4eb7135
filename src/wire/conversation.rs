//! The beginning of a conversation, for requests that name no session: its later turns begin alike.

use std::fmt;

use memchr::memmem;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// What all turns of a conversation begin with, as it stands in the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beginning<'body> {
    /// The value of `system`; empty if there is none.
    pub system: &'body str,
    /// The first message whose role is `user`; empty if there is none.
    pub first_user: &'body str,
}

#[derive(Deserialize)]
struct Fields<'body> {
    #[serde(borrow, default)]
    system: Option<&'body RawValue>,
    #[serde(borrow, default)]
    messages: Option<&'body RawValue>,
}

#[derive(Deserialize)]
struct Role {
    role: Option<String>,
}

/// Finds the beginning of the conversation in a body of the Anthropic wire; nothing in one that has none.
pub fn beginning(body: &[u8]) -> Beginning<'_> {
    let Ok(fields) = serde_json::from_slice::<Fields<'_>>(body) else { return Beginning::default() };
    Beginning {
        system: fields.system.map_or("", RawValue::get),
        first_user: fields.messages.map_or("", |messages| first_user(messages.get())),
    }
}

impl<'body> Beginning<'body> {
    /// Its text in pieces, without `cache_control`: clients move those marks from turn to turn.
    pub fn pieces(&self) -> impl Iterator<Item = &'body str> + use<'body> {
        unmarked(self.system).into_iter().chain(["\n"]).chain(unmarked(self.first_user))
    }
}

/// `text`, which is JSON, in pieces between its `cache_control` fields.
fn unmarked(text: &str) -> Vec<&str> {
    const MARK: &str = "\"cache_control\"";
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = memmem::find(rest.as_bytes(), MARK.as_bytes()) {
        let (before, mark) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let Some(end) = mark.find('}') else { break };
        let after = mark.split_at_checked(end + 1).map_or("", |(_, after)| after);
        // One of the commas beside it goes with it.
        if let Some(before) = before.trim_end().strip_suffix(',') {
            pieces.push(before);
            rest = after;
        } else {
            pieces.push(before);
            rest = after.trim_start().strip_prefix(',').unwrap_or(after);
        }
    }
    pieces.push(rest);
    pieces
}

fn first_user(messages: &str) -> &str {
    serde_json::Deserializer::from_str(messages).deserialize_seq(FirstUser).unwrap_or_default()
}

/// Reads a list of messages up to the first one of the user.
struct FirstUser;

impl<'de> Visitor<'de> for FirstUser {
    type Value = &'de str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<&'de str, A::Error> {
        let mut found = "";
        while let Some(message) = messages.next_element::<&RawValue>()? {
            let is_user =
                || serde_json::from_str::<Role>(message.get()).is_ok_and(|it| it.role.as_deref() == Some("user"));
            if is_user() {
                found = message.get();
                break;
            }
        }
        while messages.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_turns_begin_like_the_first() {
        let first = br#"{"model":"a","system":"be kind","messages":[{"role":"user","content":"hello"}]}"#;
        let later = br#"{"messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"yes"},{"role":"user","content":"more"}],"system":"be kind"}"#;
        assert_eq!(beginning(first), beginning(later));
        assert_eq!(beginning(first).system, "\"be kind\"");
        assert_eq!(beginning(later).first_user, r#"{"role":"user","content":"hello"}"#);
        let other = br#"{"messages":[{"role":"assistant","content":"x"},{"role":"user","content":"bye"}]}"#;
        assert_eq!(beginning(other), Beginning { system: "", first_user: r#"{"role":"user","content":"bye"}"# });
        for marked in [
            r#"{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}"#,
            r#"{"role":"user","content":[{"cache_control": {"type":"ephemeral","ttl":"1h"} ,"type":"text","text":"hi"}]}"#,
        ] {
            let plain = r#"{"role":"user","content":[{"type":"text","text":"hi"}]}"#;
            let text = |first_user| Beginning { system: "", first_user }.pieces().collect::<String>();
            assert_eq!(text(marked), text(plain));
        }
        for body in [&b"{}"[..], b"[]", b"", br#"{"messages":{}}"#] {
            assert_eq!(beginning(body), Beginning::default());
        }
    }
}
