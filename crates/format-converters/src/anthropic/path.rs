//! The actions of the Messages API.

use http::Method;

use crate::{Asked, Operation};

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    matches!(action.split('/').next(), Some("messages" | "complete"))
}

/// What a request asks for.
pub(super) fn operation(method: &Method, action: &str, _query: Option<&str>) -> Operation {
    let action = action.trim_matches('/');
    match (method, action) {
        (&Method::POST, "messages") => Operation::Converse(Asked::default()),
        (&Method::POST, "messages/count_tokens") => Operation::CountTokens(Asked::default()),
        (&Method::GET, "models") => Operation::ListModels,
        (&Method::GET, _) => match action.strip_prefix("models/") {
            Some(model) => Operation::ShowModel(model.replace("%2F", "/").replace("%3A", ":")),
            None => Operation::Other,
        },
        _ => Operation::Other,
    }
}
