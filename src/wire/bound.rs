//! What a request of the Anthropic wire can cost at most, as far as its body tells: read only where somebody's limit is
//! hard.

mod others;

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::others::Others;
pub use self::others::{PossibleModel, Writes};

/// Uses of a server tool that names no `max_uses`.
const TOOL_USES_UNNAMED: u64 = 100;

/// Tokens that tools add to the prompt beside their definitions, and each built-in one of its own.
const TOOL_PROMPT_TOKENS: u64 = 1_000;

/// Declares texts that are looked for in bodies. Each is prepared once: that takes longer than most looks.
macro_rules! needles {
    ($( $name:ident = $text:literal; )*) => {
        $( static $name: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new($text)); )*
    };
}

needles! {
    IMAGE = b"\"image/";
    IMAGE_ESCAPED = b"\"image\\/";
    CACHE_CONTROL = b"\"cache_control\"";
    ONE_HOUR = b"\"1h\"";
    FILE_ID = b"\"file_id\"";
    PDF = b"\"application/pdf\"";
    PDF_ESCAPED = b"\"application\\/pdf\"";
    URL = b"\"url\"";
    TOOLS = b"\"tools\"";
    MCP_SERVERS = b"\"mcp_servers\"";
    SPEED = b"\"speed\"";
    CONTEXT_MANAGEMENT = b"\"context_management\"";
    COMPACTION = b"\"compaction\"";
    FALLBACKS = b"\"fallbacks\"";
    ADVISOR = b"\"advisor";
    ESCAPED_BYTE = b"\\u00";
}

/// Tokens of one image at most: a well compressed one may have fewer bytes than tokens.
const IMAGE_TOKENS: u64 = 5_000;

/// What a request can cost at most, beside the number of its bytes and `max_tokens`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that a body may ask for by itself")]
pub struct Bound {
    /// Tokens of the prompt at most; none if the body does not tell, and only the context window bounds them.
    pub input_tokens: Option<u64>,
    /// True if a part of the prompt may be written to the five-minute cache.
    pub may_write_cache: bool,
    /// True if a part of it may be written to the one-hour cache.
    pub may_write_cache_1h: bool,
    /// Uses of each kind of server tool at most.
    pub tool_uses: u64,
    /// True if a faster and dearer speed is asked for.
    pub is_fast: bool,
    /// True if the conversation may be summed up first: the model reads the prompt and writes the summary in a round of
    /// its own.
    pub may_compact: bool,
    /// Other models than the one that is sent that may work on the answer: each has a price of its own.
    pub others: Vec<PossibleModel>,
}

#[derive(Default, Deserialize)]
struct Fields<'body> {
    #[serde(borrow, default)]
    tools: Option<&'body RawValue>,
    #[serde(borrow, default)]
    mcp_servers: Option<&'body RawValue>,
    #[serde(borrow, default)]
    speed: Option<&'body RawValue>,
    #[serde(borrow, default)]
    context_management: Option<&'body RawValue>,
    #[serde(borrow, default)]
    compaction: Option<&'body RawValue>,
    #[serde(borrow, default)]
    fallbacks: Option<&'body RawValue>,
}

#[derive(Deserialize)]
struct Tool {
    #[serde(rename = "type")]
    kind: Option<String>,
    max_uses: Option<u64>,
}

impl Bound {
    /// A request that asks for no other models, and of which nothing else is known: a field stands there twice, and nobody
    /// knows which one the provider takes.
    const DEAREST: Self = Self {
        input_tokens: None,
        may_write_cache: true,
        may_write_cache_1h: true,
        tool_uses: TOOL_USES_UNNAMED,
        is_fast: true,
        may_compact: true,
        others: Vec::new(),
    };

    /// A request of which nothing is known.
    pub fn unread() -> Self {
        Self { others: vec![PossibleModel::UNREAD], ..Self::DEAREST }
    }

