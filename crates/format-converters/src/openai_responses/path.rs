//! The actions of the Responses API.

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    action.split('/').next() == Some("responses")
}
