//! An attempt did not deliver.

use std::time::Instant;

use crate::domain::call::CallError;

/// Which time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Until the head of the answer.
    FirstByte,
    /// Between two pieces of the answer.
    Idle,
    /// For the whole answer.
    Total,
    /// For the whole call.
    Call,
}

/// When something must be there, and which time runs out then.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// When.
    pub at: Instant,
    /// The name of that time.
    pub of: Deadline,
}

/// Why an attempt did not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection: refused, unreachable, DNS, TLS, or too slow.
    Connect(String),
    /// The provider's proxy cannot be used.
    Proxy(String),
    /// The connection broke before the answer could be used.
    Reset(String),
    /// Time ran out.
    Timeout(Deadline),
    /// An error answer; also a 200 whose body or first event is an error, as the status that it stands for.
    Status(u16),
    /// An answer that is none: empty, a web page, not this wire.
    Malformed(String),
}

impl Failure {
    /// One word for machines, of [`CAUSES`](crate::domain::rule::CAUSES).
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Proxy(_) => "proxy",
            Self::Reset(_) => "reset",
            Self::Timeout(deadline) => deadline.cause(),
            Self::Status(_) => "status",
            Self::Malformed(_) => "malformed",
        }
    }

    /// How the ledger says it.
    pub fn error(&self, upstream_message: Option<&str>) -> CallError {
        let message = match self {
            Self::Connect(why) | Self::Proxy(why) | Self::Reset(why) | Self::Malformed(why) => why.clone(),
            Self::Timeout(deadline) => deadline.message().to_owned(),
            Self::Status(status) => upstream_message.map_or_else(|| format!("status {status}"), str::to_owned),
        };
        CallError::new(self.cause(), message)
    }
}

impl Deadline {
    /// One word for machines.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::FirstByte => "first_byte_timeout",
            Self::Idle => "idle_timeout",
            Self::Total => "total_timeout",
            Self::Call => "call_deadline",
        }
    }

    /// A sentence for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::FirstByte => "the provider sent no answer in time",
            Self::Idle => "the provider fell silent in the middle of its answer",
            Self::Total => "the provider's answer took too long",
            Self::Call => "the call's time was used up",
        }
    }
}
