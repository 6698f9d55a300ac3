//! Lists of models (<https://ai.google.dev/api/models>).

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::path;
use super::wire::Manner;
use crate::ir::{Model, ModelPage};
use crate::json;
use crate::{Invalid, UpstreamCall};

/// The most models that the vendor tells at once.
const PAGE: &str = "pageSize=1000";

/// What the vendor's list says and lists of others do not: what a model can be asked for.
const METHODS: [&str; 3] = ["generateContent", "countTokens", "embedContent"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    models: Vec<Written<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    name: String,
    version: &'static str,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_token_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_token_limit: Option<u64>,
    supported_generation_methods: &'static [&'static str],
}

pub(super) fn call(model: Option<&str>) -> UpstreamCall {
    match model {
        Some(model) => UpstreamCall::get(path::of_model(model, "")),
        None => UpstreamCall { query: Some(PAGE.to_owned()), ..UpstreamCall::get(path::of_models()) },
    }
}

pub(super) fn read_page(body: &[u8]) -> Result<ModelPage, Invalid> {
    let object = Manner::Lenient.object(json::document(body)?)?;
    let models =
        object.raw("models").map_or(Ok(Vec::new()), |raw| json::each(raw, model).map_err(|e| e.at("models")))?;
    // The last page of a list without models is an object without members.
    Ok(ModelPage { models, next: object.text("nextPageToken")?.filter(|next| !next.is_empty()) })
}

pub(super) fn read(body: &[u8]) -> Result<Model, Invalid> {
    model(json::document(body)?)
}

pub(super) fn write_page(page: &ModelPage) -> Bytes {
    let models = page.models.iter().map(written).collect();
    serde_json::to_vec(&Page { models, next_page_token: page.next.as_deref() }).unwrap_or_default().into()
}

pub(super) fn write(model: &Model) -> Bytes {
    serde_json::to_vec(&written(model)).unwrap_or_default().into()
}

fn model(raw: &RawValue) -> Result<Model, Invalid> {
    let object = Manner::Lenient.object(raw)?;
    Ok(Model {
        id: path::bare(&object.required_text("name")?).to_owned(),
        display_name: object.text("displayName")?,
        created: None,
        owner: Some("google".to_owned()),
        input_limit: object.count("inputTokenLimit")?,
        output_limit: object.count("outputTokenLimit")?,
    })
}

fn written(model: &Model) -> Written<'_> {
    // Without a word on what it is, a name tells models for embeddings from others.
    let (conversation, embedding) = METHODS.split_at(2);
    Written {
        name: path::full(&model.id),
        version: "001",
        display_name: model.display_name.as_deref().unwrap_or(&model.id),
        input_token_limit: model.input_limit,
        output_token_limit: model.output_limit,
        supported_generation_methods: if model.id.contains("embed") { embedding } else { conversation },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_written() {
        let body = r#"{"models":[{"name":"models/m","displayName":"M","inputTokenLimit":5,"outputTokenLimit":6},
            {"name":"tunedModels/t"}],"nextPageToken":"n"}"#;
        let page = read_page(body.as_bytes()).unwrap();
        assert_eq!(page.models[0].id, "m");
        assert_eq!((page.models[1].id.as_str(), page.next.as_deref()), ("tunedModels/t", Some("n")));
        let again = read_page(&write_page(&page)).unwrap();
        assert_eq!(again.models[0], page.models[0]);
        assert_eq!(again.next, page.next);
        assert_eq!(read(&write(&page.models[0])).unwrap(), page.models[0]);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert_eq!(read_page(b"{}").unwrap(), ModelPage::default());
        assert_eq!(read_page(br#"{"models":[{}]}"#).unwrap_err().to_string(), "models[0].name: is missing");
        assert!(read_page(br#"{"models":5}"#).is_err() && read_page(b"[").is_err() && read(b"5").is_err());
    }

    #[test]
    fn the_list_and_a_model_have_their_paths() {
        let list = call(None);
        assert_eq!((list.path.as_str(), list.query.as_deref()), ("/v1beta/models", Some("pageSize=1000")));
        assert_eq!(call(Some("m")).path, "/v1beta/models/m");
    }
}
