//! The actions of the Gemini API: a method behind a colon, which some clients encode.

use std::borrow::Cow;
use std::fmt::Write;

use http::Method;

use crate::{Asked, Operation};

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

/// The version whose paths are written.
const VERSION: &str = "/v1beta/";
/// How the names of models begin. Names with the first are told without it.
const COLLECTIONS: [&str; 2] = ["models/", "tunedModels/"];

/// Whether the action is one of them.
pub(super) fn owns(action: &str) -> bool {
    match action.split('/').next() {
        Some("models" | "tunedModels") => method(action).is_some_and(|(_, method)| METHODS.contains(&method)),
        Some("cachedContents") => true,
        _ => false,
    }
}

/// What a request asks for.
pub(super) fn operation(http_method: &Method, action: &str, query: Option<&str>) -> Operation {
    if http_method == Method::GET {
        return match action.strip_prefix("models") {
            Some("" | "/") => Operation::ListModels,
            Some(rest) => match rest.strip_prefix('/') {
                Some(model) if !model.contains(['/']) => Operation::ShowModel(decoded(model).into_owned()),
                _ => Operation::Other,
            },
            None => Operation::Other,
        };
    }
    let Some((model, method)) = method(action).filter(|_| http_method == Method::POST) else { return Operation::Other };
    let name = decoded(model);
    if !COLLECTIONS.iter().any(|collection| name.len() > collection.len() && name.starts_with(collection)) {
        return Operation::Other;
    }
    let asked = Asked { model: Some(bare(&name).to_owned()), ..Asked::default() };
    let is_events = query.is_some_and(|query| query.split('&').any(|pair| pair.eq_ignore_ascii_case("alt=sse")));
    match method {
        "generateContent" => Operation::Converse(Asked { stream: Some(false), ..asked }),
        "streamGenerateContent" => Operation::Converse(Asked { stream: Some(true), as_list: !is_events, ..asked }),
        "countTokens" => Operation::CountTokens(asked),
        "embedContent" => Operation::Embed(asked),
        "batchEmbedContents" => Operation::Embed(Asked { is_batch: true, ..asked }),
        _ => Operation::Other,
    }
}

/// A model's name without `models/`. A tuned model keeps its collection.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix(COLLECTIONS[0]).unwrap_or(name)
}

/// A model's name with its collection, as bodies name it.
pub(super) fn full(model: &str) -> String {
    let has_collection = COLLECTIONS.iter().any(|collection| model.starts_with(collection));
    if has_collection { model.to_owned() } else { format!("{}{model}", COLLECTIONS[0]) }
}

/// The path of a model, or of one of its methods where there is one.
pub(super) fn of_model(model: &str, method: &str) -> String {
    let collection = COLLECTIONS.into_iter().find(|collection| model.starts_with(collection));
    let name = collection.and_then(|collection| model.strip_prefix(collection)).unwrap_or(model);
    let mut path = format!("{VERSION}{}", collection.unwrap_or(COLLECTIONS[0]));
    // A segment of nothing but dots would lead elsewhere.
    let is_dots = name.bytes().all(|byte| byte == b'.');
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~@".contains(&byte) || (byte == b'.' && !is_dots) {
            path.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(path, "%{}{byte:02X}", if is_dots { "25" } else { "" });
        }
    }
    if !method.is_empty() {
        path.push(':');
        path.push_str(method);
    }
    path
}

/// The path of the list of models.
pub(super) fn of_models() -> String {
    format!("{VERSION}models")
}

/// What stands before and behind the last colon.
fn method(action: &str) -> Option<(&str, &str)> {
    let plain = action.rfind(':').map(|colon| (colon, colon + 1));
    let encoded = ["%3A", "%3a"].into_iter().filter_map(|colon| action.rfind(colon)).max();
    let (before, behind) = plain.max(encoded.map(|colon| (colon, colon + 3)))?;
    Some((action.get(..before)?, action.get(behind..)?))
}

/// A text without percent-encoding; as it stands where that makes no sense.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_is_asked_for() {
        let asked = |model: &str| Asked { model: Some(model.into()), ..Asked::default() };
        let stream = |as_list| Operation::Converse(Asked { stream: Some(true), as_list, ..asked("m") });
        let whole = |model| Operation::Converse(Asked { stream: Some(false), ..asked(model) });
        let cases = [
            (Method::POST, "models/m:generateContent", None, whole("m")),
            (Method::POST, "models/m%3AgenerateContent", None, whole("m")),
            (Method::POST, "models/a%2Fb%20c:generateContent", None, whole("a/b c")),
            (Method::POST, "models/llama3:8b:generateContent", None, whole("llama3:8b")),
            (Method::POST, "tunedModels/t:generateContent", None, whole("tunedModels/t")),
            (Method::POST, "models/m:streamGenerateContent", None, stream(true)),
            (Method::POST, "models/m:streamGenerateContent", Some("alt=json&key=k"), stream(true)),
            (Method::POST, "models/m:streamGenerateContent", Some("key=k&alt=sse"), stream(false)),
            (Method::POST, "models/m:countTokens", None, Operation::CountTokens(asked("m"))),
            (Method::POST, "models/m:embedContent", None, Operation::Embed(asked("m"))),
            (
                Method::POST,
                "models/m:batchEmbedContents",
                None,
                Operation::Embed(Asked { is_batch: true, ..asked("m") }),
            ),
            (Method::GET, "models", None, Operation::ListModels),
            (Method::GET, "models/gemini-2.5-pro", None, Operation::ShowModel("gemini-2.5-pro".into())),
            (Method::GET, "models/a/operations/b", None, Operation::Other),
            (Method::GET, "modelsx", None, Operation::Other),
            (Method::GET, "cachedContents/c", None, Operation::Other),
            (Method::POST, "models/m:predict", None, Operation::Other),
            (Method::POST, "models/:generateContent", None, Operation::Other),
            (Method::POST, "models", None, Operation::Other),
            (Method::GET, "models/%zz%", None, Operation::ShowModel("%zz%".into())),
            (Method::DELETE, "tunedModels/t", None, Operation::Other),
        ];
        for (method, action, query, expected) in cases {
            assert_eq!(operation(&method, action, query), expected, "{action}");
        }
    }

    #[test]
    fn a_model_cannot_lead_to_another_path() {
        let cases = [
            ("gemini-2.5-pro", "/v1beta/models/gemini-2.5-pro:x"),
            ("models/m", "/v1beta/models/m:x"),
            ("tunedModels/t", "/v1beta/tunedModels/t:x"),
            ("../files?a#b", "/v1beta/models/..%2Ffiles%3Fa%23b:x"),
            ("..", "/v1beta/models/%252E%252E:x"),
            ("é:1", "/v1beta/models/%C3%A9%3A1:x"),
        ];
        for (model, expected) in cases {
            assert_eq!(of_model(model, "x"), expected);
        }
        assert_eq!((full("m"), full("tunedModels/t")), ("models/m".into(), "tunedModels/t".into()));
    }
}
