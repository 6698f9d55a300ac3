//! The pieces of a whole answer: for a client that wants a stream and an upstream that does not give one.

use crate::ir::{BlockId, BlockKind, Delta, Event, Part, PartKind, Response, ToolInput};

/// The events of a stream that says what `response` says.
#[must_use]
pub fn events_of(response: &Response) -> Vec<Event> {
    if let Some(error) = &response.error {
        return vec![Event::Error(error.clone())];
    }
    let mut events =
        vec![Event::Start { id: response.id.clone(), model: response.model.clone(), created: response.created }];
    let mut next = 0;
    for (number, choice) in response.choices.iter().enumerate() {
        let number = u32::try_from(number).unwrap_or_default();
        for (place, part) in choice.parts.iter().enumerate() {
            let block = BlockId(next);
            next += 1;
            let (kind, mut deltas) = pieces(part);
            if place == 0
                && let Some(log_probs) = &choice.log_probs
            {
                deltas.push(Delta::LogProbs(log_probs.clone()));
            }
            events.push(Event::Open { block, choice: number, kind });
            events.extend(deltas.into_iter().map(|delta| Event::Delta { block, delta }));
            events.push(Event::Close { block });
        }
        if let Some(stop) = &choice.stop {
            events.push(Event::Stop { choice: number, stop: stop.clone() });
        }
    }
    events.extend(response.usage.map(Event::Usage));
    events.push(Event::End);
    events
}

fn pieces(part: &Part) -> (BlockKind, Vec<Delta>) {
    let opaque = part.opaque.clone().map(Delta::Opaque);
    let (kind, mut deltas) = match &part.kind {
        PartKind::Text { text, citations } => {
            let mut deltas = vec![Delta::Text(text.clone())];
            deltas.extend(citations.iter().cloned().map(Delta::Citation));
            (BlockKind::Text, deltas)
        }
        PartKind::Refusal(text) => (BlockKind::Refusal, vec![Delta::Text(text.clone())]),
        PartKind::Reasoning(reasoning) => {
            let mut deltas = Vec::new();
            for (place, section) in reasoning.sections.iter().enumerate() {
                if place > 0 {
                    deltas.push(Delta::Section);
                }
                deltas.push(Delta::Text(section.clone()));
            }
            let id = part.opaque.as_ref().and_then(|opaque| opaque.id.clone());
            (BlockKind::Reasoning { is_summary: reasoning.is_summary, id }, deltas)
        }
        PartKind::ToolCall(call) => {
            let is_custom = matches!(call.input, ToolInput::Text(_));
            let kind = BlockKind::ToolCall { id: call.id.clone(), name: call.name.clone(), is_custom };
            (kind, vec![Delta::Input(call.input.as_str().to_owned())])
        }
        PartKind::Media(_) | PartKind::ToolResult(_) | PartKind::Native(_) => {
            return (BlockKind::Whole(Box::new(part.clone())), Vec::new());
        }
    };
    deltas.extend(opaque);
    (kind, deltas)
}

#[cfg(test)]
mod tests {
    use rotator_domain::Format;

    use super::*;
    use crate::Accumulator;
    use crate::ir::{Choice, Opaque, Reasoning, Stop, StopReason, ToolCall, Usage};

    #[test]
    fn an_answer_that_is_taken_apart_and_put_together_is_the_same() {
        let reasoning = Reasoning { sections: vec!["a".into(), "b".into()], is_summary: true };
        let input = ToolInput::Text("x".into());
        let mut thought = Part::new(PartKind::Reasoning(reasoning));
        thought.opaque = Some(Opaque::new(Format::Gemini, "s".into()));
        let parts = vec![
            thought,
            Part::text("t"),
            Part::new(PartKind::Refusal("no".into())),
            Part::new(PartKind::ToolCall(ToolCall { id: "1".into(), name: "A".into(), input })),
        ];
        let stop = Some(Stop::of(StopReason::Tools));
        let response = Response {
            id: "r".into(),
            model: "m".into(),
            choices: vec![Choice { parts, stop, log_probs: None }],
            usage: Some(Usage { input: 1, output: 2, ..Usage::default() }),
            ..Response::default()
        };
        let mut accumulator = Accumulator::default();
        events_of(&response).iter().for_each(|event| accumulator.add(event));
        assert_eq!(accumulator.into_whole(), Some(response));
    }
}
