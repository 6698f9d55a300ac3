//! How each LLM provider is called, and what its answers say about the key that was used.
//!
//! Owns a registry with one file a provider (one table for all that speak OpenAI's format), the reading of answers, and
//! the joining of base URL and action. An answer is read by its status, then by tables: limit headers (`limits`) and
//! error words (`dialect`), a table a vendor; only what no table can say is code.
//!
//! Never touches a secret: an adapter says where a key goes, `proxy-core` puts it there. Never trusts what a client can
//! make an upstream repeat: a message counts by how it begins, a wait is bounded.

mod adapter;
mod anthropic;
mod dialect;
mod error_body;
mod event;
mod gemini;
mod limits;
mod midnight;
mod openai_compatible;
mod openai_errors;
mod openai_responses;
mod openrouter;
mod path;
mod registry;
mod reset;
mod retry_after;

pub use adapter::{Adapter, Answer, BODY_LOOK, KeyHeader};
pub use dialect::plain_reading;
pub use path::join_path;
pub use registry::{UnknownProvider, all, find};
