//! Writing requests.

use rotator_domain::Format;
use serde::Serialize;

use super::{generation, tools, turns};
use crate::gemini::path;
use crate::gemini::wire::{Content, camel};
use crate::ir::{Request, Tier};
use crate::json::Json;
use crate::members::Members;
use crate::{Invalid, UpstreamCall, Writing};

/// A request for an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::gemini) struct Body {
    /// The model, which a count of tokens wants to be told here too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_instruction: Option<Content>,
    pub contents: Vec<Content>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Json>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    tool_config: Members,
    #[serde(skip_serializing_if = "Members::is_empty")]
    generation_config: Members,
    #[serde(flatten)]
    rest: Members,
}

/// What a client of this format said that only this format has, by where it belongs.
#[derive(Default)]
struct Own {
    top: Members,
    tool_config: Members,
    generation_config: Members,
    mode: Option<Json>,
}

/// Writes a request for an answer.
///
/// # Errors
///
/// What this format cannot say although the answer depends on it.
pub(in crate::gemini) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid> {
    let body = body(request, writing)?;
    let method = if request.stream { "streamGenerateContent" } else { "generateContent" };
    let call = UpstreamCall::post(path::of_model(&request.model, method), &body)?;
    Ok(UpstreamCall { query: request.stream.then(|| "alt=sse".to_owned()), ..call })
}

/// The body of a request for an answer.
///
/// # Errors
///
/// As [`write()`].
pub(in crate::gemini) fn body(request: &Request, writing: &mut Writing<'_>) -> Result<Body, Invalid> {
    let own = Own::of(request, writing);
    let mut rest = Members::default();
    rest.add_some("cachedContent", request.caching.content.as_ref());
    rest.add_some("serviceTier", tier(request, writing));
    if request.format == Format::Gemini {
        rest.add_some("labels", request.metadata.as_ref());
        rest.add_some("store", request.state.store.as_ref());
    }
    rest.0.extend(own.top.0);
    drop_or_refuse(request, writing)?;
    Ok(Body {
        model: None,
        system_instruction: turns::instructions(request, &mut writing.losses)?,
        contents: turns::contents(request, writing)?,
        tools: tools::write(request, &mut writing.losses)?,
        tool_config: tools::write_config(request, writing, own.tool_config, own.mode.as_ref())?,
        generation_config: generation::write(request, writing, own.generation_config),
        rest,
    })
}

fn tier(request: &Request, writing: &mut Writing<'_>) -> Option<&'static &'static str> {
    match request.tier.as_ref()? {
        Tier::Standard => Some(&"standard"),
        Tier::Flex => Some(&"flex"),
        Tier::Priority => Some(&"priority"),
        Tier::Auto => None,
        Tier::Other(_) => {
            writing.losses.drop("service_tier");
            None
        }
    }
}

/// What this format has no word for. What is kept at another vendor cannot be gone on from here.
fn drop_or_refuse(request: &Request, writing: &mut Writing<'_>) -> Result<(), Invalid> {
    let (state, caching) = (&request.state, &request.caching);
    let kept = [
        (state.previous_response_id.is_some(), "previous_response_id"),
        (state.conversation.is_some(), "conversation"),
        (state.background == Some(true), "background"),
    ];
    if let Some((_, name)) = kept.into_iter().find(|(is_there, _)| *is_there) {
        return Err(Invalid::new("has no counterpart in gemini").at(name));
    }
    let is_own = request.format == Format::Gemini;
    let losses = &mut writing.losses;
    losses.drop_if(request.user.is_some(), "user");
    losses.drop_if(request.metadata.is_some() && !is_own, "metadata");
    losses.drop_if(request.verbosity.is_some(), "verbosity");
    losses.drop_if(caching.key.is_some(), "prompt_cache_key");
    losses.drop_if(caching.retention.is_some(), "prompt_cache_retention");
    losses.drop_if(caching.mark.is_some(), "cache_control");
    losses.drop_if(state.store == Some(true) && !is_own, "store");
    Ok(())
}

// === impl Own ===

impl Own {
    fn of(request: &Request, writing: &mut Writing<'_>) -> Self {
        let mut own = Self::default();
        for (name, json) in &request.extras.0 {
            let place = |members: &mut Members, name: &str| {
                members.0.push((camel(name.into()).into_owned(), json.clone()));
            };
            if request.format != Format::Gemini {
                writing.losses.drop(name);
            } else if name == tools::MODE {
                own.mode = Some(json.clone());
            } else if let Some(name) = name.strip_prefix(tools::PREFIX) {
                place(&mut own.tool_config, name);
            } else if let Some(name) = name.strip_prefix(generation::PREFIX) {
                place(&mut own.generation_config, name);
            } else {
                place(&mut own.top, name);
            }
        }
        own
    }
}
