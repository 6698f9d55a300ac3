//! Writes whole answers.

use bytes::Bytes;
use serde::Serialize;

use super::super::wire::{COMPLETION, Call, Content, FunctionCall, LogProbs, Message, Refusal, WrittenUsage};
use super::super::{call, citation, part, stop};
use crate::ir::{Choice, Part, PartKind, Request, Response, Usage};
use crate::json::Json;
use crate::openai_vendor::error;
use crate::{ErrorReply, Ids, Losses, Telling};

/// How urgently the vendor serves, in its own words.
const TIERS: [&str; 6] = ["auto", "default", "flex", "scale", "priority", "fast"];

#[derive(Serialize)]
struct Body<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<WrittenChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<WrittenUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenChoice<'a> {
    index: usize,
    message: Message<'a>,
    logprobs: Option<LogProbs<'a>>,
    finish_reason: &'static str,
}

/// Writes an answer.
pub(in super::super) fn write(response: &Response, telling: &mut Telling) -> Bytes {
    if let Some(error) = &response.error {
        let (code, param) = (error.code.as_deref(), error.param.as_deref());
        let reply = ErrorReply { status: error.status, message: &error.message, code, param };
        return error::render(&reply).body;
    }
    let request = &*telling.request;
    let mut ids: Vec<Vec<String>> = Vec::with_capacity(response.choices.len());
    for choice in &response.choices {
        ids.push(choice.parts.iter().filter_map(|part| call_id(part, &mut telling.ids)).collect());
    }
    let choices = response.choices.iter().zip(&ids).enumerate();
    let losses = &mut telling.losses;
    let choices = choices.map(|(index, (choice, ids))| write_choice(index, choice, ids, request, losses)).collect();
    let model = if response.model.is_empty() { &telling.request.model } else { &response.model };
    let body = Body {
        id: telling.ids.or_mint(&response.id, "chatcmpl-"),
        object: COMPLETION,
        created: response.created.unwrap_or(telling.now),
        model,
        choices,
        usage: response.usage.map(Usage::into),
        service_tier: response.tier.as_deref().filter(|tier| TIERS.contains(tier)),
    };
    serde_json::to_vec(&body).unwrap_or_default().into()
}

/// The id of a call, one of ours where it has none.
fn call_id(part: &Part, ids: &mut Ids) -> Option<String> {
    match &part.kind {
        PartKind::ToolCall(call) => Some(ids.or_mint(&call.id, "call_")),
        _ => None,
    }
}

fn write_choice<'a>(
    index: usize,
    choice: &'a Choice,
    ids: &'a [String],
    request: &Request,
    losses: &mut Losses,
) -> WrittenChoice<'a> {
    let (mut text, mut refusal) = (None::<String>, None);
    let mut length = 0;
    let mut message = Message { role: "assistant", ..Message::default() };
    let mut ids = ids.iter();
    let mut thoughts: Vec<String> = Vec::new();
    for part in &choice.parts {
        match &part.kind {
            PartKind::Text { text: more, citations } => {
                let own = more.chars().count() as u64;
                for found in citations {
                    let written = citation::write(found, length, own);
                    losses.drop_if(written.is_none(), "annotations");
                    message.annotations.extend(written);
                }
                length += own;
                text.get_or_insert_default().push_str(more);
            }
            PartKind::Refusal(more) => refusal = Some(more.as_str()),
            PartKind::Reasoning(reasoning) => thoughts.push(reasoning.joined()),
            PartKind::ToolCall(call) => {
                let id = ids.next().map_or(call.id.as_str(), String::as_str);
                message.tool_calls.push(call::answered(call, id, request));
            }
            PartKind::Media(media) => match (part::answered_image(media), &media.extras) {
                (Some(image), _) => message.images.push(image),
                (None, Some(native)) if native.name == "audio" => message.audio = Some(&native.json),
                (None, _) => losses.drop("media"),
            },
            PartKind::Native(native) => losses.drop(&native.name),
            PartKind::ToolResult(_) => losses.drop("tool_result"),
        }
    }
    let has_calls = !message.tool_calls.is_empty();
    let mut finish_reason = stop::write(choice.stop.as_ref(), has_calls);
    // Clients expect a text where there is neither a call nor a refusal.
    let is_null = text.is_none() && (has_calls || refusal.is_some());
    message.content = (!is_null).then(|| Content::Text(text.unwrap_or_default()));
    message.refusal = Some(Refusal(refusal));
    message.reasoning_content = Some(thoughts.concat()).filter(|thoughts| !thoughts.is_empty());
    if request.has_legacy_calls && has_calls {
        message.function_call = first_function(std::mem::take(&mut message.tool_calls));
        finish_reason = if finish_reason == "tool_calls" { "function_call" } else { finish_reason };
    }
    let logprobs = choice.log_probs.as_ref().map(|content: &Json| LogProbs { content, refusal: None });
    WrittenChoice { index, message, logprobs, finish_reason }
}

fn first_function(calls: Vec<Call<'_>>) -> Option<FunctionCall<'_>> {
    calls.into_iter().find_map(|call| call.function)
}
