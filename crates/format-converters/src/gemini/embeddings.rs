//! Embeddings (<https://ai.google.dev/api/embeddings>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::response::Counts;
use super::wire::{Content, Manner, PlainPart, one_or_each};
use super::{part, path};
use crate::ir::{Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, Part};
use crate::json::{self, Json, Kind, Object};
use crate::{Asked, Invalid, UpstreamCall, Writing};

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<One<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    model: &'a str,
    content: Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u64>,
}

#[derive(Serialize)]
struct Values {
    values: Json,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answers {
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding: Option<Values>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embeddings: Option<Vec<Values>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_metadata: Option<UsageMetadata>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UsageMetadata {
    prompt_token_count: u64,
}

pub(super) fn read(asked: &Asked, body: &[u8]) -> Result<EmbeddingRequest, Invalid> {
    let object = Manner::Strict.object(json::document(body)?)?;
    let requests = if asked.is_batch {
        let each = |raw| read_one(&Manner::Strict.object(raw)?);
        let requests = object.with("requests", |raw| one_or_each(raw, each))?;
        requests.ok_or_else(|| Invalid::new("is missing").at("requests"))?
    } else {
        vec![read_one(&object)?]
    };
    let mut requests = requests.into_iter().enumerate();
    let Some((_, mut request)) = requests.next() else { return Err(Invalid::new("is empty").at("requests")) };
    for (index, other) in requests {
        let about = |request: &EmbeddingRequest| (request.task.clone(), request.title.clone(), request.dimensions);
        if about(&other) != about(&request) {
            let message = "taskType, title and outputDimensionality must be those of the first";
            return Err(Invalid::new(message).at_index(index).at("requests"));
        }
        request.inputs.extend(other.inputs);
    }
    request.model = match &asked.model {
        Some(model) => model.clone(),
        None if !request.model.is_empty() => path::bare(&request.model).to_owned(),
        None => return Err(Invalid::new("is missing").at("model")),
    };
    Ok(EmbeddingRequest { is_batch: asked.is_batch, ..request })
}

fn read_one(object: &Object<'_>) -> Result<EmbeddingRequest, Invalid> {
    let text = object.with("content", |raw| match json::kind(raw) {
        Kind::Text => json::text(raw),
        _ => Manner::Strict.object(raw)?.with("parts", texts)?.ok_or_else(|| Invalid::new("is missing").at("parts")),
    })?;
    let text = text.ok_or_else(|| Invalid::new("is missing").at("content"))?;
    // What newer clients say in an object of its own.
    let config = object.with("embedContentConfig", |raw| Manner::Strict.object(raw))?;
    let about = config.as_ref().unwrap_or(object);
    Ok(EmbeddingRequest {
        model: object.text("model")?.unwrap_or_default(),
        inputs: vec![EmbeddingInput::Text(text)],
        dimensions: about.count("outputDimensionality")?,
        task: about.text("taskType")?,
        title: about.text("title")?,
        ..EmbeddingRequest::default()
    })
}

/// The parts of a content have one embedding together.
fn texts(raw: &RawValue) -> Result<String, Invalid> {
    let texts = one_or_each(raw, |raw| {
        let part = part::read(raw, Manner::Strict)?;
        match part.as_ref().map(Part::as_text) {
            None => Ok(String::new()),
            Some(Some(text)) => Ok(text.to_owned()),
            Some(None) => Err(Invalid::new("only text can be embedded")),
        }
    })?;
    Ok(texts.join("\n"))
}

pub(super) fn write(request: &EmbeddingRequest, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
    writing.losses.drop_if(request.user.is_some(), "user");
    let model = path::full(&request.model);
    let one = |input: &EmbeddingInput| {
        let EmbeddingInput::Text(text) = input else {
            return Err(Invalid::new("tokens have no counterpart in gemini").at("input"));
        };
        let part = part::plain(PlainPart { text: Some(text.clone()), ..PlainPart::default() });
        Ok(One {
            model: &model,
            content: Content { role: None, parts: vec![part] },
            task_type: request.task.as_deref(),
            title: request.title.as_deref(),
            output_dimensionality: request.dimensions,
        })
    };
    let requests = request.inputs.iter().map(one).collect::<Result<_, _>>()?;
    let path = path::of_model(&request.model, "batchEmbedContents");
    UpstreamCall::post(path, &Batch { requests }).map(Some)
}

pub(super) fn read_embedded(body: &[u8]) -> Result<EmbeddingResponse, Invalid> {
    let object = Manner::Strict.object(json::document(body)?)?;
    let values = |raw| {
        let values =
            Manner::Strict.object(raw)?.with("values", |raw| json::ensure_list(raw).map(|()| Json::from(raw)))?;
        values.map(Embedding::Numbers).ok_or_else(|| Invalid::new("is missing").at("values"))
    };
    let embeddings = match object.with("embedding", values)? {
        Some(embedding) => vec![embedding],
        None if object.has("embeddings") => object.each("embeddings", values)?,
        None => return Err(Invalid::new("is missing").at("embeddings")),
    };
    let usage = object.raw("usageMetadata").and_then(|raw| Counts::default().take(raw));
    Ok(EmbeddingResponse { model: String::new(), embeddings, usage })
}

pub(super) fn write_embedded(response: &EmbeddingResponse, request: &EmbeddingRequest) -> Result<Bytes, Invalid> {
    let values = response.embeddings.iter().map(|embedding| match embedding {
        Embedding::Numbers(json) => Ok(Values { values: json.clone() }),
        Embedding::Base64(text) => Ok(Values { values: numbers(text)? }),
    });
    let mut values = values.collect::<Result<Vec<_>, Invalid>>()?;
    let usage_metadata = response.usage.map(|usage| UsageMetadata { prompt_token_count: usage.input });
    let answers = if request.is_batch {
        Answers { embedding: None, embeddings: Some(values), usage_metadata }
    } else if values.is_empty() {
        return Err(Invalid::new("there is no embedding"));
    } else {
        Answers { embedding: Some(values.swap_remove(0)), embeddings: None, usage_metadata }
    };
    serde_json::to_vec(&answers).map(Bytes::from).map_err(|error| Invalid::new(error.to_string()))
}

/// Little-endian floats of 32 bits as a list of numbers.
fn numbers(text: &str) -> Result<Json, Invalid> {
    let bytes = STANDARD.decode(text).map_err(|_| Invalid::new("the embedding is no base64"))?;
    let (floats, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Invalid::new("the embedding is no list of floats"));
    }
    let floats: Vec<f32> = floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    if floats.iter().any(|float| !float.is_finite()) {
        return Err(Invalid::new("the embedding holds what is no number"));
    }
    Json::of(&floats).map_err(|error| Invalid::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Losses, ModelTable};

    fn asked(is_batch: bool) -> Asked {
        Asked { model: Some("m".into()), is_batch, ..Asked::default() }
    }

    fn written(request: &EmbeddingRequest) -> Result<String, Invalid> {
        let models = ModelTable::default();
        let mut writing = Writing { models: &models, losses: Losses::default() };
        let call = write(request, &mut writing)?.unwrap();
        assert_eq!(call.path, "/v1beta/models/m:batchEmbedContents");
        Ok(String::from_utf8(call.body.to_vec()).unwrap())
    }

    #[test]
    fn requests_are_read_and_written() {
        let body = r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"CLUSTERING","outputDimensionality":8},{"model":"models/m","content":{"parts":[{"text":"b"}]},"taskType":"CLUSTERING","outputDimensionality":8}]}"#;
        let request = read(&asked(true), body.as_bytes()).unwrap();
        assert_eq!((request.inputs.len(), request.dimensions, request.is_batch), (2, Some(8), true));
        assert_eq!(written(&request).unwrap(), body);
        let one = r#"{"content":{"parts":[{"text":"a"},{"text":"b"}]},"embedContentConfig":{"title":"t"}}"#;
        let request = read(&asked(false), one.as_bytes()).unwrap();
        assert_eq!((request.inputs, request.title), (vec![EmbeddingInput::Text("a\nb".into())], Some("t".into())));
    }

    #[test]
    fn bad_requests_are_told_with_their_place() {
        let cases = [
            (true, "{}", "requests: is missing"),
            (true, r#"{"requests":[]}"#, "requests: is empty"),
            (true, r#"{"requests":[{}]}"#, "requests[0].content: is missing"),
            (false, r#"{"content":{}}"#, "content.parts: is missing"),
            (
                false,
                r#"{"content":{"parts":[{"inlineData":{"data":"AA=="}}]}}"#,
                "content.parts[0]: only text can be embedded",
            ),
        ];
        for (is_batch, body, expected) in cases {
            assert_eq!(read(&asked(is_batch), body.as_bytes()).unwrap_err().to_string(), expected);
        }
        let differing = r#"{"requests":[{"content":"a"},{"content":"b","title":"t"}]}"#;
        assert!(read(&asked(true), differing.as_bytes()).unwrap_err().place == "requests[1]");
        let tokens = EmbeddingInput::Tokens(Json::from_text("[1]").unwrap());
        let request = EmbeddingRequest { model: "m".into(), inputs: vec![tokens], ..EmbeddingRequest::default() };
        assert!(written(&request).is_err());
    }

    #[test]
    fn embeddings_keep_their_numbers() {
        let body = r#"{"embeddings":[{"values":[0.10,-1e-7]}]}"#;
        let response = read_embedded(body.as_bytes()).unwrap();
        let request = EmbeddingRequest { is_batch: true, ..EmbeddingRequest::default() };
        assert_eq!(&write_embedded(&response, &request).unwrap()[..], body.as_bytes());
        let one = EmbeddingRequest::default();
        assert_eq!(&write_embedded(&response, &one).unwrap()[..], br#"{"embedding":{"values":[0.10,-1e-7]}}"#);
        for bad in ["{}", r#"{"embeddings":[{}]}"#, r#"{"embedding":{"values":5}}"#, "["] {
            assert!(read_embedded(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn floats_in_base64_become_numbers() {
        assert_eq!(numbers("AACAPwAAAMA=").unwrap().get(), "[1.0,-2.0]");
        for bad in ["!", "AAA=", "AADAfw=="] {
            assert!(numbers(bad).is_err(), "{bad}");
        }
    }
}
