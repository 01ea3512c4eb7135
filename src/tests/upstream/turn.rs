//! One turn of the model as the Messages API tells it: with thinking, a tool, pings and a prompt cache.
//!
//! The order of events follows <https://platform.claude.com/docs/en/build-with-claude/streaming>.

use serde_json::{Value, json};

use super::Answer;

/// What the upstream says it has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    pub input: u64,
    pub output: u64,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub cache_read: u64,
}

impl Used {
    /// A turn that touches every class.
    pub const EVERY_CLASS: Self =
        Self { input: 127, output: 385, cache_write_5m: 1_024, cache_write_1h: 512, cache_read: 20_480 };

    /// The usage object with this count of output tokens.
    fn json(&self, output: u64) -> Value {
        json!({
            "input_tokens": self.input,
            "cache_creation_input_tokens": self.cache_write_5m + self.cache_write_1h,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.cache_write_5m,
                "ephemeral_1h_input_tokens": self.cache_write_1h,
            },
            "output_tokens": output,
            "service_tier": "standard",
        })
    }

    /// As the management API shows it.
    pub fn shown(&self) -> Value {
        json!({
            "input": self.input, "output": self.output, "cache_write_5m": self.cache_write_5m,
            "cache_write_1h": self.cache_write_1h, "cache_read": self.cache_read,
            "web_searches": 0, "web_fetches": 0, "code_executions": 0,
        })
    }
}

/// One turn of the model.
#[derive(Clone, Debug)]
pub struct Turn {
    model: String,
    used: Used,
}

/// The events of a turn up to and including the first one with content.
pub const EVENTS_TO_FIRST_CONTENT: usize = 3;

impl Turn {
    pub fn new() -> Self {
        Self { model: "claude-sonnet-4-5".to_owned(), used: Used::EVERY_CLASS }
    }

    #[must_use]
    pub fn model(mut self, model: &str) -> Self {
        model.clone_into(&mut self.model);
        self
    }

    #[must_use]
    pub fn used(mut self, used: Used) -> Self {
        self.used = used;
        self
    }

    /// As a stream or as one message.
    pub fn answer(&self, stream: bool) -> Answer {
        if stream { Answer::events(self.events()) } else { Answer::json(200, &self.message()) }
    }

    /// The message at its end.
    pub fn message(&self) -> Value {
        json!({
            "id": "msg_01Scripted", "type": "message", "role": "assistant", "model": self.model,
            "content": [
                {"type": "thinking", "thinking": "The user greets me.", "signature": "EqQBCgIYAhIM1gbc"},
                {"type": "text", "text": "Hello, wörld — 你好."},
                {"type": "tool_use", "id": "toolu_01A", "name": "get_weather", "input": {"city": "Köln", "days": 3}},
            ],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": self.used.json(self.used.output),
        })
    }

    /// The same, event by event.
    pub fn events(&self) -> Vec<String> {
        let delta = |index: u32, delta: Value| ("content_block_delta", json!({"index": index, "delta": delta}));
        let stop = |index: u32| ("content_block_stop", json!({"index": index}));
        let start = json!({
            "id": "msg_01Scripted", "type": "message", "role": "assistant", "model": self.model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": self.used.json(1),
        });
        let tool = json!({"type": "tool_use", "id": "toolu_01A", "name": "get_weather", "input": {}});
        let thinking = json!({"type": "thinking", "thinking": "", "signature": ""});
        let events = [
            ("message_start", json!({"message": start})),
            ("ping", json!({})),
            ("content_block_start", json!({"index": 0, "content_block": thinking})),
            delta(0, json!({"type": "thinking_delta", "thinking": "The user "})),
            delta(0, json!({"type": "thinking_delta", "thinking": "greets me."})),
            delta(0, json!({"type": "signature_delta", "signature": "EqQBCgIYAhIM1gbc"})),
            stop(0),
            ("content_block_start", json!({"index": 1, "content_block": {"type": "text", "text": ""}})),
            delta(1, json!({"type": "text_delta", "text": "Hello, "})),
            ("ping", json!({})),
            delta(1, json!({"type": "text_delta", "text": "wörld — 你好."})),
            stop(1),
            ("content_block_start", json!({"index": 2, "content_block": tool})),
            delta(2, json!({"type": "input_json_delta", "partial_json": ""})),
            delta(2, json!({"type": "input_json_delta", "partial_json": "{\"city\": \"K"})),
            delta(2, json!({"type": "input_json_delta", "partial_json": "öln\", \"days\": 3}"})),
            stop(2),
            ("message_delta", json!({"delta": {"stop_reason": null}, "usage": self.used.json(self.used.output / 2)})),
            (
                "message_delta",
                json!({
                    "delta": {"stop_reason": "tool_use", "stop_sequence": null},
                    "usage": self.used.json(self.used.output),
                }),
            ),
            ("message_stop", json!({})),
        ];
        events.into_iter().map(|(name, data)| event(name, data)).collect()
    }
}

