//! The actions of the Messages API.

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    matches!(action.split('/').next(), Some("messages" | "complete"))
}
