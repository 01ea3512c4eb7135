//! What the scripted provider says, byte for byte.

use std::time::Duration;

use serde_json::json;

use super::{Gate, Seen, Turn};

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As its framing says.
    Proper,
    /// The connection closes.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more comes, and the connection stays.
    Stall,
    /// Bytes that no framing allows, then the connection closes.
    Garbage,
}

/// What happens next.
#[derive(Clone, Debug)]
pub enum Step {
    Send(Vec<u8>),
    Pause(Gate),
    Wait(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
    /// There is no head.
    None,
}

/// An answer. Each part of its body is one write, and in a stream one chunk.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    framing: Framing,
    parts: Vec<Step>,
    before: Option<Gate>,
    wait: Option<Duration>,
    end: End,
}

impl Answer {
    /// Any answer with a length.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            framing: Framing::Length,
            parts: vec![Step::Send(body.into())],
            before: None,
            wait: None,
            end: End::Proper,
        }
    }

    /// What the real one would say to this request.
    pub fn proper(seen: &Seen) -> Self {
        let path = seen.target.split('?').next().unwrap_or_default();
        match (seen.method.as_str(), path) {
            ("POST", "/v1/messages") => Turn::new().model(&seen.model()).answer(seen.streams()),
            ("POST", "/v1/messages/count_tokens") => Self::json(200, &json!({"input_tokens": 2095})),
            ("GET", "/v1/models") => Self::json(
                200,
                &json!({
                    "data": [{"id": "claude-sonnet-4-5", "type": "model", "display_name": "Claude Sonnet 4.5",
                              "created_at": "2025-09-29T00:00:00Z"}],
                    "has_more": false, "first_id": "claude-sonnet-4-5", "last_id": "claude-sonnet-4-5",
                }),
            ),
            _ => Self::error(404, "not_found_error", "Not found"),
        }
    }

    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string()).header("request-id", "req_upstream")
    }

    /// An error in the provider's own form.
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        Self::json(
            status,
            &json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_upstream"}),
        )
    }

    /// The error the real one gives with this status.
    pub fn status(status: u16) -> Self {
        let kind = match status {
            400 => "invalid_request_error",
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            504 => "timeout_error",
            529 => "overloaded_error",
            _ => "api_error",
        };
        Self::error(status, kind, &format!("upstream says {status}"))
    }

    /// A stream: each of `events` is one chunk.
    pub fn events(events: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        Self {
            status: 200,
            headers: vec![
                ("content-type".to_owned(), "text/event-stream; charset=utf-8".to_owned()),
                ("cache-control".to_owned(), "no-cache".to_owned()),
                ("request-id".to_owned(), "req_upstream".to_owned()),
            ],
            framing: Framing::Chunked,
            parts: events.into_iter().map(|event| Step::Send(event.into())).collect(),
            before: None,
            wait: None,
            end: End::Proper,
        }
    }

    /// The same with another media type; none if it is empty.
    pub fn media_type(mut self, name: &str) -> Self {
        if name.is_empty() {
            self.headers.retain(|(known, _)| known != "content-type");
            return self;
        }
        self.header("content-type", name)
    }

    /// No byte of an answer, only this end.
    pub fn nothing(end: End) -> Self {
        Self::garbage(Vec::new()).ends(end)
    }

    /// Bytes that are no HTTP.
    pub fn garbage(bytes: impl Into<Vec<u8>>) -> Self {
        Self { framing: Framing::None, headers: Vec::new(), ..Self::new(0, "", bytes) }.ends(End::Close)
    }

    /// The same with another status.
    #[must_use]
    pub fn says(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Cuts the body into writes of `n` bytes, wherever events begin.
    #[must_use]
    pub fn in_pieces_of(mut self, n: usize) -> Self {
        let body = self.body();
        self.parts = body.chunks(n).map(|piece| Step::Send(piece.to_vec())).collect();
        self
    }

    /// The whole body, without its framing.
    pub fn body(&self) -> Vec<u8> {
        let bytes = self.parts.iter().filter_map(|part| if let Step::Send(bytes) = part { Some(bytes) } else { None });
        bytes.flatten().copied().collect()
    }

    /// Stops at the gate once `n` parts were sent.
    #[must_use]
    pub fn pause_after(mut self, n: usize, gate: &Gate) -> Self {
        let sends = self.parts.iter().enumerate().filter(|(_, part)| matches!(part, Step::Send(_)));
        let at = sends.map(|(at, _)| at).nth(n).unwrap_or(self.parts.len());
        self.parts.insert(at, Step::Pause(gate.clone()));
        self
    }

    /// Stops at the gate before the head.
    #[must_use]
    pub fn pause_before_head(mut self, gate: &Gate) -> Self {
        self.before = Some(gate.clone());
        self
    }

    /// Takes its time before the head.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Sends only `n` parts of the body.
    #[must_use]
    pub fn cut_after(mut self, n: usize, end: End) -> Self {
        if self.framing == Framing::Length {
            let length = self.body().len();
            self.headers.push(("content-length".to_owned(), length.to_string()));
        }
        self.parts.truncate(n);
        self.ends(end)
    }

    #[must_use]
    pub fn ends(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Says all of it, then closes the connection without having said so.
    #[must_use]
    pub fn then_close(self) -> Self {
        let n = self.n_parts();
        self.cut_after(n, End::Close)
    }

    pub fn end(&self) -> End {
        self.end
    }

    /// Number of parts of the body.
    pub fn n_parts(&self) -> usize {
        self.parts.iter().filter(|part| matches!(part, Step::Send(_))).count()
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\ndate: Sat, 21 Nov 2026 00:00:00 GMT\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match self.framing {
            Framing::Chunked => head.push_str("transfer-encoding: chunked\r\n"),
            Framing::Length if !self.headers.iter().any(|(name, _)| name == "content-length") => {
                head.push_str(&format!("content-length: {}\r\n", self.body().len()));
            }
            _ => {}
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Everything to do up to the end.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = self.before.iter().cloned().map(Step::Pause).collect();
        steps.extend(self.wait.map(Step::Wait));
        if self.framing != Framing::None {
            steps.push(Step::Send(self.head()));
        }
        for part in &self.parts {
            steps.push(match part {
                Step::Send(bytes) if self.framing == Framing::Chunked => {
                    Step::Send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())
                }
                part => part.clone(),
            });
        }
        if self.framing == Framing::Chunked && self.end == End::Proper {
            steps.push(Step::Send(b"0\r\n\r\n".to_vec()));
        }
        steps
    }
}
