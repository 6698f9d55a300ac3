//! The shapes in which vendors write an error, as one.

use serde_json::Value;

use crate::BODY_LOOK;

/// The part of a message that is looked at.
const LONGEST_MESSAGE: usize = 1024;

/// What an error says, from whatever shape; empty where it does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorBody {
    /// The machine's words for it: OpenAI's `type` and `code`, Google's `status` and `ErrorInfo.reason`.
    pub(crate) words: Vec<String>,
    /// The text for people. It may repeat parts of the request, so that only its fixed beginning is to be trusted.
    pub(crate) message: String,
    /// Google's `details` (<https://cloud.google.com/apis/design/errors>).
    pub(crate) details: Vec<Value>,
    /// OpenRouter's `metadata` (<https://openrouter.ai/docs/api-reference/errors>).
    pub(crate) metadata: Value,
}

// === impl ErrorBody ===

impl ErrorBody {
    /// Reads the body of an answer whose status says that it is an error. A body that is cut, or no JSON, or nested
    /// deeper than `serde_json` follows, reads as one that says nothing.
    pub(crate) fn of_answer(body: &[u8]) -> Self {
        let Some(whole) = parse(body) else { return Self::default() };
        let error = find(&whole).unwrap_or(&whole);
        Self::read(error, &whole)
    }

    /// Reads the data of an event; `None` when it is no error.
    pub(crate) fn of_event(data: &[u8]) -> Option<Self> {
        // Most events are none, and none that is one is long: the scan is cheap, the reading is not.
        if data.len() > BODY_LOOK || !data.windows(b"error".len()).any(|window| window == b"error") {
            return None;
        }
        let whole = parse(data)?;
        let error = find(&whole)?;
        Some(Self::read(error, &whole))
    }

    /// Whether one of its words is this one.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    /// Whether its message begins so, in whatever case.
    pub(crate) fn begins(&self, text: &str) -> bool {
        self.message.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
    }

    fn read(error: &Value, whole: &Value) -> Self {
        let mut read = Self { metadata: error["metadata"].clone(), ..Self::default() };
        if let Some(text) = error.as_str() {
            // xAI and Ollama: `{"code": "…", "error": "…"}`.
            read.message = start(text);
            read.add_word(&whole["code"]);
            return read;
        }
        // The code first: OpenAI's says more than its type.
        for name in ["code", "type", "status"] {
            read.add_word(&error[name]);
        }
        // FastAPI, and so vLLM and Mistral's gateway, says `detail`.
        let message = ["message", "detail"].iter().find_map(|name| error[*name].as_str());
        read.message = start(message.unwrap_or_default());
        read.details = error["details"].as_array().cloned().unwrap_or_default();
        for index in 0..read.details.len() {
            let reason = read.details[index]["reason"].clone();
            read.add_word(&reason);
        }
        read
    }

    fn add_word(&mut self, value: &Value) {
        match value {
            Value::String(word) => self.words.push(word.clone()),
            Value::Number(number) => self.words.push(number.to_string()),
            _ => {}
        }
    }
}

fn parse(body: &[u8]) -> Option<Value> {
    let whole = serde_json::from_slice(body.get(..BODY_LOOK).unwrap_or(body)).ok()?;
    // Google's streams, and its errors behind OpenAI's format, come in a list.
    Some(match whole {
        Value::Array(list) => list.into_iter().next()?,
        other => other,
    })
}

/// The error in an answer or an event: under `error` everywhere; the event itself, or its `response`, in OpenAI's
/// Responses (<https://platform.openai.com/docs/api-reference/responses-streaming>).
fn find(whole: &Value) -> Option<&Value> {
    let says = |value: &&Value| match value {
        Value::String(text) => !text.is_empty(),
        other => other.is_object(),
    };
    let inner = [&whole["error"], &whole["response"]["error"]].into_iter().find(says);
    inner.or_else(|| (whole["type"] == "error").then_some(whole))
}

fn start(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_shape_is_read() {
        type Case = (&'static str, &'static [&'static str], &'static str);
        let cases: [Case; 9] = [
            (r#"{"error":{"message":"no","type":"a","param":null,"code":"b"}}"#, &["b", "a"], "no"),
            (r#"{"type":"error","error":{"type":"a","message":"no"},"request_id":"r"}"#, &["a"], "no"),
            (r#"[{"error":{"code":429,"message":"no","status":"S"}}]"#, &["429", "S"], "no"),
            (r#"{"error":{"code":400,"details":[{"@type":"t","reason":"R"}]}}"#, &["400", "R"], ""),
            (r#"{"code":"a","error":"no"}"#, &["a"], "no"),
            (r#"{"object":"error","message":"no","type":"a","code":"1300"}"#, &["1300", "a"], "no"),
            (r#"{"detail":"no"}"#, &[], "no"),
            (r#"{"type":"error","code":"a","message":"no","param":null}"#, &["a", "error"], "no"),
            (r#"{"type":"response.failed","response":{"error":{"code":"a","message":"no"}}}"#, &["a"], "no"),
        ];
        for (body, words, message) in cases {
            let read = ErrorBody::of_answer(body.as_bytes());
            assert_eq!(
                (read.words.iter().map(String::as_str).collect::<Vec<_>>(), read.message.as_str()),
                (words.to_vec(), message),
                "{body}"
            );
        }
    }

    #[test]
    fn only_errors_are_error_events() {
        let cases = [
            (r#"{"error":{"message":"no"}}"#, true),
            (r#"{"error":"no"}"#, true),
            (r#"{"type":"error","code":"server_error"}"#, true),
            (r#"{"type":"response.failed","response":{"error":{"code":"server_error"}}}"#, true),
            (r#"{"type":"response.created","response":{"error":null}}"#, false),
            (r#"{"choices":[{"delta":{"content":"error"}}],"error":null}"#, false),
            (r#"{"error":"","done":true}"#, false),
            (r#"{"type":"message_start"}"#, false),
            (r#""error""#, false),
            ("[DONE]", false),
            ("[]", false),
            ("error", false),
            ("", false),
        ];
        for (data, expected) in cases {
            assert_eq!(ErrorBody::of_event(data.as_bytes()).is_some(), expected, "{data}");
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_says_nothing() {
        let long = format!(r#"{{"error":{{"type":"a","message":"{}"}}}}"#, "x".repeat(BODY_LOOK));
        let deep = format!(r#"{{"error":{}"#, "[".repeat(BODY_LOOK / 2));
        for body in [&long, &deep, "", "<html>", "{\"error\":", "\u{0}", "null", "3", "[]", "{\"error\":1e999}"] {
            let read = ErrorBody::of_answer(body.as_bytes());
            assert!(read.words.is_empty() && read.message.is_empty(), "{body:.40}");
        }
        let message = format!(r#"{{"error":{{"message":"{}"}}}}"#, "ä".repeat(9999));
        assert_eq!(ErrorBody::of_answer(message.as_bytes()).message.chars().count(), LONGEST_MESSAGE);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (ErrorBody::of_answer(&body), ErrorBody::of_event(&body));
        }

        #[test]
        fn an_error_cut_anywhere_is_read(cut in 0..200_usize) {
            let body = br#"[{"error":{"code":429,"message":"no","status":"S","details":[{"reason":"R"}]}}]"#;
            let read = ErrorBody::of_answer(&body[..cut.min(body.len())]);
            prop_assert_eq!(read.words.is_empty(), cut < body.len());
        }
    }
}
