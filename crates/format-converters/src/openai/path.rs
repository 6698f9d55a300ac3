//! The actions that only OpenAI's API has.

/// Whether the action is one of them. What other vendors have under the same name (`files`, `batches`, `models`) is not.
pub(super) fn owns(action: &str) -> bool {
    matches!(
        action.split('/').next(),
        Some("chat" | "completions" | "embeddings" | "moderations" | "images" | "audio" | "fine_tuning")
    )
}
