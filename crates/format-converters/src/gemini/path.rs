//! The actions of the Gemini API: a method behind a colon, which some clients encode.

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    let is_resource = ["models/", "tunedModels/", "cachedContents"].iter().any(|prefix| action.starts_with(prefix));
    let names_method = action.contains(':') || action.contains("%3A") || action.contains("%3a");
    (is_resource && names_method) || action.starts_with("cachedContents")
}
