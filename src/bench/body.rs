//! Request bodies. Every one carries its own number, so that nobody can answer from a cache.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Bytes;
use serde_json::json;

/// Stands where the number goes: as many digits as the number gets.
const PLACE: &str = "#NUMBER#NUMBER#!";

/// A body with a place for its number.
pub struct Template {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Template {
    /// What a person types: some 150 bytes.
    pub fn small(stream: bool) -> Self {
        Self::cut(&json!({
            "model": "claude-sonnet-4-5",
            "max_tokens": 64,
            "stream": stream,
            "messages": [{ "role": "user", "content": format!("hello {PLACE}") }],
        }))
    }

    /// The first turn of a coding tool: 117 KB of system prompt and tools.
    pub fn coding_turn() -> Self {
        let prose = "Prefer to read before you write; keep a change small; say what you did and what you left. ";
        let tools: Vec<_> = (0..24)
            .map(|i| {
                json!({
                    "name": format!("tool_{i}"),
                    "description": prose.repeat(30),
                    "input_schema": {
                        "type": "object",
                        "properties": {
                            "file_path": { "type": "string", "description": prose.repeat(3) },
                            "pattern": { "type": "string", "description": prose.repeat(3) },
                            "limit": { "type": "number", "description": "The most lines to return" },
                        },
                        "required": ["file_path"],
                        "additionalProperties": false,
                    },
                })
            })
            .collect();
        Self::cut(&json!({
            "model": "claude-sonnet-4-5",
            "max_tokens": 32_000,
            "stream": true,
            "temperature": 1,
            "system": [
                { "type": "text", "text": "You are a coding assistant at a terminal." },
                { "type": "text", "text": prose.repeat(355), "cache_control": { "type": "ephemeral" } },
            ],
            "tools": tools,
            "metadata": { "user_id": format!("user_{}", "0123456789abcdef".repeat(4)) },
            "messages": [{ "role": "user", "content": [{ "type": "text", "text": format!("hi {PLACE}") }] }],
        }))
    }

    fn cut(body: &serde_json::Value) -> Self {
        let text = body.to_string();
        let (before, after) = text.split_once(PLACE).unwrap();
        Self { before: before.into(), after: after.into() }
    }

    /// The next body.
    pub fn next(&self) -> Bytes {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = format!("{:016}", NUMBER.fetch_add(1, Ordering::Relaxed));
        [self.before.as_slice(), number.as_bytes(), &self.after].concat().into()
    }
}
