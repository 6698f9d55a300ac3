//! A whole answer from its pieces.

use std::collections::BTreeMap;

use crate::ir::{
    ApiError, BlockId, BlockKind, Choice, Delta, Event, MOST_CHOICES, Part, PartKind, Reasoning, Response, ToolCall,
    ToolInput,
};
use crate::json::Json;

/// Collects the pieces of an answer.
#[derive(Clone, Debug, Default)]
pub struct Accumulator {
    response: Response,
    /// Where each block's part is: the choice and the place in it.
    places: BTreeMap<BlockId, (usize, usize)>,
    log_probs: Vec<String>,
    is_whole: bool,
}

// === impl Accumulator ===

impl Accumulator {
    /// Takes a piece up.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::Start { id, model, created } => {
                self.response.id.clone_from(id);
                self.response.model.clone_from(model);
                self.response.created = *created;
            }
            Event::Open { block, choice, kind } => {
                let choice = place_of(*choice);
                let parts = &mut self.choice(choice).parts;
                parts.push(part_of(kind));
                let place = parts.len() - 1;
                self.places.insert(*block, (choice, place));
            }
            Event::Delta { block, delta } => self.extend(*block, delta),
            Event::Close { .. } | Event::Ping => {}
            Event::Usage(usage) => self.response.usage = Some(*usage),
            Event::Stop { choice, stop } => {
                self.choice(place_of(*choice)).stop = Some(stop.clone());
            }
            Event::Error(error) => self.response.error = Some(error.clone()),
            Event::End => self.is_whole = true,
        }
    }

    /// The answer so far.
    #[must_use]
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// The answer, where its stream ended as it should.
    #[must_use]
    pub fn into_whole(mut self) -> Option<Response> {
        if !self.log_probs.is_empty()
            && let Some(choice) = self.response.choices.first_mut()
        {
            choice.log_probs = Json::from_text(&format!("[{}]", self.log_probs.join(",")));
        }
        self.is_whole.then_some(self.response)
    }

    /// The error that ended the stream.
    #[must_use]
    pub fn error(&self) -> Option<&ApiError> {
        self.response.error.as_ref()
    }

    fn choice(&mut self, choice: usize) -> &mut Choice {
        if self.response.choices.len() <= choice {
            self.response.choices.resize_with(choice + 1, Choice::default);
        }
        &mut self.response.choices[choice]
    }

    fn extend(&mut self, block: BlockId, delta: &Delta) {
        let place = self.places.get(&block);
        let part = place.and_then(|(choice, part)| self.response.choices.get_mut(*choice)?.parts.get_mut(*part));
        let Some(part) = part else { return };
        match (delta, &mut part.kind) {
            (Delta::Text(more), PartKind::Text { text, .. } | PartKind::Refusal(text)) => text.push_str(more),
            (Delta::Text(more), PartKind::Reasoning(reasoning)) => match reasoning.sections.last_mut() {
                Some(section) => section.push_str(more),
                None => reasoning.sections.push(more.clone()),
            },
            (Delta::Section, PartKind::Reasoning(reasoning)) => reasoning.sections.push(String::new()),
            (Delta::Input(more), PartKind::ToolCall(call)) => match &mut call.input {
                ToolInput::Arguments(text) | ToolInput::Text(text) => text.push_str(more),
            },
            (Delta::Citation(citation), PartKind::Text { citations, .. }) => citations.push(citation.clone()),
            (Delta::Opaque(opaque), _) => part.opaque = Some(opaque.clone()),
            (Delta::LogProbs(list), _) => {
                let items = list.get().trim().trim_start_matches('[').trim_end_matches(']').trim();
                if !items.is_empty() {
                    self.log_probs.push(items.to_owned());
                }
            }
            _ => {}
        }
    }
}

/// The place of a choice; one with a number beyond any sense counts as the first.
fn place_of(choice: u32) -> usize {
    usize::try_from(choice).ok().filter(|_| choice < MOST_CHOICES).unwrap_or_default()
}

fn part_of(kind: &BlockKind) -> Part {
    match kind {
        BlockKind::Text => Part::text(""),
        BlockKind::Refusal => Part::new(PartKind::Refusal(String::new())),
        BlockKind::Reasoning { is_summary, .. } => {
            Part::new(PartKind::Reasoning(Reasoning { sections: Vec::new(), is_summary: *is_summary }))
        }
        BlockKind::ToolCall { id, name, is_custom } => {
            let input = if *is_custom { ToolInput::Text(String::new()) } else { ToolInput::Arguments(String::new()) };
            Part::new(PartKind::ToolCall(ToolCall { id: id.clone(), name: name.clone(), input }))
        }
        BlockKind::Whole(part) => (**part).clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Stop, StopReason};

    #[test]
    fn overlapping_blocks_are_put_together() {
        let block = BlockId;
        let call = |id: &str| BlockKind::ToolCall { id: id.into(), name: "A".into(), is_custom: false };
        let open = |number, kind| Event::Open { block: block(number), choice: 0, kind };
        let delta = |number, delta| Event::Delta { block: block(number), delta };
        let events = [
            Event::Start { id: "r".into(), model: "m".into(), created: None },
            open(1, call("1")),
            open(2, call("2")),
            delta(1, Delta::Input("{\"a\":".into())),
            delta(2, Delta::Input("{}".into())),
            delta(1, Delta::Input("1}".into())),
            Event::Close { block: block(1) },
            Event::Stop { choice: 0, stop: Stop::of(StopReason::Tools) },
        ];
        let mut accumulator = Accumulator::default();
        events.iter().for_each(|event| accumulator.add(event));
        assert!(accumulator.clone().into_whole().is_none(), "it has not ended");
        accumulator.add(&Event::End);
        let response = accumulator.into_whole().unwrap();
        let inputs: Vec<&str> = response.choices[0]
            .parts
            .iter()
            .map(|part| match &part.kind {
                PartKind::ToolCall(call) => call.input.as_str(),
                _ => "",
            })
            .collect();
        assert_eq!(inputs, ["{\"a\":1}", "{}"]);
    }
}