/// What a provider has to say, in both forms.
#[derive(Clone, Debug)]
pub struct Said {
    pub events: Vec<String>,
    pub message: Value,
}

impl From<&Turn> for Said {
    fn from(turn: &Turn) -> Self {
        Self { events: turn.events(), message: turn.message() }
    }
}

impl Said {
    /// A turn that says this and ends.
    pub fn text(model: &str, text: &str) -> Self {
        let half = text.floor_char_boundary(text.len() / 2);
        let delta = |part: &str| json!({"type": "text_delta", "text": part});
        let start = json!({"type": "text", "text": ""});
        let block = json!({"type": "text", "text": text});
        Self::one_block(model, start, [delta(&text[..half]), delta(&text[half..])], block, "end_turn")
    }

    /// A turn that calls a tool.
    pub fn tool(model: &str, name: &str, input: &Value) -> Self {
        let text = input.to_string();
        let half = text.floor_char_boundary(text.len() / 2);
        let delta = |part: &str| json!({"type": "input_json_delta", "partial_json": part});
        let block = |input: &Value| json!({"type": "tool_use", "id": "toolu_01B", "name": name, "input": input});
        Self::one_block(
            model,
            block(&json!({})),
            [delta(&text[..half]), delta(&text[half..])],
            block(input),
            "tool_use",
        )
    }

    fn one_block(model: &str, start: Value, deltas: [Value; 2], block: Value, stop_reason: &str) -> Self {
        let usage = Used::EVERY_CLASS;
        let message = |content: &[Value], stop_reason: Value, n_output: u64| {
            json!({
                "id": "msg_01Said", "type": "message", "role": "assistant", "model": model, "content": content,
                "stop_reason": stop_reason, "stop_sequence": null, "usage": usage.json(n_output),
            })
        };
        let [first, second] = deltas.map(|delta| event("content_block_delta", json!({"index": 0, "delta": delta})));
        let end = json!({"stop_reason": stop_reason, "stop_sequence": null});
        let events = vec![
            event("message_start", json!({"message": message(&[], Value::Null, 1)})),
            event("ping", json!({})),
            event("content_block_start", json!({"index": 0, "content_block": start})),
            first,
            second,
            event("content_block_stop", json!({"index": 0})),
            event("message_delta", json!({"delta": end, "usage": usage.json(usage.output)})),
            event("message_stop", json!({})),
        ];
        Self { events, message: message(&[block], stop_reason.into(), usage.output) }
    }

    /// As a stream or as one message.
    pub fn answer(&self, stream: bool) -> Answer {
        if stream { Answer::events(self.events.clone()) } else { Answer::json(200, &self.message) }
    }
}

/// One event, with its name repeated as the type of its data.
pub fn event(name: &str, mut data: Value) -> String {
    data["type"] = name.into();
    format!("event: {name}\ndata: {data}\n\n")
}

/// The event by which the upstream gives up.
pub fn error_event(kind: &str, message: &str) -> String {
    event("error", json!({"error": {"type": kind, "message": message}}))
}
