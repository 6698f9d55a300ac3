//! The actions of the Responses API.

use http::Method;

use crate::openai_vendor::models::decoded;
use crate::{Asked, Operation};

/// Where answers are asked for, on the upstream.
pub(super) const RESPONSES: &str = "/v1/responses";
/// Where the tokens of a prompt are counted, on the upstream.
pub(super) const INPUT_TOKENS: &str = "/v1/responses/input_tokens";

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    action.split('/').next() == Some("responses")
}

/// What a request asks for.
pub(super) fn operation(method: &Method, action: &str, _query: Option<&str>) -> Operation {
    match (method, action.trim_matches('/')) {
        (&Method::POST, "responses") => Operation::Converse(Asked::default()),
        (&Method::POST, "responses/input_tokens") => Operation::CountTokens(Asked::default()),
        (&Method::POST, "embeddings") => Operation::Embed(Asked::default()),
        (&Method::GET, "models") => Operation::ListModels,
        (&Method::GET, action) => match action.strip_prefix("models/") {
            // Relays have slashes in the names of models, and paths below them.
            Some(model) if !model.ends_with("/endpoints") => Operation::ShowModel(decoded(model)),
            _ => Operation::Other,
        },
        _ => Operation::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_what_is_asked_for() {
        let cases = [
            (Method::POST, "responses", Operation::Converse(Asked::default())),
            (Method::POST, "/responses/", Operation::Converse(Asked::default())),
            (Method::POST, "responses/input_tokens", Operation::CountTokens(Asked::default())),
            (Method::POST, "embeddings", Operation::Embed(Asked::default())),
            (Method::GET, "models", Operation::ListModels),
            (Method::GET, "models/org%2Fgpt-5", Operation::ShowModel("org/gpt-5".to_owned())),
            (Method::GET, "models/org/gpt-5/endpoints", Operation::Other),
            (Method::GET, "responses/resp_1", Operation::Other),
            (Method::GET, "responses/resp_1/input_items", Operation::Other),
            (Method::POST, "responses/resp_1/cancel", Operation::Other),
            (Method::POST, "responses/compact", Operation::Other),
            (Method::DELETE, "responses/resp_1", Operation::Other),
            (Method::DELETE, "models/m", Operation::Other),
            (Method::GET, "responses", Operation::Other),
        ];
        for (method, action, expected) in cases {
            assert_eq!(operation(&method, action, None), expected, "{method} {action}");
        }
    }
}
