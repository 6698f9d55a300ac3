//! Lists of models.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::wire::VERSION;
use crate::ir::{Model, ModelPage};
use crate::json::{self, Object};
use crate::{Invalid, UpstreamCall};

#[derive(Serialize)]
struct WireModel<'a> {
    r#type: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: &'static str,
}

#[derive(Serialize)]
struct Page<'a> {
    data: Vec<WireModel<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

pub(super) fn call(model: Option<&str>) -> UpstreamCall {
    let path = model.map_or_else(|| "/v1/models".to_owned(), |model| format!("/v1/models/{model}"));
    let query = model.is_none().then(|| "limit=1000".to_owned());
    UpstreamCall { query, headers: vec![VERSION], ..UpstreamCall::get(path) }
}

pub(super) fn read_page(body: &[u8]) -> Result<ModelPage, Invalid> {
    let object = Object::read(json::document(body)?)?;
    let models = object.each("data", model)?;
    let has_more = object.flag("has_more")?.unwrap_or_default();
    Ok(ModelPage { models, next: object.text("last_id")?.filter(|_| has_more) })
}

pub(super) fn read(body: &[u8]) -> Result<Model, Invalid> {
    model(json::document(body)?)
}

pub(super) fn write_page(page: &ModelPage) -> Bytes {
    let data: Vec<WireModel<'_>> = page.models.iter().map(wire).collect();
    let (first_id, last_id) = (data.first().map(|model| model.id), data.last().map(|model| model.id));
    let page = Page { data, has_more: page.next.is_some(), first_id, last_id };
    serde_json::to_vec(&page).unwrap_or_default().into()
}

pub(super) fn write(model: &Model) -> Bytes {
    serde_json::to_vec(&wire(model)).unwrap_or_default().into()
}

fn wire(model: &Model) -> WireModel<'_> {
    let display_name = model.display_name.as_deref().unwrap_or(&model.id);
    // The vendor writes this date where the true one is not known.
    WireModel { r#type: "model", id: &model.id, display_name, created_at: "1970-01-01T00:00:00Z" }
}

fn model(raw: &RawValue) -> Result<Model, Invalid> {
    let object = Object::read(raw)?;
    Ok(Model {
        id: object.required_text("id")?,
        display_name: object.text("display_name")?,
        input_limit: object.count("max_input_tokens")?,
        output_limit: object.count("max_tokens")?,
        ..Model::default()
    })
}
