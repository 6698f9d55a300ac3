//! Counts of a prompt's tokens (<https://platform.openai.com/docs/api-reference/responses/input-tokens>).

use bytes::Bytes;
use serde::Serialize;

use super::path::INPUT_TOKENS;
use super::{request, wire};
use crate::ir::{CountedTokens, Request};
use crate::json::{Object, document};
use crate::{Invalid, Losses, UpstreamCall, Writing};

#[derive(Serialize)]
struct Counted {
    object: &'static str,
    input_tokens: u64,
}

/// Writes a request: of the one for an answer, what the prompt consists of.
pub(super) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
    // What is left out is none of a prompt's, and no loss.
    let mut aside = Writing { models: writing.models, losses: Losses::default() };
    let whole = request::body(request, &mut aside)?;
    let body = wire::Request {
        model: whole.model,
        instructions: whole.instructions,
        input: whole.input,
        tools: whole.tools,
        tool_choice: whole.tool_choice,
        parallel_tool_calls: whole.parallel_tool_calls,
        text: whole.text,
        reasoning: whole.reasoning,
        previous_response_id: whole.previous_response_id,
        conversation: whole.conversation,
        ..wire::Request::default()
    };
    UpstreamCall::post(INPUT_TOKENS, &body).map(Some)
}

/// Reads a count.
pub(super) fn read_counted(body: &[u8]) -> Result<CountedTokens, Invalid> {
    let counted = Object::read(document(body)?)?.count("input_tokens")?;
    let input = counted.ok_or_else(|| Invalid::new("is missing").at("input_tokens"))?;
    Ok(CountedTokens { input, is_estimate: false })
}

/// Writes a count.
pub(super) fn write_counted(counted: CountedTokens) -> Bytes {
    let body = Counted { object: "response.input_tokens", input_tokens: counted.input };
    serde_json::to_vec(&body).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use rotator_domain::Format;
    use serde_json::{Value, json};

    use super::*;
    use crate::ModelTable;
    use crate::ir::{Part, Role, Turn};

    #[test]
    fn a_count_asks_for_the_prompt_and_no_more() {
        let mut request = Request::new(Format::Anthropic, "gpt-5".into());
        request.turns =
            vec![Turn::new(Role::System, vec![Part::text("s")]), Turn::new(Role::User, vec![Part::text("u")])];
        (request.max_tokens, request.stream) = (Some(100), true);
        let models = ModelTable::default();
        let call = write(&request, &mut Writing { models: &models, losses: Losses::default() }).unwrap().unwrap();
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        let input = json!([{"type": "message", "role": "user", "content": "u"}]);
        assert_eq!(body, json!({"model": "gpt-5", "instructions": "s", "input": input}));
        assert_eq!(call.path, "/v1/responses/input_tokens");
    }

    #[test]
    fn a_count_is_read_and_written() {
        let counted = CountedTokens { input: 11, is_estimate: false };
        let body = write_counted(counted);
        assert_eq!(&body[..], br#"{"object":"response.input_tokens","input_tokens":11}"#);
        assert_eq!(read_counted(&body), Ok(counted));
        assert_eq!(read_counted(b"{}").unwrap_err().to_string(), "input_tokens: is missing");
    }
}
