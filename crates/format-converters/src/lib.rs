//! The wire formats of LLM APIs: recognising them, and turning each into any other.
//!
//! Owns the words that all formats are read into ([`ir`]), one folder a format with the same files in each, the registry over
//! them, and server-sent events ([`sse`]).
//!
//! Never does I/O, and no format knows another one.
#![forbid(unsafe_code)]

mod accumulate;
mod anthropic;
mod carriers;
mod custom_tools;
mod gemini;
mod ids;
pub mod ir;
mod items;
mod json;
mod keepsakes;
mod losses;
mod members;
mod metering;
mod model_table;
mod openai;
mod openai_responses;
mod openai_vendor;
mod registry;
mod replay;
mod reply;
pub mod sse;
mod tool_input;
mod translate;
mod wire_format;

pub use accumulate::Accumulator;
pub use ids::Ids;
pub use json::{Invalid, Json};
pub use keepsakes::Keepsake;
pub use losses::Losses;
pub use members::RawMembers;
pub use metering::UsageReader;
pub use model_table::{LEAST_BUDGET, ModelRow, ModelTable, ThinkingStyle};
pub use openai::UnaskedUsage;
pub use registry::{is_understood, operation, owner, recognise, wire_format};
pub use replay::events_of;
pub use reply::{ErrorReply, RenderedError};
pub use translate::StreamTranslator;
pub use wire_format::{Asked, Operation, StreamReader, StreamWriter, Telling, UpstreamCall, WireFormat, Writing};
