//! Writing answers.

use bytes::Bytes;

use super::super::part::{FORMAT, WEB_CITATION, text};
use super::super::{error, wire};
use crate::ir::{self, Choice, MediaKind, Native, Part, PartKind, Reasoning, Response, Stop, StopReason, Usage};
use crate::{Ids, Losses, Telling, carriers};

/// What ids of answers begin with.
pub(in super::super) const MESSAGE_ID: &str = "msg_";
/// What ids of calls begin with.
pub(in super::super) const CALL_ID: &str = "toolu_";
/// The tiers that the format knows.
const TIERS: [&str; 3] = ["standard", "priority", "batch"];

/// Writes the parts of answers.
#[derive(Debug)]
pub(in super::super) struct PartTeller<'t> {
    pub(in super::super) ids: &'t mut Ids,
    pub(in super::super) losses: &'t mut Losses,
}

/// Writes an answer: the first, where there are several.
pub(in super::super) fn write(response: &Response, telling: &mut Telling) -> Bytes {
    if let Some(error) = &response.error {
        return error::body(error.status, &error.message);
    }
    let none = Choice::default();
    let choice = response.choices.first().unwrap_or(&none);
    telling.losses.drop_if(response.choices.len() > 1, "n");
    let parts = carriers::spread(&choice.parts);
    let Telling { ids, losses, request, .. } = telling;
    let mut teller = PartTeller { ids, losses };
    let content = parts.iter().filter_map(|part| teller.part(part)).collect();
    let id = ids.or_mint(&response.id, MESSAGE_ID);
    let has_calls = choice.parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    let (stop_reason, stop_sequence) = stop_reason(choice.stop.as_ref(), has_calls);
    let usage = wire::Usage { service_tier: tier(response.tier.as_deref()), ..usage(response.usage.as_ref()) };
    let answer = wire::Answer {
        id: &id,
        r#type: "message",
        role: "assistant",
        model: if response.model.is_empty() { &request.model } else { &response.model },
        content,
        stop_reason: Some(stop_reason),
        stop_sequence,
        usage,
    };
    serde_json::to_vec(&answer).unwrap_or_default().into()
}

/// Why the answer ended, and the text that ended it. Where nobody says, calls tell.
///
/// The words of a refusal do not make it a `refusal`: that is what the vendor's own filter says, and there is no answer then.
pub(in super::super) fn stop_reason(stop: Option<&Stop>, has_calls: bool) -> (&'static str, Option<&str>) {
    let sequence = stop.and_then(|stop| stop.sequence.as_deref());
    let reason = match stop.map(|stop| &stop.reason) {
        None if has_calls => "tool_use",
        Some(StopReason::StopString) => "stop_sequence",
        Some(StopReason::Length) => "max_tokens",
        Some(StopReason::Tools) => "tool_use",
        Some(StopReason::Filter) => "refusal",
        Some(StopReason::Pause) => "pause_turn",
        Some(StopReason::End | StopReason::Other(_)) | None => "end_turn",
    };
    (reason, sequence)
}

/// What was used, its input in disjoint kinds. The format has no way to say that it is not known.
pub(in super::super) fn usage(usage: Option<&Usage>) -> wire::Usage<'static> {
    let usage = usage.copied().unwrap_or_default();
    let (cached, written) = (usage.cached.unwrap_or_default(), usage.cache_written.unwrap_or_default());
    wire::Usage {
        input_tokens: usage.input.saturating_sub(cached).saturating_sub(written),
        cache_creation_input_tokens: written,
        cache_read_input_tokens: cached,
        output_tokens: usage.output,
        output_tokens_details: usage.reasoning.map(|thinking_tokens| wire::OutputDetails { thinking_tokens }),
        service_tier: None,
    }
}

/// The tier, where the format has a word for it.
fn tier(tier: Option<&str>) -> Option<&'static str> {
    let tier = if tier == Some("default") { "standard" } else { tier? };
    TIERS.into_iter().find(|known| *known == tier)
}

/// Where a piece of text comes from; `None` where the format cannot say it. A page that another vendor found has no proof of it.
pub(in super::super) fn citation(citation: &ir::Citation) -> Option<wire::Citation<'_>> {
    if let Some(native) = citation.native.as_ref().filter(|native| native.format == FORMAT) {
        return Some(wire::Citation::Native(&native.json));
    }
    Some(wire::Citation::WebPage {
        r#type: WEB_CITATION,
        cited_text: citation.quote.as_deref().unwrap_or_default(),
        encrypted_index: "",
        title: citation.title.as_deref(),
        url: citation.url.as_deref()?,
    })
}

// === impl PartTeller ===

impl PartTeller<'_> {
    /// Writes a part; `None` where the format cannot say it.
    pub(in super::super) fn part<'a>(&mut self, part: &'a Part) -> Option<wire::Block<'a>> {
        let content = match &part.kind {
            PartKind::Text { text, citations } => wire::Content::Text {
                text: text.into(),
                citations: citations.iter().filter_map(citation).collect(),
                cache_control: None,
            },
            PartKind::Refusal(words) => return Some(text(words)),
            PartKind::Reasoning(told) => return reasoning(told, part.opaque.as_ref()).map(wire::Block::Known),
            PartKind::ToolCall(call) => wire::Content::ToolUse {
                id: self.ids.or_mint(&call.id, CALL_ID).into(),
                name: &call.name,
                input: call.input.to_object(),
                cache_control: None,
            },
            PartKind::Native(native) => return self.native(native),
            PartKind::Media(media) => {
                self.losses.drop(match media.kind {
                    MediaKind::Image => "image",
                    MediaKind::Audio => "audio",
                    MediaKind::Video => "video",
                    MediaKind::Document => "document",
                });
                return None;
            }
            PartKind::ToolResult(_) => {
                self.losses.drop("tool_result");
                return None;
            }
        };
        Some(wire::Block::Known(content))
    }

    /// A tool that another upstream ran itself never shows: the client would take its call for one of its own.
    fn native<'a>(&mut self, native: &'a Native) -> Option<wire::Block<'a>> {
        if native.format == FORMAT {
            return Some(wire::Block::Native(&native.json));
        }
        self.losses.drop(&native.name);
        None
    }
}

/// Thoughts with their signature, empty where there is none; thoughts that are not shown in their own block.
pub(in super::super) fn reasoning(told: &Reasoning, opaque: Option<&ir::Opaque>) -> Option<wire::Content<'static>> {
    let thinking = told.joined();
    let Some(opaque) = opaque else {
        return (!thinking.is_empty()).then(|| wire::Content::Thinking { thinking, signature: String::new() });
    };
    let slot = opaque.for_slot(FORMAT);
    // The format's own thoughts may be hidden and signed all the same.
    let is_signature = !thinking.is_empty() || (slot == opaque.value && !opaque.is_redacted);
    Some(match is_signature {
        true => wire::Content::Thinking { thinking, signature: slot },
        false => wire::Content::RedactedThinking { data: slot },
    })
}
