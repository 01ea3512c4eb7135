//! Who has the last word in a request: a user, or the tools that a model has called?

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Fields<'body> {
    #[serde(borrow, default)]
    messages: Vec<&'body RawValue>,
}

#[derive(Deserialize)]
struct Message<'body> {
    role: &'body str,
    #[serde(borrow)]
    content: &'body RawValue,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type", default)]
    kind: String,
}

/// True if the last message of a body of the Anthropic wire is what a user says: its role is `user`, and it is more than
/// the results of tools. False for what cannot be read.
pub fn is_users(body: &[u8]) -> bool {
    let Ok(fields) = serde_json::from_slice::<Fields<'_>>(body) else { return false };
    let last = fields.messages.last().and_then(|last| serde_json::from_str::<Message<'_>>(last.get()).ok());
    let Some(last) = last.filter(|last| last.role == "user") else { return false };
    match serde_json::from_str::<Vec<Block>>(last.content.get()) {
        Ok(blocks) => blocks.iter().any(|block| block.kind != "tool_result"),
        Err(_) => serde_json::from_str::<String>(last.content.get()).is_ok_and(|text| !text.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_have_to_say_is_not_the_users() {
        let says = |content: &str| {
            let first = r#"{"role":"user","content":"hello"},{"role":"assistant","content":"yes"}"#;
            is_users(format!(r#"{{"messages":[{first},{{"role":"user","content":{content}}}]}}"#).as_bytes())
        };
        let (text, result) =
            (r#"{"type":"text","text":"more"}"#, r#"{"type":"tool_result","tool_use_id":"a","content":[]}"#);
        assert!(says("\"more\"") && says(&format!("[{text}]")) && says(&format!("[{result},{text}]")));
        assert!(!says(&format!("[{result}]")) && !says(&format!("[{result},{result}]")));
        assert!(!says("[]") && !says("\"\"") && !says("null") && !says("7"));
        for other in [
            r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#,
            r#"{"messages":[]}"#,
            "{}",
            "",
        ] {
            assert!(!is_users(other.as_bytes()), "{other}");
        }
    }
}
