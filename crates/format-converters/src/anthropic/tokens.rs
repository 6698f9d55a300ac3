//! Counts of a prompt's tokens (<https://platform.claude.com/docs/en/api/messages-count-tokens>).

use bytes::Bytes;
use serde::Serialize;

use super::{request, wire};
use crate::ir::{CountedTokens, Request};
use crate::json::{Object, document};
use crate::{Invalid, UpstreamCall, Writing};

/// The path of counts.
const PATH: &str = "/v1/messages/count_tokens";

#[derive(Serialize)]
struct Counted {
    input_tokens: u64,
}

/// Writes a request for a count: one for an answer, less what only the answer depends on.
pub(super) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
    let write = |body: wire::Request<'_>| {
        let body = wire::Request {
            max_tokens: None,
            temperature: None,
            top_p: None,
            top_k: None,
            stop_sequences: Vec::new(),
            metadata: None,
            service_tier: None,
            stream: false,
            ..body
        };
        UpstreamCall::post(PATH, &body)
    };
    request::body(request, writing, write).map(Some)
}

/// Reads a count.
pub(super) fn read_counted(body: &[u8]) -> Result<CountedTokens, Invalid> {
    let input = Object::read(document(body)?)?.count("input_tokens")?;
    let input = input.ok_or_else(|| Invalid::new("is missing").at("input_tokens"))?;
    Ok(CountedTokens { input, is_estimate: false })
}

/// Writes a count. The format has no place to say that it is an estimate.
pub(super) fn write_counted(counted: CountedTokens) -> Bytes {
    serde_json::to_vec(&Counted { input_tokens: counted.input }).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Asked, Losses, ModelTable};

    #[test]
    fn a_count_asks_for_no_answer() {
        let body =
            br#"{"model":"claude-opus-4-5","max_tokens":10,"temperature":0.5,"stream":true,"stop_sequences":["x"],
            "metadata":{"user_id":"u"},"service_tier":"auto","messages":[{"role":"user","content":"hi"}]}"#;
        let request = request::read(&Asked::default(), body).unwrap();
        let models = ModelTable::default();
        let mut writing = Writing { models: &models, losses: Losses::default() };
        let call = write(&request, &mut writing).unwrap().unwrap();
        let expected =
            r#"{"model":"claude-opus-4-5","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}"#;
        assert_eq!((call.path.as_str(), std::str::from_utf8(&call.body).unwrap()), (PATH, expected));
        assert_eq!(call.headers[0].0, "anthropic-version");
    }

    #[test]
    fn counts_are_read_and_written() {
        let counted = CountedTokens { input: 12, is_estimate: false };
        assert_eq!(read_counted(br#"{"input_tokens":12,"context_management":null}"#), Ok(counted));
        assert_eq!(&write_counted(counted)[..], br#"{"input_tokens":12}"#);
        assert_eq!(read_counted(b"{}").unwrap_err().to_string(), "input_tokens: is missing");
    }
}
