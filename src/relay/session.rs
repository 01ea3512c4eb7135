//! Which conversation a call belongs to.

use std::{fmt::Write, sync::Arc};

use http::HeaderMap;

use crate::{
    domain::id::KeyId,
    route::snapshot::Caller,
    secret,
    state::step::{SessionKey, SessionUse},
    wire::{
        conversation::beginning,
        peek::{Peek, is_session},
    },
};

/// What a derived session's id begins with.
const DERIVED: &str = "derived-";

/// The session of a call: as the client's header names it, else as the body does, else derived from the beginning of
/// the conversation; that one counts only while a call of it runs (docs/rules.md, Limits). `ttl_ms` is how long a named
/// one stays active.
pub fn identify(caller: &Caller, headers: &HeaderMap, peek: &Peek, body: &[u8], ttl_ms: i64) -> SessionUse {
    let header = headers.get("x-claude-code-session-id").and_then(|value| value.to_str().ok());
    let named = header.filter(|id| is_session(id)).map(str::to_owned).or_else(|| peek.session.clone());
    // Other wires' own identifiers come with them.
    let active_ms = if named.is_some() { ttl_ms } else { 0 };
    let id = named.unwrap_or_else(|| derive(caller.key.id, body));
    SessionUse { session: Arc::new(SessionKey { key_id: caller.key.id, id }), user_id: caller.user.id, active_ms }
}

/// A hash of the key, the system prompt and the first message of the user: the same for all turns of a conversation.
fn derive(key_id: KeyId, body: &[u8]) -> String {
    let mut text = format!("{key_id}\n");
    text.extend(beginning(body).pieces());
    let hash = secret::hash(&text);
    let mut id = DERIVED.to_owned();
    for byte in hash.iter().take(16) {
        // Writing to a text cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_session_is_the_keys_own_and_lasts_for_the_conversation() {
        let first = br#"{"system":"s","messages":[{"role":"user","content":"a"}]}"#;
        let later = br#"{"system":"s","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#;
        let other = br#"{"system":"s","messages":[{"role":"user","content":"c"}]}"#;
        assert_eq!(derive(KeyId(1), first), derive(KeyId(1), later));
        assert_ne!(derive(KeyId(1), first), derive(KeyId(2), first));
        assert_ne!(derive(KeyId(1), first), derive(KeyId(1), other));
    }
}
