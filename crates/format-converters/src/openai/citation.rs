//! Where texts come from: `url_citation` annotations.

use rotator_domain::Format;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::ir::{Citation, Native};
use crate::json::{Json, Object};

const TYPE: &str = "url_citation";

#[derive(Serialize)]
struct Annotation<'a> {
    r#type: &'static str,
    url_citation: UrlCitation<'a>,
}

#[derive(Serialize)]
struct UrlCitation<'a> {
    start_index: u64,
    end_index: u64,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

/// Reads an annotation; `None` where it is of another kind. Some write its members without a level between.
pub(super) fn read(raw: &RawValue) -> Option<Citation> {
    let object = Object::read_leniently(raw).ok()?;
    let held = object.object(TYPE).ok()?;
    let citation = held.as_ref().unwrap_or(&object);
    let text = |name| citation.text(name).ok().flatten().filter(|text| !text.is_empty());
    let number = |name| citation.count(name).ok().flatten();
    let url = text("url")?;
    Some(Citation {
        url: Some(url),
        title: text("title"),
        quote: text("content"),
        span: number("start_index").zip(number("end_index")),
        native: Some(Native { format: Format::OpenAi, name: TYPE.to_owned(), json: Json::from(raw) }),
    })
}

/// Writes a citation of a text that begins at character `start` of the whole answer and has `length` characters so far.
/// `None` where it names no address, without which the format has no citation.
pub(super) fn write(citation: &Citation, start: u64, length: u64) -> Option<Json> {
    let url = citation.url.as_deref()?;
    let (from, to) = citation.span.unwrap_or((0, length));
    let title = citation.title.as_deref().unwrap_or(url);
    let content = citation.quote.as_deref();
    let (start_index, end_index) = (start.saturating_add(from), start.saturating_add(to));
    Json::of(&Annotation { r#type: TYPE, url_citation: UrlCitation { start_index, end_index, url, title, content } })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_are_read_with_and_without_a_level_between() {
        let read_text = |text: &str| read(Json::from_text(text).unwrap().raw());
        let nested = r#"{"type":"url_citation","url_citation":{"start_index":1,"end_index":3,"url":"u","title":"t"}}"#;
        let found = read_text(nested).unwrap();
        assert_eq!((found.url.as_deref(), found.title.as_deref(), found.span), (Some("u"), Some("t"), Some((1, 3))));
        assert_eq!(write(&found, 0, 9).unwrap().get(), nested);
        assert!(write(&found, 10, 9).unwrap().get().contains(r#""start_index":11,"end_index":13"#));
        assert_eq!(read_text(r#"{"type":"url_citation","url":"u"}"#).unwrap().url.as_deref(), Some("u"));
        for other in ["5", "{}", r#"{"type":"file_citation","file_id":"f"}"#] {
            assert!(read_text(other).is_none(), "{other}");
        }
        assert!(write(&Citation::default(), 0, 0).is_none());
    }
}
