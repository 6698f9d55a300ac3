//! An answer in pieces.
//!
//! A stream is `Start`, then blocks (`Open`, any `Delta`s, `Close`), which may overlap, `Usage` whenever it is known (the last
//! one counts), a `Stop` for each choice, and `End`. An `Error` instead of `End` ends it too. A reader gives them in an order in
//! which each writer can write as it goes: nothing of a block before its `Open` or after its `Close`, nothing after the end.

use super::{ApiError, Citation, Opaque, Part, Stop, Usage};
use crate::json::Json;

/// The most answers of one stream; one with a higher number counts as the first.
pub(crate) const MOST_CHOICES: u32 = 128;

/// A block of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u32);

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The answer begins.
    Start {
        /// The upstream's id for it; empty where it gave none.
        id: String,
        /// The model that answers.
        model: String,
        /// When, in seconds since 1970; `None` where the format does not say.
        created: Option<i64>,
    },
    /// A block begins.
    Open {
        /// Its number, unique in the stream.
        block: BlockId,
        /// To which of several answers it belongs.
        choice: u32,
        /// What it is.
        kind: BlockKind,
    },
    /// A block goes on.
    Delta {
        /// Which.
        block: BlockId,
        /// With what.
        delta: Delta,
    },
    /// A block is whole.
    Close {
        /// Which.
        block: BlockId,
    },
    /// What was used so far, in all.
    Usage(Usage),
    /// An answer ended.
    Stop {
        /// Which of several.
        choice: u32,
        /// Why.
        stop: Stop,
    },
    /// The upstream gives up.
    Error(ApiError),
    /// Nothing new; the connection is alive.
    Ping,
    /// The stream ended as its format wants it to end.
    End,
}

/// What a block is.
#[derive(Clone, Debug, PartialEq)]
pub enum BlockKind {
    /// Text.
    Text,
    /// The words for why there is no answer.
    Refusal,
    /// Reasoning.
    Reasoning {
        /// Whether its text is a summary.
        is_summary: bool,
        /// The id of the item that it is, where its issuer wants that back as well.
        id: Option<String>,
    },
    /// A call of a client's tool.
    ToolCall {
        /// By which its result names it; empty where the format gave none.
        id: String,
        /// The tool.
        name: String,
        /// Whether it is called with free text.
        is_custom: bool,
    },
    /// A part that came whole, such as media or what only its format can say.
    Whole(Box<Part>),
}

/// How a block goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// More text: of a text, a refusal, or reasoning.
    Text(String),
    /// Reasoning begins a new section.
    Section,
    /// More of what a tool is called with.
    Input(String),
    /// What the issuer wants to have back with the block; the last one counts.
    Opaque(Opaque),
    /// Where text comes from.
    Citation(Citation),
    /// How likely the words of the text's last piece were, as OpenAI writes it (items of `logprobs.content`, a list).
    LogProbs(Json),
}
