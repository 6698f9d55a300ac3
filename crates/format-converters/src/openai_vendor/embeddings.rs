//! Embeddings (<https://platform.openai.com/docs/api-reference/embeddings>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::usage;
use crate::ir::{Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse};
use crate::items;
use crate::json::{self, Json, Kind, Object};
use crate::{Asked, Invalid, UpstreamCall, Writing};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: Input<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    One(Item<'a>),
    Several(Vec<Item<'a>>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Text(&'a str),
    Tokens(&'a Json),
}

#[derive(Serialize)]
struct Response<'a> {
    object: &'static str,
    data: Vec<Written>,
    model: &'a str,
    usage: Used,
}

#[derive(Serialize)]
struct Written {
    object: &'static str,
    index: usize,
    embedding: Json,
}

#[derive(Serialize)]
struct Used {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Reads a request.
pub(crate) fn read(asked: &Asked, body: &[u8]) -> Result<EmbeddingRequest, Invalid> {
    let object = Object::read(json::document(body)?)?;
    let model = match &asked.model {
        Some(model) => model.clone(),
        None => object.required_text("model")?,
    };
    let (inputs, is_batch) = object.with("input", inputs)?.ok_or_else(|| Invalid::new("is missing").at("input"))?;
    let as_base64 = match object.text("encoding_format")?.as_deref() {
        Some("base64") => true,
        Some("float") | None => false,
        Some(other) => {
            let message = format!("expected float or base64, found {other}");
            return Err(Invalid::new(message).at("encoding_format"));
        }
    };
    Ok(EmbeddingRequest {
        model,
        inputs,
        is_batch,
        dimensions: object.count("dimensions")?,
        as_base64,
        user: object.text("user")?,
        task: None,
        title: None,
    })
}

/// Writes a request.
pub(crate) fn write(request: &EmbeddingRequest, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
    writing.losses.drop_if(request.task.is_some(), "task_type");
    writing.losses.drop_if(request.title.is_some(), "title");
    let is_text = |input: &EmbeddingInput| matches!(input, EmbeddingInput::Text(_));
    if request.inputs.iter().any(is_text) && !request.inputs.iter().all(is_text) {
        return Err(Invalid::new("mixes texts and tokens").at("input"));
    }
    let input = match request.inputs.as_slice() {
        [] => return Err(Invalid::new("is empty").at("input")),
        [input] if !request.is_batch => Input::One(input.into()),
        inputs => Input::Several(inputs.iter().map(Item::from).collect()),
    };
    let body = Request {
        model: &request.model,
        input,
        encoding_format: request.as_base64.then_some("base64"),
        dimensions: request.dimensions,
        user: request.user.as_deref(),
    };
    UpstreamCall::post("/v1/embeddings", &body).map(Some)
}

/// Reads embeddings.
pub(crate) fn read_embedded(body: &[u8]) -> Result<EmbeddingResponse, Invalid> {
    let object = Object::read_leniently(json::document(body)?)?;
    let data = object.raw("data").ok_or_else(|| Invalid::new("is missing").at("data"))?;
    let mut found = json::each(data, embedding).map_err(|error| error.at("data"))?;
    found.sort_by_key(|(index, _)| *index);
    Ok(EmbeddingResponse {
        model: object.text("model")?.unwrap_or_default(),
        embeddings: found.into_iter().map(|(_, embedding)| embedding).collect(),
        usage: usage::told(&object),
    })
}

/// Writes embeddings in the encoding that was asked for.
pub(crate) fn write_embedded(response: &EmbeddingResponse, request: &EmbeddingRequest) -> Result<Bytes, Invalid> {
    let mut data = Vec::with_capacity(response.embeddings.len());
    for (index, embedding) in response.embeddings.iter().enumerate() {
        let embedding = encoded(embedding, request.as_base64).map_err(|error| error.at_index(index).at("data"))?;
        data.push(Written { object: "embedding", index, embedding });
    }
    let tokens = response.usage.unwrap_or_default().input;
    let model = if response.model.is_empty() { &request.model } else { &response.model };
    let usage = Used { prompt_tokens: tokens, total_tokens: tokens };
    let body = serde_json::to_vec(&Response { object: "list", data, model, usage });
    body.map(Bytes::from).map_err(|error| Invalid::new(error.to_string()))
}

/// A text, a list of texts, tokens, or a list of lists of them; and whether it is a list of inputs.
fn inputs(raw: &RawValue) -> Result<(Vec<EmbeddingInput>, bool), Invalid> {
    if json::kind(raw) == Kind::Text {
        return Ok((vec![EmbeddingInput::Text(json::text(raw)?)], false));
    }
    let mut first = None;
    items::for_each(raw, |_, item| {
        first.get_or_insert(json::kind(item));
        Ok(())
    })
    .map_err(|_| Invalid::expected("a string or a list", raw))?;
    let first = first.ok_or_else(|| Invalid::new("is empty"))?;
    Ok(match first {
        Kind::Text => (json::each(raw, |item| json::text(item).map(EmbeddingInput::Text))?, true),
        Kind::List => (json::each(raw, tokens)?, true),
        _ => (vec![tokens(raw)?], false),
    })
}

/// Tokens stay as they were written.
fn tokens(raw: &RawValue) -> Result<EmbeddingInput, Invalid> {
    let token = |_, item| json::parse::<u64>(item, "a token").map(drop);
    items::for_each(raw, token).map_err(|_| Invalid::expected("a list of tokens", raw))?;
    Ok(EmbeddingInput::Tokens(Json::from(raw)))
}

fn embedding(raw: &RawValue) -> Result<(u64, Embedding), Invalid> {
    let object = Object::read_leniently(raw)?;
    let raw = object.raw("embedding").ok_or_else(|| Invalid::new("is missing").at("embedding"))?;
    let embedding = match json::kind(raw) {
        Kind::Text => Embedding::Base64(json::text(raw)?),
        Kind::List => Embedding::Numbers(Json::from(raw)),
        _ => return Err(Invalid::expected("a list or base64", raw).at("embedding")),
    };
    Ok((object.count("index")?.unwrap_or_default(), embedding))
}

fn encoded(embedding: &Embedding, as_base64: bool) -> Result<Json, Invalid> {
    let failed = |error: serde_json::Error| Invalid::new(error.to_string());
    match (embedding, as_base64) {
        (Embedding::Numbers(numbers), false) => Ok(numbers.clone()),
        (Embedding::Base64(base64), true) => Json::of(base64).map_err(failed),
        (Embedding::Numbers(numbers), true) => {
            let numbers: Vec<f32> = json::parse(numbers.raw(), "a list of numbers")?;
            let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
            Json::of(&STANDARD.encode(bytes)).map_err(failed)
        }
        (Embedding::Base64(base64), false) => {
            let bytes = STANDARD.decode(base64).map_err(|error| Invalid::new(format!("is not base64: {error}")))?;
            let (numbers, rest) = bytes.as_chunks::<4>();
            if !rest.is_empty() {
                return Err(Invalid::new("is not made of 32-bit numbers"));
            }
            let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            Json::of(&numbers).map_err(failed)
        }
    }
}

// === impl Item ===

impl<'a> From<&'a EmbeddingInput> for Item<'a> {
    fn from(input: &'a EmbeddingInput) -> Self {
        match input {
            EmbeddingInput::Text(text) => Self::Text(text),
            EmbeddingInput::Tokens(tokens) => Self::Tokens(tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Losses, ModelTable};

    fn round(body: &str) -> String {
        let request = read(&Asked::default(), body.as_bytes()).unwrap();
        let models = ModelTable::default();
        let mut writing = Writing { models: &models, losses: Losses::default() };
        String::from_utf8(write(&request, &mut writing).unwrap().unwrap().body.to_vec()).unwrap()
    }

    #[test]
    fn each_shape_of_input_is_written_as_it_was_read() {
        for input in [r#""a""#, r#"["a"]"#, r#"["a","b"]"#, "[1,2]", "[[1,2],[3]]"] {
            let body =
                format!(r#"{{"model":"m","input":{input},"encoding_format":"base64","dimensions":8,"user":"u"}}"#);
            assert_eq!(round(&body), body);
        }
    }

    #[test]
    fn odd_inputs_are_told_where() {
        let cases = [
            (r#"{"model":"m"}"#, "input: is missing"),
            (r#"{"input":"a"}"#, "model: is missing"),
            (r#"{"model":"m","input":[]}"#, "input: is empty"),
            (r#"{"model":"m","input":5}"#, "input: expected a string or a list, found another number"),
            (r#"{"model":"m","input":["a",5]}"#, "input[1]: expected a string, found another number"),
            (r#"{"model":"m","input":[1,"a"]}"#, "input: expected a list of tokens, found a list"),
            (
                r#"{"model":"m","input":"a","encoding_format":"x"}"#,
                "encoding_format: expected float or base64, found x",
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(read(&Asked::default(), body.as_bytes()).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn numbers_and_base64_become_each_other() {
        let numbers = br#"{"data":[{"index":1,"embedding":[1,2]},{"index":0,"embedding":[0.5,-0.25]}],"model":"m",
            "usage":{"prompt_tokens":3,"total_tokens":3}}"#;
        let response = read_embedded(numbers).unwrap();
        let plain = EmbeddingRequest::default();
        let packed = EmbeddingRequest { as_base64: true, ..EmbeddingRequest::default() };
        let text = write_embedded(&response, &packed).unwrap();
        let again = read_embedded(&text).unwrap();
        assert!(matches!(&again.embeddings[0], Embedding::Base64(_)));
        let expected = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-0.25]},{"object":"embedding","index":1,"embedding":[1.0,2.0]}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#;
        assert_eq!(write_embedded(&again, &plain).unwrap(), expected);
        let broken = EmbeddingResponse { embeddings: vec![Embedding::Base64("AAA".into())], ..response };
        assert!(write_embedded(&broken, &plain).unwrap_err().to_string().starts_with("data[0]: is not base64"));
    }
}
