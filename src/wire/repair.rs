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
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn space() -> impl Strategy<Value = &'static str> {
        prop::sample::select(&["", "", " ", "\n", "\t \r\n"][..])
    }

    /// Words of JSON with spaces of all kinds between them.
    fn spaced(words: Vec<String>) -> impl Strategy<Value = String> {
        prop::collection::vec(space(), words.len() + 1).prop_map(move |spaces| {
            let pairs = spaces.iter().zip(words.iter().map(String::as_str).chain([""]));
            pairs.flat_map(|(space, word)| [*space, word]).collect()
        })
    }

    /// A list, its items apart from each other by what `spaced` makes of a comma.
    fn list(items: &[String]) -> Vec<String> {
        let mut words = vec!["[".to_owned()];
        for (n, item) in items.iter().enumerate() {
            words.extend((n > 0).then(|| ",".to_owned()));
            words.push(item.clone());
        }
        words.push("]".to_owned());
        words
    }

    /// A block, and whether it is one of thinking.
    fn block() -> impl Strategy<Value = (String, bool)> {
        let known = [
            (r#"{"type":"thinking","thinking":"t]}","signature":"s=="}"#, true),
            (r#"{ "signature" : "" , "type" : "th\u0069nking" }"#, true),
            (r#"{"type":"redacted_thinking","data":"d"}"#, true),
            (r#"{"type":"text","text":"\"thinking\":[{ é 日本","x":1.50}"#, false),
            (r#"{"type":"tool_use","id":"a","name":"thinking","input":{"type":"thinking"}}"#, false),
            (r#"{"text":"without a type"}"#, false),
        ];
        prop::sample::select(known.to_vec()).prop_map(|(text, is_thinking)| (text.to_owned(), is_thinking))
    }

    /// The same of an assistant, whose blocks may go.
    fn turn_of_assistant() -> impl Strategy<Value = (String, Option<String>)> {
        prop::collection::vec(block(), 0..5).prop_flat_map(|blocks| {
            let all: Vec<String> = blocks.iter().map(|(text, _)| text.clone()).collect();
            let kept: Vec<String> = blocks.iter().filter(|(_, it)| !it).map(|(text, _)| text.clone()).collect();
            (spaced(list(&all)), any::<bool>()).prop_map(move |(text, has_more)| {
                // The list stands between its brackets; what surrounds these is the turn's.
                let text = text.trim_matches([' ', '\n', '\t', '\r']);
                let repaired = match (kept.len() == all.len(), kept.is_empty()) {
                    (true, _) => Some(said_by_assistant(text, has_more)),
                    (false, true) => None,
                    (false, false) => Some(said_by_assistant(&format!("[{}]", kept.join(",")), has_more)),
                };
                (said_by_assistant(text, has_more), repaired)
            })
        })
    }

    fn said_by_assistant(list: &str, has_more: bool) -> String {
        if has_more {
            format!(r#"{{"content":{list},"x":{{"content":[]}}, "role" : "assistant"}}"#)
        } else {
            format!(r#"{{ "role":"assistant" ,"content": {list} }}"#)
        }
    }

    /// A turn in two forms: as it is, and repaired; none if it goes.
    fn turn() -> impl Strategy<Value = (String, Option<String>)> {
        let said = prop::sample::select(&[r#""thinking""#, r#""a\u00e9""#, "null"][..]);
        let plain = (prop::sample::select(&["user", "assistant"][..]), said).prop_flat_map(|(role, said)| {
            spaced(
                ["{", r#""role""#, ":", &format!("\"{role}\""), ",", r#""content""#, ":", said, "}"]
                    .map(str::to_owned)
                    .to_vec(),
            )
        });
        let of_user = prop::collection::vec(block(), 0..3).prop_map(|blocks| {
            let blocks: Vec<String> = blocks.into_iter().map(|(text, _)| text).collect();
            format!(r#"{{"role":"user", "content" : {}}}"#, list(&blocks).concat())
        });
        prop_oneof![
            1 => plain.prop_map(|text| {
                let text = text.trim_matches([' ', '\n', '\t', '\r']).to_owned();
                (text.clone(), Some(text))
            }),
            1 => of_user.prop_map(|text| (text.clone(), Some(text))),
            4 => turn_of_assistant(),
        ]
    }

    /// The same repair on values: how it is to be read, without regard to bytes.
    fn on_values(mut body: Value) -> Option<Value> {
        let is_thinking = |block: &Value| matches!(block["type"].as_str(), Some("thinking" | "redacted_thinking"));
        let (mut is_changed, mut ends_with_tool) = (false, false);
        body["messages"].as_array_mut()?.retain_mut(|turn| {
            let is_assistant = turn["role"] == "assistant";
            let Some(blocks) = turn["content"].as_array_mut().filter(|_| is_assistant) else { return true };
            ends_with_tool = blocks.iter().any(|block| block["type"] == "tool_use");
            let n_before = blocks.len();
            blocks.retain(|block| !is_thinking(block));
            is_changed |= blocks.len() < n_before;
            blocks.len() == n_before || !blocks.is_empty()
        });
        if ends_with_tool {
            body.as_object_mut()?.remove("thinking");
        }
        is_changed.then_some(body)
    }

    proptest! {
        #[test]
        fn a_repair_is_one_of_values_and_of_no_other_byte(
            turns in prop::collection::vec(turn(), 0..6),
            spaces in prop::collection::vec(space(), 12),
            thinking_at in 0_usize..4,
        ) {
            // Between turns stand commas with spaces; where a turn goes, all of them stand close together.
            let [all, kept]: [Vec<&str>; 2] = [
                turns.iter().map(|(turn, _)| turn.as_str()).collect(),
                turns.iter().filter_map(|(_, repaired)| repaired.as_deref()).collect(),
            ];
            let apart = format!("{},{}", spaces[0], spaces[1]);
            let joined = if kept.len() < all.len() { kept.join(",") } else { kept.join(&apart) };
            let body = |turns: &str, has_thinking: bool| {
                let mut fields = vec![
                    format!(r#""model"{}:"m""#, spaces[2]),
                    format!(r#""messages":{}[{}{turns}{}]"#, spaces[3], spaces[4], spaces[5]),
                    format!(r#""metadata":{{"thinking":{{}}}}{}"#, spaces[6]),
                ];
                if has_thinking {
                    fields.insert(thinking_at, format!(r#""thinking"{}:{{"type":"enabled"}}"#, spaces[7]));
                }
                format!("{{{}}}", fields.join(","))
            };
            let before = Bytes::from(body(&all.join(&apart), true));
            let expected = on_values(serde_json::from_slice(&before).unwrap());
            let repaired = without_thinking(&before);
            prop_assert_eq!(repaired.is_some(), expected.is_some());
            if let (Some(repaired), Some(expected)) = (repaired, expected) {
                let value: Value = serde_json::from_slice(&repaired).unwrap();
                let text = body(&joined, expected.get("thinking").is_some());
                prop_assert_eq!(&value, &expected);
                prop_assert_eq!(std::str::from_utf8(&repaired).unwrap(), text);
            }
        }
    }

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
