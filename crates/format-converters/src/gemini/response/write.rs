//! Writing answers.

use bytes::Bytes;
use serde::Serialize;

use super::{Grounding, write_log_probs};
use crate::gemini::part::{media, native, plain, signature, thought};
use crate::gemini::wire::{self, Content, FunctionCall, PlainPart};
use crate::ir::{Choice, Part, PartKind, Response, Stop, StopReason, Usage};
use crate::json::Json;
use crate::{ErrorReply, Losses, Telling};

/// The reasons that are not told in words that all formats have.
const OTHER_REASONS: [&str; 10] = [
    "OTHER",
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
    "IMAGE_OTHER",
    "NO_IMAGE",
    "ESCALATION",
    "FINISH_REASON_UNSPECIFIED",
];

/// An answer, or a piece of one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gemini) struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_feedback: Option<Feedback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_metadata: Option<UsageMetadata>,
    pub model_version: String,
    pub response_id: String,
}

/// One of several answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gemini) struct Candidate {
    pub content: Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<&'static str>,
    pub index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grounding_metadata: Option<Grounding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs_result: Option<Json>,
}

/// Why there is no answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gemini) struct Feedback {
    block_reason: &'static str,
}

/// What was used.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gemini) struct UsageMetadata {
    prompt_token_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_content_token_count: Option<u64>,
    candidates_token_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    thoughts_token_count: Option<u64>,
    total_token_count: u64,
}

/// Writes an answer. One that a filter held back whole is told as a prompt that was blocked.
pub(in crate::gemini) fn write(response: &Response, telling: &mut Telling) -> Bytes {
    if let Some(error) = &response.error {
        let reply = ErrorReply { status: error.status, message: &error.message, code: None, param: None };
        return crate::gemini::error::render(&reply).body;
    }
    let is_blocked = Feedback::is_for(response.choices.iter().map(|choice| (choice.stop.as_ref(), choice.parts.len())));
    let losses = &mut telling.losses;
    let numbered = response.choices.iter().zip(0..);
    let candidates = numbered.filter(|_| !is_blocked).map(|(choice, index)| candidate(choice, index, losses));
    let candidates = candidates.collect();
    let model = if response.model.is_empty() { &telling.request.model } else { &response.model };
    let answer = Answer {
        candidates,
        prompt_feedback: is_blocked.then(Feedback::safety),
        usage_metadata: response.usage.as_ref().map(UsageMetadata::of),
        model_version: model.clone(),
        response_id: telling.ids.or_mint(&response.id, ""),
    };
    serde_json::to_vec(&answer).unwrap_or_default().into()
}

/// The name of the reason.
pub(in crate::gemini) fn finish_reason(stop: &Stop) -> &'static str {
    match &stop.reason {
        StopReason::End | StopReason::StopString | StopReason::Tools | StopReason::Pause => "STOP",
        StopReason::Length => "MAX_TOKENS",
        StopReason::Filter => "SAFETY",
        StopReason::Other(name) => OTHER_REASONS.into_iter().find(|known| known == name).unwrap_or("OTHER"),
    }
}

/// Writes a part; none where it is nothing, or another format's own.
pub(in crate::gemini) fn parts(part: &Part, losses: &mut Losses) -> Vec<wire::Part> {
    let thought_signature = signature(part.opaque.as_ref());
    let text = |text: &String, thought_signature: Option<String>| {
        let is_there = !text.is_empty() || thought_signature.is_some();
        let part = || plain(PlainPart { text: Some(text.clone()), thought_signature, ..PlainPart::default() });
        is_there.then(part).into_iter().collect()
    };
    match &part.kind {
        PartKind::Text { text: said, .. } | PartKind::Refusal(said) => text(said, thought_signature),
        PartKind::Reasoning(reasoning) => thought(reasoning, thought_signature).into_iter().collect(),
        PartKind::Media(found) => match media(found.as_ref().clone(), losses) {
            Ok(found) => vec![plain(PlainPart { thought_signature, ..found })],
            Err(_) => {
                losses.drop("file_id");
                Vec::new()
            }
        },
        PartKind::ToolCall(call) => {
            let args = call.input.to_object();
            let function_call = Some(FunctionCall { id: call.id.clone(), name: call.name.clone(), args });
            vec![plain(PlainPart { function_call, thought_signature, ..PlainPart::default() })]
        }
        PartKind::Native(own) => {
            let written = native(own);
            losses.drop_if(written.is_none(), &own.name);
            written.into_iter().collect()
        }
        // Nobody answers calls in an answer.
        PartKind::ToolResult(_) => Vec::new(),
    }
}

fn candidate(choice: &Choice, index: u32, losses: &mut Losses) -> Candidate {
    let (mut written, mut grounding) = (Vec::new(), Grounding::default());
    for part in &choice.parts {
        if let PartKind::Text { text, citations } = &part.kind {
            for citation in citations {
                losses.drop_if(!grounding.add(citation, text, 0, written.len()), "annotations");
            }
        }
        written.extend(parts(part, losses));
    }
    Candidate {
        content: Content { role: Some("model"), parts: written },
        finish_reason: choice.stop.as_ref().map(finish_reason),
        index,
        grounding_metadata: grounding.into_some(),
        logprobs_result: choice.log_probs.as_ref().and_then(write_log_probs),
    }
}

// === impl Feedback ===

impl Feedback {
    /// Whether all answers, each with its reason and the number of its parts, were held back whole.
    pub(in crate::gemini) fn is_for<'a>(choices: impl Iterator<Item = (Option<&'a Stop>, usize)>) -> bool {
        let mut choices = choices.peekable();
        let is_held_back = |(stop, parts): (Option<&Stop>, usize)| {
            parts == 0 && stop.is_some_and(|stop| stop.reason == StopReason::Filter)
        };
        choices.peek().is_some() && choices.all(is_held_back)
    }

    /// The vendor's usual reason.
    pub(in crate::gemini) const fn safety() -> Self {
        Self { block_reason: "SAFETY" }
    }
}

// === impl UsageMetadata ===

impl UsageMetadata {
    /// The same in this format's words: thoughts beside the answer, what was cached within the prompt.
    pub(in crate::gemini) fn of(usage: &Usage) -> Self {
        let thoughts = usage.reasoning.map(|thoughts| thoughts.min(usage.output));
        Self {
            prompt_token_count: usage.input,
            cached_content_token_count: usage.cached,
            candidates_token_count: usage.output - thoughts.unwrap_or_default(),
            thoughts_token_count: thoughts,
            total_token_count: usage.total(),
        }
    }
}
