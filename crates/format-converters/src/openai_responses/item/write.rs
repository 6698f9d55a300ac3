//! Writing items.

use std::borrow::Cow;

use super::super::wire::{FORMAT, Item, Part, UrlCitation};
use crate::ir::{Citation, Opaque};
use crate::json::Json;

/// A list without items.
pub(in super::super) fn no_list() -> Json {
    Json::from_text("[]").unwrap_or_else(Json::empty_object)
}

/// A piece of reasoning: its text, where it has any, as the summary, since that is what clients show.
pub(in super::super) fn reasoning<'a>(id: &'a str, sections: &'a [String], opaque: Option<&Opaque>) -> Item<'a> {
    let summary = sections.iter().map(|text| Part::SummaryText { text }).collect();
    // An item that began before its issuer's id was known has another one.
    let is_renamed = |opaque: &&Opaque| opaque.is_of(FORMAT) && opaque.id.as_deref().is_some_and(|own| own != id);
    let slot = |opaque: &Opaque| if is_renamed(&opaque) { opaque.enveloped() } else { opaque.for_slot(FORMAT) };
    let encrypted_content = opaque.map(|opaque| Cow::Owned(slot(opaque)));
    Item::Reasoning { id: Cow::Borrowed(id), summary, content: Vec::new(), encrypted_content }
}

/// An annotation; `None` where the format has none for it. Where nobody says which piece of
/// the text it is, it is all of it so far.
pub(in super::super) fn annotation(citation: &Citation, text: &str) -> Option<Json> {
    if let Some(native) = citation.native.as_ref().filter(|native| native.format == FORMAT) {
        return Some(native.json.clone());
    }
    let (start_index, end_index) =
        citation.span.unwrap_or_else(|| (0, u64::try_from(text.chars().count()).unwrap_or_default()));
    let title = citation.title.as_deref().unwrap_or_default();
    let url = citation.url.as_deref()?;
    Json::of(&UrlCitation { r#type: "url_citation", url, title, start_index, end_index }).ok()
}