    /// Reads a body that [`Peek`](super::peek::Peek) has taken.
    pub fn read(body: &[u8]) -> Self {
        let is_disguised = is_disguised(body);
        let may_have_fields = is_disguised
            || [&TOOLS, &MCP_SERVERS, &SPEED, &CONTEXT_MANAGEMENT, &COMPACTION, &FALLBACKS]
                .iter()
                .any(|name| name.find(body).is_some());
        let fields = if may_have_fields { serde_json::from_slice(body) } else { Ok(Fields::default()) };
        let Ok(fields) = fields else {
            let may_ask_others = is_disguised || [&FALLBACKS, &ADVISOR].iter().any(|name| name.find(body).is_some());
            return if may_ask_others { Self::unread() } else { Self::DEAREST };
        };
        let tools = fields.tools.map(|raw| serde_json::from_str::<Vec<Tool>>(raw.get()));
        let (tool_uses, may_fetch) = match &tools {
            None => (0, false),
            Some(Ok(tools)) => server_tools(tools),
            Some(Err(_)) => (TOOL_USES_UNNAMED, true),
        };
        let others = other_models(&fields, tools.as_ref(), is_disguised);
        let is_set =
            |raw: Option<&RawValue>| raw.is_some_and(|raw| !matches!(raw.get(), "null" | "[]" | "\"standard\""));
        let is_open =
            may_fetch || others.is_open || is_set(fields.mcp_servers) || has_outside_source(body) || is_disguised;
        let n_bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let n_images = IMAGE.find_iter(body).count() + IMAGE_ESCAPED.find_iter(body).count();
        let n_images = u64::try_from(n_images).unwrap_or(u64::MAX);
        let n_builtin = tools.iter().flatten().flatten().filter(|tool| tool.kind.is_some()).count();
        let n_prompts =
            if tools.is_some() { u64::try_from(n_builtin).unwrap_or(u64::MAX).saturating_add(1) } else { 0 };
        let overhead = n_prompts.saturating_mul(TOOL_PROMPT_TOKENS);
        let has_cache_control = is_disguised || others.may_cache || CACHE_CONTROL.find(body).is_some();
        Self {
            input_tokens: (!is_open)
                .then(|| n_bytes.saturating_add(n_images.saturating_mul(IMAGE_TOKENS)).saturating_add(overhead)),
            may_write_cache: has_cache_control,
            may_write_cache_1h: has_cache_control && (is_disguised || ONE_HOUR.find(body).is_some()),
            tool_uses,
            is_fast: is_set(fields.speed) || others.may_be_fast,
            may_compact: is_set(fields.compaction)
                || fields.context_management.is_some_and(|raw| is_disguised || raw.get().contains("compact")),
            others: others.all,
        }
    }
}

/// What a body says of other models. Its tools are read once more only where one of them may be such a model.
fn other_models(fields: &Fields<'_>, tools: Option<&serde_json::Result<Vec<Tool>>>, is_disguised: bool) -> Others {
    let may_advise = match tools {
        None => false,
        Some(Ok(tools)) => tools.iter().any(Tool::is_advisor),
        Some(Err(_)) => is_disguised || fields.tools.is_some_and(|raw| raw.get().contains("advisor")),
    };
    Others::read(fields.fallbacks, fields.tools.filter(|_| may_advise))
}

impl Tool {
    fn is_advisor(&self) -> bool {
        self.kind.as_deref().is_some_and(others::is_advisor)
    }
}

/// How often server tools may be used, and true if what they bring has no bound. Tools that the client runs itself
/// cost nothing beside their tokens; what a model costs that is asked for advice is another matter.
fn server_tools(tools: &[Tool]) -> (u64, bool) {
    let is_clients_own = |kind: &str| {
        kind == "custom" || ["bash_", "text_editor_", "computer_", "memory_"].iter().any(|own| kind.starts_with(own))
    };
    let server = tools
        .iter()
        .filter(|tool| !tool.is_advisor() && tool.kind.as_deref().is_some_and(|kind| !is_clients_own(kind)));
    let (mut uses, mut any) = (0_u64, false);
    for tool in server {
        uses = uses.saturating_add(tool.max_uses.unwrap_or(TOOL_USES_UNNAMED));
        any = true;
    }
    (uses, any)
}

