//! One block of a stream as it is written.

use crate::ir::{BlockKind, Delta, Opaque, Part};

/// A block that is open.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) form: Form,
    /// What stands on it, and is told at its end or before it.
    pub(super) opaque: Option<Opaque>,
    /// What came while another block was being written.
    pub(super) waiting: Vec<Delta>,
    pub(super) is_closed: bool,
}

/// What it is, and how far it is written.
#[derive(Debug)]
pub(super) enum Form {
    Text,
    Reasoning {
        /// Whether its text has begun; nobody knows before that whether it will be shown.
        has_begun: bool,
        /// Whether a section ended and no text followed yet.
        is_between_sections: bool,
    },
    Call {
        id: String,
        name: String,
        is_custom: bool,
        /// Whether it is written; an opaque text that is to stand before it may come first.
        has_begun: bool,
        has_input: bool,
    },
    Whole(Box<Part>),
}

// === impl Block ===

impl Block {
    pub(super) fn new(kind: BlockKind) -> Self {
        let form = match kind {
            BlockKind::Text | BlockKind::Refusal => Form::Text,
            BlockKind::Reasoning { .. } => Form::Reasoning { has_begun: false, is_between_sections: false },
            BlockKind::ToolCall { id, name, is_custom } => {
                Form::Call { id, name, is_custom, has_begun: false, has_input: false }
            }
            BlockKind::Whole(part) => Form::Whole(part),
        };
        Self { form, opaque: None, waiting: Vec::new(), is_closed: false }
    }
}
