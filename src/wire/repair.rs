//! Repairs a request that a provider refuses because of a thinking block's signature.
//!
//! Signatures hold for the provider that made them. A conversation that has moved on to another one may carry some that
//! it does not accept; without its thinking blocks the same request is good (docs/rules.md, Routing).

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::edit::{replace, span};

#[derive(Deserialize)]
struct Fields<'body> {
    #[serde(borrow)]
    messages: Vec<&'body RawValue>,
    #[serde(borrow)]
    thinking: Option<&'body RawValue>,
}

#[derive(Deserialize)]
struct Message<'body> {
    #[serde(borrow)]
    role: Option<&'body RawValue>,
    #[serde(borrow)]
    content: Option<&'body RawValue>,
}

#[derive(Deserialize)]
struct Block<'body> {
    #[serde(borrow, rename = "type")]
    kind: Option<std::borrow::Cow<'body, str>>,
}

/// The body without the thinking blocks of the assistant's turns; none if it has none, or cannot be read.
///
/// A turn that consisted of nothing else goes with them. Where the last turn of the assistant uses a tool, `thinking`
/// itself goes too: with it the wire wants that turn to begin with a thinking block. Every other byte stays.
pub fn without_thinking(body: &Bytes) -> Option<Bytes> {
    let fields: Fields<'_> = serde_json::from_slice(body).ok()?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut kept_turns = Vec::with_capacity(fields.messages.len());
    let mut ends_with_tool = false;
    let (mut is_changed, mut is_shorter) = (false, false);
    for turn in &fields.messages {
        let Some(blocks) = assistant_blocks(turn) else {
            kept_turns.push(turn.get().to_owned());
            continue;
        };
        let Blocks { list, all, kept, uses_tool } = blocks;
        ends_with_tool = uses_tool;
        if kept.len() == all {
            kept_turns.push(turn.get().to_owned());
            continue;
        }
        is_changed = true;
        if kept.is_empty() {
            is_shorter = true;
            continue;
        }
        let list_span = span(body, list);
        let turn_span = span(body, turn.get());
        let joined = format!("[{}]", kept.join(","));
        let within = list_span.start - turn_span.start..list_span.end - turn_span.start;
        kept_turns.push(spliced(turn.get(), &within, &joined)?);
        edits.push((list_span, joined));
    }
    if !is_changed {
        return None;
    }
    if is_shorter {
        // The list itself is written anew: its turns are as they were.
        let first = span(body, fields.messages.first()?.get()).start;
        let last = span(body, fields.messages.last()?.get()).end;
        edits = vec![(first..last, kept_turns.join(","))];
    }
    if let Some(thinking) = fields.thinking.filter(|_| ends_with_tool) {
        edits.push((field_span(body, &span(body, thinking.get()))?, String::new()));
    }
    Some(replace(body, edits))
}

/// The blocks of a turn.
struct Blocks<'body> {
    /// The list as it stands.
    list: &'body str,
    /// How many there are.
    all: usize,
    /// Those that are no thinking.
    kept: Vec<&'body str>,
    /// True if one of them uses a tool.
    uses_tool: bool,
}

/// The blocks of a turn of the assistant; none for any other turn, and for one that is only a text.
fn assistant_blocks(turn: &RawValue) -> Option<Blocks<'_>> {
    let message: Message<'_> = serde_json::from_str(turn.get()).ok()?;
    if serde_json::from_str::<&str>(message.role?.get()).ok()? != "assistant" {
        return None;
    }
    let list = message.content?.get();
    let blocks: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    let kind = |block: &RawValue| {
        serde_json::from_str::<Block<'_>>(block.get())
            .ok()
            .and_then(|block| block.kind.map(std::borrow::Cow::into_owned))
    };
    let (mut kept, mut uses_tool) = (Vec::with_capacity(blocks.len()), false);
    for block in &blocks {
        let kind = kind(block);
        uses_tool |= kind.as_deref() == Some("tool_use");
        if !matches!(kind.as_deref(), Some("thinking" | "redacted_thinking")) {
            kept.push(block.get());
        }
    }
    Some(Blocks { list, all: blocks.len(), kept, uses_tool })
}

