//! What an upstream wants to have back and a client's format has no slot for, kept by the calls that it came with.
//!
//! Chat Completions has no place for signatures. Upstreams insist on them where the model called tools: so they are kept
//! under the ids of the calls, and put back when a request shows these calls again.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::ir::{Opaque, Part, PartKind, Request, Response};

/// What came with one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keepsake {
    /// The reasoning before the call.
    reasoning: Vec<Part>,
    /// What stands on the call itself.
    opaque: Option<Opaque>,
}

// === impl Keepsake ===

impl Keepsake {
    /// What is to be kept of an answer, with the ids of the calls.
    #[must_use]
    pub fn of(response: &Response) -> Vec<(String, Self)> {
        let mut kept = Vec::new();
        for choice in &response.choices {
            let mut reasoning = Vec::new();
            for part in &choice.parts {
                match &part.kind {
                    PartKind::Reasoning(_) if part.opaque.is_some() => reasoning.push(part.clone()),
                    PartKind::ToolCall(call) => {
                        let keepsake = Self { reasoning: std::mem::take(&mut reasoning), opaque: part.opaque.clone() };
                        if !keepsake.reasoning.is_empty() || keepsake.opaque.is_some() {
                            kept.push((call.id.clone(), keepsake));
                        }
                    }
                    _ => {}
                }
            }
        }
        kept
    }

    /// The ids of the calls in a request that came without anything, and may have left something.
    #[must_use]
    pub fn wanted(request: &Request) -> Vec<String> {
        let bare = request.parts().filter(|part| part.opaque.is_none());
        bare.filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some(call.id.clone()),
            _ => None,
        })
        .collect()
    }

    /// Puts back what was kept.
    pub fn restore(request: &mut Request, mut kept: HashMap<String, Self>) {
        for turn in &mut request.turns {
            let mut restored = Vec::with_capacity(turn.parts.len());
            for mut part in std::mem::take(&mut turn.parts) {
                if let PartKind::ToolCall(call) = &part.kind
                    && part.opaque.is_none()
                    && let Some(keepsake) = kept.remove(&call.id)
                {
                    // The client may have shown the reasoning itself, which says less than what was kept.
                    if !keepsake.reasoning.is_empty() {
                        restored.retain(|part: &Part| !matches!(part.kind, PartKind::Reasoning(_)));
                    }
                    restored.extend(keepsake.reasoning);
                    part.opaque = keepsake.opaque;
                }
                restored.push(part);
            }
            // Reasoning comes before what it led to; a call that follows text keeps its own reasoning before the text.
            restored.sort_by_key(|part| !matches!(part.kind, PartKind::Reasoning(_)));
            turn.parts = restored;
        }
    }
}

#[cfg(test)]
mod tests {
    use rotator_domain::Format;

    use super::*;
    use crate::ir::{Choice, Reasoning, Role, ToolCall, ToolInput, Turn};

    fn signed(kind: PartKind, value: &str) -> Part {
        Part { kind, cache: None, opaque: Some(Opaque::new(Format::Anthropic, value.into())) }
    }

    fn call(id: &str) -> PartKind {
        PartKind::ToolCall(ToolCall { id: id.into(), name: "A".into(), input: ToolInput::Arguments("{}".into()) })
    }

    #[test]
    fn what_a_client_could_not_carry_is_put_back() {
        let thought = signed(PartKind::Reasoning(Reasoning { sections: vec!["t".into()], is_summary: false }), "s0");
        let parts = vec![thought, Part::text("I look."), Part::new(call("1")), signed(call("2"), "s2")];
        let choices = vec![Choice { parts: parts.clone(), ..Choice::default() }];
        let kept = Keepsake::of(&Response { choices, ..Response::default() });
        assert_eq!(kept.len(), 2);

        let shown = vec![Part::text("I look."), Part::new(call("1")), Part::new(call("2"))];
        let mut request = Request::new(Format::OpenAi, "m".into());
        request.turns = vec![Turn::new(Role::Assistant, shown)];
        assert_eq!(Keepsake::wanted(&request), ["1", "2"]);
        Keepsake::restore(&mut request, kept.into_iter().collect());
        assert_eq!(request.turns[0].parts, parts);
    }
}
