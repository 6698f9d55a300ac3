//! Writing content blocks for an upstream.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::wire::{Block, CacheControl, Citation, Content, KnownSource, Source as WireSource};
use super::FORMAT;
use crate::ir::{self, CacheMark, Media, MediaKind, Native, Part, PartKind, Reasoning, Source, ToolResult};
use crate::json::{Json, Object};
use crate::members::Members;
use crate::{Invalid, Losses};

/// What pictures begin with in base64, where nobody says what they are.
const BEGINNINGS: [(&str, &str); 4] =
    [("iVBOR", "image/png"), ("/9j/", "image/jpeg"), ("R0lG", "image/gif"), ("UklG", "image/webp")];

/// Ids of calls as the API takes them: letters, digits, `_` and `-`.
#[derive(Debug, Default)]
pub(in super::super) struct CallIds {
    renamed: HashMap<String, String>,
    taken: HashSet<String>,
}

/// Writes the parts of turns.
#[derive(Debug)]
pub(in super::super) struct PartWriter<'w> {
    pub(in super::super) losses: &'w mut Losses,
    pub(in super::super) ids: &'w CallIds,
}

/// A text without marks.
pub(in super::super) fn text<'a>(text: impl Into<Cow<'a, str>>) -> Block<'a> {
    Block::Known(Content::Text { text: text.into(), citations: Vec::new(), cache_control: None })
}

/// The mark as it is written.
pub(in super::super) fn cache_control(mark: Option<&CacheMark>) -> Option<CacheControl<'_>> {
    mark.map(|mark| CacheControl { r#type: "ephemeral", ttl: mark.ttl.as_deref() })
}

// === impl CallIds ===

impl CallIds {
    /// Ids for all calls of a conversation.
    pub(in super::super) fn of<'a>(ids: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut known = Self::default();
        known.taken.extend(ids.clone().filter(|id| is_taken_as_it_is(id)).map(str::to_owned));
        for id in ids.filter(|id| !is_taken_as_it_is(id)) {
            if known.renamed.contains_key(id) {
                continue;
            }
            let plain = |letter: char| if is_plain(letter) { letter } else { '_' };
            let base = if id.is_empty() { "call".to_owned() } else { id.chars().map(plain).collect() };
            let mut own = base.clone();
            let mut number = 1_u64;
            while !known.taken.insert(own.clone()) {
                number += 1;
                own = format!("{base}_{number}");
            }
            known.renamed.insert(id.to_owned(), own);
        }
        known
    }

    fn get<'a>(&self, id: &'a str) -> Cow<'a, str> {
        self.renamed.get(id).map_or(Cow::Borrowed(id), |own| Cow::Owned(own.clone()))
    }
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

fn is_taken_as_it_is(id: &str) -> bool {
    !id.is_empty() && id.chars().all(is_plain)
}

// === impl PartWriter ===