/// True if a part of the prompt is not in the body (a URL or a file), or is packed (a PDF), so that its bytes do not bound its tokens.
fn has_outside_source(body: &[u8]) -> bool {
    [&FILE_ID, &PDF, &PDF_ESCAPED].iter().any(|name| name.find(body).is_some())
        || URL.find_iter(body).any(|at| is_value(body, at, 5))
}

/// True if characters of what is looked for are written as `\u` escapes: it may then stand in the body in another form.
/// No common writer of JSON does that. Some escape `<`, `>`, `&`, `=` and quotes, which hide nothing: a quote that is
/// escaped does not begin or end a text. The slash as `\/`, which some write, is looked for beside the plain one.
fn is_disguised(body: &[u8]) -> bool {
    ESCAPED_BYTE.find_iter(body).any(|at| escaped(body, at).is_some_and(can_hide) && is_escape(body, at))
}

/// The character that the `\u00` at `at` stands for.
fn escaped(body: &[u8], at: usize) -> Option<u8> {
    let digits = std::str::from_utf8(body.get(at + 4..at + 6)?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

/// True for the characters of all that is looked for, but the quotes around it.
const fn can_hide(character: u8) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, b'_' | b'/')
}

/// True if the backslash at `at` begins an escape. After an odd number of others it is itself what was escaped, as in a
/// text that speaks of escapes.
fn is_escape(body: &[u8], at: usize) -> bool {
    let before = body.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count().is_multiple_of(2)
}

