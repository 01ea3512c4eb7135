//! What was asked and answered in a call, where the hub captures it (`STORE_SESSION_MESSAGES`).

use serde::{Deserialize, Serialize};

use super::id::CallId;

/// A body as it was captured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CapturedBody {
    /// Bytes of the whole body, also of what is left out.
    pub bytes: u64,
    /// Its beginning, or all of it; what is no UTF-8 is replaced.
    pub head: String,
    /// How many bytes behind the beginning are left out.
    pub left_out: u64,
    /// What follows behind those; null if nothing of it was kept.
    pub tail: Option<String>,
}

/// What a part of a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Words.
    Text,
    /// What the model thought.
    Thinking,
    /// The call of a tool: its name, and its input as JSON.
    ToolUse,
    /// What a tool gave back.
    ToolResult,
    /// Anything else, such as an image: its type, and no content.
    Other,
}

/// A part of a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TurnPart {
    /// What it is.
    pub kind: PartKind,
    /// The name of the tool, or the type of what is not shown.
    pub name: Option<String>,
    /// Its words.
    pub text: String,
}

/// What one side said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Turn {
    /// `system`, `user`, `assistant`.
    pub role: String,
    /// What, in order.
    pub parts: Vec<TurnPart>,
}

/// What was asked and answered in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CallMessages {
    /// The call.
    pub call_id: CallId,
    /// The conversation that was sent, as far as it can be read.
    pub asked: Vec<Turn>,
    /// True if turns are missing in the middle of what was sent, because the body was cut.
    pub is_cut: bool,
    /// The turn that was answered; null if none can be read.
    pub answered: Option<Turn>,
    /// The body of the request.
    pub request: CapturedBody,
    /// The body of the answer, as far as it was passed on.
    pub answer: CapturedBody,
}
