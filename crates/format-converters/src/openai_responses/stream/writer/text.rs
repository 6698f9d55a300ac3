//! Texts and refusals. Neighbours are parts of one message.

use std::borrow::Cow;

use bytes::BytesMut;

use super::super::block::{Message, Text};
use super::super::event::Body;
use super::super::items::no_list;
use super::super::wire::{COMPLETED, Content, IN_PROGRESS, Item, Part, prefix};
use super::{Writer, to_json};
use crate::json::Json;

// === impl Writer ===

impl Writer {
    /// Begins the text's part, in the message that was written last or in a new one.
    fn start_text(&mut self, text: &mut Text, out: &mut BytesMut) {
        if text.place.is_some() {
            return;
        }
        let is_last = |message: &mut Message| message.index + 1 == self.next_index;
        let message = match self.idle.take_if(is_last) {
            Some(message) => message,
            None => {
                let (index, id) = self.start_item(prefix::MESSAGE, out);
                let message = Message { index, id, parts: Vec::new() };
                let item = message_item(&message, IN_PROGRESS);
                self.emit("response.output_item.added", &Body::Item { output_index: index, item: &item }, out);
                message
            }
        };
        let content_index = u32::try_from(message.parts.len()).unwrap_or(u32::MAX);
        let part = text_part(&Text { is_refusal: text.is_refusal, ..Text::default() });
        let body = Body::Part { item_id: &message.id, output_index: message.index, content_index, part: &part };
        self.emitter.emit("response.content_part.added", &body, out);
        text.place = Some((message, content_index));
    }

    pub(super) fn extend_text(&mut self, text: &mut Text, delta: &str, out: &mut BytesMut) {
        self.start_text(text, out);
        text.text.push_str(delta);
        let Some((Message { index, id, .. }, content_index)) = &text.place else { return };
        let (item_id, output_index, content_index) = (id.as_str(), *index, *content_index);
        if text.is_refusal {
            let body = Body::RefusalDelta { item_id, output_index, content_index, delta };
            self.emitter.emit("response.refusal.delta", &body, out);
        } else {
            let body = Body::TextDelta { item_id, output_index, content_index, delta, logprobs: &no_list() };
            self.emitter.emit("response.output_text.delta", &body, out);
        }
    }

    pub(super) fn annotate(&mut self, text: &mut Text, annotation: Json, out: &mut BytesMut) {
        self.start_text(text, out);
        if let Some((Message { index, id, .. }, content_index)) = &text.place {
            let body = Body::Annotation {
                item_id: id,
                output_index: *index,
                content_index: *content_index,
                annotation_index: text.annotations.len(),
                annotation: &annotation,
            };
            self.emitter.emit("response.output_text.annotation.added", &body, out);
        }
        text.annotations.push(annotation);
    }

    /// Probabilities come after their words, in an event that adds no others.
    pub(super) fn log_probs(&mut self, text: &mut Text, list: &Json, out: &mut BytesMut) {
        let items = list.get().trim().trim_start_matches('[').trim_end_matches(']').trim();
        if items.is_empty() {
            return;
        }
        text.log_probs.push(items.to_owned());
        self.start_text(text, out);
        if let Some((Message { index, id, .. }, content_index)) = &text.place {
            let (item_id, output_index, content_index) = (id.as_str(), *index, *content_index);
            let body = Body::TextDelta { item_id, output_index, content_index, delta: "", logprobs: list };
            self.emitter.emit("response.output_text.delta", &body, out);
        }
    }

    pub(super) fn end_text(&mut self, mut text: Text, out: &mut BytesMut) {
        self.start_text(&mut text, out);
        let part = text_part(&text);
        let Some((mut message, content_index)) = text.place.take() else { return };
        let (item_id, output_index) = (message.id.as_str(), message.index);
        if text.is_refusal {
            let body = Body::RefusalDone { item_id, output_index, content_index, refusal: &text.text };
            self.emitter.emit("response.refusal.done", &body, out);
        } else {
            let logprobs = &joined(&text.log_probs);
            let body = Body::TextDone { item_id, output_index, content_index, text: &text.text, logprobs };
            self.emitter.emit("response.output_text.done", &body, out);
        }
        let body = Body::Part { item_id, output_index, content_index, part: &part };
        self.emitter.emit("response.content_part.done", &body, out);
        message.parts.push(part);
        self.end_idle(out);
        self.idle = Some(message);
    }

    /// Ends the message that waited for more parts.
    pub(super) fn end_idle(&mut self, out: &mut BytesMut) {
        if let Some(message) = self.idle.take() {
            self.end_item(message.index, message_item(&message, COMPLETED), out);
        }
    }
}

fn message_item(message: &Message, status: &'static str) -> Json {
    let content = Content::Written(&message.parts);
    to_json(&Item::Message { id: Some(Cow::Borrowed(&message.id)), status: Some(status), role: "assistant", content })
}

fn text_part(text: &Text) -> Json {
    if text.is_refusal {
        return to_json(&Part::Refusal { refusal: &text.text });
    }
    let logprobs = joined(&text.log_probs);
    to_json(&Part::OutputText { text: &text.text, annotations: &text.annotations, logprobs: &logprobs })
}

fn joined(items: &[String]) -> Json {
    Json::from_text(&format!("[{}]", items.join(","))).unwrap_or_else(no_list)
}
