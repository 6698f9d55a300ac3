//! Writes whole answers.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use super::super::blocks::answered;
use super::super::wire::{Block, WireUsage, stop_name};
use crate::ir::{PartKind, Response, StopReason};
use crate::{Telling, carriers};

#[derive(Serialize)]
struct Message<'a> {
    id: String,
    r#type: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    stop_reason: &'a str,
    stop_sequence: Option<&'a str>,
    usage: WireUsage<'a>,
}

/// Writes an answer.
pub(in super::super) fn write(response: &Response, telling: &mut Telling) -> Bytes {
    telling.losses.drop_if(response.choices.len() > 1, "n");
    let choice = response.choices.first();
    telling.losses.drop_if(choice.is_some_and(|choice| choice.log_probs.is_some()), "logprobs");
    let parts = choice.map(|choice| carriers::spread(&choice.parts)).unwrap_or_default();
    let mut content = Vec::with_capacity(parts.len());
    for part in &parts {
        let id = match &part.kind {
            PartKind::ToolCall(call) => Cow::Owned(telling.ids.or_mint(&call.id, "toolu_")),
            _ => Cow::Borrowed(""),
        };
        content.extend(answered(part, id, &mut telling.losses));
    }
    let has = |is: fn(&PartKind) -> bool| parts.iter().any(|part| is(&part.kind));
    let stop = choice.and_then(|choice| choice.stop.as_ref());
    let name = match stop.map_or(&StopReason::End, |stop| &stop.reason) {
        StopReason::End if has(|kind| matches!(kind, PartKind::Refusal(_))) => "refusal",
        StopReason::End if has(|kind| matches!(kind, PartKind::ToolCall(_))) => "tool_use",
        reason => stop_name(reason),
    };
    let model = if response.model.is_empty() { &telling.request.model } else { &response.model };
    let message = Message {
        id: telling.ids.or_mint(&response.id, "msg_"),
        r#type: "message",
        role: "assistant",
        model,
        content,
        stop_reason: name,
        stop_sequence: stop.and_then(|stop| stop.sequence.as_deref()),
        usage: WireUsage::of(response.usage.as_ref(), response.tier.as_deref()),
    };
    serde_json::to_vec(&message).unwrap_or_default().into()
}
