//! The actions of the Messages API.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::{Asked, Operation};

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    matches!(action.split('/').next(), Some("messages" | "complete"))
}

/// What a request asks for. The query changes nothing: `beta=true` is what the SDKs add for newer members of the body.
pub(super) fn operation(method: &Method, action: &str, _query: Option<&str>) -> Operation {
    let action = action.trim_end_matches('/');
    match (method, action) {
        (&Method::POST, "messages") => Operation::Converse(Asked::default()),
        (&Method::POST, "messages/count_tokens") => Operation::CountTokens(Asked::default()),
        (&Method::GET, "models") => Operation::ListModels,
        (&Method::GET, _) => match action.strip_prefix("models/") {
            Some(model) => Operation::ShowModel(percent_decode_str(model).decode_utf8_lossy().into_owned()),
            None => Operation::Other,
        },
        _ => Operation::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_what_is_asked_for() {
        let show = |model: &str| Operation::ShowModel(model.to_owned());
        let cases = [
            (Method::POST, "messages", Operation::Converse(Asked::default())),
            (Method::POST, "messages/", Operation::Converse(Asked::default())),
            (Method::POST, "messages/count_tokens", Operation::CountTokens(Asked::default())),
            (Method::GET, "models", Operation::ListModels),
            (Method::GET, "models/claude-opus-4-5", show("claude-opus-4-5")),
            (Method::GET, "models/anthropic%2Fclaude%20x", show("anthropic/claude x")),
            (Method::GET, "messages", Operation::Other),
            (Method::POST, "messages/batches", Operation::Other),
            (Method::POST, "complete", Operation::Other),
            (Method::POST, "models", Operation::Other),
            (Method::GET, "", Operation::Other),
        ];
        for (method, action, expected) in cases {
            assert_eq!(operation(&method, action, Some("beta=true")), expected, "{method} {action}");
        }
    }
}
