//! The actions of OpenAI's API.

use http::Method;

use crate::openai_vendor::models::decoded;
use crate::{Asked, Operation};

/// Whether the action is one that only OpenAI's API has. What other vendors have under the same name (`files`, `batches`,
/// `models`) is not.
pub(super) fn owns(action: &str) -> bool {
    matches!(
        action.split('/').next(),
        Some("chat" | "completions" | "embeddings" | "moderations" | "images" | "audio" | "fine_tuning")
    )
}

/// What a request asks for.
pub(super) fn operation(method: &Method, action: &str, _query: Option<&str>) -> Operation {
    let action = action.trim_end_matches('/');
    match (method, action) {
        (&Method::POST, "chat/completions") => Operation::Converse(Asked::default()),
        (&Method::POST, "embeddings") => Operation::Embed(Asked::default()),
        (&Method::GET, "models") => Operation::ListModels,
        (&Method::GET, action) => match action.strip_prefix("models/") {
            // Relays have slashes in the names of models, and paths below them.
            Some(model) if !model.is_empty() && !model.ends_with("/endpoints") => Operation::ShowModel(decoded(model)),
            _ => Operation::Other,
        },
        _ => Operation::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_what_is_asked_for() {
        let show = |name: &str| Operation::ShowModel(name.to_owned());
        let cases = [
            (Method::POST, "chat/completions", Operation::Converse(Asked::default())),
            (Method::POST, "chat/completions/", Operation::Converse(Asked::default())),
            (Method::GET, "chat/completions", Operation::Other),
            (Method::GET, "chat/completions/chatcmpl-1", Operation::Other),
            (Method::POST, "completions", Operation::Other),
            (Method::POST, "embeddings", Operation::Embed(Asked::default())),
            (Method::GET, "models", Operation::ListModels),
            (Method::GET, "models/", Operation::ListModels),
            (Method::GET, "models/gpt-4o", show("gpt-4o")),
            (Method::GET, "models/deepseek%2Fdeepseek-r1:free", show("deepseek/deepseek-r1:free")),
            (Method::GET, "models/deepseek/deepseek-r1", show("deepseek/deepseek-r1")),
            (Method::GET, "models/deepseek/deepseek-r1/endpoints", Operation::Other),
            (Method::DELETE, "models/ft:gpt-4o", Operation::Other),
            (Method::POST, "images/generations", Operation::Other),
            (Method::GET, "", Operation::Other),
        ];
        for (method, action, expected) in cases {
            assert_eq!(operation(&method, action, None), expected, "{method} {action}");
        }
    }
}
