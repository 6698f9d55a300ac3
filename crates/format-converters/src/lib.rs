//! The wire formats of LLM APIs: recognising them, and telling errors in them.
//!
//! Owns one folder a format with the same files in each, and the registry over them.
//!
//! Never does I/O, and no format knows another one.
#![forbid(unsafe_code)]

mod anthropic;
mod gemini;
mod openai;
mod openai_error;
mod openai_responses;
mod registry;
mod reply;

pub use registry::{WireFormat, is_understood, recognise, wire_format};
pub use reply::{ErrorReply, RenderedError};
