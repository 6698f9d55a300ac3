//! What an upstream wants to have back and a client's format has no slot for, kept by the calls that it came with.
//!
//! Chat Completions has no place for signatures. Upstreams insist on them where the model called tools: so they are kept
//! under the ids of the calls, and put back when a request shows these calls again.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::ir::{Opaque, Part, PartKind, Request, Response};

/// What came with one call, and with what was said since the call before it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Keepsake {
    /// The reasoning before the text.
    before_text: Vec<Part>,
    /// What stands on the text.
    text: Option<Opaque>,
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
            let (mut keepsake, mut has_called) = (Self::default(), false);
            for part in &choice.parts {
                match &part.kind {
                    PartKind::Reasoning(_) if part.opaque.is_some() => keepsake.reasoning.push(part.clone()),
                    // The client shows all text before the first call.
                    PartKind::Text { .. } if !has_called => {
                        keepsake.before_text.append(&mut keepsake.reasoning);
                        keepsake.text = keepsake.text.or_else(|| part.opaque.clone());
                    }
                    PartKind::ToolCall(call) => {
                        has_called = true;
                        keepsake.opaque.clone_from(&part.opaque);
                        kept.push((call.id.clone(), std::mem::take(&mut keepsake)));
                    }
                    _ => {}
                }
            }
        }
        kept.retain(|(_, keepsake)| *keepsake != Self::default());
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
                    part.opaque = keepsake.put_back(&mut restored);
                }
                restored.push(part);
            }
            turn.parts = restored;
        }
    }

    /// Puts back what came before the call, and gives what stands on it.
    fn put_back(self, parts: &mut Vec<Part>) -> Option<Opaque> {
        let Self { before_text, text, reasoning, opaque } = self;
        if !(before_text.is_empty() && reasoning.is_empty()) {
            // The client may have shown the reasoning itself, which says less than what was kept.
            parts.retain(|part| part.opaque.is_some() || !matches!(part.kind, PartKind::Reasoning(_)));
        }
        let place = parts.iter().position(|part| matches!(part.kind, PartKind::Text { .. })).unwrap_or(parts.len());
        match parts.get_mut(place) {
            Some(shown) => shown.opaque = shown.opaque.take().or(text),
            // What says nothing is not shown.
            None => parts.extend(text.map(|text| Part { opaque: Some(text), ..Part::text("") })),
        }
        parts.splice(place..place, before_text);
        parts.extend(reasoning);
        opaque
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

    #[test]
    fn everything_comes_back_to_its_own_place() {
        let thought = |value| signed(PartKind::Reasoning(Reasoning::default()), value);
        let text = signed(Part::text("I look.").kind, "s1");
        let parts =
            vec![thought("s0"), text, thought("s2"), Part::new(call("1")), thought("s3"), signed(call("2"), "s4")];
        let choices = vec![Choice { parts: parts.clone(), ..Choice::default() }];
        let kept = Keepsake::of(&Response { choices, ..Response::default() });
        let shown = Part::new(PartKind::Reasoning(Reasoning { sections: vec!["shown".into()], is_summary: false }));
        let mut request = Request::new(Format::OpenAi, "m".into());
        request.turns = vec![Turn::new(
            Role::Assistant,
            vec![shown, Part::text("I look."), Part::new(call("1")), Part::new(call("2"))],
        )];
        Keepsake::restore(&mut request, kept.into_iter().collect());
        assert_eq!(request.turns[0].parts, parts);
    }
}
