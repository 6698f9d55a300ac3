//! The actions that only OpenAI's API has.

const ACTIONS: [&str; 9] =
    ["chat", "completions", "embeddings", "moderations", "images", "audio", "files", "batches", "fine_tuning"];

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    ACTIONS.contains(&action.split('/').next().unwrap_or_default())
}
