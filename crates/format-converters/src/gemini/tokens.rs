//! Counts of a prompt's tokens (<https://ai.google.dev/api/tokens>).

use bytes::Bytes;
use serde::Serialize;

use super::wire::{Content, Manner};
use super::{path, request};
use crate::ir::{CountedTokens, Request};
use crate::json;
use crate::{Invalid, UpstreamCall, Writing};

/// A conversation alone, which every upstream of this format can count.
#[derive(Serialize)]
struct Contents {
    contents: Vec<Content>,
}

/// A conversation with what else belongs to the prompt.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    generate_content_request: request::Body,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    total_tokens: u64,
}

pub(super) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
    let mut body = request::body(request, writing)?;
    let path = path::of_model(&request.model, "countTokens");
    if body.system_instruction.is_none() && body.tools.is_empty() {
        return UpstreamCall::post(path, &Contents { contents: body.contents }).map(Some);
    }
    body.model = Some(path::full(&request.model));
    UpstreamCall::post(path, &Whole { generate_content_request: body }).map(Some)
}

pub(super) fn read_counted(body: &[u8]) -> Result<CountedTokens, Invalid> {
    let object = Manner::Strict.object(json::document(body)?)?;
    let input = object.count("totalTokens")?.ok_or_else(|| Invalid::new("is missing").at("totalTokens"))?;
    Ok(CountedTokens { input, is_estimate: false })
}

pub(super) fn write_counted(counted: CountedTokens) -> Bytes {
    serde_json::to_vec(&Counted { total_tokens: counted.input }).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Asked, Losses, ModelTable};

    fn counted_as(body: &str) -> String {
        let asked = Asked { model: Some("m".into()), ..Asked::default() };
        let request = request::read(&asked, body.as_bytes()).unwrap();
        let models = ModelTable::default();
        let mut writing = Writing { models: &models, losses: Losses::default() };
        let call = write(&request, &mut writing).unwrap().unwrap();
        assert_eq!(call.path, "/v1beta/models/m:countTokens");
        String::from_utf8(call.body.to_vec()).unwrap()
    }

    #[test]
    fn a_conversation_is_counted_with_what_belongs_to_it() {
        let alone = r#"{"contents":[{"role":"user","parts":[{"text":"a"}]}]}"#;
        assert_eq!(counted_as(alone), alone);
        let whole = r#"{"generateContentRequest":{"model":"models/m","systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"a"}]}]}}"#;
        assert_eq!(counted_as(whole), whole);
    }

    #[test]
    fn the_count_is_read_and_written() {
        let counted = CountedTokens { input: 31, is_estimate: false };
        assert_eq!(&write_counted(counted)[..], br#"{"totalTokens":31}"#);
        assert_eq!(read_counted(br#"{"total_tokens":31,"x":1}"#), Ok(counted));
        assert_eq!(read_counted(b"{}").unwrap_err().to_string(), "totalTokens: is missing");
        assert!(read_counted(b"\xff").is_err());
    }
}
