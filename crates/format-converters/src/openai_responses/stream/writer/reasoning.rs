//! Reasoning, and what travels on it.

use bytes::BytesMut;

use super::super::block::Thoughts;
use super::super::event::Body;
use super::super::items::reasoning;
use super::super::wire::{FORMAT, Part, prefix};
use super::{Writer, to_json};
use crate::ir::{Attachment, Opaque};

// === impl Writer ===

impl Writer {
    fn start_reasoning(&mut self, thoughts: &mut Thoughts, opaque: Option<&Opaque>, out: &mut BytesMut) {
        if thoughts.place.is_some() {
            return;
        }
        let (index, minted) = self.start_item(prefix::REASONING, out);
        let told = opaque.filter(|opaque| opaque.is_of(FORMAT)).and_then(|opaque| opaque.id.clone());
        let id = thoughts.id.take().or(told).unwrap_or(minted);
        let item = to_json(&reasoning(&id, &[], None));
        self.emit("response.output_item.added", &Body::Item { output_index: index, item: &item }, out);
        thoughts.place = Some((index, id));
    }

    pub(super) fn think(&mut self, thoughts: &mut Thoughts, delta: &str, out: &mut BytesMut) {
        self.start_reasoning(thoughts, None, out);
        if !std::mem::replace(&mut thoughts.is_within_section, true) {
            thoughts.sections.push(String::new());
            self.section("response.reasoning_summary_part.added", thoughts, out);
        }
        if let Some(section) = thoughts.sections.last_mut() {
            section.push_str(delta);
        }
        if let Some((output_index, item_id)) = &thoughts.place {
            let (output_index, summary_index) = (*output_index, thoughts.sections.len().saturating_sub(1));
            let body = Body::SummaryDelta { item_id, output_index, summary_index, delta };
            self.emitter.emit("response.reasoning_summary_text.delta", &body, out);
        }
    }

    pub(super) fn end_section(&mut self, thoughts: &mut Thoughts, out: &mut BytesMut) {
        if !std::mem::replace(&mut thoughts.is_within_section, false) {
            return;
        }
        if let (Some((output_index, item_id)), Some(text)) = (&thoughts.place, thoughts.sections.last()) {
            let (output_index, summary_index) = (*output_index, thoughts.sections.len().saturating_sub(1));
            let body = Body::SummaryDone { item_id, output_index, summary_index, text };
            self.emitter.emit("response.reasoning_summary_text.done", &body, out);
        }
        self.section("response.reasoning_summary_part.done", thoughts, out);
    }

    /// Tells the last section as it is now.
    fn section(&mut self, name: &str, thoughts: &Thoughts, out: &mut BytesMut) {
        let (Some((output_index, item_id)), Some(text)) = (&thoughts.place, thoughts.sections.last()) else { return };
        let part = to_json(&Part::SummaryText { text });
        let (output_index, summary_index) = (*output_index, thoughts.sections.len().saturating_sub(1));
        self.emitter.emit(name, &Body::SummaryPart { item_id, output_index, summary_index, part: &part }, out);
    }

    pub(super) fn end_reasoning(&mut self, mut thoughts: Thoughts, opaque: Option<&Opaque>, out: &mut BytesMut) {
        if thoughts.place.is_none() && opaque.is_none() {
            return;
        }
        self.start_reasoning(&mut thoughts, opaque, out);
        self.end_section(&mut thoughts, out);
        if let Some((index, id)) = &thoughts.place {
            self.end_item(*index, to_json(&reasoning(id, &thoughts.sections, opaque)), out);
        }
    }

    /// Carries an opaque text of another part on a piece of reasoning.
    pub(super) fn carrier(&mut self, opaque: &Opaque, attachment: Attachment, out: &mut BytesMut) {
        let (index, id) = self.start_item(prefix::REASONING, out);
        let carried = Opaque { attachment, ..opaque.clone() };
        let empty = to_json(&reasoning(&id, &[], None));
        self.emit("response.output_item.added", &Body::Item { output_index: index, item: &empty }, out);
        self.end_item(index, to_json(&reasoning(&id, &[], Some(&carried))), out);
    }
}
