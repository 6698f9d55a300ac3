//! What OpenAI's two formats share, since they belong to one API: errors, lists of models, embeddings, data URLs, the names of
//! models, the grammars of tools that take free text, what was used.

pub(crate) mod data_url;
pub(crate) mod embeddings;
pub(crate) mod error;
pub(crate) mod grammar;
pub(crate) mod model_name;
pub(crate) mod models;
pub(crate) mod usage;

/// Members of requests that both formats know, and that mean the same in both however they came to be unread.
pub(crate) const SHARED: [&str; 2] = ["safety_identifier", "stream_options"];
