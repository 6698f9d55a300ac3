//! Lists of models (<https://platform.openai.com/docs/api-reference/models>), as the vendor and those who speak its formats
//! tell them.

use std::fmt::Write;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::ir::{Model, ModelPage};
use crate::json::{self, Object};
use crate::{Invalid, UpstreamCall};

#[derive(Serialize)]
struct Page<'a> {
    object: &'static str,
    data: Vec<Written<'a>>,
}

#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
}

/// The request for the list, or for one model.
pub(crate) fn call(model: Option<&str>) -> UpstreamCall {
    UpstreamCall::get(model.map_or_else(|| "/v1/models".to_owned(), |model| format!("/v1/models/{}", encoded(model))))
}

/// Reads a list. What in it is no model is passed over.
pub(crate) fn read_page(body: &[u8]) -> Result<ModelPage, Invalid> {
    let raw = json::document(body)?;
    // Some tell the bare list.
    let listed = if json::kind(raw) == json::Kind::List { Some(raw) } else { Object::read(raw)?.raw("data") };
    let listed = listed.ok_or_else(|| Invalid::new("is missing").at("data"))?;
    let items = json::list(listed).map_err(|error| error.at("data"))?;
    Ok(ModelPage { models: items.into_iter().filter_map(|item| model(item).ok()).collect(), next: None })
}

/// Reads what is told of one model.
pub(crate) fn read(body: &[u8]) -> Result<Model, Invalid> {
    model(json::document(body)?)
}

/// Writes a list.
pub(crate) fn write_page(page: &ModelPage) -> Bytes {
    let page = Page { object: "list", data: page.models.iter().map(written).collect() };
    serde_json::to_vec(&page).unwrap_or_default().into()
}

/// Writes what is told of one model.
pub(crate) fn write(model: &Model) -> Bytes {
    serde_json::to_vec(&written(model)).unwrap_or_default().into()
}

/// A model's name in a path: `%41` is an `A`.
pub(crate) fn decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        rest = match (first, after) {
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or_default() << 4 | hex(*low).unwrap_or_default());
                after
            }
            _ => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

/// A name for a path. A slash stays: relays have it in their names, and in their paths.
fn encoded(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

fn written(model: &Model) -> Written<'_> {
    let owned_by = model.owner.as_deref().unwrap_or_default();
    Written { id: &model.id, object: "model", created: model.created.unwrap_or_default(), owned_by }
}

fn model(raw: &RawValue) -> Result<Model, Invalid> {
    let object = Object::read_leniently(raw)?;
    let top = object.object("top_provider")?;
    let limits = ["context_length", "max_model_len", "context_window"].into_iter();
    let input_limit = limits.filter_map(|name| object.count(name).ok().flatten()).next();
    let output_limit = match top {
        Some(top) => top.count("max_completion_tokens")?,
        None => object.count("max_completion_tokens")?,
    };
    Ok(Model {
        id: object.required_text("id")?,
        display_name: object.text("display_name")?.or(object.text("name")?),
        created: object.value("created", "a whole number")?,
        owner: object.text("owned_by")?.filter(|owner| !owner.is_empty()),
        input_limit,
        output_limit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_the_vendor_and_relays_tell_it() {
        let body = br#"{"object":"list","data":[
            {"id":"gpt-4o","object":"model","created":1715367049,"owned_by":"system"},
            {"id":"a/b","name":"A: B","created":1.5,"context_length":8192,"top_provider":{"max_completion_tokens":100}},
            {"no":"id"}, 5]}"#;
        let page = read_page(body).unwrap();
        assert_eq!(page.models.len(), 2);
        assert_eq!(page.models[0].created, Some(1_715_367_049));
        assert_eq!(page.models[1].display_name.as_deref(), Some("A: B"));
        assert_eq!((page.models[1].input_limit, page.models[1].output_limit), (Some(8192), Some(100)));
        assert_eq!(read_page(br#"[{"id":"x"}]"#).unwrap().models[0].id, "x");
        for broken in ["{}", r#"{"data":5}"#, "5", "{"] {
            assert!(read_page(broken.as_bytes()).is_err(), "{broken}");
        }
        assert_eq!(read(br#"{"object":"model"}"#).unwrap_err().to_string(), "id: is missing");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let model = Model { id: "m".into(), created: Some(5), owner: Some("o".into()), ..Model::default() };
        assert_eq!(&write(&model)[..], br#"{"id":"m","object":"model","created":5,"owned_by":"o"}"#);
        let page = ModelPage { models: vec![model], next: None };
        assert_eq!(read_page(&write_page(&page)).unwrap(), page);
    }

    #[test]
    fn names_in_paths_lose_nothing() {
        for name in ["gpt-4o", "deepseek/deepseek-r1:free", "a b?c#d%", "\u{e9}"] {
            let path = call(Some(name)).path;
            assert!(path.is_ascii() && !path.contains([' ', '?', '#']), "{path}");
            assert_eq!(decoded(path.strip_prefix("/v1/models/").unwrap()), name);
        }
        assert_eq!((decoded("%zz%4"), decoded("%ff")), ("%zz%4".to_owned(), "%ff".to_owned()));
        assert_eq!(call(None).path, "/v1/models");
    }
}
