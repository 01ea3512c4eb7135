//! Captured bodies → a conversation that people can read. Pure, and content with less than a whole body.

use bytes::Bytes;
use memchr::memmem;
use serde_json::Value;

use super::sse;
use crate::domain::message::{PartKind, Turn, TurnPart};

/// Characters of a part that are shown: the raw body has all of them.
const PART_CHARS_MAX: usize = 20_000;

/// What a message begins with when it does not stand inside a text, where the quotes would be escaped.
const MESSAGE_BEGINS: [&[u8]; 2] = [b"{\"role\":", b"{\"content\":"];

/// The conversation in a whole request of the Anthropic wire: what the system says first. Nothing in a body that has
/// none.
pub fn asked(body: &[u8]) -> Vec<Turn> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let system = body.get("system").map(|system| Turn { role: "system".to_owned(), parts: parts(system) });
    let messages = body.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    system.into_iter().filter(|turn| !turn.parts.is_empty()).chain(messages.iter().map(turn)).collect()
}

/// The whole messages in a piece of a request.
pub fn asked_in(piece: &[u8]) -> Vec<Turn> {
    let mut turns = Vec::new();
    let mut rest = piece;
    while let Some(at) = MESSAGE_BEGINS.iter().filter_map(|begins| memmem::find(rest, begins)).min() {
        rest = rest.get(at..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let behind = match values.next() {
            Some(Ok(message)) if message.get("role").is_some() => {
                turns.push(turn(&message));
                values.byte_offset()
            }
            // Half a message, or something that only begins like one: what it holds may be more.
            _ => 1,
        };
        rest = rest.get(behind..).unwrap_or_default();
    }
    turns
}

/// The turn in an answer, which is a JSON object or a stream of events, whole or not.
pub fn answered(body: &[u8]) -> Option<Turn> {
    let turn = match serde_json::from_slice::<Value>(body) {
        Ok(message) => Turn { role: role(&message, "assistant"), parts: parts_of_answer(&message) },
        Err(_) => Turn { role: "assistant".to_owned(), parts: streamed(body) },
    };
    (!turn.parts.is_empty()).then_some(turn)
}

fn turn(message: &Value) -> Turn {
    Turn { role: role(message, "user"), parts: message.get("content").map(parts).unwrap_or_default() }
}

fn role(message: &Value, otherwise: &str) -> String {
    message.get("role").and_then(Value::as_str).unwrap_or(otherwise).to_owned()
}

fn parts_of_answer(message: &Value) -> Vec<TurnPart> {
    match (message.get("content"), message.get("error")) {
        (Some(content), _) => parts(content),
        (None, Some(error)) => vec![other("error", error.get("message").and_then(Value::as_str).unwrap_or_default())],
        (None, None) => Vec::new(),
    }
}

/// Content is a text, or a list of blocks.
fn parts(content: &Value) -> Vec<TurnPart> {
    match content {
        Value::String(words) => vec![text(PartKind::Text, None, words)],
        Value::Array(blocks) => blocks.iter().map(part).collect(),
        _ => Vec::new(),
    }
}

fn part(block: &Value) -> TurnPart {
    let field = |name: &str| block.get(name).and_then(Value::as_str);
    let kind = field("type").unwrap_or("text");
    match kind {
        "text" => text(PartKind::Text, None, field("text").unwrap_or_default()),
        "thinking" => text(PartKind::Thinking, None, field("thinking").unwrap_or_default()),
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            let input = block.get("input").map(pretty).unwrap_or_default();
            text(PartKind::ToolUse, field("name"), &input)
        }
        "tool_result" => {
            let inner = block.get("content").map(parts).unwrap_or_default();
            let words: Vec<String> = inner.into_iter().map(|part| part.name.unwrap_or_default() + &part.text).collect();
            text(PartKind::ToolResult, None, &words.join("\n"))
        }
        kind => other(kind, ""),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn other(kind: &str, words: &str) -> TurnPart {
    text(PartKind::Other, Some(kind), words)
}

fn text(kind: PartKind, name: Option<&str>, words: &str) -> TurnPart {
    let mut text: String = words.chars().take(PART_CHARS_MAX).collect();
    if text.len() < words.len() {
        text.push('…');
    }
    TurnPart { kind, name: name.map(str::to_owned), text }
}

/// The blocks that a stream has built.
fn streamed(body: &[u8]) -> Vec<TurnPart> {
    let mut blocks: Vec<(Value, String)> = Vec::new();
    let mut errors = Vec::new();
    // Half an event at the end of what was kept is none.
    let whole = sse::Cutter::default().push(Bytes::copy_from_slice(body));
    for event in sse::events(sse::without_mark(&whole)) {
        let Ok(data) = serde_json::from_slice::<Value>(&event.data) else { continue };
        match data.get("type").and_then(Value::as_str) {
            Some("content_block_start") => {
                blocks.push((data.get("content_block").cloned().unwrap_or_default(), String::new()));
            }
            Some("content_block_delta") => {
                let delta = data.get("delta");
                let more = ["text", "thinking", "partial_json"]
                    .iter()
                    .find_map(|name| delta.and_then(|delta| delta.get(name)).and_then(Value::as_str));
                if let (Some((_, words)), Some(more)) = (blocks.last_mut(), more) {
                    words.push_str(more);
                }
            }
            Some("error") => errors.extend(parts_of_answer(&data)),
            _ => {}
        }
    }
    blocks.into_iter().map(|(block, words)| streamed_part(&block, words)).chain(errors).collect()
}

/// A block with the words that came after its beginning.
fn streamed_part(block: &Value, words: String) -> TurnPart {
    let started = part(block);
    match started.kind {
        PartKind::ToolUse if !words.is_empty() => {
            // Half an input is shown as it came.
            let input = serde_json::from_str(&words).map_or(words, |input| pretty(&input));
            text(PartKind::ToolUse, started.name.as_deref(), &input)
        }
        PartKind::Text | PartKind::Thinking => text(started.kind, None, &(started.text + &words)),
        _ => started,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(kind: PartKind, name: Option<&str>, words: &str) -> TurnPart {
        TurnPart { kind, name: name.map(str::to_owned), text: words.to_owned() }
    }

    #[test]
    fn a_request_is_read_as_a_conversation() {
        let body = br#"{"model":"m","system":[{"type":"text","text":"be kind"}],"messages":[
            {"role":"user","content":"hi"},
            {"role":"assistant","content":[{"type":"thinking","thinking":"hm"},
                {"type":"tool_use","id":"t","name":"ls","input":{"path":"/"}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"a"},
                {"type":"image","source":{}}]},{"type":"image","source":{}}]}]}"#;
        let turns = asked(body);
        let roles: Vec<&str> = turns.iter().map(|turn| turn.role.as_str()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);
        assert_eq!(turns[0].parts, [plain(PartKind::Text, None, "be kind")]);
        let used = plain(PartKind::ToolUse, Some("ls"), "{\n  \"path\": \"/\"\n}");
        assert_eq!(turns[2].parts, [plain(PartKind::Thinking, None, "hm"), used]);
        let (given, image) = (plain(PartKind::ToolResult, None, "a\nimage"), plain(PartKind::Other, Some("image"), ""));
        assert_eq!(turns[3].parts, [given, image]);
        for none in [&b""[..], b"[]", b"{}", br#"{"messages":7}"#, &body[..40]] {
            assert!(asked(none).is_empty());
        }
    }

    #[test]
    fn the_whole_messages_of_a_piece_are_read() {
        let piece = br#"{\"role\":\"user\"}"},{"role":"user","content":"one"}, {"role":"assistant","content":"two"},{"role":"user","content":"th"#;
        let turns = asked_in(piece);
        let words: Vec<&str> = turns.iter().map(|turn| turn.parts[0].text.as_str()).collect();
        assert_eq!(words, ["one", "two"]);
        assert_eq!(asked_in(br#"{"content":"last","role":"user"}],"tools":[{"content":1}]}"#).len(), 1);
        assert!(asked_in(b"no message").is_empty());
    }

    #[test]
    fn an_answer_is_read_whole_or_streamed_or_cut() {
        let whole = br#"{"role":"assistant","content":[{"type":"text","text":"yes"}]}"#;
        assert_eq!(answered(whole).unwrap().parts, [plain(PartKind::Text, None, "yes")]);
        let stream = b"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
            data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"he\"}}\n\n\
            data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"llo\"}}\n\n\
            data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"name\":\"ls\",\"input\":{}}}\n\n\
            data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":1}\"}}\n\n\
            data: {\"type\":\"content_block_de";
        let parts = [plain(PartKind::Text, None, "hello"), plain(PartKind::ToolUse, Some("ls"), "{\n  \"a\": 1\n}")];
        assert_eq!(answered(stream).unwrap().parts, parts);
        // The same with a mark, data in several lines and other ends of lines.
        let text = std::str::from_utf8(stream).unwrap().replace(",\"delta\"", ",\ndata: \"delta\"");
        for stream in [text.replace('\n', "\r"), format!("\u{feff}{text}")] {
            assert_eq!(answered(stream.as_bytes()).unwrap().parts, parts, "{stream:?}");
        }
        let error = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert_eq!(answered(error).unwrap().parts, [plain(PartKind::Other, Some("error"), "Overloaded")]);
        assert_eq!(answered(b"<html>"), None);
    }
}
