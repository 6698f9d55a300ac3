//! The actions of the Gemini API: a method behind a colon, which some clients encode.

/// The methods of a model (<https://ai.google.dev/api/all-methods>). They are named one by one because a colon alone says
/// nothing: other vendors have it in the names of their models (`ft:gpt-4o:org::id`, `llama3:8b`).
const METHODS: [&str; 11] = [
    "generateContent",
    "streamGenerateContent",
    "countTokens",
    "embedContent",
    "batchEmbedContents",
    "batchGenerateContent",
    "asyncBatchEmbedContent",
    "bidiGenerateContent",
    "generateAnswer",
    "predict",
    "predictLongRunning",
];

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    match action.split('/').next() {
        Some("models" | "tunedModels") => method(action).is_some_and(|method| METHODS.contains(&method)),
        Some("cachedContents") => true,
        _ => false,
    }
}

/// What stands behind the last colon.
fn method(action: &str) -> Option<&str> {
    let plain = action.rfind(':').map(|colon| colon + 1);
    let encoded = ["%3A", "%3a"].into_iter().filter_map(|colon| action.rfind(colon)).max().map(|colon| colon + 3);
    action.get(plain.max(encoded)?..)
}
