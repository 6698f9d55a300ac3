//! How each LLM provider is called, and what its answers say about the key that was used.
//!
//! Owns a registry with one file a provider (one table for all that speak OpenAI's format), the reading of limit headers,
//! and the joining of base URL and action.
//!
//! Never touches a secret: an adapter says where a key goes, `proxy-core` puts it there.

mod adapter;
mod anthropic;
mod gemini;
mod openai_compatible;
mod openai_responses;
mod path;
mod registry;
mod retry_after;
mod verdict;

pub use adapter::{Adapter, Answer, KeyHeader};
pub use path::join_path;
pub use registry::{UnknownProvider, all, find};
pub use verdict::plain_verdict;
