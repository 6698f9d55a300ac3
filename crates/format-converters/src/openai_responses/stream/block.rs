//! A block while it is written.

use crate::ir::{BlockKind, Opaque, Part};
use crate::json::Json;

/// A block while it is written.
#[derive(Debug)]
pub(super) struct Block {
    /// What it is.
    pub(super) form: Form,
    /// What its issuer wants to have back with it.
    pub(super) opaque: Option<Opaque>,
}

/// What a block is. Its item begins with the first that is said.
#[derive(Debug)]
pub(super) enum Form {
    /// A text or a refusal.
    Text(Text),
    /// Reasoning.
    Reasoning(Thoughts),
    /// A call.
    Call(Call),
    /// A part that came whole.
    Whole(Box<Part>),
}

/// A text or a refusal.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) is_refusal: bool,
    /// Its message, and its own place in it, once it began.
    pub(super) place: Option<(Message, u32)>,
    pub(super) text: String,
    pub(super) annotations: Vec<Json>,
    /// The items of the lists of probabilities.
    pub(super) log_probs: Vec<String>,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) index: u32,
    pub(super) id: String,
    /// Its parts that are whole.
    pub(super) parts: Vec<Json>,
}

/// Reasoning.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    /// Their id at their issuer.
    pub(super) id: Option<String>,
    /// Its item, once it began.
    pub(super) place: Option<(u32, String)>,
    pub(super) sections: Vec<String>,
    /// Whether the last section goes on.
    pub(super) is_within_section: bool,
}

/// A call of a tool.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// Its item, once it began.
    pub(super) place: Option<(u32, String)>,
    pub(super) call_id: String,
    pub(super) name: String,
    /// Whether the client's tool takes free text.
    pub(super) is_custom: bool,
    /// Whether the upstream calls it with JSON all the same: the text is known when all of it is.
    pub(super) is_wrapped: bool,
    pub(super) input: String,
}

// === impl Block ===

impl Block {
    /// A block that has just begun. `takes_text` says whether the client's tool of this name takes free text.
    pub(super) fn new(kind: BlockKind, takes_text: impl FnOnce(&str) -> bool) -> Self {
        let form = match kind {
            BlockKind::Text => Form::Text(Text::default()),
            BlockKind::Refusal => Form::Text(Text { is_refusal: true, ..Text::default() }),
            BlockKind::Reasoning { id, .. } => Form::Reasoning(Thoughts { id, ..Thoughts::default() }),
            BlockKind::ToolCall { id, name, is_custom } => {
                let is_wrapped = !is_custom && takes_text(&name);
                let is_custom = is_custom || is_wrapped;
                Form::Call(Call { call_id: id, name, is_custom, is_wrapped, ..Call::default() })
            }
            BlockKind::Whole(part) => Form::Whole(part),
        };
        Self { form, opaque: None }
    }
}