impl PartWriter<'_> {
    /// Writes a part. Reasoning stands only with a text of the format's own.
    pub(in super::super) fn part<'a>(&mut self, part: &'a Part) -> Result<Option<Block<'a>>, Invalid> {
        let cache_control = cache_control(part.cache.as_ref());
        let content = match &part.kind {
            PartKind::Text { text, .. } | PartKind::Refusal(text) if text.is_empty() => return Ok(None),
            PartKind::Text { text, citations } => {
                Content::Text { text: text.into(), citations: self.citations(citations), cache_control }
            }
            PartKind::Refusal(text) => Content::Text { text: text.into(), citations: Vec::new(), cache_control },
            PartKind::Reasoning(reasoning) => return Ok(self.reasoning(reasoning, part).map(Block::Known)),
            PartKind::Media(media) => self.media(media, cache_control)?,
            PartKind::ToolCall(call) => Content::ToolUse {
                id: self.ids.get(&call.id),
                name: &call.name,
                input: call.input.to_object(),
                cache_control,
            },
            PartKind::ToolResult(result) => self.result(result, cache_control)?,
            PartKind::Native(native) => return own(native).map(|json| Some(Block::Native(json))),
        };
        Ok(Some(Block::Known(content)))
    }

    fn reasoning(&mut self, reasoning: &Reasoning, part: &Part) -> Option<Content<'static>> {
        let opaque = part.opaque.as_ref().filter(|opaque| opaque.is_of(FORMAT));
        if opaque.is_none() {
            self.losses.drop("reasoning");
        }
        let value = opaque?.value.clone();
        if part.opaque.as_ref().is_some_and(|opaque| opaque.is_redacted) {
            return Some(Content::RedactedThinking { data: value });
        }
        Some(Content::Thinking { thinking: reasoning.joined(), signature: value })
    }

    fn citations<'a>(&mut self, citations: &'a [ir::Citation]) -> Vec<Citation<'a>> {
        let own = |citation: &'a ir::Citation| citation.native.as_ref().filter(|native| native.format == FORMAT);
        let written: Vec<_> = citations.iter().filter_map(own).map(|native| Citation::Native(&native.json)).collect();
        self.losses.drop_if(written.len() < citations.len(), "annotations");
        written
    }

    fn result<'a>(
        &mut self,
        result: &'a ToolResult,
        cache_control: Option<CacheControl<'a>>,
    ) -> Result<Content<'a>, Invalid> {
        let mut content = Vec::with_capacity(result.content.len());
        for part in &result.content {
            content.extend(self.part(part)?);
        }
        let (tool_use_id, is_error) = (self.ids.get(&result.call_id), result.is_error);
        Ok(Content::ToolResult { tool_use_id, content, is_error, cache_control })
    }

    fn media<'a>(&mut self, media: &'a Media, cache_control: Option<CacheControl<'a>>) -> Result<Content<'a>, Invalid> {
        self.losses.drop_if(media.detail.as_deref().is_some_and(|detail| detail != "auto"), "detail");
        self.losses.drop_foreign(media.extras.as_ref(), FORMAT);
        let extras = media.extras.as_ref().filter(|extras| extras.format == FORMAT);
        match media.kind {
            MediaKind::Image => Ok(Content::Image { source: picture(media).map(WireSource::Known)?, cache_control }),
            MediaKind::Document => {
                let extras = extras.and_then(|extras| Object::read(extras.json.raw()).ok());
                let source = match extras.as_ref().and_then(|extras| extras.json("source")) {
                    Some(json) => WireSource::Native(json),
                    None => WireSource::Known(document(media)?),
                };
                let more = Members(extras.map(|extras| extras.rest(&["source"])).unwrap_or_default());
                let title = media.name.as_deref().filter(|name| !name.is_empty());
                Ok(Content::Document { source, title, more, cache_control })
            }
            MediaKind::Audio => Err(Invalid::new("audio has no counterpart in Anthropic Messages")),
            MediaKind::Video => Err(Invalid::new("video has no counterpart in Anthropic Messages")),
        }
    }
}

/// What stands in this format's own words.
fn own(native: &Native) -> Result<&Json, Invalid> {
    if native.format == FORMAT {
        return Ok(&native.json);
    }
    Err(Invalid::new(format!("`{}` has no counterpart in Anthropic Messages", native.name)))
}

fn picture(media: &Media) -> Result<KnownSource<'_>, Invalid> {
    if let Source::Base64(data) = &media.source {
        let begins = |(beginning, mime): &(&str, &'static str)| data.starts_with(beginning).then_some(*mime);
        let mime = media.mime.as_deref().filter(|mime| !mime.is_empty());
        let mime = mime.or_else(|| BEGINNINGS.iter().find_map(begins));
        let mime = mime.ok_or_else(|| Invalid::new("an image has no media type"))?;
        let mime = if mime == "image/jpg" { "image/jpeg" } else { mime };
        return Ok(KnownSource::Base64 { media_type: mime.into(), data });
    }
    elsewhere(&media.source, "image")
}

/// PDFs stay as they are; texts of whatever type are plain text.
fn document(media: &Media) -> Result<KnownSource<'_>, Invalid> {
    const PLAIN: &str = "text/plain";
    let mime = media.mime.as_deref().unwrap_or("application/pdf");
    match &media.source {
        Source::Base64(data) if mime == "application/pdf" => Ok(KnownSource::Base64 { media_type: mime.into(), data }),
        Source::Base64(data) if mime.starts_with("text/") || mime == "application/json" => {
            let text = STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| Invalid::new(format!("a document of type {mime} is not UTF-8 in base64")))?;
            Ok(KnownSource::Text { media_type: PLAIN, data: text.into() })
        }
        Source::Base64(_) => {
            Err(Invalid::new(format!("documents of type {mime} have no counterpart in Anthropic Messages")))
        }
        Source::Text(text) => Ok(KnownSource::Text { media_type: PLAIN, data: text.into() }),
        elsewhere_source => elsewhere(elsewhere_source, "document"),
    }
}

fn elsewhere<'a>(source: &'a Source, what: &str) -> Result<KnownSource<'a>, Invalid> {
    match source {
        Source::Url(url) if url.starts_with("https://") || url.starts_with("http://") => Ok(KnownSource::Url { url }),
        Source::Url(_) => Err(Invalid::new(format!("the URL of the {what} is not one of HTTP"))),
        Source::File { format, id } if *format == FORMAT => Ok(KnownSource::File { file_id: id }),
        Source::File { .. } => Err(Invalid::new(format!("the {what} is a file of another vendor"))),
        Source::Base64(_) | Source::Text(_) => {
            Err(Invalid::new(format!("an inline text as {what} has no counterpart in Anthropic Messages")))
        }
    }
}
