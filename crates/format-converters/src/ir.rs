//! What all formats say, in words of none of them.
//!
//! A format is read into these types and written from them, and never meets another format. What only one format can say
//! travels as it was written, marked with that format, so that writing it to another one is noticed.

mod content;
mod endpoints;
mod event;
mod format_name;
mod opaque;
mod request;
mod response;

pub use content::{
    CacheMark, Citation, Media, MediaKind, Native, Part, PartKind, Reasoning, Role, Source, ToolCall, ToolInput,
    ToolResult, Turn,
};
pub use endpoints::{CountedTokens, Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Model, ModelPage};
pub(crate) use event::MOST_CHOICES;
pub use event::{BlockId, BlockKind, Delta, Event};
pub use opaque::{Attachment, Opaque};
pub use request::{
    Caching, Effort, Extras, LogProbs, OutputShape, Request, Sampling, Search, State, Thinking, ThinkingMode, Tier,
    Tool, ToolChoice,
};
pub use response::{ApiError, Choice, Response, Stop, StopReason, Usage};
