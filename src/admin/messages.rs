//! What was asked and answered, for operators only. Whoever looks is put on record.

use super::{actor::Admin, change, fault};
use crate::{
    domain::{
        fault::Fault,
        id::CallId,
        message::{CallMessages, CapturedBody},
    },
    hub::Hub,
    store::messages::Captured,
    wire::transcript,
};

/// The captured messages of a call, and as a conversation that people can read.
///
/// # Errors
/// [`Fault::NotFound`] if they were not captured, or are kept no longer.
pub async fn find(hub: &Hub, actor: &Admin, id: CallId) -> Result<CallMessages, Fault> {
    let found = hub.store.find_messages(id).await.map_err(fault::store)?;
    let captured = found.ok_or_else(|| Fault::not_found("messages"))?;
    let mut change = change::begin(hub).await?;
    change.audit(actor.entry("call.messages", &id)).await.map_err(fault::store)?;
    change.commit_quietly().await.map_err(fault::store)?;
    Ok(shown(&captured))
}

fn shown(captured: &Captured) -> CallMessages {
    let Captured { request_head: head, request_tail: tail, answer_head: answer, .. } = captured;
    let asked = match tail {
        None => transcript::asked(head),
        Some(tail) => transcript::asked_in(head).into_iter().chain(transcript::asked_in(tail)).collect(),
    };
    CallMessages {
        call_id: captured.call_id,
        asked,
        is_cut: tail.is_some(),
        answered: transcript::answered(answer),
        request: body(captured.request_bytes, head, tail.as_deref()),
        answer: body(captured.answer_bytes, answer, None),
    }
}

fn body(bytes: u64, head: &[u8], tail: Option<&[u8]>) -> CapturedBody {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let kept = head.len() + tail.map_or(0, <[u8]>::len);
    CapturedBody {
        bytes,
        head: text(head),
        left_out: bytes.saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX)),
        tail: tail.map(text),
    }
}
