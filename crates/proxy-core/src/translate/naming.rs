//! The ids under which a client will name an answer and its calls again.

use rotator_domain::Format;
use rotator_format_converters::ir::{BlockKind, Event, Part, PartKind, Response};
use rotator_format_converters::{Ids, Invalid, StreamReader, sse};

/// Gives ids that an upstream did not give, before anything is written or remembered, so that both say the same.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    /// The answer's own id, where it is remembered here and not at the upstream.
    response_id: Option<String>,
    call_prefix: &'static str,
    ids: Ids,
}

/// A reader whose events have all ids.
pub(super) struct NamingReader {
    reader: Box<dyn StreamReader>,
    naming: Naming,
}

// === impl Naming ===

impl Naming {
    /// Ids such as a client of this format expects.
    pub(super) const fn new(client: Format, response_id: Option<String>, ids: Ids) -> Self {
        let call_prefix = if matches!(client, Format::Anthropic) { "toolu_" } else { "call_" };
        Self { response_id, call_prefix, ids }
    }

    pub(super) fn name(&mut self, response: &mut Response) {
        if let Some(id) = &self.response_id {
            response.id.clone_from(id);
        }
        for part in response.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
            self.name_part(part);
        }
    }

    fn name_event(&mut self, event: &mut Event) {
        match event {
            Event::Start { id, .. } => {
                if let Some(own) = &self.response_id {
                    id.clone_from(own);
                }
            }
            Event::Open { kind: BlockKind::ToolCall { id, .. }, .. } => self.name_call(id),
            Event::Open { kind: BlockKind::Whole(part), .. } => self.name_part(part),
            _ => {}
        }
    }

    fn name_part(&mut self, part: &mut Part) {
        if let PartKind::ToolCall(call) = &mut part.kind {
            self.name_call(&mut call.id);
        }
    }

    fn name_call(&mut self, id: &mut String) {
        if id.is_empty() {
            *id = self.ids.mint(self.call_prefix);
        }
    }
}

// === impl NamingReader ===

impl NamingReader {
    pub(super) fn new(reader: Box<dyn StreamReader>, naming: Naming) -> Self {
        Self { reader, naming }
    }

    fn name_from(&mut self, first: usize, events: &mut [Event]) {
        for event in events.iter_mut().skip(first) {
            self.naming.name_event(event);
        }
    }
}

impl StreamReader for NamingReader {
    fn read(&mut self, event: &sse::Event<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let first = events.len();
        let read = self.reader.read(event, events);
        self.name_from(first, events);
        read
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        let first = events.len();
        self.reader.finish(events);
        self.name_from(first, events);
    }
}

#[cfg(test)]
mod tests {
    use rotator_format_converters::events_of;
    use rotator_format_converters::ir::{Choice, ToolCall, ToolInput};

    use super::*;

    #[test]
    fn whole_answers_and_streams_get_the_same_ids() {
        let call = |id: &str| {
            let input = ToolInput::Arguments("{}".into());
            Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "A".into(), input }))
        };
        let choices = vec![Choice { parts: vec![call(""), call("own"), call("")], ..Choice::default() }];
        let mut response = Response { id: "upstream".into(), choices, ..Response::default() };
        let naming = Naming::new(Format::Anthropic, Some("resp_1".into()), Ids::new(7));
        let mut events = events_of(&response);
        let mut streaming = naming.clone();
        events.iter_mut().for_each(|event| streaming.name_event(event));
        naming.clone().name(&mut response);
        assert_eq!(events, events_of(&response));
        let ids: Vec<&str> = response.choices[0]
            .parts
            .iter()
            .map(|part| match &part.kind {
                PartKind::ToolCall(call) => call.id.as_str(),
                _ => "",
            })
            .collect();
        assert!(response.id == "resp_1" && ids[1] == "own" && ids[0].starts_with("toolu_") && ids[0] != ids[2]);
    }
}
