//! Requests for answers.

mod read;
mod schema;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod turns;
mod write;

pub(super) use read::read;
pub(super) use write::{body, write};

/// The path of requests for answers.
pub(super) const PATH: &str = "/v1/messages";
/// The types of the web search that the upstream runs itself begin so.
const SEARCH: &str = "web_search_";