/// True if the text of `n_bytes` at `at` is a value and not a key, nor inside a longer text.
fn is_value(body: &[u8], at: usize, n_bytes: usize) -> bool {
    let before = body.get(..at).unwrap_or_default().trim_ascii_end();
    let after = body.get(at + n_bytes..).unwrap_or_default().trim_ascii_start();
    before.last() == Some(&b':') && matches!(after.first(), Some(b',' | b'}'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Bound {
        Bound::read(body.to_string().as_bytes())
    }

    #[test]
    fn bytes_bound_what_is_in_the_body() {
        let body = json!({"model": "a", "messages": [{"role": "user", "content": "the \"url\" of a file"}]});
        let n_bytes = u64::try_from(body.to_string().len()).unwrap();
        assert_eq!(read(&body), Bound { input_tokens: Some(n_bytes), ..Bound::default() });
        assert_eq!(Bound::read(br#"{"speed":"fast","speed":"fast"}"#), Bound::DEAREST);
        assert_eq!(Bound::read(br#"{"a":"application\/pdf"}"#).input_tokens, None);
        assert!(Bound::read(br#"{"cache\u005fcontrol":{}}"#).may_write_cache);
        assert!(Bound::read(br#"{"a":"\u001b[0m"}"#).input_tokens.is_some());
        let body = json!({"tools": [{"name": "a", "input_schema": {"url": "url"}}, {"type": "bash_20250124"}]});
        assert_eq!(read(&body).tool_uses, 0);
    }

    #[test]
    fn only_escapes_that_can_hide_something_count() {
        for plain in [
            r#"{"a":"s/a\\/b/"}"#,
            r#"{"a":"a\/b"}"#,
            r#"{"a":"an image\/ or application\/pdf"}"#,
            r#"{"a":"\\u0041 \\\\u0063ache_control"}"#,
            r#"{"a":"\u003cdiv\u003e \u0026 \u003D \u0027 \u0022 \u002B"}"#,
            r#"{"a":"\ud83d\ude00 \u00e9 \u00E9 \u0007 \u00"}"#,
        ] {
            let n_bytes = u64::try_from(plain.len()).unwrap();
            let expected = Bound { input_tokens: Some(n_bytes), ..Bound::default() };
            assert_eq!(Bound::read(plain.as_bytes()), expected, "{plain}");
        }
        for disguised in [
            r#"{"cache\u005fcontrol":{}}"#,
            r#"{"cache\u005Fcontrol":{}}"#,
            r#"{"\u0063ache_control":{}}"#,
            r#"{"a":"\\\u0063"}"#,
            r#"{"a":"image\u002fpng"}"#,
            r#"{"a":"\u0031h"}"#,
        ] {
            let bound = Bound::read(disguised.as_bytes());
            let seen = (bound.input_tokens, bound.may_write_cache, bound.may_write_cache_1h);
            assert_eq!(seen, (None, true, true), "{disguised}");
        }
        assert_eq!(Bound::read(br#"{"a":"application\/pdf"}"#).input_tokens, None);
        let image = Bound::read(br#"{"media_type":"image\/png"}"#);
        assert_eq!(image.input_tokens, Some(IMAGE_TOKENS + 27));
    }

    #[test]
    fn nothing_that_is_looked_for_has_characters_that_are_not_seen_when_escaped() {
        let fields = [&TOOLS, &MCP_SERVERS, &SPEED, &CONTEXT_MANAGEMENT, &COMPACTION, &FALLBACKS, &ADVISOR];
        let others = [&IMAGE, &CACHE_CONTROL, &ONE_HOUR, &FILE_ID, &PDF, &URL];
        for name in fields.into_iter().chain(others) {
            assert!(name.needle().iter().all(|byte| *byte == b'"' || can_hide(*byte)), "{:?}", name.needle());
        }
    }

    #[test]
    fn what_is_fetched_has_no_bound() {
        for source in [
            json!({"type": "url", "url": "https://a.example/a.png"}),
            json!({"type": "file", "file_id": "file_1"}),
            json!({"type": "base64", "media_type": "application/pdf", "data": "AA=="}),
        ] {
            let body = json!({"messages": [{"role": "user", "content": [{"type": "document", "source": source}]}]});
            assert_eq!(read(&body).input_tokens, None, "{body}");
        }
        let search = read(&json!({"tools": [{"type": "web_search_20250305", "max_uses": 3}, {"type": "web_fetch_1"}]}));
        assert_eq!((search.input_tokens, search.tool_uses), (None, 103));
        assert_eq!(read(&json!({"mcp_servers": [{"type": "url"}]})).input_tokens, None);
    }

    #[test]
    fn dearer_ways_are_seen() {
        let cached = |ttl: Value| {
            let control = json!({"type": "ephemeral", "ttl": ttl});
            let bound = read(&json!({"system": [{"type": "text", "text": "a", "cache_control": control}]}));
            (bound.may_write_cache, bound.may_write_cache_1h)
        };
        assert_eq!((cached(json!("5m")), cached(json!("1h"))), ((true, false), (true, true)));
        assert!(read(&json!({"speed": "fast"})).is_fast);
        assert!(!read(&json!({"speed": "standard"})).is_fast);
        let edits = |kind: &str| json!({"context_management": {"edits": [{"type": kind}]}});
        assert!(read(&edits("compact_20260112")).may_compact && !read(&edits("clear_tool_uses_20250919")).may_compact);
        let disguised = br#"{"context_management":{"edits":[{"type":"\u0063ompact_20260112"}]}}"#;
        assert!(Bound::read(disguised).may_compact);
        assert!(read(&json!({"compaction": {"type": "enabled"}})).may_compact);
        assert!(
            !read(&json!({"compaction": null, "messages": ["\"compaction\" of a \"context_management\""]})).may_compact
        );
        let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}});
        assert!(
            read(&json!({"messages": [{"role": "user", "content": [image]}]})).input_tokens.unwrap() > IMAGE_TOKENS
        );
    }
}
