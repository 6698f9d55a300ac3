//! The events that are written.

use bytes::BytesMut;
use serde::Serialize;

use super::response::Answer;
use crate::json::Json;
use crate::sse;

/// An event without its number.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Body<'a> {
    Lifecycle {
        response: Answer<'a>,
    },
    Item {
        output_index: u32,
        item: &'a Json,
    },
    Part {
        item_id: &'a str,
        output_index: u32,
        content_index: u32,
        part: &'a Json,
    },
    TextDelta {
        item_id: &'a str,
        output_index: u32,
        content_index: u32,
        delta: &'a str,
        logprobs: &'a Json,
    },
    TextDone {
        item_id: &'a str,
        output_index: u32,
        content_index: u32,
        text: &'a str,
        logprobs: &'a Json,
    },
    RefusalDelta {
        item_id: &'a str,
        output_index: u32,
        content_index: u32,
        delta: &'a str,
    },
    RefusalDone {
        item_id: &'a str,
        output_index: u32,
        content_index: u32,
        refusal: &'a str,
    },
    Annotation {
        item_id: &'a str,
        output_index: u32,
        content_index: u32,
        annotation_index: usize,
        annotation: &'a Json,
    },
    SummaryPart {
        item_id: &'a str,
        output_index: u32,
        summary_index: usize,
        part: &'a Json,
    },
    SummaryDelta {
        item_id: &'a str,
        output_index: u32,
        summary_index: usize,
        delta: &'a str,
    },
    SummaryDone {
        item_id: &'a str,
        output_index: u32,
        summary_index: usize,
        text: &'a str,
    },
    InputDelta {
        item_id: &'a str,
        output_index: u32,
        delta: &'a str,
    },
    ArgumentsDone {
        item_id: &'a str,
        output_index: u32,
        name: &'a str,
        arguments: &'a str,
    },
    InputDone {
        item_id: &'a str,
        output_index: u32,
        input: &'a str,
    },
}

#[derive(Serialize)]
struct Numbered<'a> {
    r#type: &'a str,
    sequence_number: u64,
    #[serde(flatten)]
    body: &'a Body<'a>,
}

/// Writes events, numbered from 0 on.
#[derive(Debug, Default)]
pub(super) struct Emitter {
    next: u64,
}

// === impl Emitter ===

impl Emitter {
    /// Writes an event of this type.
    pub(super) fn emit(&mut self, r#type: &str, body: &Body<'_>, out: &mut BytesMut) {
        let event = Numbered { r#type, sequence_number: self.next, body };
        self.next += 1;
        sse::write(out, Some(r#type), &serde_json::to_string(&event).unwrap_or_default());
    }
}