/// `text` with other words in one place.
fn spliced(text: &str, place: &Range<usize>, words: &str) -> Option<String> {
    Some(format!("{}{words}{}", text.get(..place.start)?, text.get(place.end..)?))
}

/// Where a field of an object stands, name and one comma included, given where its value stands.
fn field_span(body: &[u8], value: &Range<usize>) -> Option<Range<usize>> {
    let before = body.get(..value.start)?.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    let before = before.strip_suffix(b"\"thinking\"")?;
    let after = body.get(value.end..)?;
    let rest = after.trim_ascii_start();
    if rest.starts_with(b",") {
        return Some(before.len()..body.len() - rest.len() + 1);
    }
    let kept = before.trim_ascii_end();
    let start = kept.strip_suffix(b",").map_or(before.len(), <[u8]>::len);
    Some(start..value.end)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn repaired(body: &Value) -> Option<Value> {
        let bytes = Bytes::from(body.to_string());
        without_thinking(&bytes).map(|bytes| serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn thinking_goes_and_every_other_byte_stays() {
        let body = Bytes::from_static(
            br#"{ "model":"m", "x" : 1.50, "messages" : [ {"role":"user","content":"a\u00e9"} ,
            {"content" : [ {"type":"thinking","thinking":"t","signature":"s"} , {"type":"text", "text":"b"},{"type":"redacted_thinking","data":"d"}], "role":"assistant"}, {"role":"user","content":[{"type":"thinking"}]} ] }"#,
        );
        let want = br#"{ "model":"m", "x" : 1.50, "messages" : [ {"role":"user","content":"a\u00e9"} ,
            {"content" : [{"type":"text", "text":"b"}], "role":"assistant"}, {"role":"user","content":[{"type":"thinking"}]} ] }"#;
        assert_eq!(without_thinking(&body).unwrap(), &want[..]);
    }

    #[test]
    fn a_turn_of_thinking_only_goes_as_a_whole() {
        let thinking = json!({"type": "thinking", "thinking": "t", "signature": "s"});
        let user = |text: &str| json!({"role": "user", "content": text});
        let body = json!({"thinking": {"type": "enabled"}, "messages": [user("a"), {"role": "assistant", "content": [thinking]}, user("b")]});
        let want = json!({"thinking": {"type": "enabled"}, "messages": [user("a"), user("b")]});
        assert_eq!(repaired(&body), Some(want));
    }

    #[test]
    fn before_a_tools_result_thinking_is_switched_off() {
        let turn = |blocks: Value| json!({"role": "assistant", "content": blocks});
        let tool = json!({"type": "tool_use", "id": "t", "name": "n", "input": {}});
        for order in
            [r#"{"thinking" : {"type":"enabled"} , "messages":M}"#, r#"{"messages":M, "thinking":{"type":"enabled"} }"#]
        {
            let list = |blocks: Value| json!([turn(blocks), {"role": "user", "content": []}]).to_string();
            let body = order.replace('M', &list(json!([{"type": "thinking"}, tool])));
            let repaired = without_thinking(&Bytes::from(body)).unwrap();
            let repaired: Value = serde_json::from_slice(&repaired).unwrap();
            assert_eq!(
                repaired,
                json!({"messages": [turn(json!([tool])), {"role": "user", "content": []}]}),
                "{order}"
            );
        }
    }

    #[test]
    fn nothing_to_repair_is_told() {
        for body in [
            json!({"messages": [{"role": "assistant", "content": "text"}]}),
            json!({"messages": [{"role": "assistant", "content": [{"type": "text", "text": "thinking"}]}]}),
            json!({"messages": "none"}),
            json!([]),
        ] {
            assert_eq!(repaired(&body), None, "{body}");
        }
    }
}
